public import Ledger

/// An account that refuses debits, credits or both.
public struct FrozenAccount: Sendable {
    /// As it is now.
    public internal(set) var account: Account
    /// What gave it its present status.
    public internal(set) var change: Entry
    /// When.
    public internal(set) var time: TimeMilliseconds
}

/// The accounts that are frozen now, in bounded memory.
public struct FrozenAccounts: Sendable {
    /// So many are kept with their details; of further ones only that they are frozen.
    public static let maximumListedCount = 10_000

    private let maximumListedCount: Int
    private var listed: [AccountIndex: FrozenAccount] = [:]
    /// Eight bytes for an account of which the state keeps hundreds.
    private var unlisted: Set<AccountIndex> = []

    init(maximumListedCount: Int = Self.maximumListedCount) {
        self.maximumListedCount = maximumListedCount
    }

    /// How many accounts are frozen.
    public var count: Int { listed.count + unlisted.count }
    /// Of them, how many are not in `accounts`.
    public var unlistedCount: Int { unlisted.count }
    /// Ascending by index.
    public var accounts: [FrozenAccount] { listed.values.sorted { $0.account.index < $1.account.index } }

    mutating func follow(_ outcome: BlockOutcome, changes: [AccountIndex: Entry], time: TimeMilliseconds) {
        for account in changes.keys.sorted() { follow(account, changes, in: outcome, time) }
        guard !listed.isEmpty else { return }
        for account in outcome.accounts where listed[account.index] != nil { listed[account.index]?.account = account }
    }

    private mutating func follow(
        _ index: AccountIndex, _ changes: [AccountIndex: Entry], in outcome: BlockOutcome, _ time: TimeMilliseconds
    ) {
        guard let change = changes[index], let account = outcome.account(index) else { return }
        if !account.status.refusesDebits && !account.status.refusesCredits {
            listed[index] = nil
            unlisted.remove(index)
        } else if listed[index] != nil || (listed.count < maximumListedCount && !unlisted.contains(index)) {
            listed[index] = FrozenAccount(account: account, change: change, time: time)
        } else {
            unlisted.insert(index)
        }
    }
}

extension BlockOutcome {
    /// A touched account, by its index.
    func account(_ index: AccountIndex) -> Account? {
        var (low, high) = (0, accounts.count)
        while low < high {
            let middle = (low + high) / 2
            if accounts[middle].index < index { low = middle + 1 } else { high = middle }
        }
        return low < accounts.count && accounts[low].index == index ? accounts[low] : nil
    }
}
