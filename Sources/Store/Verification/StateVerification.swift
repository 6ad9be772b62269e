import Ledger

/// Compares the derived state with what the log's blocks lead to, at the height up to which it was folded.
struct StateVerification {
    private let core: StoreCore
    private let rows: [AccountRow]
    private let folded: UInt64
    private let landmarkCount: UInt64
    private let versionCount: UInt64
    private let digests: [UInt64: IdentifierDigest]
    /// What is there of later blocks.
    private(set) var later: [AccountRow] = []
    private(set) var laterIDs: [(id: AccountID, index: AccountIndex)] = []
    private(set) var done: UInt64 = 0

    /// `chain` has followed the blocks up to the folded one.
    init(_ core: StoreCore, _ chain: borrowing ChainVerification) {
        self.core = core
        rows = chain.rows
        folded = chain.folded.height
        landmarkCount = chain.landmarkCount
        versionCount = chain.versionCount
        digests = chain.digests
    }

    private var tables: StateTables { core.stateTables }

    mutating func run(progress: (UInt64) -> Void) throws(StoreError) {
        try verifyMeta()
        try verifyAccounts(progress)
        try verifyAccountIDs(progress)
        try verifyLandmarks(progress)
        try verifyVersions(progress)
        try verifyRuns(progress)
    }

    private mutating func verifyMeta() throws(StoreError) {
        done += try core.state.read { (state) throws(StoreError) in
            var count: UInt64 = 0
            try state.forEachRecord(in: tables.meta) { (_, _) throws(StoreError) in
                count += 1
                return true
            }
            return count
        }
    }

    private mutating func verifyAccounts(_ progress: (UInt64) -> Void) throws(StoreError) {
        var found = 0
        try forEachPart(of: tables.accounts, progress) { (verification, key, row, target) throws(StoreError) in
            let table = verification.tables.accounts
            guard row.account.index == key.index, row.agrees, row.last.height <= target else {
                throw table.damage(key, "it is the account with index \(row.account.index), touched at height \(row.last.height)")
            }
            if key.index < AccountIndex(verification.rows.count) { found += 1 }
            guard row.last.height <= verification.folded else { return verification.later.append(row) }
            guard key.index < AccountIndex(verification.rows.count), verification.rows[Int(key.index)] == row else {
                throw table.damage(key, "it is not as the block of height \(row.last.height) left it")
            }
        }
        try expect(UInt64(found), UInt64(rows.count), in: tables.accounts.database)
    }

    private mutating func verifyAccountIDs(_ progress: (UInt64) -> Void) throws(StoreError) {
        var found = 0
        try forEachPart(of: tables.accountIDs, progress) { (verification, key, index, _) throws(StoreError) in
            guard index < AccountIndex(verification.rows.count) else { return verification.laterIDs.append((key.id, index)) }
            guard verification.rows[Int(index)].account.id == key.id else {
                throw verification.tables.accountIDs.damage(key, "account \(index) has another id")
            }
            found += 1
        }
        try expect(UInt64(found), UInt64(rows.count), in: tables.accountIDs.database)
        if let first = laterIDs.first, !(try hasLaterBlocks()) {
            throw tables.accountIDs.damage(AccountIDKey(first.id), "there is no account \(first.index)")
        }
    }

    /// Whether a fold of later blocks is under way, was made meanwhile, or was cut off.
    private func hasLaterBlocks() throws(StoreError) -> Bool {
        try core.state.read { (state) throws(StoreError) in try state.foldRecord(in: tables).target.height > folded }
    }

    private mutating func verifyLandmarks(_ progress: (UInt64) -> Void) throws(StoreError) {
        var found: UInt64 = 0
        try forEachPart(of: tables.landmarks, progress) { (verification, key, place, target) throws(StoreError) in
            guard place.pointer.height <= target else {
                throw verification.tables.landmarks.damage(key, "it leads to height \(place.pointer.height), which was not folded yet")
            }
            if place.pointer.height <= verification.folded { found += 1 }
        }
        try expect(found, landmarkCount, in: tables.landmarks.database)
    }

    private mutating func verifyVersions(_ progress: (UInt64) -> Void) throws(StoreError) {
        var found: UInt64 = 0
        try forEachPart(of: tables.versions, progress) { (verification, key, _, target) throws(StoreError) in
            guard key.height <= target else {
                throw verification.tables.versions.damage(key, "that height was not folded yet")
            }
            if key.height <= verification.folded { found += 1 }
        }
        try expect(found, versionCount, in: tables.versions.database)
    }

