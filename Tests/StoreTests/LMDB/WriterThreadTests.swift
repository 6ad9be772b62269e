import Foundation
import Synchronization
import Testing

@testable import Store

@Suite struct WriterThreadTests {
    @Test func jobsRunInOrderOnOneThread() throws {
        let writer = try WriterThread()
        let order = Mutex<[Int]>([])
        let threads = Mutex<Set<UInt>>([])
        for number in 0..<500 {
            try writer.submit {
                order.withLock { $0.append(number) }
                threads.withLock { _ = $0.insert(UInt(pthread_self())) }
            }
        }
        #expect(try writer.perform { 42 } == 42)
        #expect(order.withLock { $0 } == Array(0..<500))
        #expect(threads.withLock { $0.count } == 1)
        #expect(threads.withLock { !$0.contains(UInt(pthread_self())) })
        writer.close()
    }

    @Test func closingRunsWhatWasAccepted() throws {
        let writer = try WriterThread()
        let count = Atomic<Int>(0)
        let gate = DispatchSemaphore(value: 0)
        try writer.submit { gate.wait() }
        for _ in 0..<300 { try writer.submit { count.add(1, ordering: .relaxed) } }
        gate.signal()
        writer.close()
        #expect(count.load(ordering: .relaxed) == 300)
        #expect(throws: StoreError.closed) { try writer.submit {} }
        #expect(throws: StoreError.closed) { try writer.perform {} }
        writer.close()
    }

    @Test func aFullQueueRefusesAndRecovers() throws {
        let writer = try WriterThread(queueLimitJobs: 3)
        let gate = DispatchSemaphore(value: 0)
        for _ in 0..<3 { try writer.submit { gate.wait() } }
        #expect(throws: StoreError.writerBusy(limitJobs: 3)) { try writer.submit {} }
        for _ in 0..<3 { gate.signal() }
        while true {
            do throws(StoreError) {
                try writer.perform {}
                break
            } catch {
                #expect(error == .writerBusy(limitJobs: 3))
            }
        }
        writer.close()
    }

    @Test func outcomesReachTheirOwner() async throws {
        let directory = try TemporaryDirectory()
        let environment = try openEnvironment(directory.path)
        let writer = try WriterThread()
        let database = try await writer.run { () throws(StoreError) in try createTest(environment) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask { try await writer.run { () throws(StoreError) in try putNumber(number, environment, database) } }
            }
            try await group.waitForAll()
        }
        await #expect(throws: StoreError.transactionTooLarge) {
            try await writer.run { () throws(StoreError) -> Void in throw .transactionTooLarge }
        }
        let entries = try await writer.run { () throws(StoreError) in try countEntries(environment, database) }
        #expect(entries == 100)
        writer.close()
    }

    @Test func completionsCarryTheResult() throws {
        let writer = try WriterThread()
        let results = Mutex<[String]>([])
        try writer.submit({ () throws(StoreError) in 7 }) { result in results.withLock { $0.append("\(result)") } }
        try writer.submit({ () throws(StoreError) -> Int in throw .closed }) { result in
            if case .failure(.closed) = result { results.withLock { $0.append("closed") } }
        }
        writer.close()
        #expect(results.withLock { $0 } == ["success(7)", "closed"])
    }

    @Test func theLastOwnerMayGoInsideAJob() throws {
        let finished = DispatchSemaphore(value: 0)
        do {
            let writer = try WriterThread()
            let held = Mutex<WriterThread?>(writer)
            let box = Box(held.withLock { $0 })
            try writer.submit {
                usleep(20_000)
                box.empty()
                finished.signal()
            }
        }
        #expect(finished.wait(timeout: .now() + .seconds(5)) == .success)
    }
}

/// Holds a writer until told to let go.
private final class Box: Sendable {
    private let writer: Mutex<WriterThread?>

    init(_ writer: WriterThread?) { self.writer = Mutex(writer) }

    func empty() { writer.withLock { $0 = nil } }
}

private func createTest(_ environment: Environment) throws(StoreError) -> Database {
    try environment.write { (transaction) throws(StoreError) in try transaction.createDatabase(named: "test") }
}

private func putNumber(_ number: Int, _ environment: Environment, _ database: Database) throws(StoreError) {
    try environment.write { (transaction) throws(StoreError) in try transaction.put(key(number).span, key(number).span, in: database) }
}

private func countEntries(_ environment: Environment, _ database: Database) throws(StoreError) -> UInt64 {
    try environment.read { (transaction) throws(StoreError) in try transaction.statistics(of: database).entries }
}
