public import Ledger

extension LedgerStore {
    /// An account as of the tip, or as the block of a height left it. Nil when it is not open then, or the height is above the tip.
    public func account(_ id: AccountID, atHeight height: UInt64?) throws(StorageError) -> Account? {
        try withCore { (core) throws(StoreError) -> Account? in
            guard let index = try core.index(of: id) else { return nil }
            return try core.view(of: index) { (view, recent) throws(StoreError) -> Account? in
                guard let row = try view.row(of: index, recent) else {
                    throw core.stateTables.accounts.damage(AccountKey(index), "it is missing, although account id \(id) has this index")
                }
                guard row.account.id == id else {
                    throw core.stateTables.accountIDs.damage(AccountIDKey(id), "it names account \(index), which has id \(row.account.id)")
                }
                guard let height else { return row.account }
                guard height >= row.account.openedHeight, height <= view.tipHeight else { return nil }
                var history = AccountHistory(row: row, recent: recent)
                return try history.account(at: height, in: view)
            }
        }
    }

    /// The account with an index as of the tip; nil when there is none.
    public func account(index: AccountIndex) throws(StorageError) -> Account? {
        try withCore { (core) throws(StoreError) in
            try core.view(of: index) { (view, recent) throws(StoreError) in try view.row(of: index, recent)?.account }
        }
    }

    /// Up to `limit` entries of an account: those numbered `sequence` and up, or with `descending`, `sequence` and down, in that order.
    ///
    /// Entries are numbered from 0 in the account's chain. Empty when there are none, or no such account. Throws `.pruned` for an entry of a
    /// block whose body is gone; going down, what comes before it is given first, so that a last line above 0 means that there are more.
    public func statement(
        of account: AccountIndex, from sequence: UInt64, limit: Int, descending: Bool
    ) throws(StorageError) -> [StatementLine] {
        guard limit > 0 else { return [] }
        return try withCore { (core) throws(StoreError) in
            try core.view(of: account) { (view, recent) throws(StoreError) -> [StatementLine] in
                guard let row = try view.row(of: account, recent), row.account.entryCount > 0 else { return [] }
                let last = row.account.entryCount - 1
                let count = UInt64(limit)
                var history = AccountHistory(row: row, recent: recent)
                if descending {
                    let upper = min(sequence, last)
                    return try history.statement(from: upper >= count ? upper - count + 1 : 0, to: upper, cutShort: true, in: view)
                }
                guard sequence <= last else { return [] }
                let upper = last - sequence >= count ? sequence + count - 1 : last
                return try history.statement(from: sequence, to: upper, cutShort: false, in: view).reversed()
            }
        }
    }
}

/// What the recent changes have of one account; the newest first where there are two layers.
struct RecentAccount {
    var row: AccountRow?
    var marks: [RecentLayer.Marks] = []

    init(_ account: AccountIndex, in recent: borrowing Recent) {
        row = recent.current.row(of: account) ?? recent.folding?.row(of: account)
        if let newest = recent.current.marks[account] { marks.append(newest) }
        if let older = recent.folding?.marks[account] { marks.append(older) }
    }
}

extension StoreCore {
    /// Runs `body` on the store as of now, with what the recent changes have of an account.
    func view<Result: ~Copyable>(
        of account: AccountIndex, _ body: (borrowing StoreView, RecentAccount) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try view(capture: { (recent: borrowing Recent) in RecentAccount(account, in: recent) }, body)
    }

    /// The index of the account with an id. An account that has one keeps it, so it can be looked up by itself.
    fileprivate func index(of id: AccountID) throws(StoreError) -> AccountIndex? {
        try view(capture: { recent in recent.current.ids[id] ?? recent.folding?.ids[id] }) { (view, recent) throws(StoreError) in
            if let recent { return recent }
            return try view.state.record(of: AccountIDKey(id), in: stateTables.accountIDs)
        }
    }
}

extension StoreView {
    /// Where the tip left an account.
    borrowing func row(of index: AccountIndex, _ recent: RecentAccount) throws(StoreError) -> AccountRow? {
        if let row = recent.row { return row }
        return try state.accountRow(of: index, in: stateTables)
    }
}

extension ReadableTransaction where Self: ~Copyable {
    /// What the derived state has of an account.
    borrowing func accountRow(of index: AccountIndex, in tables: StateTables) throws(StoreError) -> AccountRow? {
        guard let row = try record(of: AccountKey(index), in: tables.accounts) else { return nil }
        guard row.account.index == index else {
            throw tables.accounts.damage(AccountKey(index), "it is the account with index \(row.account.index)")
        }
        guard row.agrees else { throw tables.accounts.damage(AccountKey(index), "its last entry is not where it says") }
        return row
    }
}
