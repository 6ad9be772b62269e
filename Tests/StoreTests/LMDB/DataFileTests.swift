import Foundation
import Testing

@testable import Store

/// The layout facts that the check before opening relies on, against files that the real library wrote.
@Suite struct DataFileLayoutTests {
    @Test func metaPageFieldsAreWhereWeReadThem() throws {
        let directory = try TemporaryDirectory()
        let environment = try openEnvironment(directory.path)
        let database = try makeDatabase(in: environment)
        for number in 0..<9 {
            try environment.write { (transaction) throws(StoreError) in
                try transaction.put(key(number).span, [UInt8](repeating: 1, count: 9_000).span, in: database)
            }
            let statistics = try environment.statistics()
            let file = try FileDescriptor(opening: directory.dataFile, flags: O_RDONLY, during: .check)
            let meta = try DataFileCheck.currentMeta(of: file)
            #expect(UInt64(meta.pageBytes) == statistics.pageSizeBytes)
            #expect(meta.transaction == statistics.lastTransaction)
            #expect((meta.lastPage + 1) * UInt64(meta.pageBytes) == statistics.usedBytes)
            // One named database: its record is alone on a leaf page, the root, which carries its own number.
            #expect(meta.databases.depth == 1)
            let root = PageBytes(try file.read(count: meta.pageBytes, at: meta.databases.root * UInt64(meta.pageBytes)))
            #expect(try root.uint64(at: 0) == meta.databases.root)
            #expect(try root.uint16(at: 10) == DataFileLayout.leafFlag)
            #expect(try root.uint16(at: 12) == 18)
        }
    }

    /// The walk over the raw file finds as many free pages as the library counts, with lists on overflow pages and several levels of tree.
    @Test func theFreePageWalkAgreesWithTheLibrary() throws {
        let directory = try TemporaryDirectory()
        let environment = try openEnvironment(directory.path)
        let database = try makeDatabase(in: environment)
        let value = [UInt8](repeating: 3, count: 3_000)
        try environment.write { (transaction) throws(StoreError) in
            for number in 0..<6_000 { try transaction.put(key(number).span, value.span, in: database) }
        }
        let reader = try environment.beginRead()
        try environment.write { (transaction) throws(StoreError) in
            _ = try transaction.deleteRange(from: key(1_000).span, upTo: key(5_000).span, in: database)
        }
        // While the reader lives, each commit adds a list of its own.
        for number in 0..<400 {
            try environment.write { (transaction) throws(StoreError) in try transaction.put(key(number).span, value.span, in: database) }
        }
        reader.end()
        let reusable = try environment.read { (transaction) throws(StoreError) in try transaction.reusableBytes() }
        let file = try FileDescriptor(opening: directory.dataFile, flags: O_RDONLY, during: .check)
        let meta = try DataFileCheck.currentMeta(of: file)
        var walk = FreePageWalk(pageBytes: meta.pageBytes, wholePages: meta.lastPage + 1, wanted: 0...meta.lastPage)
        try walk.collect(from: file, tree: meta.freePages)
        #expect(UInt64(walk.free.count * meta.pageBytes) == reusable)
        #expect(walk.free.count > 4_000)
        #expect(meta.freePages.depth >= 2, "the tree of free pages has one level, so this test shows little")
    }
}

