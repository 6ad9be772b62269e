import Dispatch
import Glibc
import Synchronization

/// One thread that runs jobs in the order they were submitted.
///
/// Write transactions belong on it: they block while the disk works, and must begin and end on one thread, neither of which a pool
/// of tasks can offer. `close` runs what was accepted, then joins the thread.
final class WriterThread: Sendable {
    /// What may wait for the thread before `submit` refuses.
    static let defaultQueueLimitJobs = 1024

    typealias Job = @Sendable () -> Void

    /// Shared with the thread, which keeps it alive even when the last owner of this object goes.
    private final class Queue: Sendable {
        struct State {
            var waiting: [Job] = []
            /// Jobs waiting or taken but not yet run.
            var unfinished = 0
            var isClosed = false
        }
        let state = Mutex(State())
        /// Signalled once per accepted job and once at closing.
        let wakeUp = DispatchSemaphore(value: 0)

        /// The thread's whole life.
        func run() {
            while true {
                wakeUp.wait()
                let jobs = state.withLock { state in
                    let jobs = state.waiting
                    state.waiting = []
                    return jobs
                }
                for job in jobs {
                    job()
                    state.withLock { $0.unfinished -= 1 }
                }
                if state.withLock({ $0.isClosed && $0.waiting.isEmpty }) { return }
            }
        }
    }

    private let queue = Queue()
    private let queueLimitJobs: Int
    private let thread: pthread_t
    /// Whether somebody took on to join the thread; only one may.
    private let isJoined = Mutex(false)

    /// Starts the thread.
    init(queueLimitJobs: Int = defaultQueueLimitJobs) throws(StoreError) {
        precondition(queueLimitJobs > 0)
        self.queueLimitJobs = queueLimitJobs
        let context = unsafe Unmanaged.passRetained(queue)
        var started: pthread_t = 0
        let code = unsafe pthread_create(
            &started, nil,
            { context in
                guard let context = unsafe context else { preconditionFailure("the thread was started without its queue") }
                unsafe Unmanaged<Queue>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            unsafe context.release()
            throw .io(code: code, operation: Activity.startThread.rawValue)
        }
        thread = started
    }

    deinit { close() }

    /// Accepts `job` to run after all jobs accepted before it. Returns at once.
    func submit(_ job: @escaping Job) throws(StoreError) {
        let refusal = queue.state.withLock { state -> StoreError? in
            if state.isClosed { return .closed }
            if state.unfinished >= queueLimitJobs { return .writerBusy(limitJobs: queueLimitJobs) }
            state.unfinished += 1
            state.waiting.append(job)
            return nil
        }
        if let refusal { throw refusal }
        queue.wakeUp.signal()
    }

    /// Runs `job` in its turn and hands its outcome to `completion`, on the writer's thread: keep `completion` short.
    func submit<Value: Sendable>(
        _ job: @escaping @Sendable () throws(StoreError) -> Value,
        completion: @escaping @Sendable (Result<Value, StoreError>) -> Void
    ) throws(StoreError) {
        try submit { completion(outcome(of: job)) }
    }

    /// Runs `job` in its turn and waits for its outcome. Not from a job of this thread, which would wait for itself.
    @available(*, noasync, message: "this blocks the thread; use the async variant")
    func perform<Value: Sendable>(_ job: @escaping @Sendable () throws(StoreError) -> Value) throws(StoreError) -> Value {
        precondition(pthread_equal(thread, pthread_self()) == 0, "a job waited for another job of its own thread")
        let finished = DispatchSemaphore(value: 0)
        let result = Mutex<Result<Value, StoreError>?>(nil)
        try submit(job) { outcome in
            result.withLock { $0 = outcome }
            finished.signal()
        }
        finished.wait()
        guard let outcome = result.withLock({ $0 }) else { preconditionFailure("a job ended without an outcome") }
        return try outcome.get()
    }

    /// Runs `job` in its turn; the task is suspended meanwhile, its thread is not blocked.
    func run<Value: Sendable>(_ job: @escaping @Sendable () throws(StoreError) -> Value) async throws(StoreError) -> Value {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, StoreError>, Never>) in
            do throws(StoreError) {
                try submit(job) { continuation.resume(returning: $0) }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    /// Refuses new jobs, runs those accepted and waits for the thread's end. Calling it again does nothing.
    func close() {
        queue.state.withLock { $0.isClosed = true }
        queue.wakeUp.signal()
        let mustJoin = isJoined.withLock { joined -> Bool in
            defer { joined = true }
            return !joined
        }
        guard mustJoin else { return }
        // The last owner may go inside a job: a thread cannot join itself, but ends by itself after its queue.
        let isOwnThread = pthread_equal(thread, pthread_self()) != 0
        let code = isOwnThread ? pthread_detach(thread) : pthread_join(thread, nil)
        precondition(code == 0, "the writer thread could not be joined")
    }
}

private func outcome<Value>(of job: () throws(StoreError) -> Value) -> Result<Value, StoreError> {
    do throws(StoreError) {
        return .success(try job())
    } catch {
        return .failure(error)
    }
}
