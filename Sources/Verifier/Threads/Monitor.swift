import Foundation

/// A value that threads of our own change under a lock and wait on: a lock and its condition in one.
///
/// For dedicated threads only. A thread of the concurrency pool may call `withLock` for short sections, and must never `wait`.
public final class Monitor<Value>: @unchecked Sendable {
    // `condition` guards `value`: every access is between its lock and unlock.
    private let condition = NSCondition()
    private var value: Value

    public init(_ value: sending Value) {
        self.value = value
    }

    /// Changes the value, and wakes every waiting thread.
    public func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        return body(&value)
    }

    /// Waits until `body` has a result; it is called anew after every change.
    @available(*, noasync, message: "a thread of the concurrency pool must not wait")
    public func wait<Result>(_ body: (inout Value) -> Result?) -> Result {
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        while true {
            if let result = body(&value) { return result }
            condition.wait()
        }
    }

    /// Waits as `wait` does, but at most `seconds`; nil when the time is over.
    @available(*, noasync, message: "a thread of the concurrency pool must not wait")
    public func wait<Result>(atMostSeconds seconds: Double, _ body: (inout Value) -> Result?) -> Result? {
        let deadline = Date(timeIntervalSinceNow: seconds)
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        while true {
            if let result = body(&value) { return result }
            guard condition.wait(until: deadline) else { return body(&value) }
        }
    }
}
