import Foundation
import Synchronization
import Testing

@testable import Store

@Suite struct EnvironmentTests {
    @Test func aSecondOpenInTheProcessIsRefused() throws {
        let directory = try TemporaryDirectory()
        let lock = try DirectoryLock(path: directory.path)
        #expect(throws: StoreError.inUse(path: directory.path)) { try DirectoryLock(path: directory.path) }
        let environment = try Environment(in: lock, createIfMissing: true, limits: smallLimits)
        #expect(throws: StoreError.inUse(path: directory.path)) {
            try Environment(in: lock, createIfMissing: true, limits: smallLimits)
        }
        environment.close()
        try Environment(in: lock, createIfMissing: false, limits: smallLimits).close()
    }

    @Test func aSymbolicLinkToAnOpenDirectoryIsRefused() throws {
        let directory = try TemporaryDirectory()
        let lock = try DirectoryLock(path: directory.path)
        let link = directory.path + "-link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: directory.path)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: link) } }
        #expect(throws: StoreError.self) { try DirectoryLock(path: link) }
        #expect(lock.path == directory.path)
    }

    @Test func aSecondProcessIsRefusedBeforeItWrites() async throws {
        let directory = try TemporaryDirectory()
        let lock = try DirectoryLock(path: directory.path)
        let path = directory.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            do {
                _ = try openEnvironment(path)
                exit(EXIT_FAILURE)
            } catch StoreError.inUse {
                exit(EXIT_SUCCESS)
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == [DirectoryLock.fileName])
        #expect(lock.path == path)
    }

    @Test func theLockOfADeadProcessIsFree() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let environment = try openEnvironment(path)
            let database = try makeDatabase(in: environment)
            try killInsideTransactions(environment, database)
        }
        let environment = try openEnvironment(path, create: false)
        #expect(try entriesOfTest(environment) == [])
        #expect(try environment.statistics().readers == 0)
    }

    @Test func aMissingDirectoryIsNamed() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/none"
        #expect(throws: StoreError.notFound(path: path)) { try DirectoryLock(path: path) }
    }

    @Test func closingRefusesNewTransactionsAndIsRepeatable() throws {
        let directory = try TemporaryDirectory()
        let environment = try openEnvironment(directory.path)
        environment.close()
        environment.close()
        #expect(throws: StoreError.closed) { try environment.beginRead().end() }
        #expect(throws: StoreError.closed) { try environment.beginWrite().abort() }
        #expect(throws: StoreError.closed) { try environment.statistics() }
    }

    @Test func closingWaitsForReadersInFlight() throws {
        let directory = try TemporaryDirectory()
        let environment = try openEnvironment(directory.path)
        let database = try makeDatabase(in: environment)
        let began = DispatchSemaphore(value: 0), mayEnd = DispatchSemaphore(value: 0)
        let outcome = Mutex<String>("")
        let reader = Thread {
            do {
                try environment.read { (transaction) throws(StoreError) in
                    began.signal()
                    mayEnd.wait()
                    // Were the map gone, this would end the process.
                    let found = try transaction.contains(key(1).span, in: database)
                    outcome.withLock { $0 = "read \(found)" }
                }
            } catch {
                outcome.withLock { $0 = "\(error)" }
            }
        }
        reader.start()
        began.wait()
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(50)) { mayEnd.signal() }
        environment.close()
        #expect(outcome.withLock { $0 } == "read false")
    }

    @Test func readersBeyondTheLimitAreRefusedAndRecover() throws {
        let directory = try TemporaryDirectory()
        let environment = try openEnvironment(directory.path, readers: 4)
        let limit = try environment.statistics().maximumReaders
        try holdReaders(environment, limit)
        try environment.beginRead().end()
    }

    @Test func manyThreadsReadWhileOneWrites() throws {
        let directory = try TemporaryDirectory()
        let environment = try openEnvironment(directory.path)
        let database = try makeDatabase(in: environment)
        // Two keys always hold the same value; a reader that sees two differing ones saw half a commit.
        let faults = Mutex<[String]>([])
        let isDone = Atomic<Bool>(false)
        let group = DispatchGroup()
        for _ in 0..<4 {
            group.enter()
            Thread {
                defer { group.leave() }
                do {
                    while !isDone.load(ordering: .relaxed) {
                        try environment.read { (transaction) throws(StoreError) in
                            let first = try transaction.copy(of: key(1).span, in: database)
                            let second = try transaction.copy(of: key(2).span, in: database)
                            if first != second { faults.withLock { $0.append("\(String(describing: first))") } }
                        }
                    }
                } catch {
                    faults.withLock { $0.append("\(error)") }
                }
            }.start()
        }
        for number in 0..<200 {
            try environment.write { (transaction) throws(StoreError) in
                try transaction.put(key(1).span, key(number).span, in: database)
                try transaction.put(key(2).span, key(number).span, in: database)
            }
        }
        isDone.store(true, ordering: .relaxed)
        group.wait()
        #expect(faults.withLock { $0 } == [])
    }

    @Test func endingAWriteOnAnotherThreadIsOurBug() async throws {
        let directory = try TemporaryDirectory()
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [path = directory.path as String] in
            let environment = try openEnvironment(path)
            commitOnAnotherThread(try HeldTransaction(environment))
        }
        expectMessage("ended on another thread", result)
    }

    @Test func aWriteInsideAWriteIsOurBug() async throws {
        let directory = try TemporaryDirectory()
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [path = directory.path as String] in
            let environment = try openEnvironment(path)
            try nestWrites(environment)
        }
        expectMessage("begun inside another", result)
    }

    @Test func aFullMapIsNamedAndTheDatabaseGoesOn() throws {
        let directory = try TemporaryDirectory()
        let environment = try openEnvironment(directory.path, mapSizeBytes: 1 << 20)
        let database = try makeDatabase(in: environment)
        try environment.write { (transaction) throws(StoreError) in try transaction.put(key(0).span, bytes("kept").span, in: database) }
        let large = [UInt8](repeating: 1, count: 300_000)
        #expect(throws: StoreError.mapFull(limitBytes: 1 << 20)) {
            try environment.write { (transaction) throws(StoreError) in
                for number in 1..<10 { try transaction.put(key(number).span, large.span, in: database) }
            }
        }
        #expect(try allEntries(database, in: environment) == [[key(0), bytes("kept")]])
        try environment.write { (transaction) throws(StoreError) in try transaction.put(key(1).span, large.span, in: database) }
        environment.close()
        let larger = try openEnvironment(directory.path, create: false, mapSizeBytes: 8 << 20)
        let same = try #require(try larger.openDatabase(named: "test"))
        try larger.write { (transaction) throws(StoreError) in
            for number in 2..<10 { try transaction.put(key(number).span, large.span, in: same) }
        }
        #expect(try allEntries(same, in: larger).count == 10)
    }

    private var smallLimits: Environment.Limits {
        var limits = Environment.Limits()
        limits.mapSizeBytes = 64 << 20
        return limits
    }

    /// Takes `count` readers, finds that one more is refused, and lets them go.
    private func holdReaders(_ environment: Environment, _ count: Int) throws {
        guard count > 0 else {
            #expect(throws: StoreError.readersFull(limit: 4)) { try environment.beginRead().end() }
            return
        }
        let reader = try environment.beginRead()
        try holdReaders(environment, count - 1)
        reader.end()
    }
}

