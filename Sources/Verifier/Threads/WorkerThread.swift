import Foundation

/// A named thread of our own that runs one function and can be waited for.
public final class WorkerThread: Sendable {
    private let isDone = Monitor(false)

    /// Starts the thread.
    public init(name: String, _ body: @escaping @Sendable () -> Void) {
        let isDone = isDone
        let isStarted = Monitor(false)
        let thread = Thread {
            // From within, and once `start` has returned: on Linux the system does not see a name that is given earlier.
            isStarted.wait { $0 ? () : nil }
            Thread.current.name = name
            body()
            isDone.withLock { $0 = true }
        }
        thread.stackSize = 2 << 20
        thread.start()
        isStarted.withLock { $0 = true }
    }

    /// Waits until the function has returned.
    @available(*, noasync, message: "a thread of the concurrency pool must not wait")
    public func join() {
        isDone.wait { $0 ? () : nil }
    }
}
