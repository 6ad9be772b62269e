import Cryptography
import Foundation
import Ledger
import Support
import Synchronization
import Testing

@testable import Store

/// How far the derived state may be behind, and what happens then.
@Suite struct FoldLimitTests {
    /// A payer with money, and payees.
    private func begin(_ chain: inout RandomChain, payeeCount: Int, _ store: LedgerStore) throws -> (TestAccount, [TestAccount]) {
        let payer = try chain.ledger.open("payer")
        let payees = try (0..<payeeCount).map { try chain.ledger.open("payee \($0)") }
        try chain.ledger.issue(10_000_000, to: payer)
        try store.commit([chain.seal()])
        return (payer, payees)
    }

    /// A payment of many legs is one transaction and few accounts, and yet much to keep and to execute again.
    @Test func entriesAndMarksAndBytesMakeAFoldDue() throws {
        let fixture = try ReopeningStore()
        var chain = RandomChain(seed: 78, pace: .seconds)
        let (payer, payees) = try begin(&chain, payeeCount: 3, fixture.store)
        let legs = (0..<1_000).map { TransactionBuilder.Leg(from: payer.id, to: payees[$0 % 3].id, asset: 0, amount: 1) }
        let signed = try chain.ledger.run([.transfer(legs)], by: payer)
        let commit = chain.seal()
        let before = try fixture.store.withCore { (core) throws(StoreError) in core.recent.withLock { $0.current.size } }
        try fixture.store.commit([commit])
        let after = try fixture.store.withCore { (core) throws(StoreError) in core.recent.withLock { $0.current.size } }
        #expect(after.transactions == before.transactions + 1 && after.accounts == before.accounts)
        #expect(after.entries == before.entries + 2_000)
        // Every 64th entry of the payer and of the payees, and a version of each.
        #expect(after.marks - before.marks == (1_000 + 1) / 64 + 3 * (333 / 64) + 4)
        let logBytes = Chunk.countBytes + Chunk.transactionBytes + 2_000 * Chunk.entryBytes + signed.bytes.count
        #expect(after.logBytes - before.logBytes == logBytes)
        // A start counts the same, from the log alone.
        let copy = try TemporaryDirectory()
        try FileManager.default.copyItem(atPath: "\(fixture.directory.path)/data.mdb", toPath: "\(copy.path)/data.mdb")
        let started = try openStore(copy.path, chain.network)
        #expect(try started.withCore { (core) throws(StoreError) in core.recent.withLock { $0.current.size } } == after)
        started.close()
        // Each by itself.
        var limits = [RecentSize](repeating: StoreConfiguration().foldSize, count: 5)
        limits[0].entries = after.entries
        limits[1].marks = after.marks
        limits[2].logBytes = after.logBytes
        limits[3].transactions = after.transactions
        limits[4].accounts = after.accounts
        for limit in limits {
            #expect(after.reaches(limit) && !before.reaches(limit) || limit == limits[4])
            #expect(!after.reaches(limit, times: 2))
        }
    }

    /// The configured limits are those that are asked: with one small and the others large, the store folds by itself.
    @Test(arguments: ["entries", "bytes", "marks"]) func aFoldBeginsByItself(limit: String) throws {
        var configuration = smallConfiguration
        switch limit {
        case "entries": configuration.foldEntries = 2_000
        case "bytes": configuration.foldLogBytes = 40_000
        default: configuration.foldMarks = 20
        }
        let fixture = try ReopeningStore(TestNetwork(), configuration)
        var chain = RandomChain(seed: 78, pace: .seconds)
        let (payer, payees) = try begin(&chain, payeeCount: 3, fixture.store)
        let legs = (0..<1_000).map { TransactionBuilder.Leg(from: payer.id, to: payees[$0 % 3].id, asset: 0, amount: 1) }
        try chain.ledger.run([.transfer(legs)], by: payer)
        try fixture.store.commit([chain.seal()])
        for _ in 0..<5_000 where try fixture.foldedHeight() < chain.height { usleep(1_000) }
        #expect(try fixture.foldedHeight() == chain.height)
    }

    // MARK: - Waiting for room

    /// Runs of ids that cannot be merged keep no commit from the room that a fold made.
    @Test func commitsGoOnWhileRunsCannotBeMerged() throws {
        var chain = RandomChain(seed: 79, pace: .seconds)
        var configuration = smallConfiguration
        configuration.foldTransactions = 1
        configuration.foldLimitFactor = 1
        configuration.foldBatchRecords = 16
        configuration.foldWaitMilliseconds = 20_000
        configuration.foldRetryMilliseconds = 10
        configuration.onFoldStep = { (step) throws(StoreError) in
            if step == .mergedPart || step == .mergedPublished { throw .diskFull(operation: "write", code: ENOSPC, freeBytes: 0) }
        }
        let fixture = try ReopeningStore(TestNetwork(), configuration)
        let holder = try chain.ledger.open("holder")
        for _ in 0..<14 {
            try chain.ledger.issue(1, to: holder)
            let commit = chain.seal()
            let duration = try ContinuousClock().measure { try fixture.store.commit([commit]) }
            #expect(duration < .seconds(15))
        }
        try expectRestores(fixture.store, chain)
    }

