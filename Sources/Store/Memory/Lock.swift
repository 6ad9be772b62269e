import Glibc

/// A value that threads use one after the other. For short sections: whoever waits for it cannot be cancelled.
///
/// The standard library's `Mutex` asks that nothing of its value be shared with what goes in and out; here layers of recent changes are
/// (see `RecentLayer`, which says who may change one).
@safe final class Lock<Value: ~Copyable>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    // Guarded by `mutex`: used between its lock and unlock alone.
    private var value: Value

    init(_ value: consuming Value) {
        self.value = value
        unsafe mutex = .allocate(capacity: 1)
        let result = unsafe pthread_mutex_init(mutex, nil)
        precondition(result == 0, "a mutex could not be made: \(result)")
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Runs `body` while no other thread uses the value.
    func withLock<Result: ~Copyable, Failure: Error>(_ body: (inout Value) throws(Failure) -> Result) throws(Failure) -> Result {
        let locked = unsafe pthread_mutex_lock(mutex)
        precondition(locked == 0, "a mutex could not be locked: \(locked)")
        defer {
            let unlocked = unsafe pthread_mutex_unlock(mutex)
            precondition(unlocked == 0, "a mutex could not be unlocked: \(unlocked)")
        }
        return try body(&value)
    }
}
