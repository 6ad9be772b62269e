import Cryptography
import Foundation
import Ledger
import Support
import Synchronization
import Testing

@testable import Store

/// A crash leaves the two data files as they were between two of LMDB's commits: here they are copied at such moments and opened.
@Suite struct CrashTests {
    /// Copies of a store's files, and what they have to hold.
    private final class Crashes: Sendable {
        let directory: TemporaryDirectory
        let path: String
        private let state = Mutex(State())

        private struct State {
            var taken: [(path: String, step: FoldStep?)] = []
            var counts: [FoldStep?: Int] = [:]
        }

        init(of path: String) throws {
            directory = try TemporaryDirectory()
            self.path = path
        }

        var copies: [(path: String, step: FoldStep?)] { state.withLock { $0.taken } }

        /// Copies the files as they are on disk now, as a crash would leave them.
        func copy(at step: FoldStep?) throws {
            try state.withLock { state in
                // The first time, and now and then: opening every copy would take minutes.
                state.counts[step, default: 0] += 1
                guard step == nil || [1, 5, 14].contains(state.counts[step]) else { return }
                let copy = "\(directory.path)/\(state.taken.count)"
                try FileManager.default.createDirectory(atPath: "\(copy)/state", withIntermediateDirectories: true)
                // The state first: a log that is newer than the state is what a crash leaves.
                for name in ["state/data.mdb", "data.mdb"] {
                    try FileManager.default.copyItem(atPath: "\(path)/\(name)", toPath: "\(copy)/\(name)")
                }
                state.taken.append((copy, step))
            }
        }
    }

    /// Opens each copy, compares it with the chain up to its height, lets the rest of the chain go on in it, and closes and opens it again.
    private func expectSound(_ crashes: Crashes, _ chain: borrowing RandomChain, _ configuration: StoreConfiguration) throws {
        for (path, step) in crashes.copies {
            let store = try openStore(path, chain.network, configuration)
            let height = Int(try store.tip().header.height)
            let restored = try store.restore()
            expectTrue(restored.state.accounts == chain.accounts[height], "\(String(describing: step))")
            expectTrue(restored.state.supply == chain.supply[height])
            try store.verifyRecords { _, _ in }
            try store.commit(Array(chain.commits[height...]))
            try expectRestores(store, chain)
            try expectHistory(store, chain)
            store.close()
            let again = try openStore(path, chain.network)
            #expect(try again.statistics().foldedHeight == chain.height)
            try expectRestores(again, chain)
            try expectHistory(again, chain)
            try again.verifyRecords { _, _ in }
            again.close()
        }
    }

    private func expectHistory(_ store: LedgerStore, _ chain: borrowing RandomChain) throws {
        for (account, entries) in chain.entries {
            let lines = try store.statement(of: account, from: 0, limit: .max, descending: false)
            expectTrue(lines.map(\.entry) == entries)
        }
        for height in stride(from: 0, through: chain.accounts.count - 1, by: 7) {
            for account in chain.accounts[height] { expectTrue(try store.account(account.id, atHeight: UInt64(height)) == account) }
        }
        for item in chain.transactions { #expect(try store.location(of: item.id) == item.location) }
    }

    private func chain(_ seed: UInt64) throws -> RandomChain {
        var chain = RandomChain(seed: seed)
        let busy = try chain.ledger.open("busy")
        while chain.height < 24 {
            for _ in 0..<20 { try chain.ledger.issue(1, to: busy) }
            _ = try chain.block()
        }
        return chain
    }

    /// After every step of every fold and merge.
    @Test func aCrashBetweenAnyTwoStepsOfAFold() throws {
        let chain = try chain(81)
        let directory = try TemporaryDirectory()
        let crashes = try Crashes(of: directory.path)
        var configuration = foldingConfiguration
        configuration.foldTransactions = 1
        configuration.foldBatchRecords = 5
        configuration.onFoldStep = { (step) throws(StoreError) in
            do {
                try crashes.copy(at: step)
            } catch {
                throw .damaged("\(error)")
            }
        }
        let store = try openStore(directory.path, chain.network, configuration)
        for commit in chain.commits {
            try store.commit([commit])
            // A copy that is made while a commit writes is not what a crash leaves.
            while try store.statistics().unfoldedTransactions > 0 { usleep(500) }
        }
        store.close()
        #expect(Set(crashes.copies.compactMap(\.step)) == Set(FoldStep.allCases))
        try expectSound(crashes, chain, foldingConfiguration)
    }

    /// The process ends at each step, again and again, and never gets further than that.
    @Test(arguments: FoldStep.allCases) func aFoldThatNeverGetsPastAStep(step: FoldStep) throws {
        let chain = try chain(82)
        let directory = try TemporaryDirectory()
        var configuration = foldingConfiguration
        configuration.foldRetryMilliseconds = 1
        configuration.foldBatchRecords = 5
        configuration.foldLimitFactor = 1_000
        configuration.onFoldStep = { (reached) throws(StoreError) in
            if reached == step { throw .diskFull(operation: "write", code: ENOSPC, freeBytes: nil) }
        }
        var store = try openStore(directory.path, chain.network, configuration)
        for commit in chain.commits {
            try store.commit([commit])
            guard commit.certified.block.header.height.isMultiple(of: 4) else { continue }
            store.close()
            store = try openStore(directory.path, chain.network, configuration)
            let height = Int(try store.tip().header.height)
            expectTrue(try store.restore().state.accounts == chain.accounts[height])
            try store.verifyRecords { _, _ in }
        }
        try expectHistory(store, chain)
        store.close()
        let free = try openStore(directory.path, chain.network)
        try expectRestores(free, chain)
        try expectHistory(free, chain)
        free.close()
        let folded = try openStore(directory.path, chain.network)
        #expect(try folded.statistics().foldedHeight == chain.height)
        try expectHistory(folded, chain)
        try folded.verifyRecords { _, _ in }
        folded.close()
    }

    /// Between commits, with nothing folded at all: everything is executed again, and folded on the way.
    @Test func aCrashBeforeAnyFold() throws {
        let chain = try chain(83)
        let directory = try TemporaryDirectory()
        let crashes = try Crashes(of: directory.path)
        let store = try openStore(directory.path, chain.network)
        for commit in chain.commits {
            try store.commit([commit])
            if commit.certified.block.header.height.isMultiple(of: 5) { try crashes.copy(at: nil) }
        }
        store.close()
        #expect(crashes.copies.count == 4)
        try expectSound(crashes, chain, foldingConfiguration)
    }

    /// The derived state can be taken away: the next start derives it again.
    @Test func aLostStateIsDerivedAgain() throws {
        let chain = try chain(84)
        let fixture = try ReopeningStore(chain.network, foldingConfiguration)
        for commit in chain.commits { try fixture.store.commit([commit]) }
        fixture.store.close()
        try FileManager.default.removeItem(atPath: "\(fixture.directory.path)/state")
        try fixture.reopenStore()
        try expectRestores(fixture.store, chain)
        try expectHistory(fixture.store, chain)
        try fixture.store.verifyRecords { _, _ in }
        try fixture.reopen()
        #expect(try fixture.foldedHeight() == chain.height)
        try fixture.store.verifyRecords { _, _ in }
    }

    // MARK: - Files that are not each other's

    private func storeWithBlocks(_ chain: borrowing RandomChain, _ count: Int) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let store = try openStore(directory.path, chain.network)
        try store.commit(Array(chain.commits[..<count]))
        store.close()
        return directory
    }