    /// Room is for everybody who waits, although one fold wakes one of them.
    @Test func twoCommitsFindTheRoomOfOneFold() throws {
        var chain = RandomChain(seed: 80, pace: .seconds)
        let gate = Gate()
        var configuration = smallConfiguration
        configuration.foldTransactions = 1
        configuration.foldLimitFactor = 1
        configuration.foldWaitMilliseconds = 3_000
        configuration.foldRetryMilliseconds = 5
        configuration.onFoldStep = { (_) throws(StoreError) in
            if gate.isShut { throw .diskFull(operation: "write", code: ENOSPC, freeBytes: 0) }
        }
        gate.isShut = true
        let fixture = try ReopeningStore(TestNetwork(), configuration)
        let holder = try chain.ledger.open("holder")
        // The first is taken by the fold that fails; the second then waits for the next one.
        for _ in 0..<2 {
            try chain.ledger.issue(1, to: holder)
            try fixture.store.commit([chain.seal()])
        }
        let errors = Mutex<[StorageError]>([])
        let waiting = Atomic<Int>(0)
        let store = fixture.store
        let threads = (0..<2).map { _ in
            Thread {
                let error = storageError { () throws(StorageError) in
                    try store.withCore { (core) throws(StoreError) in try core.waitForRoom() }
                }
                if let error { errors.withLock { $0.append(error) } }
                waiting.add(1, ordering: .releasing)
            }
        }
        for thread in threads { thread.start() }
        usleep(300_000)
        #expect(waiting.load(ordering: .acquiring) == 0)
        gate.isShut = false
        while waiting.load(ordering: .acquiring) < 2 { usleep(1_000) }
        #expect(errors.withLock { $0 } == [])
    }

    /// A start that could not fold on its way has the folding thread do it, as soon as there is room.
    @Test func whatAStartCouldNotFoldIsFoldedLater() throws {
        var chain = RandomChain(seed: 81, pace: .seconds)
        let directory = try TemporaryDirectory()
        let copy = try TemporaryDirectory()
        let store = try openStore(directory.path, chain.network)
        try store.commit(try chain.blocks(30))
        try FileManager.default.copyItem(atPath: "\(directory.path)/data.mdb", toPath: "\(copy.path)/data.mdb")
        store.close()
        let gate = Gate()
        var configuration = foldingConfiguration
        configuration.foldRetryMilliseconds = 5
        configuration.onFoldStep = { (_) throws(StoreError) in
            if gate.isShut { throw .diskFull(operation: "write", code: ENOSPC, freeBytes: 0) }
        }
        gate.isShut = true
        let started = try openStore(copy.path, chain.network, configuration)
        #expect(try started.statistics().foldedHeight == 0)
        gate.isShut = false
        for _ in 0..<5_000 where try started.statistics().foldedHeight < chain.height { usleep(1_000) }
        #expect(try started.statistics().foldedHeight == chain.height)
        try expectRestores(started, chain)
        started.close()
    }

    // MARK: - The time that a replay takes

    /// Operations are read once, however many effects follow the last of them: following a transaction is cheaper than checking it.
    @Test func aLargeTransactionIsFollowedFast() throws {
        var chain = RandomChain(seed: 82, pace: .seconds)
        let directory = try TemporaryDirectory()
        let keys = { (round: Int) in TestPolicy(threshold: 1, (0..<16).map { (TestKey("many \(round) \($0)"), 1) }) }
        let account = try chain.ledger.open("many", keys: keys(0)).signing(with: TestKey("many 0 0"))
        let other = try chain.ledger.open("other")
        try chain.ledger.issue(10_000, to: account)
        let store = try openStore(directory.path, chain.network)
        let policies = [keys(1), keys(2)]
        var steps: [TransactionBuilder.Step] = (0..<63).map { chain.network.rotateStep(account, to: policies[$0 % 2]) }
        steps.append(.transfer((0..<1_024).map { _ in TransactionBuilder.Leg(from: account.id, to: other.id, asset: 0, amount: 1) }))
        let clock = ContinuousClock()
        let checking = try clock.measure { _ = try chain.ledger.run(steps, by: account) }
        try store.commit([chain.seal()])
        let copy = try TemporaryDirectory()
        try FileManager.default.copyItem(atPath: "\(directory.path)/data.mdb", toPath: "\(copy.path)/data.mdb")
        store.close()
        var started: LedgerStore?
        let following = try clock.measure { started = try openStore(copy.path, chain.network) }
        #expect(following < checking)
        try expectRestores(try #require(started), chain)
        started?.close()
    }
}
