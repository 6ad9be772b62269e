import Cryptography
import Foundation
import HTTPTypes
import Ledger
import Node
import Support
import Testing

@testable import cofferd

/// What is submitted and cannot be read: answered with 400, a stable code and the field, and never taken in.
@Suite struct SubmitFormTests {
    /// A transfer of two legs as JSON.
    private func transfer(_ node: TestNode) async throws -> (SignedTransaction, JSON) {
        let wallets = try await node.wallets("alice", "bob", cents: 100_00)
        let legs = [1, 2].map {
            TransactionBuilder.Leg(from: wallets[0].id, to: wallets[1].id, asset: TestNetwork.eur, amount: $0)
        }
        let transaction = node.network.signed(
            node.network.builder([.transfer(legs)], nonce: node.nonce()), by: wallets[0])
        return (transaction, TransactionDraft(transaction).json(chainspec: node.network.chainspec))
    }

    @Test func whatIsNotStrictJSONIsRefused() async throws {
        try await TestNode.run { node, client in
            let (transaction, document) = try await transfer(node)
            let before = node.node.tip
            let text = document.text()
            let twice = #""amount":"0.01","amount":"0.01""#
            let bad: [(String, code: String, field: String?)] = [
                ("", "jsonSyntax", nil),
                ("{", "jsonSyntax", nil),
                (text + " x", "jsonSyntax", nil),
                (text + text, "jsonSyntax", nil),
                ("\u{FEFF}" + text, "jsonSyntax", nil),
                (text.replacing("\"0.01\"", with: "\"0.01\","), "jsonSyntax", "operations[0].legs[0]"),
                (text.replacing("\"0.01\"", with: "1e3"), "fieldValue", "operations[0].legs[0].amount"),
                (text.replacing("\"0.01\"", with: "0.01"), "fieldValue", "operations[0].legs[0].amount"),
                (text.replacing("\"0.01\"", with: "-1"), "fieldValue", "operations[0].legs[0].amount"),
                (text.replacing("\"amount\":\"0.01\"", with: twice), "jsonDuplicateKey", "operations[0].legs[0].amount"),
                ("{\"network\":\"00\"," + text.dropFirst(), "jsonDuplicateKey", "network"),
                (String(repeating: "[", count: 17), "jsonDepth", String(repeating: "[0]", count: 16)),
                ("[]", "fieldType", nil),
                ("null", "fieldType", nil),
                ("\"\"", "fieldType", nil),
                ("{}", "fieldMissing", "network"),
            ]
            for (body, code, field) in bad {
                let answer = try await client.post("/v1/transactions", Array(body.utf8), type: RouteClient.json)
                try answer.expectProblem(400, code, field: field)
            }
            try await expectNothingTakenIn(transaction, node, client, since: before)
        }
    }

    private func expectNothingTakenIn(
        _ transaction: SignedTransaction, _ node: TestNode, _ client: RouteClient, since before: BlockHeader
    ) async throws {
        try await client.get("/v1/transactions/\(transaction.id.hex)").expectProblem(404, "transactionNotFound")
        #expect(node.node.waitingTransactions == 0)
        #expect(node.node.tip == before)
        // The transaction that all of them were made from is good.
        #expect(try await client.submit(transaction).object()["status"] == "final")
    }

    @Test func everyFieldThatCannotBeIsNamed() async throws {
        try await TestNode.run { node, client in
            let (transaction, document) = try await transfer(node)
            let before = node.node.tip
            for (path, value, code) in Self.badFields(node) {
                let answer = try await client.post("/v1/transactions", document.with(path, value))
                try answer.expectProblem(400, code, field: path)
            }
            // Another network's addresses mean nothing here, so its transactions are not read further.
            let other = String(repeating: "0", count: 64)
            try await client.post("/v1/transactions", document.with("network", .string(other)))
                .expectProblem(422, "wrongNetwork", field: "network")
            try await expectNothingTakenIn(transaction, node, client, since: before)
        }
    }

