import Ledger
import Support
import Synchronization
import Testing

@testable import Node

/// What is under way, who waits for it, and how much of that there can be.
@Suite(.timeLimit(.minutes(10))) struct RegistryTests {
    static let network = TestNetwork()
    static let alice = network.account("alice")
    static let bob = network.account("bob")

    private static func payment(_ nonce: UInt64) -> SignedTransaction { network.transfer(1, from: alice, to: bob, nonce: nonce) }

    /// The same content, with signatures that differ by a number.
    private static func spoiled(_ transaction: SignedTransaction, _ number: Int) throws -> SignedTransaction {
        var bytes = transaction.bytes
        bytes[bytes.count - 1] ^= UInt8(truncatingIfNeeded: number + 1)
        return try SignedTransaction(decoding: bytes)
    }

    private static func candidate(_ transaction: SignedTransaction) -> Candidate {
        let submission = PendingSubmission(count: 1, waits: true)
        return Candidate(transaction: transaction, memo: nil, reply: Reply(submission: submission, position: 0, waits: true))
    }

    // MARK: - Waiting

    /// A submission that has many copies of a transaction waits for it once, and all of its copies are answered.
    @Test func aSubmissionWaitsOncePerTransaction() {
        let payment = Self.payment(1)
        let submissions = (0..<4).map { _ in PendingSubmission(count: 100, waits: true) }
        var waiters = Waiters()
        #expect(waiters.isEmpty)
        for position in 0..<100 {
            for submission in submissions {
                waiters.add(Reply(submission: submission, position: position, waits: true))
                submission.admitted(position, payment.id)
            }
        }
        #expect(waiters.submissionCount == 4)
        // The first, which has a place of its own, and one of the others.
        for stopped in [submissions[0], submissions[2]] {
            #expect(stopped.endWaiting() == [payment.id])
            waiters.remove(stopped)
        }
        #expect(waiters.submissionCount == 2)
        var passed: [ObjectIdentifier: [Int]] = [:]
        waiters.forEach { passed[ObjectIdentifier($0.submission), default: []].append($0.position) }
        #expect(passed == [ObjectIdentifier(submissions[1]): Array(0..<100), ObjectIdentifier(submissions[3]): Array(0..<100)])
        // The first place is free again, and whoever waits besides is still found.
        waiters.add(Reply(submission: submissions[3], position: 100, waits: true))
        #expect(waiters.submissionCount == 2)
        waiters.remove(submissions[1])
        waiters.remove(submissions[3])
        #expect(waiters.isEmpty)
    }

    @Test func batchesOfCopiesAreAnsweredAtEveryPosition() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 100)
            test.storage.hold()
            let payment = test.pay(1, from: Self.alice, to: test.network.bankB)
            try await test.pending(payment)
            var writer = ByteWriter()
            for _ in 0..<200 {
                writer.write(UInt32(payment.bytes.count))
                writer.write(bytes: payment.bytes)
            }
            let batch = try TransactionBatch(splitting: writer.bytes, maximumCount: 200)
            let submissions = (0..<3).map { _ in test.node.submit(batch, until: .finality) }
            test.node.stopWaiting(submissions[1])
            let pending = await test.node.outcomes(of: submissions[1])
            #expect(pending == Array(repeating: .status(payment.id, .pending), count: 200))
            test.storage.release()
            let status = TransactionStatus.final(TransactionLocation(height: 3, position: 0), time: test.clock.now)
            for submission in [submissions[0], submissions[2]] {
                let outcomes = await test.node.outcomes(of: submission)
                #expect(outcomes == Array(repeating: .status(payment.id, status), count: 200))
            }
        }
    }

    // MARK: - Other signatures for the same content

    /// They are counted like everything that waits, and there are few of them at a time.
    @Test func otherSignaturesForAContentTakeRoom() throws {
        var configuration = NodeConfiguration()
        configuration.maximumRivalSignings = 3
        let registry = TransactionRegistry(configuration: configuration)
        let payment = Self.payment(1)
        #expect(registry.begin([Self.candidate(payment)]) == [.new])
        let others = try (0..<5).map { Self.candidate(try Self.spoiled(payment, $0)) }
        #expect(
            registry.begin(others) == [.otherIsBeingChecked, .otherIsBeingChecked, .otherIsBeingChecked, .queueFull, .queueFull])
        #expect(registry.waitingTransactions == 4 && registry.transactionsBeingChecked == 1)
        let released = registry.admit([payment.id])
        #expect(released.map(\.transaction) == others.prefix(3).map(\.transaction))
        #expect(registry.waitingTransactions == 1 && registry.transactionsBeingChecked == 0)
        registry.end([(payment.id, .unknown)])
        #expect(registry.waitingTransactions == 0)
    }

    @Test(arguments: [true, false]) func otherSignaturesForAContentFillTheQueue(byBytes: Bool) throws {
        let payment = Self.payment(1)
        var configuration = NodeConfiguration()
        if byBytes { configuration.queueCapacityBytes = 3 * payment.bytes.count } else { configuration.queueCapacityTransactions = 3 }
        let registry = TransactionRegistry(configuration: configuration)
        #expect(registry.begin([Self.candidate(payment)]) == [.new])
        let others = try (0..<3).map { Self.candidate(try Self.spoiled(payment, $0)) }
        #expect(registry.begin(others) == [.otherIsBeingChecked, .otherIsBeingChecked, .queueFull])
        #expect(registry.begin([Self.candidate(Self.payment(2))]) == [.queueFull])
        // The one being checked was not good: the others leave their room, for themselves.
        let released = registry.end([(payment.id, .status(.refused(Refusal(.invalidSignature))))])
        #expect(released.count == 2 && registry.waitingTransactions == 0)
        #expect(registry.begin(released) == [.new, .otherIsBeingChecked])
        #expect(registry.begin([Self.candidate(Self.payment(2))]) == [.new])
        #expect(registry.waitingTransactions == 3)
    }
}
