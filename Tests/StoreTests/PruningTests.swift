import Cryptography
import Foundation
import Ledger
import Support
import Synchronization
import Testing

@testable import Store

/// Bodies that are in archives can go, nothing else goes with them, and what is not there any more is named.
@Suite struct PruningTests {
    @Test func whatIsPrunedIsNamedAndAllElseStays() throws {
        let pruned = try PrunedStore(seed: 1_001)
        #expect(pruned.segments.count > 8)
        let below = pruned.segments[4].firstHeight + 1
        let expected = pruned.whole(below: below)
        #expect(expected.count == 4)
        let end = try #require(expected.last).lastHeight

        let dry = try pruned.prune(below: below, isDryRun: true)
        #expect(dry.archives == expected && dry.prunedHeight == 0)
        try pruned.expectAnswers(prunedTo: 0)

        let report = try pruned.prune(below: below)
        #expect(report.archives == expected && report.prunedHeight == end && report.limit == .asked && report.end == below - 1)
        #expect(report.transactionCount == UInt64(pruned.chain.transactions.count { $0.location.height <= end }))
        #expect(report.reusableBytesAfter > report.reusableBytesBefore)
        try pruned.expectAnswers(prunedTo: end)
        try pruned.fixture.reopen()
        try pruned.expectAnswers(prunedTo: end)

        // It goes on being a store, and can be pruned again, from where it was.
        for _ in 0..<4 { try pruned.store.commit(try pruned.chain.blocks(6)) }
        try pruned.fixture.reopen()
        let second = try pruned.prune(below: pruned.segments[6].firstHeight)
        #expect(second.archives == Array(pruned.segments[4..<6]) && second.prunedHeight == pruned.segments[5].lastHeight)
        try pruned.expectAnswers(prunedTo: second.prunedHeight)
        #expect(try pruned.prune(below: 1).archives.isEmpty)
    }

    @Test func memosOutliveTheirTransactionsAndCanBeErased() throws {
        let pruned = try PrunedStore(seed: 1_002)
        _ = try pruned.prune(below: pruned.segments[7].firstHeight)
        let end = pruned.segments[6].lastHeight
        let old = pruned.chain.transactions.filter { $0.location.height <= end && pruned.chain.memos[$0.id] != nil }
        #expect(old.count > 3)
        for (id, location, _) in old {
            #expect(try pruned.store.memo(at: location) == pruned.chain.memos[id])
            #expect(try pruned.store.eraseMemo(of: id))
            #expect(try pruned.store.memo(at: location) == nil)
            #expect(try !pruned.store.eraseMemo(of: id))
        }
        #expect(try pruned.store.location(of: TransactionID(.zero)) == nil)
    }

    @Test func whatMayBeNeededIsNeverPruned() throws {
        let pruned = try PrunedStore(seed: 1_003)
        let report = try pruned.prune(below: .max)
        #expect(report.limit == .replayWindow)
        let tip = try pruned.store.tip().header
        let kept = Transaction.maximumLifetimeMilliseconds + 3_600_000
        let times = pruned.chain.commits.map(\.certified.block.header)
        #expect(report.end == times.last { $0.time + kept <= tip.time }?.height)
        #expect(report.prunedHeight <= report.end && report.archives == pruned.whole(below: report.end + 1))
        try pruned.fixture.reopen()
        try pruned.expectAnswers(prunedTo: report.prunedHeight)
    }

    @Test func ofAStoreWithoutBlocksNothingIsPruned() throws {
        let fixture = try ReopeningStore(TestNetwork(), smallConfiguration)
        let report = try fixture.store.prune(PruningRequest(below: .max, archives: "/nowhere"))
        #expect(report.archives.isEmpty && report.prunedHeight == 0 && report.end == 0)
        try fixture.store.verifyRecords { _, _ in }
    }

