/// How much there is that the derived state does not have: it is in memory, and a start after a crash executes it again.
struct RecentSize: Equatable, Sendable {
    /// Accounts that were touched: their newest rows.
    var accounts = 0
    /// Transactions: their ids.
    var transactions = 0
    /// Entries of accounts, which a replay executes one by one.
    var entries = 0
    /// Bytes of chunks of the log, which a replay reads and decodes.
    var logBytes = 0
    /// Landmarks and versions of accounts.
    var marks = 0

    /// Whether there is at least `factor` times as much as `limits` says, of anything.
    func reaches(_ limits: RecentSize, times factor: Int = 1) -> Bool {
        accounts >= limits.accounts * factor || transactions >= limits.transactions * factor || entries >= limits.entries * factor
            || logBytes >= limits.logBytes * factor || marks >= limits.marks * factor
    }
}
