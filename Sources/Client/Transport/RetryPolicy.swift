/// When a request that did not succeed is sent again, unchanged.
///
/// Sending again is always safe: reading changes nothing, and the same transaction submitted twice applies once and gets the same answer
/// (`docs/spec/http.md` section 1). So a request is repeated after every failure that may pass: no connection, no answer in time, and
/// the answers 408, 429, 502, 503 and 504.
public struct RetryPolicy: Sendable, Hashable {
    /// How often a request is sent at most, the first time included.
    public var maximumAttemptCount: Int
    /// The longest pause after the first attempt, in milliseconds; it doubles with every further attempt.
    public var firstPauseMilliseconds: UInt64
    /// No pause of our own choice is longer, in milliseconds.
    public var maximumPauseMilliseconds: UInt64
    /// A node that asks for a longer pause (`Retry-After`) is not waited for: the caller gets its answer, and decides.
    public var maximumRetryAfterSeconds: UInt64

    /// Any values; fewer than one attempt counts as one.
    public init(
        maximumAttemptCount: Int = 5, firstPauseMilliseconds: UInt64 = 200, maximumPauseMilliseconds: UInt64 = 5_000,
        maximumRetryAfterSeconds: UInt64 = 30
    ) {
        self.maximumAttemptCount = maximumAttemptCount
        self.firstPauseMilliseconds = firstPauseMilliseconds
        self.maximumPauseMilliseconds = maximumPauseMilliseconds
        self.maximumRetryAfterSeconds = maximumRetryAfterSeconds
    }

    /// Five attempts within about three seconds, unless the node asks for more time.
    public static let standard = RetryPolicy()
    /// One attempt.
    public static let never = RetryPolicy(maximumAttemptCount: 1)

    /// The status codes after which sending the same again may help.
    static let passingStatuses: Set<Int> = [408, 429, 502, 503, 504]

    /// How long to wait before sending again; nil to give up.
    ///
    /// The pause is drawn at random from the upper half of its range, so that many clients of a node that was away do not all come back
    /// at the same moment. What the node asks for in `Retry-After` is honoured in full.
    /// - Parameters:
    ///   - attempt: which attempt failed, from 1.
    ///   - retryAfterSeconds: what the node asked for, if anything.
    func pauseMilliseconds(
        afterAttempt attempt: Int, retryAfterSeconds: UInt64?, using generator: inout some RandomNumberGenerator
    ) -> UInt64? {
        guard attempt < maximumAttemptCount else { return nil }
        // 2^20 times the first pause is beyond any maximum; the bound keeps the shift and the product small.
        let doublings = UInt64(1) << UInt64(min(max(attempt - 1, 0), 20))
        let (product, overflows) = firstPauseMilliseconds.multipliedReportingOverflow(by: doublings)
        let longest = min(overflows ? .max : product, maximumPauseMilliseconds)
        let own = UInt64.random(in: longest / 2...longest, using: &generator)
        guard let retryAfterSeconds else { return own }
        guard retryAfterSeconds <= maximumRetryAfterSeconds else { return nil }
        return max(own, retryAfterSeconds * 1_000)
    }
}
