import Hummingbird
import Verifier

/// A few threads of our own for answers that read the store, decode blocks and build long texts, so that the pool that serves requests
/// never waits for them: a health check is answered while somebody pages through a statement.
final class ReadThreads: Sendable {
    static let threadCount = 2
    /// Requests that wait for a thread; more are answered with `overloaded`.
    static let queueLimitRequests = 1_024

    private struct Queue {
        var jobs: [@Sendable () -> Void] = []
        var isClosed = false
    }

    private let queue = Monitor(Queue())

    /// Starts the threads. They end when the value is released.
    init() {
        let queue = queue
        for number in 0..<Self.threadCount {
            _ = WorkerThread(name: "read-\(number)") {
                while let job = queue.wait({ (queue: inout Queue) -> (@Sendable () -> Void)?? in
                    if !queue.jobs.isEmpty { return .some(queue.jobs.removeFirst()) }
                    return queue.isClosed ? .some(nil) : nil
                }) { job() }
            }
        }
    }

    deinit {
        queue.withLock { $0.isClosed = true }
    }

    /// Runs `body` on one of the threads while the caller's task is suspended. Throws `overloaded` when too many wait already.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let isTaken = queue.withLock { queue in
                guard queue.jobs.count < Self.queueLimitRequests else { return false }
                queue.jobs.append { continuation.resume(with: Result(catching: body)) }
                return true
            }
            if !isTaken { continuation.resume(throwing: Problem(.overloaded)) }
        }
    }
}
