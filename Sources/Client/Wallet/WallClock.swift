import Foundation
public import Ledger

/// This machine's clock.
public enum WallClock {
    /// The time in whole seconds, as milliseconds since 1970-01-01T00:00:00Z. Only expiries are counted from it.
    @Sendable
    public static func now() -> TimeMilliseconds {
        let seconds = Date().timeIntervalSince1970
        // A clock set before 1970 makes expiries that the ledger calls expired.
        return seconds > 0 ? TimeMilliseconds(seconds) * 1_000 : 0
    }
}
