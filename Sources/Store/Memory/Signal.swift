import Glibc

/// Wakes one waiting thread per call, or lets the next one that comes pass at once: one, however many calls nobody waited for.
@safe final class Signal: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    // Guarded by `mutex`.
    private var isSignalled = false

    init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        var attributes = pthread_condattr_t()
        // Time-outs go by a clock that nobody sets.
        let results = unsafe [
            pthread_mutex_init(mutex, nil), pthread_condattr_init(&attributes),
            pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC), pthread_cond_init(condition, &attributes),
            pthread_condattr_destroy(&attributes),
        ]
        precondition(results.allSatisfy { $0 == 0 }, "a condition could not be made: \(results)")
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Lets one thread pass.
    func signal() {
        locked {
            isSignalled = true
            let result = unsafe pthread_cond_signal(condition)
            precondition(result == 0, "a condition could not be signalled: \(result)")
        }
    }

    /// Waits until it is this thread's turn to pass.
    func wait() {
        locked {
            while !isSignalled {
                let result = unsafe pthread_cond_wait(condition, mutex)
                precondition(result == 0, "a condition could not be waited for: \(result)")
            }
            isSignalled = false
        }
    }

    /// The same, but at most until a moment of `Signal.now()`; whether the thread may pass.
    func wait(untilNanoseconds deadline: UInt64) -> Bool {
        var end = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        return locked {
            while !isSignalled {
                let result = unsafe pthread_cond_timedwait(condition, mutex, &end)
                if result == ETIMEDOUT { return false }
                precondition(result == 0, "a condition could not be waited for: \(result)")
            }
            isSignalled = false
            return true
        }
    }

    /// Nanoseconds of a clock that only goes forward, some milliseconds from now.
    static func now(plusMilliseconds milliseconds: Int) -> UInt64 {
        var now = timespec()
        let result = unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        precondition(result == 0, "the clock could not be read")
        return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec) + UInt64(max(0, milliseconds)) * 1_000_000
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        let lockResult = unsafe pthread_mutex_lock(mutex)
        precondition(lockResult == 0, "a mutex could not be locked: \(lockResult)")
        defer {
            let unlockResult = unsafe pthread_mutex_unlock(mutex)
            precondition(unlockResult == 0, "a mutex could not be unlocked: \(unlockResult)")
        }
        return body()
    }
}
