import Ledger
import Support
import Testing

@testable import Node

/// What is admitted together, and when: the intake without its thread.
@Suite struct AdmissionIntakeTests {
    private static let network = TestNetwork()
    private let limits = AdmissionIntake.Limits(threadCount: 2)
    private let payment = Self.network.transfer(1, from: Self.network.bankA, to: Self.network.bankB, nonce: 1)

    private func candidates(_ count: Int) -> [Candidate] {
        (0..<count).map { _ in
            let submission = PendingSubmission(count: 1, waits: false)
            return Candidate(transaction: payment, memo: nil, reply: Reply(submission: submission, position: 0, waits: false))
        }
    }

    private func feed(_ count: Int) throws -> AdmissionIntake.Feed {
        let batch = try TransactionBatch(splitting: [UInt8](repeating: 0, count: 4 * count), maximumCount: count)
        return AdmissionIntake.Feed(batch: batch, submission: PendingSubmission(count: count, waits: false), waits: false)
    }

    private func gathered(_ step: AdmissionIntake.Step?) -> (candidates: Int, parts: [Range<Int>])? {
        guard case .gathered(let candidates, let parts) = step else { return nil }
        return (candidates.count, parts.map(\.range))
    }

    private func isNothing(_ step: AdmissionIntake.Step?) -> Bool {
        if case nil = step { true } else { false }
    }

    @Test func oneGoesAtOnceAndOthersGatherMeanwhile() {
        var intake = AdmissionIntake()
        #expect(isNothing(intake.step(limits)))
        intake.candidates = candidates(1)
        #expect(gathered(intake.step(limits))?.candidates == 1)
        intake.candidates = candidates(limits.fullGroup - 1)
        #expect(gathered(intake.step(limits)) == nil)
        // The first group is checked: all that gathered are the next.
        intake.groupsUnderCheck -= 1
        #expect(gathered(intake.step(limits))?.candidates == limits.fullGroup - 1)
    }

    @Test func largeGroupsAreCheckedBesideEachOtherUpToALimit() {
        var intake = AdmissionIntake()
        intake.candidates = candidates(10_000)
        var groups = 0
        while let group = gathered(intake.step(limits)) {
            #expect(group.candidates == limits.group)
            groups += 1
        }
        #expect(groups == limits.groups && intake.groupsUnderCheck == groups)
    }

    /// Neither do large batches hold up small ones, nor batches those that stand by themselves, nor the other way round.
    @Test func nobodyIsHeldUpForLong() throws {
        var intake = AdmissionIntake()
        intake.candidates = candidates(10_000)
        intake.feeds = [try feed(10_000), try feed(3)]
        let first = try #require(gathered(intake.step(limits)))
        #expect(first.candidates == limits.group)
        #expect(first.parts == [0..<3, 0..<limits.group / 4 - 3])
        #expect(intake.feeds.count == 1)
        intake.candidates = candidates(5)
        let second = try #require(gathered(intake.step(limits)))
        #expect(second.candidates == 5)
        #expect(second.parts == [limits.group / 4 - 3..<limits.group / 4 - 3 + limits.group - 5])
    }

    /// Many that submit one at a time leave a large batch its share.
    @Test func smallBatchesLeaveTheRestToLargeOnes() throws {
        var intake = AdmissionIntake()
        intake.feeds = [try feed(10_000)] + (try (0..<64).map { _ in try feed(1) })
        let parts = try #require(gathered(intake.step(limits))).parts
        #expect(parts.count == 65 && parts.dropLast().allSatisfy { $0 == 0..<1 } && parts.last == 0..<limits.group - 64)
        // More than fit all have their turn, too.
        intake.feeds = try (0..<1_000).map { _ in try feed(2) }
        intake.groupsUnderCheck = 0
        #expect(try #require(gathered(intake.step(limits))).parts == Array(repeating: 0..<1, count: 1_000))
    }

    @Test func whatComesBackIsDoneFirst() throws {
        var intake = AdmissionIntake()
        intake.candidates = candidates(1)
        intake.checked = [[]]
        intake.decoded = [candidates(2)]
        guard case .checked = intake.step(limits) else { throw Unexpected() }
        guard case .decoded(let decoded) = intake.step(limits), decoded.count == 2 else { throw Unexpected() }
        #expect(gathered(intake.step(limits))?.candidates == 1)
    }

    /// A candidate that opens so many accounts of one key each.
    private func proofs(_ count: Int, _ number: UInt64) throws -> ProofsToCheck {
        let accounts = (0..<count).map { Self.network.account("wallet \($0)") }
        let opening = Self.network.open(accounts, nonce: number)
        let requirements = try LedgerState(genesis: Self.network.chainspec).requirements(
            of: opening, at: Self.network.chainspec.genesisTime)
        let reply = Reply(submission: PendingSubmission(count: 1, waits: false), position: 0, waits: false)
        return ProofsToCheck(Candidate(transaction: opening, memo: nil, reply: reply), requirements, envelope: [])
    }

    /// A few at a time, and small ones not behind large ones; neither wait for ever.
    @Test func proofsAreCheckedInTurns() throws {
        var intake = AdmissionIntake()
        for number in 1...3 as ClosedRange<UInt64> { intake.proofs.append(try proofs(50, number)) }
        for number in 4...6 as ClosedRange<UInt64> { intake.proofs.append(try proofs(2, number)) }
        intake.candidates = candidates(3)
        intake.isStopping = true
        var taken: [Int] = []
        for _ in 0..<6 {
            guard case .proofs(let next) = intake.step(limits) else { throw Unexpected() }
            #expect(intake.proofsUnderCheck - next.count < limits.proofs, "no more are begun once so many are being checked")
            taken.append(next.checks.count)
        }
        #expect(taken == [2, 50, 2, 50, 2, 50] && intake.proofsUnderCheck == 156)
        // Three large ones are more than the limit: a fourth waits until some of them are done, and holds up nobody meanwhile.
        intake.proofs.append(try proofs(50, 7))
        #expect(intake.proofsUnderCheck >= limits.proofs)
        #expect(gathered(intake.step(limits))?.candidates == 3)
        #expect(isNothing(intake.step(limits)))
        intake.proofsUnderCheck = 0
        guard case .proofs = intake.step(limits) else { throw Unexpected() }
        #expect(intake.proofs.isEmpty)
    }

    @Test func theEndComesWhenNothingIsUnderWay() {
        var intake = AdmissionIntake()
        intake.isStopping = true
        intake.groupsUnderCheck = 1
        #expect(isNothing(intake.step(limits)))
        intake.groupsUnderCheck = 0
        intake.proofsUnderCheck = 1
        #expect(isNothing(intake.step(limits)))
        intake.proofsUnderCheck = 0
        guard case .end = intake.step(limits) else {
            Issue.record("nothing is left")
            return
        }
    }

    private struct Unexpected: Error {}
}
