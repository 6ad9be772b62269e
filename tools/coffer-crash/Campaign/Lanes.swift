import Foundation
import Synchronization
import Verifier

/// Runs numbered jobs on a few threads, each job on one of them.
enum Lanes {
    static let count = 2

    /// Sums what the jobs give. The first error ends it, once the jobs that run have ended.
    static func run(_ jobs: Int, _ body: @escaping @Sendable (Int) throws -> Totals) throws -> Totals {
        let shared = Mutex(Shared())
        let threads = (0..<count).map { lane in
            WorkerThread(name: "lane-\(lane)") {
                while let job = shared.withLock({ $0.takeJob(below: jobs) }) {
                    do {
                        let totals = try body(job)
                        shared.withLock { $0.totals.add(totals) }
                    } catch {
                        shared.withLock { $0.failure = $0.failure ?? error }
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        return try shared.withLock { shared in
            if let failure = shared.failure { throw failure }
            return shared.totals
        }
    }

    private struct Shared {
        var next = 0
        var totals = Totals()
        var failure: (any Error)?

        mutating func takeJob(below end: Int) -> Int? {
            guard next < end, failure == nil else { return nil }
            defer { next += 1 }
            return next
        }
    }
}
