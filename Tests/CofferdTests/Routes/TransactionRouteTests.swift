import Cryptography
import HTTPTypes
import Ledger
import Node
import Support
import Testing

@testable import cofferd

/// `GET /v1/transactions/{id}` and its receipt (`docs/spec/http.md` section 1).
@Suite struct TransactionRouteTests {
    @Test func aFinalTransactionIsShownWithItsMemo() async throws {
        try await TestNode.run { node, client in
            let wallets = try await node.wallets("alice", "bob", cents: 100_00)
            let memo = Memo(salt: Bytes16(high: 1, low: 2), text: "Invoice 7")
            let payment = node.transfer(1, from: wallets[0], to: wallets[1], memo: memo)
            let location = try await node.apply(payment, memo: memo)
            let answer = try await client.get("/v1/transactions/\(payment.id.hex)").object()
            #expect(Set(answer.keys) == ["id", "status", "height", "position", "time", "transaction", "memo"])
            #expect(answer["id"]?.text == payment.id.hex)
            #expect(answer["status"] == "final")
            #expect(answer["height"] == .number(location.height))
            #expect(answer["position"] == .number(UInt64(location.position)))
            #expect(answer["memo"] == memo?.json)
            let shown = try #require(answer["transaction"])
            #expect(try SignedTransaction(json: JSONField(shown), chainspec: node.network.chainspec) == payment)

            // Without its memo, the commitment is all there is.
            let silent = node.transfer(1, from: wallets[0], to: wallets[1], memo: memo)
            try await node.apply(silent)
            #expect(try await client.get("/v1/transactions/\(silent.id.hex)").object()["memo"] == nil)
        }
    }

    @Test func everyKindOfTransactionIsShownAsItCanBeReadAgain() async throws {
        try await TestNode.run { node, client in
            let network = node.network
            let alice = try await node.wallets("alice", cents: 100_00)[0]
            let key = TestPolicy(threshold: 2, [(TestKey("new", .ecdsa), 1), (TestKey("newer"), 1)])
            let transactions = [
                network.open([network.account("two", kind: .bankIssued)], nonce: node.nonce()),
                network.redeem(7, from: alice, nonce: node.nonce()),
                network.signed(
                    network.builder([.setStatus(account: alice.id, status: .creditsFrozen)], nonce: node.nonce()),
                    by: network.walletOperator),
                network.signed(network.builder([network.rotateStep(alice, to: key)], nonce: node.nonce()), by: alice),
                network.transfer(1, from: alice.rotated(to: key), to: network.bankA, nonce: node.nonce()),
            ]
            for transaction in transactions {
                try await node.apply(transaction)
                let shown = try #require(try await client.get("/v1/transactions/\(transaction.id.hex)").object()["transaction"])
                #expect(try SignedTransaction(json: JSONField(shown), chainspec: network.chainspec) == transaction)
            }
        }
    }

    @Test func receiptsProveThemselvesOffline() async throws {
        // Two of three validators make a block final.
        try await TestNode.run(TestNetwork(validators: 3, quorum: 2)) { node, client in
            let wallets = try await node.wallets("alice", "bob", cents: 100_00)
            let memo = Memo(salt: Bytes16(high: 1, low: 2), text: "Invoice 7")
            let payments = (0..<5).map { _ in node.transfer(1, from: wallets[0], to: wallets[1], memo: memo) }
            _ = try await client.submitBatch(payments.dropFirst().map(\.bytes))
            try await node.apply(payments[0], memo: memo)
            for payment in payments {
                let path = "/v1/transactions/\(payment.id.hex)/receipt"
                for (query, expected) in [("", nil), ("?memo=false", nil), ("?memo=true", payment == payments[0] ? memo : nil)] {
                    let answer = try await client.get(path + query)
                    #expect(answer.status == 200)
                    #expect(answer.headers[.contentType] == "application/json")
                    let receipt = try Receipt(json: answer.body)
                    try receipt.verify(against: node.network.chainspec)
                    #expect(receipt.transaction == payment)
                    #expect(receipt.memo == expected)
                    #expect(receipt.attestations.count == 2)
                }
            }
        }
    }

    @Test func whatCannotBeAskedIsSaid() async throws {
        try await TestNode.run { node, client in
            let alice = try await node.wallets("alice", cents: 1)[0]
            let payment = node.transfer(1, from: alice, to: node.network.bankA)
            try await node.apply(payment)
            let id = payment.id.hex
            let unknown = String(repeating: "0", count: 64)
            for suffix in ["", "/receipt"] {
                try await client.get("/v1/transactions/\(unknown)\(suffix)").expectProblem(404, "transactionNotFound")
                for bad in ["0", id.uppercased() == id ? "x" : id.uppercased(), String(id.dropLast()), id + "00", "%20", "x"] {
                    try await client.get("/v1/transactions/\(bad)\(suffix)").expectProblem(400, "malformedIdentifier")
                }
            }
            for bad in ["", "1", "yes", "True"] {
                try await client.get("/v1/transactions/\(id)/receipt?memo=\(bad)").expectProblem(400, "malformedParameter", field: "memo")
            }
            try await client.get("/v1/transactions/\(id)?memo=true").expectProblem(400, "malformedParameter", field: "memo")
        }
    }
}
