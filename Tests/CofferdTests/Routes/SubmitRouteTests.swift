import Cryptography
import HTTPTypes
import Ledger
import Node
import Support
import Testing

@testable import cofferd

/// `POST /v1/transactions` (`docs/spec/http.md` section 1).
@Suite struct SubmitRouteTests {
    @Test func aTransactionIsAdmittedThenFinalAndStaysSo() async throws {
        try await TestNode.run { node, client in
            let opening = node.network.open([node.network.account("alice")], nonce: node.nonce())
            let admitted = try await client.submit(opening, wait: false)
            #expect(admitted.status == 200)
            #expect(try admitted.json() == ["id": .string(opening.id.hex), "status": "pending"])

            let expected: JSON = [
                "id": .string(opening.id.hex), "status": "final", "height": 1, "position": 0,
                "time": "2026-01-01T00:00:01.000Z",
            ]
            // Whatever the form and whether it waits or not, the same transaction gets the same answer.
            #expect(try await client.submit(opening).json() == expected)
            #expect(try await client.submit(opening, wait: false).json() == expected)
            #expect(try await client.post("/v1/transactions", json(opening, node)).json() == expected)
            #expect(node.node.tip.height == 1)
        }
    }

    private func json(_ transaction: SignedTransaction, _ node: TestNode) -> JSON {
        TransactionDraft(transaction).json(chainspec: node.network.chainspec)
    }

    @Test func everyFormOfATransactionIsTaken() async throws {
        try await TestNode.run { node, client in
            let wallets = try await node.wallets("alice", "bob", cents: 100_00)
            let forms: [(SignedTransaction, Memo?) -> JSON] = [
                { transaction, _ in json(transaction, node) },
                { transaction, _ in ["bytes": .string(hex(transaction))] },
                { transaction, memo in ["transaction": json(transaction, node), "memo": memo?.json ?? .null] },
                { transaction, memo in ["transaction": ["bytes": .string(hex(transaction))], "memo": memo?.json ?? .null] },
                { transaction, _ in ["transaction": ["bytes": .string(hex(transaction))]] },
            ]
            for (number, form) in forms.enumerated() {
                let memo = Memo(salt: Bytes16(high: 7, low: UInt64(number)), text: "Invoice \(number) – Grüße 你好")
                let transaction = node.transfer(1, from: wallets[0], to: wallets[1], memo: memo)
                let answer = try await client.post("/v1/transactions?wait=final", form(transaction, memo))
                #expect(try answer.object()["status"] == "final", "\(answer.text)")
                let stored = try await client.get("/v1/transactions/\(transaction.id.hex)").object()["memo"]
                #expect(stored == ([2, 3].contains(number) ? memo?.json : nil))
            }
        }
    }

    private func hex(_ transaction: SignedTransaction) -> String { Hexadecimal.encode(transaction.bytes) }

