import HTTPTypes
import Ledger
import Node
import Support
import Testing

@testable import cofferd

/// `POST /v1/transactions/batch` (`docs/spec/http.md` section 1).
@Suite struct BatchRouteTests {
    @Test func everyTransactionHasItsOwnResult() async throws {
        try await TestNode.run { node, client in
            let wallets = try await node.wallets("alice", "bob", cents: 100_00)
            let (alice, bob) = (wallets[0], wallets[1])
            let earlier = node.transfer(1, from: alice, to: bob)
            let place = try await node.apply(earlier)
            let good = node.transfer(2, from: alice, to: bob)
            let tooMuch = node.transfer(200_00, from: alice, to: bob)
            let foreign = TestNetwork(name: "other").transfer(1, from: alice, to: bob, nonce: 1)
            let unsigned = try node.network.sign(
                node.network.builder([.transfer([TransactionBuilder.Leg(from: alice.id, to: bob.id, asset: 0, amount: 1)])], nonce: 99),
                by: [bob])
            let items = [
                good.bytes, tooMuch.bytes, Array(good.bytes.dropLast()), good.bytes, earlier.bytes, foreign.bytes, [], unsigned.bytes,
                good.bytes + [0],
            ]
            let answer = try await client.submitBatch(items)
            #expect(answer.status == 200)
            let document = try answer.object()
            #expect(Set(document.keys) == ["results"])
            let results = document["results"]?.elements.map(\.members) ?? []
            #expect(
                results.map { $0["status"]?.text } == [
                    "final", "refused", "error", "final", "final", "refused", "error", "refused", "error",
                ])
            #expect(
                results.map { $0["code"]?.text } == [
                    nil, "insufficientFunds", "truncated", nil, nil, "wrongNetwork", "truncated", "unneededSignature", "trailingBytes",
                ])
            let ids = [good, tooMuch, nil, good, earlier, foreign, nil, unsigned, nil].map { $0?.id.hex }
            #expect(results.map { $0["id"]?.text } == ids)
            #expect(results[0] == results[3])
            #expect(results[4]["height"] == .number(place.height))
            #expect(Set(results[0].keys) == ["id", "status", "height", "position", "time"])
            #expect(Set(results[1].keys) == ["id", "status", "code", "detail"])
            #expect(Set(results[2].keys) == ["status", "code", "detail"])
        }
    }

    @Test func aLargeBatchIsAnsweredInItsOrder() async throws {
        try await TestNode.run { node, client in
            let wallets = try await node.wallets("alice", "bob", cents: 100_00)
            let payments = (0..<400).map { _ in node.transfer(1, from: wallets[0], to: wallets[1]) }
            let admitted = try await client.submitBatch(payments.map(\.bytes), wait: false).object()["results"]?.elements ?? []
            #expect(admitted.map { $0.members["id"]?.text } == payments.map(\.id.hex))
            #expect(admitted.allSatisfy { ["pending", "final"].contains($0.members["status"]?.text) })
            let final = try await client.submitBatch(payments.map(\.bytes)).object()["results"]?.elements ?? []
            #expect(final.map { $0.members["id"]?.text } == payments.map(\.id.hex))
            #expect(final.allSatisfy { $0.members["status"] == "final" })
            #expect(Set(final.map { "\($0.members["height"]?.wholeNumber ?? 0)/\($0.members["position"]?.wholeNumber ?? 0)" }).count == 400)
        }
    }

    @Test func aWaitThatEndsLeavesTheRestPending() async throws {
        try await TestNode.run(arguments: ["--wait-for-final-seconds", "1"]) { node, client in
            let alice = try await node.wallets("alice", cents: 1)[0]
            node.disk.hold()
            let payment = node.transfer(1, from: alice, to: node.network.bankA)
            let results = try await client.submitBatch([payment.bytes, [0]]).object()["results"]?.elements
            #expect(results?.map { $0.members["status"]?.text } == ["pending", "error"])
            node.disk.release()
            #expect(try await client.submit(payment).object()["status"] == "final")
        }
    }

    @Test func whatCannotBeSplitRefusesTheWhole() async throws {
        try await TestNode.run { node, client in
            let alice = try await node.wallets("alice", cents: 1)[0]
            let payment = node.transfer(1, from: alice, to: node.network.bankA)
            let good = RouteClient.batch([payment.bytes])
            let endings: [[UInt8]] = [[0], [0, 0, 0], [0, 0, 0, 1], [255, 255, 255, 255]]
            for bad in endings.map({ good + $0 }) + [[0], Array(good.dropLast())] {
                try await client.post("/v1/transactions/batch", bad).expectProblem(400, "malformedBatch")
            }
            for type in [nil, "application/json", "text/plain"] {
                try await client.post("/v1/transactions/batch", good, type: type).expectProblem(415, "unsupportedMediaType")
            }
            try await client.post("/v1/transactions/batch?wait=yes", good).expectProblem(400, "malformedParameter", field: "wait")
            try await client.post("/v1/transactions/batch?max=1", good).expectProblem(400, "malformedParameter", field: "max")
            let empty = [UInt8](repeating: 0, count: 4)
            let most = try await client.submitBatch(Array(repeating: [], count: 10_000), wait: false)
            #expect(try most.object()["results"]?.elements.count == 10_000)
            let tooMany = Array(repeating: empty, count: 10_001).flatMap { $0 }
            try await client.post("/v1/transactions/batch", tooMany).expectProblem(413, "tooManyTransactions")
            #expect(try await client.post("/v1/transactions/batch", []).json() == ["results": []])
            try await client.get("/v1/transactions/\(payment.id.hex)").expectProblem(404, "transactionNotFound")
        }
    }
}
