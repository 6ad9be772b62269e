public import Cryptography

/// Checks signatures on a fixed number of threads of its own, never on the pool that serves requests.
///
/// The order of results is that of the checks, whatever the number of threads.
public final class SignatureVerifier: Sendable {
    public static let maximumWorkerCount = 256

    public var workerCount: Int { work.threadCount }
    /// The threads: other work on what is to be checked may be done on them too.
    public let work: ParallelWork

    /// Starts the threads. The caller of the blocking `verify` works too, so a program that only uses that form wants one thread fewer than cores.
    public init(workerCount: Int) {
        precondition((0...Self.maximumWorkerCount).contains(workerCount), "the number of workers is within its limit")
        work = ParallelWork(threadCount: workerCount, name: "verify")
    }

    /// Checks on the workers and on the calling thread, and returns when all are done: nil for a check that failed.
    @available(*, noasync, message: "use the async form; this one computes on the calling thread")
    public func verify(_ checks: [SignatureCheck]) -> [VerifiedSignature?] {
        guard checks.count > 1, workerCount > 0 else { return checks.map { $0.verify() } }
        return begin(checks).finish()
    }

    /// Lets the workers begin with some checks, while the calling thread does something else.
    public func begin(_ checks: [SignatureCheck]) -> ChecksUnderWay {
        let results = ParallelResults<VerifiedSignature?>()
        let work = work.begin(count: checks.count) { range in
            results.add(range.map { checks[$0].verify() }, from: range.lowerBound)
        }
        return ChecksUnderWay(work: work, results: results)
    }

    /// Checks that the workers have begun with.
    public struct ChecksUnderWay: Sendable {
        fileprivate let work: ParallelWork.UnderWay
        fileprivate let results: ParallelResults<VerifiedSignature?>

        /// Helps with what is left on the calling thread, and returns when all are done: nil for a check that failed.
        @available(*, noasync, message: "this computes on the calling thread")
        public func finish() -> [VerifiedSignature?] {
            work.finish()
            return results.all()
        }
    }

    /// Checks on the workers while the caller's task is suspended: nil for a check that failed.
    public func verify(_ checks: [SignatureCheck]) async -> [VerifiedSignature?] {
        guard !checks.isEmpty else { return [] }
        precondition(workerCount > 0, "the async form needs at least one worker")
        let results = ParallelResults<VerifiedSignature?>()
        return await withCheckedContinuation { continuation in
            work.start(count: checks.count) { range in
                results.add(range.map { checks[$0].verify() }, from: range.lowerBound)
            } completion: {
                continuation.resume(returning: results.all())
            }
        }
    }

    /// Jobs with checks that no thread has taken yet.
    var waitingJobs: Int { work.waitingJobs }

    /// Ends the threads once the work that was submitted is done.
    @available(*, noasync, message: "a thread of the concurrency pool must not wait")
    public func close() {
        work.close()
    }
}
