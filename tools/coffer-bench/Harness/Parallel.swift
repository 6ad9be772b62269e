import Foundation
import Synchronization

/// Work on all cores before the clock starts.
enum Parallel {
    /// What `body` gives for 0 up to `count`, in that order.
    static func map<Output: Sendable>(_ count: Int, _ body: @Sendable (Int) throws -> Output) throws -> [Output] {
        let shareCount = min(count, Machine.coreCount * 8)
        let parts = Mutex<[Int: [Output]]>([:])
        try run(shareCount) { share in
            let part = try (share * count / shareCount..<(share + 1) * count / shareCount).map(body)
            parts.withLock { $0[share] = part }
        }
        return parts.withLock { parts in (0..<shareCount).flatMap { parts[$0] ?? [] } }
    }

    /// Runs `body` with 0 up to `count`, all at once as far as there are cores; throws the first error met.
    static func run(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
        let failure = Mutex<(any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: count) { number in
            do {
                try body(number)
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