    /// A place in the document, what to put there (nil: nothing), and the code.
    private static func badFields(_ node: TestNode) -> [(String, JSON?, code: String)] {
        let amount = "operations[0].legs[1].amount"
        let amounts: [(JSON, String)] = [
            (2, "fieldType"), (true, "fieldType"), (.null, "fieldType"), (["0.02"], "fieldType"), ("0.001", "fieldValue"),
            ("0.020", "fieldValue"), ("-0.02", "fieldValue"), ("+0.02", "fieldValue"), (".02", "fieldValue"), ("2.", "fieldValue"),
            ("00.02", "fieldValue"), ("1e2", "fieldValue"), (" 0.02", "fieldValue"), ("", "fieldValue"), ("1,00", "fieldValue"),
            ("٢", "fieldValue"), ("184467440737095516.16", "fieldValue"), ("0", "zeroAmount"), ("0.00", "zeroAmount"),
        ]
        let alice = node.address(node.network.account("alice"))
        let from = "operations[0].legs[0].from"
        let addresses: [JSON] = [
            .string(alice.uppercased()), .string(String(alice.dropLast())), .string(alice.replacing("coffertest1", with: "cofdev1")),
            "alice", "",
        ]
        let others: [(String, JSON?, code: String)] = [
            (amount, nil, "fieldMissing"), (from, 7, "fieldType"),
            ("operations[0].legs[0].asset", "USD", "fieldValue"), ("operations[0].legs[0].asset", "eur", "fieldValue"),
            ("operations[0].legs[0].asset", 0, "fieldType"), ("operations[0].legs[0].note", "x", "fieldUnknown"),
            ("operations[0].legs[0].Amount", "0.01", "fieldUnknown"), ("operations[0].legs", [], "countOutOfRange"),
            ("operations[0].legs", "none", "fieldType"), ("operations[0].type", "Transfer", "fieldValue"),
            ("operations[0].type", "mint", "fieldValue"), ("operations[0].type", nil, "fieldMissing"),
            ("operations[0].limit", "1", "fieldUnknown"), ("expiry", 1_795_446_245_123, "fieldType"),
            ("expiry", "2026-01-01", "fieldValue"), ("expiry", "2026-01-01T00:00:00+01:00", "fieldValue"),
            ("expiry", "2026-02-30T00:00:00Z", "fieldValue"), ("nonce", "00", "fieldValue"),
            ("nonce", .string(String(repeating: "A", count: 32)), "fieldValue"), ("memoCommitment", "", "fieldValue"),
            ("memoCommitment", .string(String(repeating: "0", count: 64)), "fieldValue"), ("version", 1, "fieldUnknown"),
            ("signatures[0].key", "0", "fieldType"), ("signatures[0].key", 256, "fieldValue"),
            ("signatures[0].scheme", "ed25519", "fieldValue"), ("signatures[0].signature", "00", "fieldValue"),
            ("signatures[0].weight", 1, "fieldUnknown"), ("signatures", nil, "fieldMissing"), ("network", "00", "fieldValue"),
            ("network", 1, "fieldType"),
        ]
        return amounts.map { (amount, $0, code: $1) } + addresses.map { (from, $0, code: "fieldValue") } + others
    }

    @Test func whatHasNoCanonicalFormIsRefused() async throws {
        try await TestNode.run { node, client in
            let (transaction, document) = try await transfer(node)
            let before = node.node.tip
            let alice = node.address(node.network.account("alice"))
            let signature = try #require(document.members["signatures"]?.elements.first)
            let bad: [(JSON, code: String, field: String?)] = [
                (document.with("operations[0].legs[1].to", .string(alice)), "selfTransfer", "operations[0].legs[1]"),
                (document.with("operations", []), "countOutOfRange", nil),
                (document.with("signatures", []), "countOutOfRange", nil),
                (document.with("signatures", [signature, signature]), "unsortedSignatures", "signatures"),
                // A high S, in the only scheme that could have one.
                (
                    document.with("signatures[0].scheme", "ecdsa").with(
                        "signatures[0].signature", .string(String(repeating: "f", count: 128))), "highS", nil
                ),
                (["bytes": "00"], "unknownVersion", "bytes"),
                (["bytes": ""], "truncated", "bytes"),
                (["bytes": .string(Hexadecimal.encode(transaction.bytes) + "00")], "trailingBytes", "bytes"),
                (["bytes": .string(Hexadecimal.encode(transaction.bytes).uppercased())], "fieldValue", "bytes"),
                (["bytes": .string(String(repeating: "0", count: 2 * 524_288 + 2))], "fieldValue", "bytes"),
                (["bytes": .string(Hexadecimal.encode(transaction.bytes)), "network": "00"], "fieldUnknown", "network"),
                (["transaction": document, "note": "x"], "fieldUnknown", "note"),
                (["transaction": "00"], "fieldType", "transaction"),
                (["transaction": ["bytes": "00"]], "unknownVersion", "transaction.bytes"),
                (["memo": ["salt": "00", "text": "x"]], "fieldMissing", "network"),
            ]
            for (body, code, field) in bad {
                try await client.post("/v1/transactions", body).expectProblem(400, code, field: field)
            }
            try await expectNothingTakenIn(transaction, node, client, since: before)
        }
    }
}
