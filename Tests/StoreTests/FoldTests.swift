import Cryptography
import Foundation
import Ledger
import Support
import Synchronization
import Testing

@testable import Store

/// Whatever is folded already and whatever is not, the store answers the same.
@Suite struct FoldTests {
    /// What a whole store answers, compared with memory.
    private func expectEverything(_ store: LedgerStore, _ chain: borrowing RandomChain, _ random: inout SplitMix64) throws {
        try expectRestores(store, chain)
        let latest = chain.accounts[chain.accounts.count - 1]
        for account in latest { expectTrue(try store.account(account.id, atHeight: nil) == account) }
        for _ in 0..<40 {
            let height = random.below(chain.accounts.count)
            let account = random.pick(latest)
            let expected = Int(account.index) < chain.accounts[height].count ? chain.accounts[height][Int(account.index)] : nil
            expectTrue(try store.account(account.id, atHeight: UInt64(height)) == expected, "account \(account.index) at \(height)")
            let lines = (chain.entries[account.index] ?? []).enumerated().map { StatementLine(sequence: UInt64($0), entry: $1) }
            let from = random.below(lines.count + 2)
            let up = try store.statement(of: account.index, from: UInt64(from), limit: 20, descending: false)
            expectTrue(up == Array(lines.dropFirst(from).prefix(20)))
        }
        for item in chain.transactions {
            #expect(try store.location(of: item.id) == item.location)
            #expect(try store.memo(of: item.id) == chain.memos[item.id])
        }
        #expect(try store.supply() == chain.supply.last)
    }

    @Test(arguments: [1, 2, 3]) func everyReadIsRightWhateverIsFolded(number: Int) throws {
        var random = SplitMix64(test: "everyReadIsRightWhateverIsFolded \(number)")
        var chain = RandomChain(seed: random.next())
        let fixture = try ReopeningStore(TestNetwork(), foldingConfiguration)
        while chain.height < 160 {
            try fixture.store.commit(try chain.blocks(1 + random.below(5)))
            if random.once(in: 6) { try expectEverything(fixture.store, chain, &random) }
            if random.once(in: 10) { try fixture.store.verifyRecords { _, _ in } }
            if random.once(in: 12) {
                // Otherwise large and small layers, folds by count of accounts and of transactions.
                fixture.configuration.foldAccounts = random.pick([3, 12, 1_000])
                fixture.configuration.foldTransactions = random.pick([1, 40, 400])
                try fixture.reopen()
                #expect(try fixture.foldedHeight() == chain.height)
            }
        }
        try fixture.reopen()
        try expectEverything(fixture.store, chain, &random)
        try fixture.store.verifyRecords { _, _ in }
    }

    /// Thousands of entries in one block: landmarks and a version are where the entries are.
    @Test(arguments: [false, true]) func anAccountWithThousandsOfEntriesInABlock(folds: Bool) throws {
        var chain = RandomChain(seed: 71, pace: .seconds)
        let fixture = try ReopeningStore(TestNetwork(), folds ? foldingConfiguration : smallConfiguration)
        let busy = try chain.ledger.open("busy")
        let other = try chain.ledger.open("other")
        try fixture.store.commit([chain.seal()])
        for count in [2_100, 3, 700] {
            try chain.ledger.issue(10_000, to: busy)
            // Several legs between the same two, so that one transaction has many of an account's entries.
            let legs = (0..<70).map { _ in TransactionBuilder.Leg(from: busy.id, to: other.id, asset: 0, amount: 1) }
            for _ in 0..<(count / 70) { try chain.ledger.run([.transfer(legs)], by: busy) }
            try fixture.store.commit([chain.seal()])
        }
        for _ in 0..<2 {
            let account = try #require(try fixture.store.account(busy.id, atHeight: nil))
            let entries = try #require(chain.entries[account.index])
            #expect(account.entryCount == UInt64(entries.count) && entries.count > 2_800)
            for height in 0...chain.height {
                for id in [busy.id, other.id] {
                    let expected = chain.accounts[Int(height)].first { $0.id == id }
                    #expect(try fixture.store.account(id, atHeight: height) == expected)
                }
            }
            for sequence in stride(from: 0, to: entries.count, by: 37) {
                let line = try fixture.store.statement(of: account.index, from: UInt64(sequence), limit: 1, descending: true)
                #expect(line.map(\.entry) == [entries[sequence]])
            }
            let all = try fixture.store.statement(of: account.index, from: 0, limit: .max, descending: false)
            expectTrue(all.map(\.entry) == entries)
            try fixture.store.verifyRecords { _, _ in }
            try fixture.reopen()
        }
    }

