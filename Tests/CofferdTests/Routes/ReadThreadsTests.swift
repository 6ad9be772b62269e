import Testing
import Verifier

@testable import cofferd

/// The threads that read for requests.
@Suite struct ReadThreadsTests {
    private struct Failed: Error {}

    @Test func whatRunsThereGivesItsValueOrItsError() async throws {
        let threads = ReadThreads()
        #expect(try await threads.run { 7 } == 7)
        await #expect(throws: Failed.self) { try await threads.run { () throws -> Int in throw Failed() } }
    }

    @Test func theirQueueIsBounded() async throws {
        let threads = ReadThreads()
        let gate = Gate()
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<ReadThreads.threadCount { group.addTask { await gate.isPassed(on: threads) } }
            while gate.arrived < ReadThreads.threadCount { await Task.yield() }
            // All threads are busy: so many may wait, and one more is turned away at once.
            for _ in 0...ReadThreads.queueLimitRequests { group.addTask { await gate.isPassed(on: threads) } }
            #expect(await group.next() == false)
            gate.open()
            for await isPassed in group { #expect(isPassed) }
        }
        #expect(gate.arrived == ReadThreads.threadCount + ReadThreads.queueLimitRequests)
        #expect(try await threads.run { 7 } == 7)
    }

    /// Holds up the threads that come to it until it opens.
    private final class Gate: Sendable {
        private let state = Monitor((isOpen: false, arrived: 0))

        var arrived: Int { state.withLock { $0.arrived } }
        func open() { state.withLock { $0.isOpen = true } }

        /// False when the threads take no more.
        func isPassed(on threads: ReadThreads) async -> Bool {
            do {
                try await threads.run { [state] in
                    state.withLock { $0.arrived += 1 }
                    state.wait { $0.isOpen ? () : nil }
                }
                return true
            } catch {
                return false
            }
        }
    }
}
