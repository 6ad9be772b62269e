import Cryptography
public import Ledger

extension LedgerStore {
    /// Reads every record and compares each with all that it must agree with; throws `.damaged` for the first that does not, by name.
    ///
    /// Checks every checksum; the chain of headers and their history roots; per block that its transactions are found by id and that
    /// memos are those committed to; per account and block that the entries lead to the entry hash and the accounts to the header's
    /// state root; and that no record stands alone. It does not execute blocks nor check signatures. Runs beside commits, of which
    /// it checks those before its begin, and holds no read for long. `progress` is told how many records are done, and of how many.
    public func verifyRecords(progress: (_ done: UInt64, _ total: UInt64) -> Void) throws(StorageError) {
        var verification = try RecordVerification(self)
        func report() { progress(verification.done, verification.total) }
        for height in 0...verification.tip.header.height {
            try read { (transaction, tables) throws(StoreError) in try verification.verify(height: height, transaction, tables) }
            report()
        }
        try forEachPart(of: \.accounts, then: report) { (transaction, tables, key, row) throws(StoreError) in
            try verification.verify(row, key, transaction, tables)
        }
        try forEachPart(of: \.accountIDs, then: report) { (transaction, tables, key, index) throws(StoreError) in
            try verification.verify(index, key, transaction, tables)
        }
        try forEachPart(of: \.transactions, then: report) { (transaction, tables, key, location) throws(StoreError) in
            try verification.verify(location, key, transaction, tables)
        }
        try forEachPart(of: \.landmarks, then: report) { (_, _, key, height) throws(StoreError) in verification.count(key, height) }
        try read { (transaction, tables) throws(StoreError) in try verification.verifyTotals(transaction, tables) }
        progress(verification.total, verification.total)
    }

    /// Records read in one transaction: some milliseconds.
    private static let partRecords = 4_096

    /// Passes all records of a table to `body`, with a read transaction per part, and calls `then` after each part.
    private func forEachPart<Key, Value>(
        of table: (Tables) -> Table<Key, Value>, then: () -> Void,
        _ body: (borrowing ReadTransaction, Tables, Key, Value) throws(StoreError) -> Void
    ) throws(StorageError) {
        var next: [UInt8]? = []
        while let first = next {
            next = try read { (transaction, tables) throws(StoreError) -> [UInt8]? in
                var count = 0
                var following: [UInt8]?
                try transaction.forEachRecord(in: table(tables), from: first.isEmpty ? nil : first) { (key, value) throws(StoreError) in
                    guard count < Self.partRecords else {
                        following = key.bytes
                        return false
                    }
                    try body(transaction, tables, key, value)
                    count += 1
                    return true
                }
                return following
            }
            then()
        }
    }
}

/// What the verification has read so far, and what it expects of the rest.
private struct RecordVerification {
    /// Where an account's entries have led to.
    private struct Chain {
        var hash = Bytes32.zero
        var count: UInt64 = 0
        var lastHeight: UInt64 = 0
    }

    /// The last block at the begin; of what comes after it only the checksums are looked at.
    let tip: CertifiedHeader
    private let network: NetworkID
    private var parent = BlockHash(.zero)
    private var history = HistoryTree()
    private var chains: [Chain] = []
    private var stateTree = MerkleTree()
    private var transactionCount: UInt64 = 0
    private var landmarkCount: UInt64 = 0
    private var foundAccounts: UInt64 = 0
    private var foundTransactions: UInt64 = 0
    private var foundLandmarks: UInt64 = 0
    private(set) var done: UInt64
    let total: UInt64

    /// Verifies the small tables, whole.
    init(_ store: LedgerStore) throws(StorageError) {
        network = store.chainspec.network
        (tip, done, total) = try store.read { (transaction, tables) throws(StoreError) in
            var done: UInt64 = 0
            try transaction.forEachRecord(in: tables.meta) { (_, _) throws(StoreError) in
                done += 1
                return true
            }
            let tip = try transaction.tip(in: tables).header
            let supply = try transaction.supply(in: tables)
            guard MerkleTree(leaves: supply.map(\.leaf)).root == tip.header.supplyRoot else {
                throw .damaged("database \"supply\" has another root than the header of height \(tip.header.height)")
            }
            var total: UInt64 = 0
            for database in tables.databases { total += try transaction.statistics(of: database).entries }
            return (tip, done + UInt64(supply.count), total)
        }
    }

    // MARK: - By height