    @Test func whatIsNotFoldedIsNotPruned() throws {
        var configuration = smallConfiguration
        configuration.segmentLimitBytes = smallSegmentBytes
        var chain = RandomChain(seed: 1_004)
        let fixture = try ReopeningStore(chain.network, configuration)
        for _ in 0..<30 { try fixture.store.commit(try chain.blocks(4)) }
        chain.ledger.time += 2 * 24 * 3_600_000
        try fixture.store.commit(try chain.blocks(4))
        let report = try fixture.store.prune(PruningRequest(below: .max, archives: "/nowhere"))
        #expect(report.limit == .notFolded && report.end == 0 && report.archives.isEmpty)
    }

    // MARK: - Archives

    /// What is done to the archive of the third segment, and the error it must lead to.
    @Test(arguments: ["missing", "short", "long", "flipped", "other", "directory", "link"])
    func aWrongArchiveIsRefusedBeforeAnythingIsDropped(_ damage: String) throws {
        let pruned = try PrunedStore(seed: 1_005)
        let archive = pruned.segments[2]
        let path = "\(pruned.export.path)/\(archive.fileName)"
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        switch damage {
        case "missing": try FileManager.default.removeItem(atPath: path)
        case "short": try Data(bytes.dropLast()).write(to: URL(filePath: path))
        case "long": try Data(bytes + [0]).write(to: URL(filePath: path))
        case "flipped":
            bytes[bytes.count / 2] ^= 1
            try Data(bytes).write(to: URL(filePath: path))
        case "other":
            try Data([UInt8](repeating: 0, count: bytes.count)).write(to: URL(filePath: path))
        case "directory":
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        default:
            try FileManager.default.moveItem(atPath: path, toPath: "\(path).moved")
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "\(path).moved")
        }
        let error = try #require(pruned.pruningError(below: pruned.segments[5].firstHeight))
        switch damage {
        case "missing": #expect(error == .missing(archive, directory: pruned.export.path))
        case "short": #expect(error == .wrongSize(path: path, archive, actual: archive.byteCount - 1))
        case "long": #expect(error == .wrongSize(path: path, archive, actual: archive.byteCount + 1))
        case "flipped", "other": #expect(error == .differs(path: path, archive, height: nil))
        default: #expect(error.code == "archiveUnreadable")
        }
        #expect(error.doesNotHold == ["short", "long", "flipped", "other"].contains(damage))
        try pruned.expectAnswers(prunedTo: 0)
        try pruned.store.verifyRecords { _, _ in }
        #expect(FileManager.default.fileExists(atPath: pruned.fixture.directory.dataFile))
        // What does not reach the archive can be pruned.
        #expect(try pruned.prune(below: archive.firstHeight).archives == Array(pruned.segments[0..<2]))
    }

    @Test func anArchiveReaderGivesTheBlocksAndNamesDamage() throws {
        let pruned = try PrunedStore(seed: 1_006, blocks: 80)
        let manifest = ArchiveManifest(network: pruned.chain.network.network, archives: pruned.segments)
        var reader = ArchiveReader(manifest, in: pruned.export.path)
        for commit in pruned.chain.commits {
            let block = try reader.next()
            expectTrue(block == commit.certified)
        }
        let end = try reader.next()
        expectTrue(end == nil)

        let archive = pruned.segments[1]
        let path = "\(pruned.export.path)/\(archive.fileName)"
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        var random = SplitMix64(test: "anArchiveReader")
        for _ in 0..<60 {
            var damaged = bytes
            damaged[random.below(bytes.count)] ^= UInt8(1 << random.below(8))
            try Data(damaged).write(to: URL(filePath: path))
            var reader = ArchiveReader(manifest, in: pruned.export.path)
            var error: PruningError?
            do throws(PruningError) {
                while try reader.next() != nil {}
            } catch let fault {
                error = fault
            }
            guard case .differs(path, archive, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    // MARK: - Verification

    @Test func withItsArchivesAPrunedStoreIsVerifiedFromGenesis() throws {
        let pruned = try PrunedStore(seed: 1_008)
        _ = try pruned.prune(below: pruned.segments[5].firstHeight)
        try pruned.store.verifyRecords { _, _ in }
        var last: (done: UInt64, total: UInt64) = (0, 1)
        try pruned.store.verifyRecords(archives: pruned.export.path) { last = ($0, $1) }
        #expect(last.done == last.total)
        // A log whose format did not come to be the newer one has no archives to want.
        let unpruned = try PrunedStore(seed: 1_008)
        try unpruned.store.verifyRecords(archives: "/nowhere") { _, _ in }

        // What only following from genesis can find: an account's version that no entry led to.
        let version = try #require(try pruned.fixture.rawRecords(of: "account-versions").first)
        try pruned.fixture.tamperState { (transaction, tables) throws(StoreError) in
            try transaction.delete(version.key.span, in: tables.versions.database)
        }
        try pruned.store.verifyRecords { _, _ in }
        let error = storageError { () throws(StorageError) in
            try pruned.store.verifyRecords(archives: pruned.export.path) { _, _ in }
        }
        #expect(error?.isDamage == true)
        let path = "\(pruned.export.path)/\(pruned.segments[1].fileName)"
        try FileManager.default.removeItem(atPath: path)
        let missing = storageError { () throws(StorageError) in
            try pruned.store.verifyRecords(archives: pruned.export.path) { _, _ in }
        }
        #expect(missing?.isRefusal == true && missing?.description.contains(pruned.segments[1].description) == true)
    }

    @Test func withoutArchivesWhatIsThereIsVerified() throws {
        let pruned = try PrunedStore(seed: 1_009)
        let end = try pruned.prune(below: pruned.segments[3].firstHeight).prunedHeight
        let height = pruned.chain.height
        for (name, key) in [
            ("headers", HeightKey(2).bytes), ("headers", HeightKey(height).bytes), ("transactions", nil), ("memos", nil), ("accounts", nil),
            ("account-ids", nil), ("entry-landmarks", nil), ("account-versions", nil), ("transaction-ids", nil), ("archives", nil),
        ] as [(String, [UInt8]?)] {
            let records = try pruned.fixture.rawRecords(of: name)
            guard let record = records.first(where: { key == nil || $0.key == key }) else { continue }
            pruned.store.close()
            var damaged = record.value
            damaged[damaged.count / 2] ^= 4
            try RawDatabase.with(name, in: pruned.fixture.directory.path) { (transaction, database) throws(StoreError) in
                try transaction.put(record.key.span, damaged.span, in: database)
            }
            let error = storageError { () throws(StorageError) in
                try pruned.fixture.reopenStore()
                try pruned.store.verifyRecords { _, _ in }
            }
            #expect(error?.isDamage == true, "\(name): \(String(describing: error))")
            try pruned.fixture.reopenRestoring(record, in: name)
        }
        try pruned.store.verifyRecords { _, _ in }
        try pruned.expectAnswers(prunedTo: end)
    }

    @Test func damageOfTheStoresOwnIsFoundBeforeAnythingIsDropped() throws {
        let pruned = try PrunedStore(seed: 1_007, blocks: 80)
        let height = pruned.segments[1].firstHeight
        try pruned.fixture.tamper { (transaction, tables) throws(StoreError) in
            let genesis = try transaction.header(at: height, in: tables, because: "it is there")
            try transaction.put(
                CertifiedHeader(header: genesis.header, attestations: []), for: HeightKey(height), in: tables.headers)
        }
        // The block is the same but for its attestations: the store's own bytes are not those of the export.
        let error = try #require(pruned.pruningError(below: pruned.segments[3].firstHeight))
        #expect(error.code == "archiveWrongSize")
        #expect(try pruned.store.archives().archives.isEmpty)
    }
}