    /// Runs are merged by eight, and every transaction stays where it is found.
    @Test func runsOfIdsAreMerged() throws {
        var chain = RandomChain(seed: 72, pace: .seconds)
        let fixture = try ReopeningStore(TestNetwork(), foldingConfiguration)
        for round in 1...70 {
            try fixture.store.commit([try chain.block()])
            try fixture.reopen()
            let levels = try runs(of: fixture).map(\.level)
            #expect(levels == levels.sorted(by: >) && Set(levels).allSatisfy { level in levels.filter { $0 == level }.count < 8 })
            #expect(levels.max() == (round >= 64 ? 2 : round >= 8 ? 1 : 0))
        }
        for item in chain.transactions { #expect(try fixture.store.location(of: item.id) == item.location) }
        #expect(try fixture.store.location(of: TransactionID(.zero)) == nil)
        try fixture.store.verifyRecords { _, _ in }
    }

    private func runs(of fixture: ReopeningStore) throws -> [FoldRecord.Run] {
        let payload = try #require(try fixture.rawRecords(of: "state").first { $0.key == [2] }).value.dropLast(8)
        return try FoldRecord(payload: Array(payload)).runs
    }

    /// Ids that begin alike, as anybody can make them, are told apart by the whole id, in memory and on disk.
    @Test func idsWithTheSamePrefixAreKeptTogether() throws {
        let same = (0..<700).map { Identifier(prefix: 7, place: UInt64($0) << 16) }
        var pages = IdentifierPages(run: 1)
        for identifier in [Identifier(prefix: 1, place: 1)] + same + [Identifier(prefix: 9, place: 2)] { pages.append(identifier) }
        pages.end()
        #expect(pages.waiting == 2)
        #expect(IdentifierPage(same).locations(of: 7).count == 700)
        var runs = IdentifierRuns()
        for identifier in same { runs.add([identifier]) }
        #expect(runs.locations(of: 7).count == 700 && runs.locations(of: 8).isEmpty && runs.runs.count < 12)
    }

    @Test func sortingIdsIsSorting() {
        var random = SplitMix64(test: "sortingIdsIsSorting")
        for count in [0, 1, 63, 64, 65, 1_000, 20_000] {
            let identifiers = (0..<count).map { Identifier(prefix: random.next(), place: UInt64($0)) }
            #expect(IdentifierRuns.sorted(identifiers) == identifiers.sorted())
            // All in one bucket.
            let alike = (0..<count).map { Identifier(prefix: random.next() >> 40, place: UInt64($0)) }
            #expect(IdentifierRuns.sorted(alike) == alike.sorted())
            var runs = IdentifierRuns()
            for identifier in alike { runs.add([identifier]) }
            #expect(runs.merged() == alike.sorted())
        }
    }

    /// When folding cannot keep up, commits wait, and then say that there is no room; nothing is lost.
    @Test func commitsAreRefusedWhenFoldingIsFarBehind() throws {
        var chain = RandomChain(seed: 73)
        let gate = Gate()
        var configuration = foldingConfiguration
        configuration.foldWaitMilliseconds = 50
        configuration.foldRetryMilliseconds = 10
        configuration.onFoldStep = { (_) throws(StoreError) in
            if gate.isShut { throw .diskFull(operation: "write", code: ENOSPC, freeBytes: 0) }
        }
        let fixture = try ReopeningStore(TestNetwork(), configuration)
        gate.isShut = true
        var refused: BlockCommit?
        for _ in 0..<400 where refused == nil {
            let block = try chain.block()
            if let error = storageError({ () throws(StorageError) in try fixture.store.commit([block]) }) {
                #expect(error.isFull && error.description.contains("disk"), "\(error)")
                refused = block
            }
        }
        let block = try #require(refused)
        #expect(try fixture.store.tip().header.hash == block.certified.block.header.parent)
        try fixture.store.verifyRecords { _, _ in }
        gate.isShut = false
        // The folding thread tries again by itself.
        var error = storageError { () throws(StorageError) in try fixture.store.commit([block]) }
        for _ in 0..<100 where error != nil { error = storageError { () throws(StorageError) in try fixture.store.commit([block]) } }
        #expect(error == nil)
        try expectRestores(fixture.store, chain)
        try fixture.reopen()
        try expectRestores(fixture.store, chain)
        #expect(try fixture.foldedHeight() == chain.height)
    }
}

/// Something that a fold asks between two steps.
final class Gate: Sendable {
    private let shut = Atomic<Bool>(false)

    var isShut: Bool {
        get { shut.load(ordering: .acquiring) }
        set { shut.store(newValue, ordering: .releasing) }
    }
}
