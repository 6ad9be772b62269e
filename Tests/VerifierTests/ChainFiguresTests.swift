import Ledger
import Support
import Testing

@testable import Verifier

/// The parts of a report's figures, and above all their limits. Whole figures are compared with a model where the report is tested.
struct ChainFiguresTests {
    private struct Count: PeriodFigure, Equatable {
        var blocks = 0
        var lastTime: UInt64 = 0

        mutating func absorb(_ later: Count) {
            blocks += later.blocks
            lastTime = later.lastTime
        }
    }

    private static let day: UInt64 = 86_400_000

    private func series(_ times: [UInt64], length: PeriodLength = .day, maximumCount: Int = 1_000) -> PeriodSeries<Count> {
        var series = PeriodSeries<Count>(length: length, maximumCount: maximumCount)
        for time in times { series.add(Count(blocks: 1, lastTime: time), at: time) }
        return series
    }

    private func lengths(_ count: Int) -> [PeriodLength] {
        (1..<count).reduce(into: [.minute]) { lengths, _ in lengths.append(lengths[lengths.count - 1].next) }
    }

    // MARK: Periods

    @Test func periodsGrowInWholeSteps() {
        #expect(
            lengths(12).map(\.name) == [
                "minute", "10 minutes", "hour", "6 hours", "day", "week", "4 weeks", "12 weeks", "48 weeks", "96 weeks", "192 weeks",
                "384 weeks",
            ])
        for length in lengths(40) { #expect(length.next.minutes > length.minutes && length.next.minutes % length.minutes == 0) }
    }

    @Test func daysBeginAtMidnightAndWeeksOnMondays() throws {
        let thursday = try Timestamp.parse("2026-01-01T23:59:59.999Z")
        let lengths = lengths(6)
        #expect(Timestamp.format(lengths[4].start(of: lengths[4].period(of: thursday))) == "2026-01-01T00:00:00.000Z")
        #expect(lengths[4].period(of: thursday + 1) == lengths[4].period(of: thursday) + 1)
        #expect(Timestamp.format(lengths[5].start(of: lengths[5].period(of: thursday))) == "2025-12-29T00:00:00.000Z")
        let monday = try Timestamp.parse("2026-01-05T00:00:00Z")
        #expect(lengths[5].start(of: lengths[5].period(of: monday)) == monday)
        #expect(lengths[5].period(of: monday - 1) == lengths[5].period(of: thursday))
        #expect(Timestamp.format(lengths[2].start(of: lengths[2].period(of: thursday))) == "2026-01-01T23:00:00.000Z")
        // The first and the last time there is.
        for length in self.lengths(44) {
            #expect(length.start(of: length.period(of: 0)) == 0)
            #expect(length.start(of: length.period(of: .max)) <= .max)
        }
    }

