import Foundation

/// A named thread of our own that runs one function and can be waited for.
public final class WorkerThread: Sendable {
    private let isDone = Monitor(false)

    /// Starts the thread.
    public init(name: String, _ body: @escaping @Sendable () -> Void) {
        let isDone = isDone
        let thread = Thread {
            // From within: on Linux a name that is given before the start is not seen by the system.
            Thread.current.name = name
            body()
            isDone.withLock { $0 = true }
        }
        thread.stackSize = 2 << 20
        thread.start()
    }

    /// Waits until the function has returned.
    @available(*, noasync, message: "a thread of the concurrency pool must not wait")
    public func join() {
        isDone.wait { $0 ? () : nil }
    }
}
