public import Ledger

extension LedgerStore {
    /// An account as of the tip, or as the block of a height left it. Nil when it is not open then, or the height is above the tip.
    public func account(_ id: AccountID, atHeight height: UInt64?) throws(StorageError) -> Account? {
        try read { (transaction, tables) throws(StoreError) -> Account? in
            guard let row = try transaction.accountRow(of: id, in: tables) else { return nil }
            guard let height else { return row.account }
            guard height >= row.account.openedHeight, height <= (try transaction.tipHeight(in: tables)) else { return nil }
            return try transaction.account(of: row, at: height, in: tables)
        }
    }

    /// The account with an index as of the tip; nil when there is none.
    public func account(index: AccountIndex) throws(StorageError) -> Account? {
        try read { (transaction, tables) throws(StoreError) in try transaction.accountRow(of: index, in: tables)?.account }
    }

    /// Up to `limit` entries of an account: those numbered `sequence` and up, or with `descending`, `sequence` and down, in that order.
    ///
    /// Entries are numbered from 0 in the account's chain. Empty when there are none, or no such account.
    public func statement(
        of account: AccountIndex, from sequence: UInt64, limit: Int, descending: Bool
    ) throws(StorageError) -> [StatementLine] {
        try read { (transaction, tables) throws(StoreError) in
            guard limit > 0, let row = try transaction.accountRow(of: account, in: tables), row.account.entryCount > 0 else { return [] }
            let last = row.account.entryCount - 1
            let count = UInt64(limit)
            if descending {
                let upper = min(sequence, last)
                return try transaction.statement(of: row, from: upper >= count ? upper - count + 1 : 0, to: upper, in: tables)
            }
            guard sequence <= last else { return [] }
            let upper = last - sequence >= count ? sequence + count - 1 : last
            return try transaction.statement(of: row, from: sequence, to: upper, in: tables).reversed()
        }
    }
}

extension ReadableTransaction where Self: ~Copyable {
    borrowing func accountRow(of index: AccountIndex, in tables: Tables) throws(StoreError) -> AccountRow? {
        guard let row = try record(of: AccountKey(index), in: tables.accounts) else { return nil }
        guard row.account.index == index else {
            throw tables.accounts.damage(AccountKey(index), "it is the account with index \(row.account.index)")
        }
        return row
    }

    borrowing func accountRow(of id: AccountID, in tables: Tables) throws(StoreError) -> AccountRow? {
        guard let index = try record(of: AccountIDKey(id), in: tables.accountIDs) else { return nil }
        guard let row = try accountRow(of: index, in: tables) else {
            throw tables.accounts.damage(AccountKey(index), "it is missing, although account id \(id) has this index")
        }
        guard row.account.id == id else {
            throw tables.accountIDs.damage(AccountIDKey(id), "it names account \(index), which has id \(row.account.id)")
        }
        return row
    }

    /// The account as the block of `height`, at or after its opening, left it.
    borrowing func account(of row: AccountRow, at height: UInt64, in tables: Tables) throws(StoreError) -> Account {
        if row.lastHeight <= height { return row.account }
        let walk = EntryWalk(row: row, tables: tables)
        let last = try walk.lastEntry(of: self, notAbove: height)
        let key = VersionKey(height: last?.entry.height ?? row.account.openedHeight, account: row.account.index)
        let version = try record(of: key, in: tables.versions, because: "a block left the account so")
        let entryCount = if let last { last.sequence + 1 } else { UInt64(0) }
        guard version.index == row.account.index, version.id == row.account.id, version.entryCount == entryCount else {
            throw tables.versions.damage(key, "it is not what the entries of the account lead to")
        }
        return version
    }

    /// The entries numbered `lower` to `upper`, the last first.
    borrowing func statement(
        of row: AccountRow, from lower: UInt64, to upper: UInt64, in tables: Tables
    ) throws(StoreError) -> [StatementLine] {
        let walk = EntryWalk(row: row, tables: tables)
        var lines: [StatementLine] = []
        var place = try walk.start(of: self, atOrAfter: upper)
        while true {
            let entry = try walk.entry(of: self, at: place)
            if place.sequence <= upper { lines.append(StatementLine(sequence: place.sequence, entry: entry.entry)) }
            guard place.sequence > lower else { return lines }
            place = EntryWalk.Place(sequence: place.sequence - 1, height: entry.previousHeight)
        }
    }
}

/// The way along an account's entries, from the last to the first: each one says at which height the one before it is, and every 64th can
/// be entered at directly, by its landmark.
private struct EntryWalk {
    struct Place {
        let sequence: UInt64
        let height: UInt64
    }

    let row: AccountRow
    let tables: Tables

    /// The account has an entry.
    private var last: Place { Place(sequence: row.account.entryCount - 1, height: row.lastHeight) }

    func entry(of transaction: borrowing some ReadableTransaction & ~Copyable, at place: Place) throws(StoreError) -> EntryRow {
        let key = EntryKey(height: place.height, account: row.account.index, sequence: place.sequence)
        let entry = try transaction.record(of: key, in: tables.entries, because: "the account has \(row.account.entryCount) entries")
        guard entry.entry.height == place.height, entry.previousHeight <= place.height else {
            throw tables.entries.damage(key, "it says height \(entry.entry.height), after one of height \(entry.previousHeight)")
        }
        return entry
    }

    /// The nearest place at or after an entry that can be entered at.
    func start(
        of transaction: borrowing some ReadableTransaction & ~Copyable, atOrAfter sequence: UInt64
    ) throws(StoreError) -> Place {
        let number = (max(sequence, 1) - 1) / LandmarkKey.stride + 1
        return number <= last.sequence / LandmarkKey.stride ? try landmark(number, of: transaction) : last
    }

    private func landmark(
        _ number: UInt64, of transaction: borrowing some ReadableTransaction & ~Copyable
    ) throws(StoreError) -> Place {
        let height = try transaction.record(
            of: LandmarkKey(account: row.account.index, number: number), in: tables.landmarks,
            because: "the account has \(row.account.entryCount) entries")
        return Place(sequence: number * LandmarkKey.stride, height: height)
    }

    /// The last entry whose height is not above `height`; nil when all are.
    func lastEntry(
        of transaction: borrowing some ReadableTransaction & ~Copyable, notAbove height: UInt64
    ) throws(StoreError) -> StatementLine? {
        guard row.account.entryCount > 0 else { return nil }
        var place = try firstLandmark(of: transaction, above: height) ?? last
        while true {
            let entry = try entry(of: transaction, at: place)
            if place.height <= height { return StatementLine(sequence: place.sequence, entry: entry.entry) }
            guard place.sequence > 0 else { return nil }
            place = Place(sequence: place.sequence - 1, height: entry.previousHeight)
        }
    }

    /// Heights ascend along the landmarks, so halving finds the first one above `height`.
    private func firstLandmark(
        of transaction: borrowing some ReadableTransaction & ~Copyable, above height: UInt64
    ) throws(StoreError) -> Place? {
        var lower: UInt64 = 1
        var upper = last.sequence / LandmarkKey.stride + 1
        var found: Place?
        while lower < upper {
            let middle = lower + (upper - lower) / 2
            let place = try landmark(middle, of: transaction)
            if place.height > height {
                found = place
                upper = middle
            } else {
                lower = middle + 1
            }
        }
        return found
    }
}