    mutating func verify(height: UInt64, _ transaction: borrowing ReadTransaction, _ tables: Tables) throws(StoreError) {
        let certified = try transaction.header(at: height, in: tables, because: "the tip is above it")
        let header = certified.header
        guard header.network == network, header.parent == parent, header.historyRoot == history.root else {
            throw tables.headers.damage(HeightKey(height), "it does not follow the headers before it")
        }
        parent = header.hash
        history.append(header.historyLeaf)
        done += 1
        let transactions = try verifyBlock(of: certified, transaction, tables)
        let touched = try verifyEntries(at: height, transactions, transaction, tables)
        try verifyVersions(at: header, touched: touched, transaction, tables)
    }

    private mutating func verifyBlock(
        of certified: CertifiedHeader, _ transaction: borrowing ReadTransaction, _ tables: Tables
    ) throws(StoreError) -> [SignedTransaction] {
        let header = certified.header
        guard let block = try transaction.block(at: header.height, in: tables) else { return [] }
        guard block.block.header == header, block.attestations == certified.attestations else {
            throw tables.blocks.damage(HeightKey(header.height), "it has another header or other attestations than \"headers\"")
        }
        let transactions = block.block.transactions
        for (position, signed) in transactions.enumerated() {
            let key = TransactionKey(signed.id, blockTime: header.time)
            let expected = TransactionLocation(height: header.height, position: UInt32(position))
            guard try transaction.record(of: key, in: tables.transactions) == expected else {
                throw tables.transactions.damage(key, "it does not lead to \(expected.name), where the transaction is")
            }
        }
        transactionCount += UInt64(transactions.count)
        try verifyMemos(of: transactions, height: header.height, transaction, tables)
        done += 1
        return transactions
    }

    private mutating func verifyMemos(
        of transactions: [SignedTransaction], height: UInt64, _ transaction: borrowing ReadTransaction, _ tables: Tables
    ) throws(StoreError) {
        let first = TransactionLocation(height: height, position: 0)
        try transaction.forEachRecord(in: tables.memos, from: first.bytes) { (key, memo) throws(StoreError) in
            guard key.height == height else { return false }
            guard Int(key.position) < transactions.count,
                transactions[Int(key.position)].content.memoCommitment == memo.commitment
            else { throw tables.memos.damage(key, "no transaction there commits to it") }
            done += 1
            return true
        }
    }

    /// Follows the entries of a height; returns the accounts they touch, ascending.
    private mutating func verifyEntries(
        at height: UInt64, _ transactions: [SignedTransaction], _ transaction: borrowing ReadTransaction, _ tables: Tables
    ) throws(StoreError) -> [AccountIndex] {
        var touched: [AccountIndex] = []
        let first = EntryKey(height: height, account: 0, sequence: 0)
        try transaction.forEachRecord(in: tables.entries, from: first.bytes) { (key, row) throws(StoreError) in
            guard key.height == height else { return false }
            if touched.last != key.account { touched.append(key.account) }
            if key.account == chains.count { chains.append(Chain()) }
            guard key.account < chains.count else { throw tables.entries.damage(key, "there is no such account") }
            var chain = chains[Int(key.account)]
            try extend(&chain, by: row, key, transactions, transaction, tables)
            chains[Int(key.account)] = chain
            done += 1
            return true
        }
        return touched
    }

    private mutating func extend(
        _ chain: inout Chain, by row: EntryRow, _ key: EntryKey, _ transactions: [SignedTransaction],
        _ transaction: borrowing ReadTransaction, _ tables: Tables
    ) throws(StoreError) {
        let entry = row.entry
        guard key.sequence == chain.count, row.previousHeight == chain.lastHeight else {
            throw tables.entries.damage(key, "it does not follow the account's entries before it")
        }
        guard entry.height == key.height, Int(entry.transaction) < transactions.count,
            transactions[Int(entry.transaction)].id == entry.id
        else { throw tables.entries.damage(key, "its transaction is not where it says") }
        if key.sequence > 0, key.sequence.isMultiple(of: LandmarkKey.stride) {
            let landmark = LandmarkKey(account: key.account, number: key.sequence / LandmarkKey.stride)
            guard try transaction.record(of: landmark, in: tables.landmarks) == key.height else {
                throw tables.landmarks.damage(landmark, "it does not lead to height \(key.height), where entry \(key.sequence) is")
            }
            landmarkCount += 1
        }
        chain.hash = entry.hash(after: chain.hash)
        chain.count += 1
        chain.lastHeight = key.height
    }

