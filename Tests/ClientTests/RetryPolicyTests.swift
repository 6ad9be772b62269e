@testable import Client
import Support
import Testing

@Suite("Retry policy")
struct RetryPolicyTests {
    @Test("Pauses double from the first to the maximum, each from the upper half of its range")
    func growth() {
        var generator = SplitMix64(test: "RetryPolicyTests.growth")
        let policy = RetryPolicy(maximumAttemptCount: 100, firstPauseMilliseconds: 100, maximumPauseMilliseconds: 1_500)
        for (attempt, longest) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1_500), (6, 1_500), (99, 1_500)] as [(Int, UInt64)] {
            for _ in 0..<200 {
                let pause = policy.pauseMilliseconds(afterAttempt: attempt, retryAfterSeconds: nil, using: &generator)
                #expect((longest / 2...longest).contains(pause ?? .max))
            }
        }
    }

    @Test("The last attempt is not followed by another")
    func attempts() {
        var generator = SplitMix64(seed: 1)
        let policy = RetryPolicy(maximumAttemptCount: 3)
        #expect(policy.pauseMilliseconds(afterAttempt: 2, retryAfterSeconds: nil, using: &generator) != nil)
        #expect(policy.pauseMilliseconds(afterAttempt: 3, retryAfterSeconds: nil, using: &generator) == nil)
        #expect(RetryPolicy.never.pauseMilliseconds(afterAttempt: 1, retryAfterSeconds: 0, using: &generator) == nil)
    }

    @Test("Retry-After is honoured in full, or the node's answer stands")
    func retryAfter() {
        var generator = SplitMix64(seed: 1)
        let policy = RetryPolicy(firstPauseMilliseconds: 100, maximumRetryAfterSeconds: 7)
        #expect(policy.pauseMilliseconds(afterAttempt: 1, retryAfterSeconds: 7, using: &generator) == 7_000)
        #expect(policy.pauseMilliseconds(afterAttempt: 1, retryAfterSeconds: 8, using: &generator) == nil)
        #expect(policy.pauseMilliseconds(afterAttempt: 1, retryAfterSeconds: .max, using: &generator) == nil)
        // Zero seconds do not make it a busy loop.
        let pause = policy.pauseMilliseconds(afterAttempt: 1, retryAfterSeconds: 0, using: &generator)
        #expect((50...100).contains(pause ?? .max))
    }

    @Test("Extreme values neither overflow nor trap")
    func extremes() {
        var generator = SplitMix64(seed: 1)
        let policy = RetryPolicy(
            maximumAttemptCount: .max, firstPauseMilliseconds: .max, maximumPauseMilliseconds: .max, maximumRetryAfterSeconds: 1)
        #expect(policy.pauseMilliseconds(afterAttempt: 50, retryAfterSeconds: 1, using: &generator) ?? 0 >= UInt64.max / 2)
        let none = RetryPolicy(firstPauseMilliseconds: 0, maximumPauseMilliseconds: 0)
        #expect(none.pauseMilliseconds(afterAttempt: 1, retryAfterSeconds: nil, using: &generator) == 0)
    }
}