    // MARK: - Runs of transaction ids

    /// Each run has exactly the transactions of its blocks. Folds and merges may go on meanwhile, so the list is read anew for each.
    private mutating func verifyRuns(_ progress: (UInt64) -> Void) throws(StoreError) {
        var next: UInt64 = 1
        while next <= folded {
            let run = try core.state.read { (state) throws(StoreError) in
                let record = try state.foldRecord(in: tables)
                guard let run = record.runs.first(where: { $0.firstHeight <= next && next <= $0.lastHeight }) else {
                    throw tables.meta.damage(.fold, "no run of transaction ids has height \(next)")
                }
                try verify(run, in: state)
                return run
            }
            next = run.lastHeight + 1
            progress(done)
        }
        try countOthers()
    }

    private mutating func verify(_ run: FoldRecord.Run, in state: borrowing ReadTransaction) throws(StoreError) {
        let table = tables.transactionIDs
        var digest = IdentifierDigest()
        var last: Identifier?
        var pages: UInt64 = 0
        try state.forEachRecord(in: table, from: RunKey(run: run.number, prefix: 0).bytes) { (key, page) throws(StoreError) in
            guard key.run == run.number else { return false }
            guard page[0].prefix == key.prefix, last.map({ $0.prefix < key.prefix }) ?? true else {
                throw table.damage(key, "it does not follow the record before it")
            }
            for position in 0..<page.count {
                let identifier = page[position]
                guard last.map({ $0 < identifier }) ?? true else { throw table.damage(key, "its ids are not in order") }
                last = identifier
                digest.add(identifier)
            }
            pages += 1
            return true
        }
        done += pages
        // A run that was merged with what came after the begin is compared by its own count alone.
        guard digest.count == run.count else { throw wrong(run, "\(digest.count)") }
        guard let upper = digests[run.lastHeight], let lower = digests[run.firstHeight - 1] else { return }
        guard upper.subtracting(lower) == digest else { throw wrong(run, "\(digest.count) other") }
    }

    private func wrong(_ run: FoldRecord.Run, _ found: String) -> StoreError {
        .damaged(
            "database \"transaction-ids\": run \(run.number) has \(found) ids, and not those of the \(run.count) transactions of heights "
                + "\(run.firstHeight) to \(run.lastHeight)")
    }

    /// Records of no run are left where a fold was cut off; the next one removes them. Their checksums must be right all the same.
    private mutating func countOthers() throws(StoreError) {
        let live = try core.state.read { (state) throws(StoreError) in Set(try state.foldRecord(in: tables).runs.map(\.number)) }
        var others: UInt64 = 0
        try forEachPart(of: tables.transactionIDs, { _ in }) { (_, key, _, _) throws(StoreError) in
            if !live.contains(key.run) { others += 1 }
        }
        done += others
    }

    // MARK: - Parts

    /// Records read in one transaction: some milliseconds.
    private static var partRecords: Int { 4_096 }

    /// Passes all records of a table to `body`, with a read transaction per part and the height up to which there may be something in it.
    private mutating func forEachPart<Key, Value>(
        of table: Table<Key, Value>, _ progress: (UInt64) -> Void,
        _ body: (inout StateVerification, Key, Value, _ target: UInt64) throws(StoreError) -> Void
    ) throws(StoreError) {
        var next: [UInt8]? = []
        while let first = next {
            var following: [UInt8]?
            var count = 0
            try core.state.read { (state) throws(StoreError) in
                let target = try state.foldRecord(in: tables).target.height
                try state.forEachRecord(in: table, from: first.isEmpty ? nil : first) { (key, value) throws(StoreError) in
                    guard count < Self.partRecords else {
                        following = key.bytes
                        return false
                    }
                    try body(&self, key, value, target)
                    count += 1
                    return true
                }
            }
            done += UInt64(count)
            progress(done)
            next = following
        }
    }

    private func expect(_ found: UInt64, _ expected: UInt64, in database: Database) throws(StoreError) {
        guard found == expected else {
            throw .damaged(
                "database \"\(database.name)\" has \(found) records up to height \(folded), but the blocks lead to \(expected)")
        }
    }
}