    /// Compares what the block left of its accounts with their entries, and all accounts with the header.
    private mutating func verifyVersions(
        at header: BlockHeader, touched: [AccountIndex], _ transaction: borrowing ReadTransaction, _ tables: Tables
    ) throws(StoreError) {
        var leaves: [(index: Int, leaf: Bytes32)] = []
        let first = VersionKey(height: header.height, account: 0)
        try transaction.forEachRecord(in: tables.versions, from: first.bytes) { (key, account) throws(StoreError) in
            guard key.height == header.height else { return false }
            // Genesis opens its accounts without entries.
            if header.height == 0, key.account == chains.count { chains.append(Chain()) }
            guard header.height == 0 || (leaves.count < touched.count && touched[leaves.count] == key.account),
                key.account < chains.count, account.index == key.account,
                account.entryCount == chains[Int(key.account)].count, account.entryHash == chains[Int(key.account)].hash
            else { throw tables.versions.damage(key, "it is not what the entries of the account lead to") }
            leaves.append((Int(key.account), account.leaf))
            done += 1
            return true
        }
        let oldCount = stateTree.count
        guard header.height == 0 || leaves.count == touched.count, UInt64(chains.count) == header.accountCount else {
            throw .damaged("database \"account-versions\" lacks an account at height \(header.height)")
        }
        stateTree.update(leaves.filter { $0.index < oldCount }, appending: leaves.filter { $0.index >= oldCount }.map(\.leaf))
        guard stateTree.root == header.stateRoot else {
            throw .damaged("database \"account-versions\" leads to another state root than the header of height \(header.height) has")
        }
    }

    // MARK: - By table

    mutating func verify(
        _ row: AccountRow, _ key: AccountKey, _ transaction: borrowing ReadTransaction, _ tables: Tables
    ) throws(StoreError) {
        let version = VersionKey(height: row.lastHeight, account: key.index)
        guard row.account.index == key.index, try transaction.record(of: version, in: tables.versions) == row.account else {
            throw tables.accounts.damage(key, "it is not as the block of height \(row.lastHeight) left it")
        }
        guard try transaction.record(of: AccountIDKey(row.account.id), in: tables.accountIDs) == key.index else {
            throw tables.accountIDs.damage(AccountIDKey(row.account.id), "it does not lead to account \(key.index)")
        }
        done += 1
        if row.account.openedHeight <= tip.header.height { foundAccounts += 1 }
        guard row.lastHeight <= tip.header.height else { return }
        guard key.index < chains.count, chains[Int(key.index)].lastHeight == row.lastHeight else {
            throw tables.accounts.damage(key, "it is older than the account's last entry")
        }
    }

    mutating func verify(
        _ index: UInt64, _ key: AccountIDKey, _ transaction: borrowing ReadTransaction, _ tables: Tables
    ) throws(StoreError) {
        guard try transaction.record(of: AccountKey(index), in: tables.accounts)?.account.id == key.id else {
            throw tables.accountIDs.damage(key, "account \(index) has another id")
        }
        done += 1
    }

    mutating func verify(
        _ location: TransactionLocation, _ key: TransactionKey, _ transaction: borrowing ReadTransaction, _ tables: Tables
    ) throws(StoreError) {
        let header = try transaction.header(at: location.height, in: tables, because: "a transaction is there").header
        guard location.position < header.transactionCount, key == TransactionKey(key.id, blockTime: header.time) else {
            throw tables.transactions.damage(key, "\(location.name) is not in the chain, or in another period")
        }
        if location.height <= tip.header.height { foundTransactions += 1 }
        done += 1
    }

    mutating func count(_ key: LandmarkKey, _ height: UInt64) {
        if height <= tip.header.height { foundLandmarks += 1 }
        done += 1
    }

    /// All that must be there was met from the blocks; equal totals mean that nothing else is there.
    func verifyTotals(_ transaction: borrowing ReadTransaction, _ tables: Tables) throws(StoreError) {
        try expect(foundAccounts, UInt64(chains.count), in: tables.accounts.database)
        try expect(foundTransactions, transactionCount, in: tables.transactions.database)
        try expect(foundLandmarks, landmarkCount, in: tables.landmarks.database)
        let last = try transaction.tipHeight(in: tables)
        let heights = [
            (tables.headers.database, try transaction.lastRecord(in: tables.headers)?.key.height),
            (tables.blocks.database, try transaction.lastRecord(in: tables.blocks)?.key.height),
            (tables.versions.database, try transaction.lastRecord(in: tables.versions)?.key.height),
            (tables.entries.database, try transaction.lastRecord(in: tables.entries)?.key.height),
            (tables.memos.database, try transaction.lastRecord(in: tables.memos)?.key.height),
        ]
        for case (let database, .some(let height)) in heights where height > last {
            throw .damaged("database \"\(database.name)\" has records of height \(height), above the tip at \(last)")
        }
    }

    private func expect(_ found: UInt64, _ expected: UInt64, in database: Database) throws(StoreError) {
        guard found == expected else {
            throw .damaged(
                "database \"\(database.name)\" has \(found) records up to height \(tip.header.height), but the blocks lead to \(expected)")
        }
    }
}
