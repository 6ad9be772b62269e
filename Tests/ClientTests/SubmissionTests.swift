@testable import Client
import Cryptography
import Ledger
import Support
import Testing

@Suite("Submitting")
struct SubmissionTests {
    let network = TestNetwork()
    var chainspec: Chainspec { network.chainspec }

    private func transfer(_ nonce: UInt64, memo: Memo? = nil) -> SignedTransaction {
        network.transfer(1, from: network.bankA, to: network.bankB, nonce: nonce, memo: memo)
    }

    @Test("A memo travels with its transaction, and only if it is the one committed to")
    func memo() async throws {
        let memo = try #require(Memo(salt: .random(), text: "Invoice 7"))
        let signed = transfer(1, memo: memo)
        let node = FakeNode(network: network.network) { (_, _) throws(TransportError) in
            .document(["id": .string(signed.id.hex), "status": "pending"])
        }
        _ = try await node.client(chainspec).submit(signed, memo: memo)
        let request = try #require(node.requests.first)
        #expect(request.contentType == MediaType.json)
        #expect(request.target == "/v1/transactions")
        #expect(try Submission(json: request.body, chainspec: chainspec) == Submission(transaction: signed, memo: memo))

        let other = try #require(Memo(salt: .random(), text: "Invoice 7"))
        let error = await failure { () throws(ClientError) in try await node.client(chainspec).submit(signed, memo: other) }
        #expect(error?.problem?.code == "memoMismatch")
        #expect(node.requests.count == 1)
    }

    @Test("Waiting asks until the transaction is no longer pending")
    func waiting() async throws {
        let signed = transfer(1)
        let final = TransactionStatus(id: signed.id, state: .final(height: 1, position: 0, time: 1_767_225_601_000))
        let node = FakeNode(network: network.network) { (_, count) throws(TransportError) in
            count < 3 ? .document(TransactionStatus(id: signed.id, state: .pending).json, status: 202) : .document(final.json)
        }
        #expect(try await node.client(chainspec).submit(signed, wait: .seconds(3_600)) == final)
        #expect(node.requests.map(\.target) == Array(repeating: "/v1/transactions?wait=final", count: 3))
        #expect(node.requests.allSatisfy { $0.body == signed.bytes })
    }

    @Test("Waiting ends when the time is over")
    func waitingEnds() async throws {
        let signed = transfer(1)
        let node = FakeNode(network: network.network) { (_, _) throws(TransportError) in
            .document(TransactionStatus(id: signed.id, state: .pending).json)
        }
        #expect(try await node.client(chainspec).submit(signed, wait: .zero).state == .pending)
        #expect(node.requests.count == 1)
    }

    @Test("A batch is cut so that every part fits into a request, and nothing is lost or moved")
    func cutting() {
        var generator = SplitMix64(test: "SubmissionTests.cutting")
        let transactions = (1...50).map { transfer($0) }
        let size = 4 + transactions[0].bytes.count
        for _ in 0..<200 {
            let (count, bytes) = (1 + generator.below(60), 1 + generator.below(size * 60))
            let batches = NodeClient.batches(of: transactions, maximumCount: count, maximumByteCount: bytes)
            #expect(Array(batches.joined()) == transactions)
            #expect(batches.allSatisfy { !$0.isEmpty && $0.count <= count && ($0.count == 1 || $0.count * size <= bytes) })
            let isWasteful = zip(batches, batches.dropFirst()).contains {
                $0.count < count && ($0.count + 1) * size <= bytes && !$1.isEmpty
            }
            #expect(!isWasteful)
        }
        #expect(NodeClient.batches(of: []).isEmpty)
    }

    @Test("Those for which there was no room are submitted again, and they alone")
    func queueFull() async throws {
        let transactions = (1...4).map { transfer($0) }
        let network = network
        let full: JSON = ["status": "error", "code": "queueFull", "detail": "d"]
        @Sendable func pending(_ transaction: SignedTransaction) -> JSON { TransactionStatus(id: transaction.id, state: .pending).json }
        let node = FakeNode(network: network.network) { (request, _) throws(TransportError) in
            let isFirst = request.body.count > 3 * transactions[0].bytes.count
            return .document([
                "results": .array(
                    isFirst
                        ? [pending(transactions[0]), full, pending(transactions[2]), full]
                        : [pending(transactions[1]), pending(transactions[3])])
            ])
        }
        let results = try await node.client(chainspec).submitBatch(transactions)
        #expect(results == transactions.map { .status(TransactionStatus(id: $0.id, state: .pending)) })
        #expect(node.requests.count == 2)
        #expect(node.requests.first?.body.starts(with: [0, 0, 0, UInt8(transactions[0].bytes.count)] + transactions[0].bytes) == true)
    }

    @Test("A queue that stays full is reported, not waited for without end")
    func staysFull() async throws {
        let node = FakeNode(network: network.network) { (_, _) throws(TransportError) in
            .document(["results": [["status": "error", "code": "queueFull", "detail": "d"]]])
        }
        let results = try await node.client(chainspec).submitBatch([transfer(1)])
        #expect(results == [.error(code: "queueFull", detail: "d")])
        #expect(node.requests.count == RetryPolicy.standard.maximumAttemptCount)
    }

    @Test("Results that are not one per transaction, in order, are refused")
    func wrongResults() async {
        let transactions = [transfer(1), transfer(2)]
        let first = TransactionStatus(id: transactions[0].id, state: .pending).json
        let second = TransactionStatus(id: transactions[1].id, state: .pending).json
        let named: JSON = ["id": .string(transactions[1].id.hex), "status": "error", "code": "expired", "detail": "d"]
        for results in [[first], [first, second, second], [second, first], [named, second]] as [[JSON]] {
            let node = FakeNode(network: network.network) { (_, _) throws(TransportError) in
                .document(["results": .array(results)])
            }
            let error = await failure { () throws(ClientError) in try await node.client(chainspec).submitBatch(transactions) }
            #expect(error?.malformedTarget == "/v1/transactions/batch")
        }
    }
}