    @Test func mediaTypesAreReadAsTheyAreWritten() async throws {
        try await TestNode.run { node, client in
            let opening = node.network.open([node.network.account("alice")], nonce: node.nonce())
            let document = json(opening, node).bytes()
            for type in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
                #expect(try await client.post("/v1/transactions", document, type: type).status == 200, "\(type)")
            }
            for type in ["application/octet-stream", "APPLICATION/octet-stream;x=y"] {
                #expect(try await client.post("/v1/transactions", opening.bytes, type: type).status == 200, "\(type)")
            }
            for type in [nil, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "application/json, text/html"] {
                try await client.post("/v1/transactions", document, type: type).expectProblem(415, "unsupportedMediaType")
            }
        }
    }

    @Test func waitIsFinalOrLeftOut() async throws {
        try await TestNode.run { node, client in
            let opening = node.network.open([node.network.account("alice")], nonce: node.nonce())
            for query in ["wait=", "wait=true", "wait=Final", "wait=final&wait=final"] {
                let answer = try await client.post("/v1/transactions?\(query)", opening.bytes)
                try answer.expectProblem(400, "malformedParameter", field: "wait")
            }
            try await client.post("/v1/transactions?waits=final", opening.bytes).expectProblem(400, "malformedParameter", field: "waits")
            // None of them was taken in.
            try await client.get("/v1/transactions/\(opening.id.hex)").expectProblem(404, "transactionNotFound")
        }
    }

    @Test func aMemoMustBeTheOneCommittedTo() async throws {
        try await TestNode.run { node, client in
            let wallets = try await node.wallets("alice", "bob", cents: 100_00)
            let memo = Memo(salt: Bytes16(high: 1, low: 2), text: "Invoice 7")
            let transaction = node.transfer(1, from: wallets[0], to: wallets[1], memo: memo)
            let good: JSON = ["transaction": json(transaction, node), "memo": memo?.json ?? .null]
            let bad: [(String, JSON?, code: String, field: String)] = [
                ("memo.text", "Invoice 8", "memoMismatch", "memo"),
                ("memo.text", "", "fieldValue", "memo.text"),
                ("memo.text", .string(String(repeating: "x", count: 1_025)), "fieldValue", "memo.text"),
                ("memo.text", 7, "fieldType", "memo.text"),
                ("memo.text", nil, "fieldMissing", "memo.text"),
                ("memo.salt", "00", "fieldValue", "memo.salt"),
                ("memo.subject", "x", "fieldUnknown", "memo.subject"),
                ("memo", .null, "fieldType", "memo"),
            ]
            for (path, value, code, field) in bad {
                try await client.post("/v1/transactions", good.with(path, value)).expectProblem(400, code, field: field)
            }
            #expect(try await client.post("/v1/transactions?wait=final", good).object()["status"] == "final")
        }
    }

    @Test func theStatusIsTheSameWhilePendingAndTheWaitEnds() async throws {
        try await TestNode.run(arguments: ["--wait-for-final-seconds", "1"]) { node, client in
            let opening = node.network.open([node.network.account("alice")], nonce: node.nonce())
            node.disk.hold()
            let pending: JSON = ["id": .string(opening.id.hex), "status": "pending"]
            #expect(try await client.submit(opening, wait: false).json() == pending)
            #expect(try await client.submit(opening, wait: false).json() == pending)
            #expect(try await client.submit(opening).json() == pending)
            #expect(try await client.get("/v1/transactions/\(opening.id.hex)").json() == pending)
            let receipt = try await client.get("/v1/transactions/\(opening.id.hex)/receipt")
            try receipt.expectProblem(409, "notFinal")
            #expect(receipt.headers[.retryAfter] == "1")
            node.disk.release()
            #expect(try await client.submit(opening).object()["status"] == "final")
            #expect(try await client.get("/v1/transactions/\(opening.id.hex)/receipt").status == 200)
        }
    }

    @Test func aFullQueueAnswers429AndLosesNothing() async throws {
        let arguments = ["--queue-capacity-transactions", "3", "--commit-depth-blocks", "1", "--retry-after-seconds", "7"]
        try await TestNode.run(arguments: arguments) { node, client in
            node.disk.hold()
            // The first goes into a block, which waits for the disk; then three fit into the queue.
            let openings = (0..<5).map { node.network.open([node.network.account("wallet \($0)")], nonce: node.nonce()) }
            #expect(try await client.submit(openings[0], wait: false).status == 200)
            while node.node.waitingTransactions > 0 { try await Task.sleep(for: .milliseconds(1)) }
            for opening in openings[1...3] { #expect(try await client.submit(opening, wait: false).status == 200) }

            let refused = try await client.submit(openings[4], wait: false)
            try refused.expectProblem(429, "queueFull")
            #expect(refused.headers[.retryAfter] == "7")
            // What is there already takes no room.
            #expect(try await client.submit(openings[2], wait: false).status == 200)
            let batch = try await client.submitBatch([openings[4].bytes, openings[3].bytes], wait: false).object()["results"]?.elements
            #expect(batch?.map { $0.members["status"] } == ["error", "pending"])
            #expect(batch?[0].members["code"] == "queueFull")
            try await client.get("/v1/transactions/\(openings[4].id.hex)").expectProblem(404, "transactionNotFound")

            node.disk.release()
            for opening in openings { #expect(try await client.submit(opening).object()["status"] == "final") }
        }
    }

    @Test func aFullDiskStopsIntakeUntilThereIsRoom() async throws {
        try await TestNode.run(arguments: ["--storage-retry-milliseconds", "10"]) { node, client in
            let openings = (0..<2).map { node.network.open([node.network.account("wallet \($0)")], nonce: node.nonce()) }
            node.disk.fill()
            #expect(try await client.submit(openings[0], wait: false).status == 200)
            while node.node.storageProblem == nil { try await Task.sleep(for: .milliseconds(1)) }
            for path in ["/v1/transactions", "/v1/transactions?wait=final"] {
                let answer = try await client.post(path, openings[1].bytes)
                try answer.expectProblem(503, "storageFull")
                #expect(answer.headers[.retryAfter] == "1")
            }
            try await client.get("/readyz").expectProblem(503, "storageFull")
            #expect(try await client.get("/healthz").status == 200)
            node.disk.release()
            for opening in openings {
                while try await client.submit(opening).status == 503 { try await Task.sleep(for: .milliseconds(5)) }
                #expect(try await client.submit(opening).object()["status"] == "final")
            }
            #expect(try await client.get("/readyz").json() == ["status": "ready", "height": .number(node.node.tip.height)])
        }
    }

    @Test func aNodeThatStopsTakesNothingNewAndAnswersForWhatItHas() async throws {
        try await TestNode.run { node, client in
            let openings = (0..<2).map { node.network.open([node.network.account("wallet \($0)")], nonce: node.nonce()) }
            let answer = try await client.submit(openings[0]).json()
            await node.node.shutDown()
            node.events.close()
            let refused = try await client.submit(openings[1])
            try refused.expectProblem(503, "shuttingDown")
            #expect(refused.headers[.retryAfter] == "1")
            let results = try await client.submitBatch(openings.map(\.bytes)).object()["results"]?.elements
            #expect(results?[1].members["code"] == "shuttingDown")
            try await client.get("/v1/events").expectProblem(503, "shuttingDown")
            #expect(try await client.get("/v1/transactions/\(openings[0].id.hex)").object()["status"] == answer.members["status"])
            #expect(try await client.get("/v1/transactions/\(openings[0].id.hex)/receipt").status == 200)
        }
    }

    @Test func whatIsRefusedInItsTurnIsToldAndMayBeTriedAgain() async throws {
        try await TestNode.run(arguments: ["--commit-depth-blocks", "1"]) { node, client in
            let wallets = try await node.wallets("alice", "bob", cents: 10)
            let (alice, bob) = (wallets[0], wallets[1])
            // The disk is busy with a block, so both payments of the same ten cents are admitted before either is executed.
            node.disk.hold()
            let filler = node.network.issue(1, to: bob, nonce: node.nonce())
            #expect(try await client.submit(filler, wait: false).status == 200)
            while node.node.waitingTransactions > 0 { try await Task.sleep(for: .milliseconds(1)) }
            let payments = (0..<2).map { _ in node.transfer(10, from: alice, to: bob) }
            for payment in payments { #expect(try await client.submit(payment, wait: false).object()["status"] == "pending") }
            node.disk.release()
            #expect(try await client.submit(payments[0]).object()["status"] == "final")

            let second = payments[1]
            try await client.submit(second).expectProblem(422, "insufficientFunds", field: "operations[0]")
            let status = try await client.get("/v1/transactions/\(second.id.hex)").object()
            #expect(Set(status.keys) == ["id", "status", "code", "detail"])
            #expect(status["status"] == "refused")
            #expect(status["code"] == "insufficientFunds")
            let receipt = try await client.get("/v1/transactions/\(second.id.hex)/receipt")
            try receipt.expectProblem(422, "insufficientFunds", field: "operations[0]")

            // Once there is money, the same bytes apply.
            try await node.apply(node.network.issue(10, to: alice, nonce: node.nonce()))
            #expect(try await client.submit(second).object()["status"] == "final")
        }
    }
}

extension TestNode {
    /// With a network of the usual kind.
    static func run(
        arguments: [String], live: Bool = false, _ test: @Sendable (TestNode, RouteClient) async throws -> Void
    ) async throws {
        try await run(TestNetwork(), arguments, live: live, test)
    }
}