    @Test func figuresOfAPeriodAreTakenTogether() {
        let day = Self.day
        let series = series([0, 5, day - 1, day, 3 * day + 7])
        #expect(
            series.items.map(\.figure) == [
                Count(blocks: 3, lastTime: day - 1), Count(blocks: 1, lastTime: day), Count(blocks: 1, lastTime: 3 * day + 7),
            ])
        #expect(series.items.map { series.start(of: $0) } == [0, day, 3 * day])
        #expect(series.span == 4)
    }

    /// However many periods there are, what is kept stays bounded, and nothing is lost or counted twice.
    @Test func tooManyPeriodsBecomeLonger() {
        var random = SplitMix64(test: "tooManyPeriodsBecomeLonger")
        for _ in 0..<40 {
            let limit = 1 + random.below(20)
            var time: UInt64 = random.next() >> 4
            var times: [UInt64] = []
            for _ in 0..<random.below(400) {
                time += random.next() >> UInt64(30 + random.below(34))
                times.append(time)
            }
            let series = series(times, length: .minute, maximumCount: limit)
            #expect(series.items.count <= limit)
            #expect(series.items.reduce(0) { $0 + $1.figure.blocks } == times.count)
            // The same as counting by that length at once.
            var expected: [UInt64: Int] = [:]
            for time in times { expected[series.length.period(of: time), default: 0] += 1 }
            #expect(series.items.map(\.period) == expected.keys.sorted())
            for item in series.items { #expect(item.figure.blocks == expected[item.period]) }
            let coarse = series.coarsened(maximumSpan: 7)
            #expect(coarse.span <= 7 && coarse.items.reduce(0) { $0 + $1.figure.blocks } == times.count)
        }
        let farApart = series([0, .max], length: .minute, maximumCount: 2)
        #expect(farApart.items.count == 2 && farApart.coarsened(maximumSpan: 2).span == 2)
    }

    // MARK: Lists

    private struct Followed: ~Copyable {
        var ledger = TestLedger()
        var figures: ChainFigures

        init() { figures = ChainFigures(ledger.network.chainspec) }

        mutating func seal() {
            let block = ledger.seal()
            figures.add(block, ledger.outcomes[ledger.outcomes.count - 1])
        }
    }

    @Test func theLargestOfEqualMovementsAreTheEarlier() throws {
        var chain = Followed()
        let alice = try chain.ledger.open("alice")
        let amounts: [UInt64] = Array(repeating: 7, count: 15) + [3, 9] + Array(repeating: 7, count: 15) + [8]
        for amount in amounts {
            try chain.ledger.issue(amount, to: alice)
            chain.seal()
        }
        let largest = chain.figures.largest[0].movements
        #expect(largest.map(\.entry.amount) == [9, 8] + Array(repeating: 7, count: 18))
        #expect(largest.dropFirst(2).map(\.entry.height) == Array(1...15) + [18, 19, 20])
        #expect(largest.allSatisfy { $0.kind == .issue && $0.creditor.id == alice.id && $0.debtor.kind == .liability })
        #expect(chain.figures.largest[1].movements.isEmpty)
        #expect(LargestMovements.maximumCount == 20)
    }

    /// Past the limit, frozen accounts are counted exactly, whatever order they are frozen and unfrozen in.
    @Test func frozenAccountsAreCountedPastTheLimit() throws {
        var random = SplitMix64(test: "frozenAccountsAreCountedPastTheLimit")
        var ledger = TestLedger()
        var accounts: [TestAccount] = []
        for number in 0..<8 { accounts.append(try ledger.open("account \(number)")) }
        ledger.seal()
        var frozen = FrozenAccounts(maximumListedCount: 3)
        var model: Set<AccountID> = []
        for _ in 0..<60 {
            for _ in 0..<1 + random.below(4) {
                let account = random.pick(accounts)
                let status = random.pick([AccountStatus.active, .frozen, .creditsFrozen, .debitsFrozen])
                guard ledger.state.account(account.id)?.status != status else { continue }
                try ledger.setStatus(status, of: account)
                if status == .active { model.remove(account.id) } else { model.insert(account.id) }
            }
            let block = ledger.seal()
            let outcome = try #require(ledger.outcomes.last)
            var changes: [AccountIndex: Entry] = [:]
            for item in outcome.entries where item.entry.kind == .statusSet { changes[item.account] = item.entry }
            frozen.follow(outcome, changes: changes, time: block.block.header.time)
            #expect(frozen.count == model.count)
            #expect(frozen.accounts.count <= 3 && frozen.accounts.count + frozen.unlistedCount == model.count)
            for item in frozen.accounts {
                #expect(model.contains(item.account.id) && item.account == ledger.state.account(item.account.id))
            }
        }
    }

    // MARK: Replay

    /// Every valid block is observed once, in order, and none from a fault on.
    @Test func aReplayTellsOfTheBlocksThatHold() throws {
        var ledger = TestLedger()
        for _ in 0..<5 { ledger.seal() }
        let verifier = SignatureVerifier(workerCount: 0)
        for bad in [nil, 0, 3, 4] {
            var blocks = ledger.blocks
            if let bad { blocks[bad] = CertifiedBlock(block: blocks[bad].block, attestations: []) }
            var seen: [CertifiedBlock] = []
            var next = blocks.makeIterator()
            do throws(ReplayError) {
                _ = try Replay.verify(chainspec: ledger.network.chainspec, verifier: verifier) { _ in
                } observe: { block, outcome in
                    #expect(outcome.stateRoot == block.block.header.stateRoot)
                    seen.append(block)
                } next: { () throws(ReplayError) in
                    next.next()
                }
                #expect(bad == nil)
            } catch {
                #expect(
                    bad.map {
                        error == .fault(ChainFault(height: UInt64($0) + 1, offence: .notFinal(reason: "0 attestations, the quorum is 1")))
                    } == true)
            }
            #expect(seen == Array(blocks[..<(bad ?? 5)]))
        }
    }
}
