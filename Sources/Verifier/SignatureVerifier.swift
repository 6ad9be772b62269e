public import Cryptography

/// Checks signatures on a fixed number of threads of its own, never on the pool that serves requests.
///
/// Work is handed out in batches that shrink towards the end, so that all threads finish together. The order of results is
/// that of the checks, whatever the number of threads.
public final class SignatureVerifier: Sendable {
    public static let maximumWorkerCount = 256
    /// The largest batch one thread takes at once.
    static let maximumBatchCount = 64

    public let workerCount: Int
    private let queue = Monitor(Queue())
    private let workers: [WorkerThread]
    private let keys: ParsedKeys

    private struct Queue {
        var jobs: [Job] = []
        var isClosed = false
    }

    /// Starts the threads. The caller of the blocking `verify` works too, so a program that only uses that form wants one thread fewer than cores.
    ///
    /// `rememberedKeys` is how many public keys are kept parsed, about 110 bytes each.
    public init(workerCount: Int, rememberedKeys: Int = 1 << 21) {
        precondition((0...Self.maximumWorkerCount).contains(workerCount), "the number of workers is within its limit")
        self.workerCount = workerCount
        keys = ParsedKeys(capacity: rememberedKeys)
        let queue = queue
        workers = (0..<workerCount).map { number in
            WorkerThread(name: "verify-\(number)") { Self.work(on: queue) }
        }
    }

    /// Checks on the workers and on the calling thread, and returns when all are done: nil for a check that failed.
    @available(*, noasync, message: "use the async form; this one computes on the calling thread")
    public func verify(_ checks: [SignatureCheck]) -> [VerifiedSignature?] {
        guard checks.count > 1, workerCount > 0 else { return checks.map { Self.verify($0, with: keys) } }
        return begin(checks).finish()
    }

    /// Lets the workers begin with some checks, while the calling thread does something else.
    public func begin(_ checks: [SignatureCheck]) -> ChecksUnderWay {
        let job = Job(checks, keys: keys, shareCount: workerCount + 1)
        if !checks.isEmpty, workerCount > 0 { queue.withLock { $0.jobs.append(job) } }
        return ChecksUnderWay(verifier: self, job: job)
    }

    /// Checks that the workers have begun with.
    public struct ChecksUnderWay: Sendable {
        fileprivate let verifier: SignatureVerifier
        fileprivate let job: Job

        /// Helps with what is left on the calling thread, and returns when all are done: nil for a check that failed.
        @available(*, noasync, message: "this computes on the calling thread")
        public func finish() -> [VerifiedSignature?] {
            while let batch = job.takeBatch() { job.finish(batch) }
            verifier.retire(job)
            return job.waitForResults()
        }
    }

    /// One check, with the key as it was parsed before, where it was.
    fileprivate static func verify(_ check: SignatureCheck, with keys: ParsedKeys) -> VerifiedSignature? {
        do throws(KeyError) {
            return check.verify(with: try keys.parsed(check.key))
        } catch {
            return nil
        }
    }

    /// Checks on the workers while the caller's task is suspended: nil for a check that failed.
    public func verify(_ checks: [SignatureCheck]) async -> [VerifiedSignature?] {
        guard !checks.isEmpty else { return [] }
        precondition(workerCount > 0, "the async form needs at least one worker")
        let job = Job(checks, keys: keys, shareCount: workerCount)
        return await withCheckedContinuation { continuation in
            job.whenDone { continuation.resume(returning: $0) }
            queue.withLock { queue in
                precondition(!queue.isClosed, "no checks are submitted after close")
                queue.jobs.append(job)
            }
        }
    }

    /// Jobs with checks that no thread has taken yet.
    var waitingJobs: Int { queue.withLock { $0.jobs.count } }

    /// Ends the threads once the work that was submitted is done.
    @available(*, noasync, message: "a thread of the concurrency pool must not wait")
    public func close() {
        queue.withLock { $0.isClosed = true }
        for worker in workers { worker.join() }
    }

    private func retire(_ job: Job) {
        queue.withLock { $0.jobs.removeAll { $0 === job } }
    }

    /// Takes a batch of one job after the other, so that a large job does not hold up the small ones behind it.
    private static func work(on queue: Monitor<Queue>) {
        while let job = queue.wait({ (queue: inout Queue) -> Job?? in
            guard let job = queue.jobs.first else { return queue.isClosed ? .some(nil) : nil }
            if queue.jobs.count > 1 { queue.jobs.append(queue.jobs.removeFirst()) }
            return .some(job)
        }) {
            guard let batch = job.takeBatch() else {
                queue.withLock { $0.jobs.removeAll { $0 === job } }
                continue
            }
            job.finish(batch)
        }
    }
}

/// Checks submitted together, and what is known of them.
private final class Job: Sendable {
    let checks: [SignatureCheck]
    private let keys: ParsedKeys
    private let shareCount: Int
    private let progress: Monitor<Progress>

    private struct Progress {
        var next = 0
        var unfinished: Int
        var results: [VerifiedSignature?]
        var completion: (@Sendable ([VerifiedSignature?]) -> Void)?
    }

    init(_ checks: [SignatureCheck], keys: ParsedKeys, shareCount: Int) {
        self.checks = checks
        self.keys = keys
        self.shareCount = shareCount
        progress = Monitor(
            Progress(unfinished: checks.count, results: [VerifiedSignature?](repeating: nil, count: checks.count)))
    }

    /// The next checks to do, fewer the fewer are left; nil when all are taken.
    func takeBatch() -> Range<Int>? {
        progress.withLock { progress in
            let left = checks.count - progress.next
            guard left > 0 else { return nil }
            let count = max(1, min(SignatureVerifier.maximumBatchCount, left / (2 * shareCount)))
            defer { progress.next += count }
            return progress.next..<progress.next + count
        }
    }

    /// Does the checks of a batch; whoever finishes the last one completes the job.
    func finish(_ batch: Range<Int>) {
        let results = batch.map { SignatureVerifier.verify(checks[$0], with: keys) }
        let completed: (results: [VerifiedSignature?], completion: (@Sendable ([VerifiedSignature?]) -> Void)?)? =
            progress.withLock { progress in
                for (position, result) in zip(batch, results) { progress.results[position] = result }
                progress.unfinished -= batch.count
                guard progress.unfinished == 0 else { return nil }
                return (progress.results, progress.completion)
            }
        if let completed { completed.completion?(completed.results) }
    }

    func whenDone(_ completion: @escaping @Sendable ([VerifiedSignature?]) -> Void) {
        progress.withLock { $0.completion = completion }
    }

    @available(*, noasync)
    func waitForResults() -> [VerifiedSignature?] {
        progress.wait { $0.unfinished == 0 ? $0.results : nil }
    }
}