    private func exchange(_ name: String, of directory: TemporaryDirectory, with other: TemporaryDirectory) throws {
        try FileManager.default.removeItem(atPath: "\(directory.path)/\(name)")
        try FileManager.default.copyItem(atPath: "\(other.path)/\(name)", toPath: "\(directory.path)/\(name)")
    }

    private func expectRefused(_ directory: TemporaryDirectory, _ part: String) throws {
        let files = ["data.mdb", "state/data.mdb"].map { URL(filePath: "\(directory.path)/\($0)") }
        let before = try files.map { try Data(contentsOf: $0) }
        let error = try #require(storageError { () throws(StorageError) in try openStore(directory.path) })
        #expect(error.isRefusal && error.description.contains(part), "\(error)")
        #expect(try files.map { try Data(contentsOf: $0) } == before)
    }

    @Test func aStateThatIsNewerThanTheLogIsRefused() throws {
        let chain = try chain(85)
        let directory = try storeWithBlocks(chain, 20)
        try exchange("data.mdb", of: directory, with: try storeWithBlocks(chain, 10))
        try expectRefused(directory, "older copy")
    }

    /// The other way round it is what a crash leaves.
    @Test func aLogThatIsNewerThanTheStateIsFollowed() throws {
        let chain = try chain(85)
        let directory = try storeWithBlocks(chain, 10)
        try exchange("data.mdb", of: directory, with: try storeWithBlocks(chain, 24))
        let store = try openStore(directory.path)
        try expectRestores(store, chain)
        try store.verifyRecords { _, _ in }
        store.close()
    }

    @Test func aStateOfOtherBlocksIsRefused() throws {
        let directory = try storeWithBlocks(try chain(86), 20)
        try exchange("state/data.mdb", of: directory, with: try storeWithBlocks(try chain(87), 10))
        try expectRefused(directory, "another block at height 10")
    }

    @Test func aStateOfAnotherNetworkIsRefused() throws {
        let directory = try storeWithBlocks(try chain(86), 20)
        let other = try TemporaryDirectory()
        try openStore(other.path, TestNetwork(name: "other")).close()
        try exchange("state/data.mdb", of: directory, with: other)
        try expectRefused(directory, "belongs to network")
    }

    @Test func aStateOfAnotherFormatIsRefused() throws {
        let directory = try storeWithBlocks(try chain(86), 20)
        try ReopeningStore.tamperState(directory.path) { (transaction, tables) throws(StoreError) in
            let format = FormatRecord(version: 3, network: TestNetwork().network)
            try transaction.put(format.payload, for: .format, in: tables.meta)
        }
        try expectRefused(directory, "format 3")
    }

    @Test func aCutStateFileIsRefused() throws {
        let directory = try storeWithBlocks(try chain(86), 20)
        let file = URL(filePath: "\(directory.path)/state/data.mdb")
        let whole = try Data(contentsOf: file)
        for count in [0, 1, 4_096, 8_192, whole.count / 2, whole.count * 3 / 4] {
            try whole.prefix(count).write(to: file)
            let error = try #require(storageError { () throws(StorageError) in try openStore(directory.path) }, "\(count) bytes")
            #expect(error.isDamage && error.description.contains("state/data.mdb"), "\(count) bytes: \(error)")
        }
        try whole.write(to: file)
        try openStore(directory.path).close()
    }
}
