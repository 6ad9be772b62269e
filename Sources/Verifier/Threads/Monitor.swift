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

    /// Changes the value, and wakes every waiting thread if `body` says that one of them can go on.
    public func withLock<Result>(wakingIf body: (inout Value) -> (result: Result, wakes: Bool)) -> Result {
        condition.lock()
        defer { condition.unlock() }
        let (result, wakes) = body(&value)
        if wakes { condition.broadcast() }
        return result
    }

    /// Changes the value in a way that nobody waits for.
    public func withLockWakingNobody<Result>(_ body: (inout Value) -> Result) -> Result {
        condition.lock()
        defer { condition.unlock() }
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
    ///
    /// It looks every few milliseconds instead of sleeping on the condition: a condition's time-out goes by the wall clock, and when that
    /// is set back by an hour, the thread would sleep an hour too long.
    @available(*, noasync, message: "a thread of the concurrency pool must not wait")
    public func wait<Result>(atMostSeconds seconds: Double, _ body: (inout Value) -> Result?) -> Result? {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            if let result = look(body) { return result }
            let left = (end - .now) / Duration.seconds(1)
            guard left > 0 else { return nil }
            Thread.sleep(forTimeInterval: min(left, 0.005))
        }
    }

    private func look<Result>(_ body: (inout Value) -> Result?) -> Result? {
        condition.lock()
        defer { condition.unlock() }
        let result = body(&value)
        if result != nil { condition.broadcast() }
        return result
    }
}
