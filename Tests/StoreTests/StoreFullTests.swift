import Foundation
import Ledger
import Support
import Testing

@testable import Store

/// Without room a commit changes nothing, and the same one succeeds when there is room.
@Suite struct StoreFullTests {
    /// Commits blocks until one does not fit; returns that one.
    private func fill(_ store: LedgerStore, _ chain: inout RandomChain) throws -> BlockCommit {
        for _ in 0..<2_000 {
            let block = try chain.block()
            let error = storageError { () throws(StorageError) in try store.commit([block]) }
            guard let error else { continue }
            #expect(error.isFull, "\(error)")
            return block
        }
        throw NeverFull()
    }

    private struct NeverFull: Error {}

    private func expectUnchanged(_ store: LedgerStore, before block: BlockCommit) throws {
        let header = block.certified.block.header
        #expect(try store.tip().header.hash == header.parent)
        #expect(try store.restore().tip.header.hash == header.parent)
        #expect(try store.certifiedBlock(at: header.height) == nil)
        for signed in block.certified.block.transactions { #expect(try store.location(of: signed.id) == nil) }
        try store.verifyRecords { _, _ in }
    }

    @Test func aFullMapChangesNothingUntilItIsLarger() throws {
        let directory = try TemporaryDirectory()
        var chain = RandomChain(seed: 41)
        let chainspec = chain.network.chainspec
        let small = StoreConfiguration(mapSizeBytes: 1 << 20)
        let store = try LedgerStore.open(directory: directory.path, chainspec: chainspec, configuration: small)
        let block = try fill(store, &chain)
        try expectUnchanged(store, before: block)
        let error = try #require(storageError { () throws(StorageError) in try store.commit([block]) })
        #expect(error.isFull && error.description.contains("map size"))
        store.close()

        let larger = try openStore(directory.path)
        defer { larger.close() }
        try expectUnchanged(larger, before: block)
        try larger.commit([block])
        try expectRestores(larger, chain)
        try larger.verifyRecords { _, _ in }
    }

    @Test(.enabled(if: SmallFileSystem.isAllowed, "mounting a small file system needs root"))
    func aFullDiskChangesNothingUntilThereIsRoom() throws {
        try SmallFileSystem.with(sizeBytes: 2 << 20) { disk in
            let ballast = "\(disk)/ballast"
            let path = "\(disk)/store"
            var chain = RandomChain(seed: 42)
            let store = try openStore(path)
            defer { store.close() }
            try Data(repeating: 1, count: 512 << 10).write(to: URL(filePath: ballast))
            let block = try fill(store, &chain)
            try expectUnchanged(store, before: block)
            let again = storageError { () throws(StorageError) in try store.commit([block]) }
            #expect(again?.isFull == true, "\(again.debugDescription)")

            try FileManager.default.removeItem(atPath: ballast)
            try store.commit([block])
            try store.commit(try chain.blocks(2))
            try expectRestores(store, chain)
            try store.verifyRecords { _, _ in }
            store.close()
            let reopened = try openStore(path)
            defer { reopened.close() }
            try expectRestores(reopened, chain)
        }
    }

    /// The derived state on a full disk of its own: commits go on until far too much waits, and then on again when there is room.
    @Test(.enabled(if: SmallFileSystem.isAllowed, "mounting a small file system needs root"))
    func aFullDiskUnderTheStateLosesNothing() throws {
        let directory = try TemporaryDirectory()
        try openStore(directory.path).close()
        let state = "\(directory.path)/\(StateFormat.folderName)"
        let kept = "\(directory.path)-state"
        try FileManager.default.moveItem(atPath: state, toPath: kept)
        defer {
            do {
                try FileManager.default.removeItem(atPath: kept)
            } catch {
                Issue.record("\(error)")
            }
        }
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: false)
        try run("/usr/bin/mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", state)
        let result = Result { try fillState(directory.path, state, from: kept) }
        try run("/usr/bin/umount", "--lazy", state)
        try result.get()
    }

    private func fillState(_ path: String, _ state: String, from kept: String) throws {
        for name in [DataFile.dataName, DataFile.lockName] {
            try FileManager.default.copyItem(atPath: "\(kept)/\(name)", toPath: "\(state)/\(name)")
        }
        var configuration = foldingConfiguration
        configuration.foldWaitMilliseconds = 30
        configuration.foldRetryMilliseconds = 10
        var chain = RandomChain(seed: 43)
        let store = try openStore(path, chain.network, configuration)
        let block = try fill(store, &chain)
        try expectUnchanged(store, before: block)
        store.close()
        // What is not folded is executed again, also where there is no room yet.
        let again = try openStore(path, chain.network, configuration)
        try expectUnchanged(again, before: block)
        try run("/usr/bin/mount", "-o", "remount,size=64m", state)
        var error = storageError { () throws(StorageError) in try again.commit([block]) }
        for _ in 0..<200 where error != nil { error = storageError { () throws(StorageError) in try again.commit([block]) } }
        #expect(error == nil)
        try expectRestores(again, chain)
        again.close()
        let folded = try openStore(path, chain.network, configuration)
        #expect(try folded.statistics().foldedHeight == chain.height)
        try expectRestores(folded, chain)
        try folded.verifyRecords { _, _ in }
        folded.close()
    }
}
