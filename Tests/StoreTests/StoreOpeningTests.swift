import Foundation
import Ledger
import Support
import Testing

@testable import Store

/// What a data directory may be, and that one which is not ours stays as it was.
@Suite struct StoreOpeningTests {
    let directory: TemporaryDirectory
    let network = TestNetwork()

    init() throws { directory = try TemporaryDirectory() }

    /// Names and contents of the directory's files; LMDB's lock file is bookkeeping that every opening rewrites.
    private func contents() throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: directory.path) where !name.hasSuffix(DataFile.lockName) {
            let path = "\(directory.path)/\(name)"
            let isFolder = try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType == .typeDirectory
            contents[name] = isFolder ? Data() : try Data(contentsOf: URL(filePath: path))
        }
        return contents
    }

    private func makeStoreWithBlocks() throws -> CertifiedHeader {
        let store = try openStore(directory.path)
        defer { store.close() }
        var chain = RandomChain(seed: 21)
        try store.commit(try chain.blocks(4))
        return try store.tip()
    }

    private func expectRefusal(_ part: String, _ network: TestNetwork? = nil) throws {
        let before = try contents()
        let error = try #require(storageError { () throws(StorageError) in try openStore(directory.path, network ?? self.network) })
        #expect(error.isRefusal && error.description.contains(part), "\(error)")
        #expect(try contents() == before)
    }

    @Test func absentAndEmptyDirectoriesBecomeStores() throws {
        for path in [directory.path, "\(directory.path)/new", "\(directory.path)/slash/"] {
            let store = try openStore(path)
            #expect(try store.tip().header == network.chainspec.genesisHeader)
            store.close()
        }
        let error = try #require(storageError { () throws(StorageError) in try openStore("\(directory.path)/no/parent") })
        #expect(error.isRefusal)
    }

    @Test func aNewFileSystemCountsAsEmpty() throws {
        try FileManager.default.createDirectory(atPath: "\(directory.path)/lost+found", withIntermediateDirectories: false)
        try openStore(directory.path).close()
    }

    @Test func anInterruptedCreationIsTakenUp() throws {
        let environment = try openEnvironment(directory.path, create: true, databases: LogTables.count)
        environment.close()
        let store = try openStore(directory.path)
        #expect(try store.tip().header == network.chainspec.genesisHeader)
        try store.verifyRecords { _, _ in }
    }

    @Test func aDirectoryWithOtherFilesIsRefused() throws {
        try Data("mine".utf8).write(to: URL(filePath: "\(directory.path)/notes.txt"))
        try expectRefusal("notes.txt")
    }

    @Test func aFileIsNoDirectory() throws {
        let path = "\(directory.path)/file"
        try Data().write(to: URL(filePath: path))
        let error = try #require(storageError { () throws(StorageError) in try openStore(path) })
        #expect(error.isRefusal)
    }

    @Test func aLinkLeadsToTheSameStore() throws {
        let link = "\(directory.path)/link"
        let store = try openStore("\(directory.path)/store")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "store")
        let error = try #require(storageError { () throws(StorageError) in try openStore(link) })
        #expect(error.isRefusal && error.description.contains("in use"))
        store.close()
        let again = try openStore(link)
        #expect(again.directory == store.directory)
    }

    @Test func theDatabaseOfAnotherProgramIsRefused() throws {
        let environment = try openEnvironment(directory.path, create: true, databases: 2)
        let database = try makeDatabase("theirs", in: environment)
        try environment.write { (transaction) throws(StoreError) in
            try transaction.put(bytes("key").span, bytes("value").span, in: database)
        }
        environment.close()
        try expectRefusal("another program")
        // Also when it happens to have a database of the same name.
        let again = try openEnvironment(directory.path, create: false, databases: 2)
        let meta = try makeDatabase(LogTables.metaName, in: again)
        try again.write { (transaction) throws(StoreError) in try transaction.put(bytes("key").span, bytes("value").span, in: meta) }
        again.close()
        try expectRefusal("another program")
    }

    @Test func anotherNetworkIsRefused() throws {
        let tip = try makeStoreWithBlocks()
        let other = TestNetwork(name: "other")
        try expectRefusal("\(other.network)", other)
        try expectRefusal("\(network.network)", other)
        let store = try openStore(directory.path)
        #expect(try store.tip() == tip)
    }

    @Test(arguments: [UInt16(0), 1, 4, .max]) func anotherFormatIsRefused(version: UInt16) throws {
        _ = try makeStoreWithBlocks()
        let format = FormatRecord(version: version, network: network.network)
        // A newer format may say more.
        try ReopeningStore.tamper(directory.path) { (transaction, tables) throws(StoreError) in
            try transaction.put(format.payload + [1, 2, 3], for: .format, in: tables.meta)
        }
        try expectRefusal("format \(version)")
        try expectRefusal(version < 2 ? "does not know" : "newer program")
    }

    @Test func anotherProcessKeepsTheDirectory() throws {
        let tip = try makeStoreWithBlocks()
        let holder = Process()
        holder.executableURL = URL(filePath: "/usr/bin/flock")
        holder.arguments = ["--no-fork", "\(directory.path)/\(DirectoryLock.fileName)", "/bin/cat"]
        let (input, output) = (Pipe(), Pipe())
        holder.standardInput = input
        holder.standardOutput = output
        try holder.run()
        // The echo shows that the lock was taken.
        try input.fileHandleForWriting.write(contentsOf: Data("held\n".utf8))
        #expect(try output.fileHandleForReading.read(upToCount: 5) == Data("held\n".utf8))
        try expectRefusal("in use")
        try input.fileHandleForWriting.close()
        holder.waitUntilExit()
        let store = try openStore(directory.path)
        #expect(try store.tip() == tip)
    }

    @Test func oneProcessOpensADirectoryOnce() throws {
        let store = try openStore(directory.path)
        try expectRefusal("in use")
        store.close()
        try openStore(directory.path).close()
    }

    @Test func aCutDataFileIsRefused() throws {
        _ = try makeStoreWithBlocks()
        let whole = try directory.dataBytes()
        for count in [0, 1, 4_096, 8_192, whole.count / 2, whole.count - 4_096] {
            try directory.writeData(Array(whole[..<count]))
            let error = try #require(storageError { () throws(StorageError) in try openStore(directory.path) }, "\(count) bytes")
            #expect(error.isDamage && error.description.contains(DataFile.dataName), "\(count) bytes: \(error)")
            #expect(try directory.dataBytes().count == count)
        }
        try directory.writeData(whole)
        try openStore(directory.path).close()
    }

    @Test func aRemovedDataFileIsNotMadeAnew() throws {
        _ = try makeStoreWithBlocks()
        try FileManager.default.removeItem(atPath: directory.dataFile)
        let error = try #require(storageError { () throws(StorageError) in try openStore(directory.path) })
        #expect(error.isDamage && error.description.contains("missing"), "\(error)")
    }
    /// Not even where nothing but the derived state is left.
    @Test func aLostLogIsNotMadeAnewBesideItsState() throws {
        _ = try makeStoreWithBlocks()
        for name in [DataFile.dataName, DataFile.lockName] { try FileManager.default.removeItem(atPath: "\(directory.path)/\(name)") }
        let before = try contents()
        let error = try #require(storageError { () throws(StorageError) in try openStore(directory.path) })
        #expect(error.isDamage && error.description.contains("the log, is missing"), "\(error)")
        #expect(try contents() == before)
    }
}
