/// A fixed number of threads that share out ranges of work, and nothing else.
///
/// Ranges shrink towards the end of a job, so that all threads finish together, and come from one job after the other, so that a large
/// job does not hold up the small ones behind it.
public final class ParallelWork: Sendable {
    /// The largest range one thread takes at once.
    static let maximumRangeCount = 64

    public let threadCount: Int
    fileprivate let queue = Monitor(Queue())
    private let threads: [WorkerThread]

    fileprivate struct Queue {
        var jobs: [Job] = []
        var isClosed = false
    }

    /// A job and how far it is. Its numbers are changed under the queue's lock only.
    fileprivate final class Job: @unchecked Sendable {
        let count: Int
        let body: @Sendable (Range<Int>) -> Void
        let completion: @Sendable () -> Void
        var next = 0
        var unfinished: Int

        init(_ count: Int, _ body: @escaping @Sendable (Range<Int>) -> Void, _ completion: @escaping @Sendable () -> Void) {
            self.count = count
            self.body = body
            self.completion = completion
            unfinished = count
        }

        /// The next range to do, smaller the less is left; nil when all is taken.
        func take(shareCount: Int) -> Range<Int>? {
            let left = count - next
            guard left > 0 else { return nil }
            let size = max(1, min(ParallelWork.maximumRangeCount, left / (2 * shareCount)))
            defer { next += size }
            return next..<next + size
        }
    }

    /// Starts the threads.
    public init(threadCount: Int, name: String) {
        self.threadCount = threadCount
        let queue = queue
        threads = (0..<threadCount).map { number in
            WorkerThread(name: "\(name)-\(number)") { Self.work(on: queue, shareCount: threadCount) }
        }
    }

    /// Calls `body` with ranges that together are `0..<count`, on the threads, several at a time; then `completion`, once, on one of
    /// them. Returns at once. Without threads there is nobody to do it.
    public func start(count: Int, _ body: @escaping @Sendable (Range<Int>) -> Void, completion: @escaping @Sendable () -> Void) {
        precondition(threadCount > 0 && count > 0, "there is work, and somebody to do it")
        queue.withLock { queue in
            precondition(!queue.isClosed, "no work is given after close")
            queue.jobs.append(Job(count, body, completion))
        }
    }

    /// Calls `body` as `start` does, on the calling thread too, and returns when all is done.
    @available(*, noasync, message: "this computes on the calling thread")
    public func run(count: Int, _ body: @escaping @Sendable (Range<Int>) -> Void) {
        guard count > 1, threadCount > 0 else {
            if count > 0 { body(0..<count) }
            return
        }
        begin(count: count, body).finish()
    }

    /// Lets the threads begin to call `body` with ranges that together are `0..<count`, while the calling thread does something else.
    public func begin(count: Int, _ body: @escaping @Sendable (Range<Int>) -> Void) -> UnderWay {
        let isDone = Monitor(count == 0)
        let job = Job(count, body) { isDone.withLock { $0 = true } }
        // Without threads, and after close, nobody would ever take it out of the queue but `finish`, which is not sure to be called.
        if count > 0, threadCount > 0 { queue.withLock { if !$0.isClosed { $0.jobs.append(job) } } }
        return UnderWay(work: self, job: job, isDone: isDone)
    }

    /// Work that the threads have begun with.
    public struct UnderWay: Sendable {
        fileprivate let work: ParallelWork
        fileprivate let job: Job
        fileprivate let isDone: Monitor<Bool>

        /// Helps with what is left on the calling thread, and returns when all is done.
        @available(*, noasync, message: "this computes on the calling thread")
        public func finish() {
            let shareCount = work.threadCount + 1
            while let range = work.queue.withLockWakingNobody({ ParallelWork.take(job, in: &$0, shareCount: shareCount) }) {
                job.body(range)
                ParallelWork.finish(range, of: job, work.queue)
            }
            isDone.wait { $0 ? () : nil }
        }
    }

    /// Jobs with work that no thread has taken yet.
    var waitingJobs: Int { queue.withLockWakingNobody { $0.jobs.count } }

    /// Ends the threads once the work that was given is done.
    @available(*, noasync, message: "a thread of the concurrency pool must not wait")
    public func close() {
        queue.withLock { $0.isClosed = true }
        for thread in threads { thread.join() }
    }

    private static func work(on queue: Monitor<Queue>, shareCount: Int) {
        while let (job, range) = queue.wait({ (queue: inout Queue) -> (Job, Range<Int>)?? in
            while let job = queue.jobs.first {
                if let range = take(job, in: &queue, shareCount: shareCount) { return .some((job, range)) }
            }
            return queue.isClosed ? .some(nil) : nil
        }) {
            job.body(range)
            finish(range, of: job, queue)
        }
    }

    /// Takes a range; a job of which everything is taken leaves the queue, any other goes to its end.
    fileprivate static func take(_ job: Job, in queue: inout Queue, shareCount: Int) -> Range<Int>? {
        let range = job.take(shareCount: shareCount)
        guard let position = queue.jobs.firstIndex(where: { $0 === job }) else { return range }
        if job.next == job.count {
            queue.jobs.remove(at: position)
        } else if queue.jobs.count > 1 {
            queue.jobs.append(queue.jobs.remove(at: position))
        }
        return range
    }

    fileprivate static func finish(_ range: Range<Int>, of job: Job, _ queue: Monitor<Queue>) {
        let isDone = queue.withLockWakingNobody { _ in
            job.unfinished -= range.count
            return job.unfinished == 0
        }
        if isDone { job.completion() }
    }
}

/// What ranges of a job gave, put together in their order.
public final class ParallelResults<Value: Sendable>: Sendable {
    private let parts = Monitor<[(start: Int, values: [Value])]>([])

    public init() {}

    /// Adds the values of a range.
    public func add(_ values: [Value], from start: Int) {
        parts.withLockWakingNobody { $0.append((start, values)) }
    }

    /// All values, once every range is there.
    public func all() -> [Value] {
        parts.withLockWakingNobody { parts in
            if parts.count == 1 { return parts[0].values }
            return parts.sorted { $0.start < $1.start }.flatMap(\.values)
        }
    }
}