/// A damaged data file is refused by name before it is mapped.
@Suite struct DataFileCheckTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        let environment = try openEnvironment(directory.path)
        let database = try makeDatabase(in: environment)
        for number in 0..<40 {
            try environment.write { (transaction) throws(StoreError) in
                try transaction.put(key(number).span, [UInt8](repeating: 1, count: 5_000).span, in: database)
            }
        }
        environment.close()
    }

    @Test func aSoundFileIsAccepted() throws {
        #expect(try openEnvironment(directory.path, create: false).statistics().lastTransaction == 41)
    }

    @Test func everyTruncationIsRefused() throws {
        let whole = try directory.dataBytes()
        let pages = whole.count / 4096
        for count in Array(0..<pages).map({ $0 * 4096 }) + [1, 151, 4095, 4097, 4247, whole.count - 1] {
            try directory.writeData(Array(whole.prefix(count)))
            expectDamaged("\(count) of \(whole.count) bytes")
        }
        try directory.writeData(whole)
        try openEnvironment(directory.path, create: false).close()
    }

    @Test(arguments: [
        (offset: 10, "not marked"), (offset: 16, "magic"), (offset: 20, "version"), (offset: 41, "page size"),
    ])
    func aGarbledFieldIsNamed(offset: Int, expected: String) throws {
        let whole = try directory.dataBytes()
        for page in [0, 4096] {
            var garbled = whole
            garbled[page + offset] ^= 0x0A
            try directory.writeData(garbled)
            expectDamaged("byte \(page + offset)", containing: expected)
        }
    }

    @Test func garbageAndAnotherFormatAreRefused() throws {
        var generator = SeededGenerator(seed: 5)
        for count in [1, 100, 4_096, 8_192, 100_000] {
            try directory.writeData((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
            expectDamaged("\(count) random bytes")
        }
        try directory.writeData([UInt8](repeating: 0, count: 1 << 16))
        expectDamaged("zeros")
    }

    /// Whatever the meta pages say, the check answers and never traps.
    @Test func theCheckSurvivesEveryBitFlipOfTheMetaPages() throws {
        let whole = try directory.dataBytes()
        let cut = Array(whole.prefix(whole.count - 3 * 4096))
        var accepted = 0, refused = 0
        for bytes in [whole, cut] {
            try directory.writeData(bytes)
            for bit in (0..<(2 * DataFileLayout.metaBytes * 8)) {
                let offset = bit / 8 < DataFileLayout.metaBytes ? bit / 8 : bit / 8 - DataFileLayout.metaBytes + 4096
                try directory.patchData(at: offset, bytes[offset] ^ 1 << UInt8(bit % 8))
                do throws(StoreError) {
                    try DataFileCheck.run(path: directory.dataFile)
                    accepted += 1
                } catch .damaged {
                    refused += 1
                } catch {
                    Issue.record("bit \(bit): \(error)")
                }
                try directory.patchData(at: offset, bytes[offset])
            }
        }
        // Many bits are unused here or belong to the older meta page; the cut file must be refused nearly always.
        #expect(refused > 2_432 && accepted > 500, "\(refused) refused, \(accepted) accepted")
    }

    @Test func aLostDataFileIsNotReplacedByAnEmptyOne() throws {
        try FileManager.default.removeItem(atPath: directory.dataFile)
        expectDamaged("the data file", containing: "missing", create: true)
        #expect(try !exists(directory.dataFile))
    }

    @Test func aMissingDataFileIsNotMadeUnlessAsked() throws {
        let empty = try TemporaryDirectory()
        #expect(throws: StoreError.notFound(path: empty.dataFile)) { try openEnvironment(empty.path, create: false) }
        try openEnvironment(empty.path).close()
        try openEnvironment(empty.path, create: false).close()
    }

    @Test func leftoversOfAnInterruptedCreationAreCleared() throws {
        let fresh = try TemporaryDirectory()
        let nursery = "\(fresh.path)/\(DataFile.nurseryName)"
        try FileManager.default.createDirectory(atPath: nursery, withIntermediateDirectories: false)
        try Data([1, 2, 3]).write(to: URL(filePath: "\(nursery)/\(DataFile.dataName)"))
        try openEnvironment(fresh.path).close()
        #expect(try !exists(nursery))
    }

    @Test func newFilesAreForTheirOwnerOnly() throws {
        for name in ["data.mdb", "lock.mdb", "LOCK"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory.path)/\(name)")
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
    }

    private func expectDamaged(_ what: String, containing text: String = "", create: Bool = false) {
        do {
            _ = try openEnvironment(directory.path, create: create)
            Issue.record("\(what): opened")
        } catch StoreError.damaged(let reason) {
            #expect(text.isEmpty || reason.contains(text), "\(what): \(reason)")
        } catch {
            Issue.record("\(what): \(error)")
        }
    }
}

/// A sound file can be shorter than its last page number says; see `DataFileCheck`.
@Suite struct ShortDataFileTests {
    /// Pages taken at the file's end and given back in the same transaction are never written.
    private func makeShortFile(in directory: TemporaryDirectory) throws -> (fileBytes: UInt64, usedBytes: UInt64) {
        let environment = try openEnvironment(directory.path)
        let database = try makeDatabase(in: environment)
        let small = [UInt8](repeating: 1, count: 2_000)
        try environment.write { (transaction) throws(StoreError) in
            for number in 0..<200 { try transaction.put(key(number).span, small.span, in: database) }
        }
        // Scattered single pages become free, none long enough for the large value below.
        try environment.write { (transaction) throws(StoreError) in
            for number in stride(from: 0, to: 200, by: 5) { _ = try transaction.delete(key(number).span, in: database) }
        }
        try environment.write { (transaction) throws(StoreError) in try transaction.put(key(1).span, small.span, in: database) }
        let large = [UInt8](repeating: 2, count: 1 << 20)
        try environment.write { (transaction) throws(StoreError) in
            try transaction.put(key(2).span, small.span, in: database)
            try transaction.put(key(1_000).span, large.span, in: database)
            try transaction.delete(key(1_000).span, in: database)
            try transaction.put(key(3).span, small.span, in: database)
        }
        let statistics = try environment.statistics()
        environment.close()
        return (statistics.fileSizeBytes, statistics.usedBytes)
    }

    @Test func aShortFileWhoseMissingPagesAreFreeIsAccepted() throws {
        let directory = try TemporaryDirectory()
        let (fileBytes, usedBytes) = try makeShortFile(in: directory)
        try #require(fileBytes < usedBytes, "the library wrote the whole file, so this test shows nothing")
        let environment = try openEnvironment(directory.path, create: false)
        let database = try #require(try environment.openDatabase(named: "test"))
        #expect(try allEntries(database, in: environment).count == 160)
    }

    @Test func aShortFileThatIsCutFurtherIsRefused() throws {
        let directory = try TemporaryDirectory()
        let (fileBytes, _) = try makeShortFile(in: directory)
        var refused = 0
        for pages in 1...20 as ClosedRange<UInt64> {
            try directory.truncateData(toBytes: fileBytes - pages * 4096)
            do {
                try openEnvironment(directory.path, create: false).close()
            } catch StoreError.damaged {
                refused += 1
            }
        }
        #expect(refused >= 19)
    }
}
