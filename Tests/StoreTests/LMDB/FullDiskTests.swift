import Foundation
import Testing

@testable import Store

/// What happens when the disk takes no more: nothing acknowledged is lost, and writing goes on when there is room.
@Suite struct FullDiskTests {
    @Test(.enabled(if: SmallFileSystem.isAllowed, "mounting a small file system needs root"))
    func aFullDiskFailsTheCommitAndLosesNothing() throws {
        try SmallFileSystem.with(sizeBytes: 4 << 20) { path in
            let environment = try openEnvironment(path, readers: 250)
            let database = try makeDatabase(in: environment)
            let ballast = URL(filePath: "\(path)/ballast")
            try Data(repeating: 0, count: 1 << 20).write(to: ballast)
            let acknowledged = try fill(environment, database)
            #expect(acknowledged > 5)
            // Reading goes on, and from every page of the reader table: were they not taken at the opening, this would end the process.
            try holdReaders(environment, 250)
            #expect(try allEntries(database, in: environment).map { $0[0] } == (0..<acknowledged).map(key))
            expectDiskFull { try put(acknowledged, environment, database) }

            try FileManager.default.removeItem(at: ballast)
            try put(acknowledged, environment, database)
            #expect(try allEntries(database, in: environment).count == acknowledged + 1)
            environment.close()
            let reopened = try openEnvironment(path, create: false)
            let same = try #require(try reopened.openDatabase(named: "test"))
            #expect(try allEntries(same, in: reopened).map { $0[0] } == (0...acknowledged).map(key))
            reopened.close()
        }
    }

    @Test(.enabled(if: SmallFileSystem.isAllowed, "mounting a small file system needs root"))
    func aFullDiskCanBeOpenedAndRead() throws {
        try SmallFileSystem.with(sizeBytes: 2 << 20) { path in
            let environment = try openEnvironment(path)
            let database = try makeDatabase(in: environment)
            let acknowledged = try fill(environment, database)
            environment.close()
            let reopened = try openEnvironment(path, create: false)
            let same = try #require(try reopened.openDatabase(named: "test"))
            #expect(try allEntries(same, in: reopened).count == acknowledged)
            reopened.close()
        }
    }

    @Test(.enabled(if: SmallFileSystem.isAllowed, "mounting a small file system needs root"))
    func creationOnAFullDiskFailsAndCanBeRepeated() throws {
        try SmallFileSystem.with(sizeBytes: 128 << 10) { path in
            let ballast = URL(filePath: "\(path)/ballast")
            try Data(repeating: 0, count: 116 << 10).write(to: ballast)
            expectDiskFull { try openEnvironment(path).close() }
            try FileManager.default.removeItem(at: ballast)
            try openEnvironment(path).close()
        }
    }

    /// The same by a file size limit, which needs no root: the write stops at the limit and the kernel answers `EFBIG` or a short write.
    @Test func aFileSizeLimitFailsTheCommitAndLosesNothing() async throws {
        let directory = try TemporaryDirectory()
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            try commitAgainstAFileSizeLimit(in: path)
            exit(EXIT_SUCCESS)
        }
    }

    /// When the last step of a commit, the meta page, fails, LMDB refuses all further work, and only opening again tells what is on disk.
    @Test func aFailedMetaPageLeavesTheOutcomeOpen() async throws {
        let directory = try TemporaryDirectory()
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            try failTheMetaPage(in: path)
            exit(EXIT_SUCCESS)
        }
    }

    private func holdReaders(_ environment: Environment, _ count: Int) throws {
        guard count > 0 else { return }
        let reader = try environment.beginRead()
        try holdReaders(environment, count - 1)
        reader.end()
    }
}

private struct Unexpected: Error {
    let what: String
}

/// Commits values of 100,000 bytes until the disk is full; returns how many commits succeeded.
private func fill(_ environment: Environment, _ database: Database) throws -> Int {
    for number in 0..<1_000 {
        do {
            try put(number, environment, database)
        } catch StoreError.diskFull {
            return number
        }
    }
    throw Unexpected(what: "the disk never filled")
}

private func put(_ number: Int, _ environment: Environment, _ database: Database) throws {
    let value = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 100_000)
    try environment.write { (transaction) throws(StoreError) in try transaction.put(key(number).span, value.span, in: database) }
}

private func expectDiskFull(_ body: () throws -> Void) {
    do {
        try body()
        Issue.record("the disk was not full")
    } catch StoreError.diskFull(_, _, let freeBytes) {
        #expect(freeBytes != nil)
    } catch {
        Issue.record("\(error)")
    }
}

private func commitAgainstAFileSizeLimit(in path: String) throws {
    let environment = try openEnvironment(path)
    let database = try makeDatabase(in: environment)
    signal(SIGXFSZ, SIG_IGN)
    try run("/usr/bin/prlimit", "--pid", "\(getpid())", "--fsize=1000000:unlimited")
    let acknowledged = try fill(environment, database)
    guard try allEntries(database, in: environment).count == acknowledged else { throw Unexpected(what: "entries were lost") }
    try run("/usr/bin/prlimit", "--pid", "\(getpid())", "--fsize=unlimited:unlimited")
    try put(acknowledged, environment, database)
    let keys = try allEntries(database, in: environment).map { $0[0] }
    guard keys == (0...acknowledged).map(key) else { throw Unexpected(what: "entries differ after there was room") }
}

private func failTheMetaPage(in path: String) throws {
    let environment = try openEnvironment(path)
    let database = try makeDatabase(in: environment)
    try put(0, environment, database)
    // LMDB writes meta pages through a descriptor of their own, opened for synchronous writes: put /dev/full in its place.
    let full = try FileDescriptor(opening: "/dev/full", flags: O_WRONLY, during: .check)
    var replaced = 0
    for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
        guard let number = Int32(name) else { continue }
        let flags = fcntl(number, F_GETFL)
        guard flags >= 0, flags & O_DSYNC != 0 else { continue }
        guard try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)").hasSuffix("/data.mdb") else { continue }
        guard dup2(full.number, number) == number else { throw Unexpected(what: "dup2 failed") }
        replaced += 1
    }
    guard replaced == 1 else { throw Unexpected(what: "\(replaced) descriptors for meta pages") }
    do {
        try put(1, environment, database)
        throw Unexpected(what: "the commit succeeded")
    } catch StoreError.outcomeUnknown(_, let code) where code == ENOSPC {}
    do {
        try put(1, environment, database)
        throw Unexpected(what: "a later commit succeeded")
    } catch StoreError.outcomeUnknown {}
    environment.close()
    let reopened = try openEnvironment(path, create: false)
    guard let same = try reopened.openDatabase(named: "test") else { throw Unexpected(what: "the database is gone") }
    guard try allEntries(same, in: reopened).first?[0] == key(0) else { throw Unexpected(what: "the earlier commit is gone") }
    try put(1, reopened, same)
    guard try allEntries(same, in: reopened).count == 2 else { throw Unexpected(what: "writing did not go on") }
}
