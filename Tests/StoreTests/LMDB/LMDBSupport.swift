import Foundation

@testable import Store

/// A directory of its own for one test, removed with the object.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "coffer-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path(percentEncoded: false)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("could not remove \(path): \(error)")
        }
    }

    var dataFile: String { "\(path)/\(DataFile.dataName)" }

    func dataBytes() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: dataFile))) }

    func writeData(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: dataFile)) }

    /// Writes one byte in place.
    func patchData(at offset: Int, _ byte: UInt8) throws {
        let handle = try FileHandle(forWritingTo: URL(filePath: dataFile))
        try handle.seek(toOffset: UInt64(offset))
        try handle.write(contentsOf: [byte])
        try handle.close()
    }

    func truncateData(toBytes count: UInt64) throws {
        let handle = try FileHandle(forWritingTo: URL(filePath: dataFile))
        try handle.truncate(atOffset: count)
        try handle.close()
    }
}

/// Opens an environment with a small map, since several may be open at once under a sanitizer.
func openEnvironment(_ path: String, create: Bool = true, mapSizeBytes: Int = 256 << 20, readers: Int = 64) throws -> Environment {
    var limits = Environment.Limits()
    limits.mapSizeBytes = mapSizeBytes
    limits.maximumReaders = readers
    limits.maximumDatabases = 8
    return try Environment(in: try DirectoryLock(path: path), createIfMissing: create, limits: limits)
}

/// Opens or creates the database `name`.
func makeDatabase(_ name: String = "test", in environment: Environment) throws -> Database {
    try environment.write { (transaction) throws(StoreError) in try transaction.createDatabase(named: name) }
}

/// A number as a key that sorts like it.
func key(_ number: some FixedWidthInteger) -> [UInt8] {
    let value = UInt64(number)
    return (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// All entries of `database`, in cursor order.
func allEntries(_ database: Database, in environment: Environment) throws -> [[[UInt8]]] {
    try environment.read { (transaction) throws(StoreError) in
        try transaction.withCursor(over: database) { (cursor) throws(StoreError) in
            var entries: [[[UInt8]]] = []
            while try cursor.next() { entries.append([array(cursor.key), array(cursor.value)]) }
            return entries
        }
    }
}

func array(_ span: Span<UInt8>) -> [UInt8] {
    var copy: [UInt8] = []
    copy.reserveCapacity(span.count)
    for index in span.indices { copy.append(span[index]) }
    return copy
}

/// The same numbers for the same seed, so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A file system of its own size, which only root may make.
enum SmallFileSystem {
    /// Whether this process may mount.
    static let isAllowed: Bool = {
        do {
            try with(sizeBytes: 1 << 20) { _ in }
            return true
        } catch {
            return false
        }
    }()

    /// Runs `body` with the path of a fresh file system, which is gone afterwards.
    static func with(sizeBytes: Int, _ body: (String) throws -> Void) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        try run("/usr/bin/mount", "-t", "tmpfs", "-o", "size=\(sizeBytes)", "tmpfs", path)
        let result = Result { try body(path) }
        // Lazily: a process that another test has just forked may hold a descriptor of ours for a moment, until it executes its program.
        try run("/usr/bin/umount", "--lazy", path)
        withExtendedLifetime(directory) {}
        try result.get()
    }
}

struct CommandFailed: Error {
    let command: String
    let status: Int32
}

/// Runs a program and throws unless it ends well.
func run(_ program: String, _ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw CommandFailed(command: ([program] + arguments).joined(separator: " "), status: process.terminationStatus)
    }
}
