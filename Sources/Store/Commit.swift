import Cryptography
public import Ledger

extension LedgerStore {
    /// Makes blocks durable, with all that follows from them, in one step: everything is on disk when this returns, or nothing happened.
    ///
    /// The blocks follow each other and the tip, and each outcome is what executing its block gave: anything else is a bug of the
    /// caller and ends the process. A memo that is not the one its transaction commits to is left out. After `.full` nothing was
    /// changed, and the same call can be repeated when there is room.
    public func commit(_ blocks: [BlockCommit]) throws(StorageError) {
        guard !blocks.isEmpty else { return }
        try write { (transaction, tables) throws(StoreError) in
            var commit = try CommitBuilder(transaction, tables)
            for block in blocks { try commit.append(block, to: &transaction) }
            try commit.finish(&transaction)
        }
    }

    /// Removes the memo of a transaction; returns whether there was one. It is gone durably when this returns.
    ///
    /// The bytes stay in a page of the data file that counts as free, until a later commit writes over it.
    public func eraseMemo(of id: TransactionID) throws(StorageError) -> Bool {
        try write { (transaction, tables) throws(StoreError) in
            guard let location = try transaction.location(of: id, in: tables) else { return false }
            return try transaction.remove(location, from: tables.memos)
        }
    }
}

/// What a commit of several blocks has put into the store so far, and what it puts there once at its end.
private struct CommitBuilder {
    private let tables: Tables
    private var height: UInt64
    private var hash: BlockHash
    /// The tree over all headers up to and including the last one.
    private var headers: HistoryTree
    private var earlierHeaders: HistoryTree
    /// Where the blocks leave the accounts they touch.
    private var accounts: [AccountIndex: AccountRow] = [:]
    private var openedAccounts: [Account] = []
    private var transactions: [(key: TransactionKey, location: TransactionLocation)] = []
    private var supply: [Int: SupplyRecord] = [:]

    init(_ transaction: borrowing WriteTransaction, _ tables: Tables) throws(StoreError) {
        self.tables = tables
        let (tip, certified) = try transaction.tip(in: tables)
        height = tip.height
        hash = tip.hash
        earlierHeaders = tip.earlierHeaders
        headers = tip.earlierHeaders
        headers.append(certified.header.historyLeaf)
    }

    /// Appends what is in the order of heights, and notes the rest for `finish`.
    mutating func append(_ block: BlockCommit, to transaction: inout WriteTransaction) throws(StoreError) {
        let header = block.certified.block.header
        advance(to: header, of: block)
        let key = HeightKey(header.height)
        try transaction.append(
            CertifiedHeader(header: header, attestations: block.certified.attestations), for: key, in: tables.headers)
        try transaction.append(block.certified.bytes, for: key, in: tables.blocks)
        for (position, signed) in block.certified.block.transactions.enumerated() {
            let location = TransactionLocation(height: header.height, position: UInt32(position))
            transactions.append((TransactionKey(signed.id, blockTime: header.time), location))
            guard let memo = block.memos[signed.id], memo.commitment == signed.content.memoCommitment else { continue }
            try transaction.append(memo, for: location, in: tables.memos)
        }
        try appendAccounts(of: block, to: &transaction)
        for item in block.outcome.supply { supply[item.position] = item.record }
    }

    private mutating func advance(to header: BlockHeader, of block: BlockCommit) {
        precondition(header.height == height + 1 && header.parent == hash, "blocks are committed in the order of the chain")
        precondition(
            header.stateRoot == block.outcome.stateRoot && header.supplyRoot == block.outcome.supplyRoot
                && header.accountCount == block.outcome.accountCount, "a block is committed with its own outcome")
        earlierHeaders = headers
        precondition(earlierHeaders.root == header.historyRoot, "the history root is that of the headers before")
        headers.append(header.historyLeaf)
        precondition(headers == block.history, "a block is committed with the history that it ends")
        height = header.height
        hash = header.hash
    }

    private mutating func appendAccounts(of block: BlockCommit, to transaction: inout WriteTransaction) throws(StoreError) {
        let chains = Dictionary(grouping: block.outcome.entries, by: \.account)
        precondition(chains.count == block.outcome.accounts.count, "an account is touched by entries")
        for account in block.outcome.accounts {
            guard let chain = chains[account.index] else { preconditionFailure("account \(account.index) was touched without an entry") }
            try appendEntries(chain, of: account, to: &transaction)
            try transaction.append(account, for: VersionKey(height: height, account: account.index), in: tables.versions)
            accounts[account.index] = AccountRow(lastHeight: height, account: account)
            if account.openedHeight == height { openedAccounts.append(account) }
        }
    }

    private func appendEntries(
        _ chain: [AccountEntry], of account: Account, to transaction: inout WriteTransaction
    ) throws(StoreError) {
        var sequence = account.entryCount - UInt64(chain.count)
        var previousHeight = sequence == 0 ? 0 : try lastHeight(of: account.index, in: transaction)
        for item in chain {
            try transaction.append(
                EntryRow(entry: item.entry, previousHeight: previousHeight),
                for: EntryKey(height: height, account: account.index, sequence: sequence), in: tables.entries)
            if sequence > 0, sequence.isMultiple(of: LandmarkKey.stride) {
                let key = LandmarkKey(account: account.index, number: sequence / LandmarkKey.stride)
                try transaction.put(height, for: key, in: tables.landmarks)
            }
            previousHeight = height
            sequence += 1
        }
    }

    private func lastHeight(of account: AccountIndex, in transaction: borrowing WriteTransaction) throws(StoreError) -> UInt64 {
        if let row = accounts[account] { return row.lastHeight }
        return try transaction.record(of: AccountKey(account), in: tables.accounts, because: "a block touched it").lastHeight
    }

    /// Writes once what several blocks may have changed, in the order of keys, which touches each page once.
    func finish(_ transaction: inout WriteTransaction) throws(StoreError) {
        for (index, row) in accounts.sorted(by: { $0.key < $1.key }) {
            try transaction.put(row, for: AccountKey(index), in: tables.accounts)
        }
        for account in openedAccounts.sorted(by: { $0.id < $1.id }) {
            try transaction.put(account.index, for: AccountIDKey(account.id), in: tables.accountIDs)
        }
        for (key, location) in transactions.sorted(by: { $0.key < $1.key }) {
            try transaction.put(location, for: key, in: tables.transactions)
        }
        for (position, record) in supply.sorted(by: { $0.key < $1.key }) {
            try transaction.put(record, for: SupplyKey(UInt32(position)), in: tables.supply)
        }
        let tip = TipRecord(height: height, hash: hash, earlierHeaders: earlierHeaders)
        try transaction.put(tip.payload, for: .tip, in: tables.meta)
    }
}
