import Foundation
import Ledger
import Support
import Synchronization
import Testing

@testable import Store

/// Cut off at any step, pruning leaves a store that answers, and goes on where it stopped.
@Suite struct PruningCrashTests {
    /// Stops pruning at one of its steps: each was durable before, so that this is what a kill would leave.
    private final class Steps: Sendable {
        let taken = Mutex<[PruningStep]>([])
        let stopAt = Mutex<Int>(.max)

        func take(_ step: PruningStep) throws(StoreError) {
            let count = taken.withLock { steps in
                steps.append(step)
                return steps.count
            }
            if count == stopAt.withLock({ $0 }) { throw .io(code: 5, operation: "test") }
        }
    }

    @Test func aStopAtEachStepLeavesAStoreThatGoesOn() throws {
        let steps = Steps()
        var configuration = foldingConfiguration
        configuration.onPruningStep = { (step) throws(StoreError) in try steps.take(step) }
        let pruned = try PrunedStore(seed: 1_010, blocks: 60, configuration: configuration)
        let below = pruned.segments[3].firstHeight
        let end = pruned.segments[2].lastHeight
        let original = try TemporaryDirectory()
        pruned.fixture.store.close()
        let copy = "\(original.path)/copy"
        try FileManager.default.copyItem(atPath: pruned.fixture.directory.path, toPath: copy)
        let path = pruned.fixture.directory.path
        var stop = 1
        while true {
            for name in ["data.mdb", "state/data.mdb"] {
                try FileManager.default.removeItem(atPath: "\(path)/\(name)")
                try FileManager.default.copyItem(atPath: "\(copy)/\(name)", toPath: "\(path)/\(name)")
            }
            try pruned.fixture.reopenStore()
            steps.taken.withLock { $0 = [] }
            steps.stopAt.withLock { $0 = stop }
            let error = pruned.pruningError(below: below)
            steps.stopAt.withLock { $0 = .max }
            guard error != nil else { break }
            let recorded = steps.taken.withLock { taken in taken.count { $0 == .recorded } }
            let so = recorded == 0 ? 0 : pruned.segments[recorded - 1].lastHeight
            if stop % 7 == 1 { try pruned.expectAnswers(prunedTo: so) }
            try pruned.fixture.reopen()
            #expect(try pruned.store.archives().archives.count == recorded)
            try pruned.store.verifyRecords { _, _ in }
            #expect(try pruned.prune(below: below).prunedHeight == end, "after step \(stop)")
            let left = try pruned.store.statistics().entries["transactions"]
            pruned.fixture.store.close()
            // Nothing at or below the pruned height is left.
            try RawDatabase.with("transactions", in: path) { (transaction, database) throws(StoreError) in
                let first = try transaction.withCursor(over: database) { (cursor) throws(StoreError) -> [UInt8] in
                    try cursor.seekFirst() ? [UInt8](copying: cursor.key) : []
                }
                let height = first.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                if height <= end { throw .damaged("bodies of height \(height) are left, of \(String(describing: left))") }
            }
            stop += 1
        }
        #expect(stop > 8, "\(stop) steps")
        #expect(Set(steps.taken.withLock { $0 }) == Set(PruningStep.allCases))
        try pruned.expectAnswers(prunedTo: end)
    }

    /// Pruning takes a few pages of the log that are free already, so it makes room where commits find none. Where there are not even these,
    /// it says so, and nothing is lost.
    @Test(.enabled(if: SmallFileSystem.isAllowed, "mounting a small file system needs root"))
    func onAFullDiskItMakesRoomOrSaysThatItCannot() throws {
        let pruned = try PrunedStore(seed: 1_011, blocks: 60)
        pruned.store.close()
        try SmallFileSystem.with(sizeBytes: 6 << 20) { disk in
            let path = "\(disk)/store"
            try FileManager.default.copyItem(atPath: pruned.fixture.directory.path, toPath: path)
            let ballast = "\(disk)/ballast"
            // Nothing is folded meanwhile, so that what does not fit is the log's.
            var configuration = smallConfiguration
            configuration.segmentLimitBytes = smallSegmentBytes
            let store = try openStore(path, pruned.chain.network, configuration)
            defer { store.close() }
            try fillDisk(ballast)
            var waiting: BlockCommit?
            for _ in 0..<200 where waiting == nil {
                let block = try pruned.chain.block()
                let error = storageError { () throws(StorageError) in try store.commit([block]) }
                if let error {
                    #expect(error.isFull, "\(error)")
                    waiting = block
                }
            }
            let block = try #require(waiting, "the disk never was full")
            let request = PruningRequest(below: pruned.segments[3].firstHeight, archives: pruned.export.path)
            do throws(PruningError) {
                _ = try store.prune(request)
            } catch {
                guard case .storage(.full) = error else { throw error }
                try FileManager.default.removeItem(atPath: ballast)
                #expect(try store.prune(request).prunedHeight == pruned.segments[2].lastHeight)
            }
            #expect(try store.restore().tip.header.height == block.certified.block.header.height - 1)
            try store.commit([block])
            try expectRestores(store, pruned.chain)
            try store.verifyRecords(archives: pruned.export.path) { _, _ in }
        }
    }

    private func fillDisk(_ path: String) throws {
        try Data().write(to: URL(filePath: path))
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        for size in [65_536, 4_096, 512] {
            do {
                while true { try file.write(contentsOf: Data(count: size)) }
            } catch {
                continue
            }
        }
        try file.close()
    }

    @Test func theStateOfAPrunedLogIsNotMadeAnew() throws {
        let pruned = try PrunedStore(seed: 1_012, blocks: 60)
        _ = try pruned.prune(below: pruned.segments[2].firstHeight)
        pruned.store.close()
        let path = pruned.fixture.directory.path
        try FileManager.default.moveItem(atPath: "\(path)/state", toPath: "\(path)/../\(UUID().uuidString)")
        let error = try #require(storageError { () throws(StorageError) in try pruned.fixture.reopenStore() })
        #expect(error.isRefusal && error.description.contains("pruned"))
        #expect(!FileManager.default.fileExists(atPath: "\(path)/state/data.mdb"))
    }

    @Test func onlyAPrunedLogHasTheNewFormat() throws {
        let pruned = try PrunedStore(seed: 1_013, blocks: 60)
        func format() throws -> [UInt8] { try #require(try pruned.fixture.rawRecords(of: "meta").first { $0.key == [1] }).value }
        #expect(try format().prefix(2) == [0, 2])
        _ = try pruned.prune(below: pruned.segments[2].firstHeight, isDryRun: true)
        #expect(try format().prefix(2) == [0, 2])
        _ = try pruned.prune(below: pruned.segments[2].firstHeight)
        #expect(try format().prefix(2) == [0, 3])
        var error: StorageError?
        do {
            try pruned.fixture.tamper { (transaction, _) throws(StoreError) in
                guard let table = try transaction.openDatabase(named: LogTables.archivesName) else { throw .notFound(path: "archives") }
                try transaction.delete(SegmentKey(0).bytes.span, in: table)
            }
        } catch let fault as StorageError {
            error = fault
        }
        #expect(error?.isDamage == true)
    }
}