private func entriesOfTest(_ environment: Environment) throws -> [[[UInt8]]]? {
    guard let database = try environment.openDatabase(named: "test") else { return nil }
    return try allEntries(database, in: environment)
}

/// A child that failed must have failed for the reason the test is about; optimised code keeps the stop but not its message.
private func expectMessage(_ text: String, _ result: ExitTest.Result?) {
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #if DEBUG
        #expect(output.contains(text), "\(output)")
    #else
        #expect(result?.exitStatus != .exitCode(EXIT_FAILURE), "\(output)")
    #endif
}

/// Ends this process the hard way with a reader and an uncommitted write in flight.
private func killInsideTransactions(_ environment: Environment, _ database: Database) throws {
    try environment.read { (_) throws(StoreError) in
        try environment.write { (transaction) throws(StoreError) in
            try transaction.put(key(1).span, bytes("lost").span, in: database)
            kill(getpid(), SIGKILL)
        }
    }
}

private func nestWrites(_ environment: Environment) throws {
    try environment.write { (_) throws(StoreError) in
        try environment.write { (_) throws(StoreError) in }
    }
}

/// Carries a write transaction to another thread behind the compiler's back.
private final class HeldTransaction: @unchecked Sendable {
    private var transaction: WriteTransaction?

    @available(*, noasync)
    private static func begin(_ environment: Environment) throws -> WriteTransaction { try environment.beginWrite() }

    init(_ environment: Environment) throws { transaction = try Self.begin(environment) }

    func commit() throws { try transaction.take()?.commit() }
}

private func commitOnAnotherThread(_ held: HeldTransaction) {
    let finished = DispatchSemaphore(value: 0)
    Thread {
        do { try held.commit() } catch { print(error) }
        finished.signal()
    }.start()
    finished.wait()
    exit(EXIT_SUCCESS)
}
