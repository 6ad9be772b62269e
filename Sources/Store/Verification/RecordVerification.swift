import Cryptography
public import Ledger

extension LedgerStore {
    /// Reads every record and compares each with all that it must agree with; throws `.damaged` for the first that does not, by name.
    ///
    /// Checks every checksum; the chain of headers and their history roots; per block that its transactions have the header's root, that
    /// following their effects from genesis leads to the header's state root, that each entry says whose it is and where that account
    /// was touched before, and that memos are those committed to; then that the derived state has exactly what the blocks up to its
    /// height lead to: accounts, their ids, landmarks and versions, and every transaction under its id. It does not check signatures
    /// nor rules. Runs beside commits and folds, of which it checks those before its begin, and holds no read for long. `progress` is
    /// told how many records are done, and of how many.
    ///
    /// Where bodies were pruned, `archives` is the directory that has them; each archive is compared with its hash first. Without it only
    /// what is there is verified (`AvailableVerification`), and nothing is followed.
    public func verifyRecords(
        archives: String? = nil, progress: (_ done: UInt64, _ total: UInt64) -> Void
    ) throws(StorageError) {
        if let archives { try checkArchives(in: archives) }
        try withCore { (core) throws(StoreError) in
            if core.prunedHeight > 0, archives == nil {
                var available = try AvailableVerification(core)
                return try available.run(progress: progress)
            }
            var chain = try ChainVerification(core, archives: archives.map { ArchivedBodies(core, in: $0) })
            for height in 0...chain.tip.header.height {
                try chain.verify(height: height)
                if height == chain.folded.height {
                    var state = StateVerification(core, chain)
                    try state.run { progress(min(chain.done + $0, chain.total), chain.total) }
                    chain.take(state)
                }
                progress(min(chain.done, chain.total), chain.total)
            }
            try chain.verifyEnds()
            progress(chain.total, chain.total)
        }
    }
}

/// The log's blocks followed from genesis, and what they lead to.
struct ChainVerification {
    /// The last block at the begin; of what comes after it nothing is looked at.
    let tip: CertifiedHeader
    /// The last block that was folded whole at the begin.
    let folded: BlockName
    private let core: StoreCore
    private let institutions: [AccountID: InstitutionIndex]
    private var parent = BlockHash(.zero)
    private var history = HistoryTree()
    /// Every account as the last block left it.
    private(set) var rows: [AccountRow]
    private var stateTree = MerkleTree()
    private var touched: Set<AccountIndex> = []
    private var marked: Set<AccountIndex> = []
    /// Of blocks up to `folded`.
    private(set) var landmarkCount: UInt64 = 0
    private(set) var versionCount: UInt64 = 0
    /// What the ids of all transactions up to a height add up to, at the heights where runs may end, and 0.
    private(set) var digests: [UInt64: IdentifierDigest]
    private var digest = IdentifierDigest()
    /// What a fold that is under way, or was cut off, has of later blocks: accounts by the height at which they are like that, and ids.
    private var later: [UInt64: [AccountRow]] = [:]
    private var laterIDs: [(id: AccountID, index: AccountIndex)] = []
    private(set) var done: UInt64
    let total: UInt64
    private let prunedHeight: UInt64
    private var archives: ArchivedBodies?

    /// Verifies the small tables of the log, whole.
    init(_ core: StoreCore, archives: ArchivedBodies?) throws(StoreError) {
        self.core = core
        self.archives = archives
        prunedHeight = core.prunedHeight
        rows = core.genesisAccounts.map { AccountRow(last: .none, account: $0) }
        let members = core.genesisAccounts.filter { $0.kind == .institution }
        institutions = Dictionary(uniqueKeysWithValues: members.map { ($0.id, $0.institution) })
        let height = core.recent.withLock { $0.tip.header.height }
        let (tip, counts) = try core.log.read { (log) throws(StoreError) in try Self.verifySmallTables(core, log, height) }
        let (record, stateCount) = try core.state.read { (state) throws(StoreError) in
            var count: UInt64 = 0
            for database in core.stateTables.databases { count += try state.statistics(of: database).entries }
            return (try state.foldRecord(in: core.stateTables), count)
        }
        self.tip = tip
        // A fold that ended just now may know a block that readers do not see yet.
        folded = record.folded.height <= height ? record.folded : BlockName(height: height, hash: tip.header.hash)
        digests = Dictionary(uniqueKeysWithValues: Set([0] + record.runs.map(\.lastHeight)).map { ($0, IdentifierDigest()) })
        done = counts.done
        total = counts.total + stateCount
    }

    private static func verifySmallTables(
        _ core: StoreCore, _ log: borrowing ReadTransaction, _ height: UInt64
    ) throws(StoreError) -> (CertifiedHeader, (done: UInt64, total: UInt64)) {
        let tables = core.logTables
        var done: UInt64 = 0
        try log.forEachRecord(in: tables.meta) { (_, _) throws(StoreError) in
            done += 1
            return true
        }
        let last = try log.tip(in: tables).header
        let supply = try log.supply(in: tables)
        guard MerkleTree(leaves: supply.map(\.leaf)).root == last.header.supplyRoot else {
            throw .damaged("database \"supply\" has another root than the header of height \(last.header.height)")
        }
        var total: UInt64 = 0
        for database in tables.databases { total += try log.statistics(of: database).entries }
        return (try log.header(at: height, in: tables, because: "the tip is not below it"), (done + UInt64(supply.count), total))
    }

    // MARK: - By height

    mutating func verify(height: UInt64) throws(StoreError) {
        let core = core
        try core.log.read { (log) throws(StoreError) in
            let certified = try log.header(at: height, in: core.logTables, because: "the tip is not below it")
            let header = certified.header
            guard header.network == core.chainspec.network, header.parent == parent, header.historyRoot == history.root else {
                throw core.logTables.headers.damage(HeightKey(height), "it does not follow the headers before it")
            }
            parent = header.hash
            history.append(header.historyLeaf)
            done += 1
            guard height > 0 else { return try verifyRoot(of: header) }
            try core.state.read { (state) throws(StoreError) in
                let transactions = try verifyTransactions(of: header, log, state)
                try verifyMemos(of: transactions, height: height, log)
                try verifyRoot(of: header)
                try verifyVersions(at: height, state)
            }
            if digests[height] != nil { digests[height] = digest }
            try verifyLater(at: height)
        }
    }

    /// Follows the block's transactions; returns their memo commitments.
    private mutating func verifyTransactions(
        of header: BlockHeader, _ log: borrowing ReadTransaction, _ state: borrowing ReadTransaction
    ) throws(StoreError) -> [Bytes32] {
        var commitments: [Bytes32] = []
        var leaves: [Bytes32] = []
        if header.height <= prunedHeight {
            for (position, signed) in try archives?.transactions(of: header).enumerated() ?? [].enumerated() {
                let location = TransactionLocation(height: header.height, position: UInt32(position))
                guard let chunk = try archives?.chunk(of: signed, at: location, rows) else { break }
                try take(signed, 0, of: chunk, at: location, ChunkKey(height: header.height, first: location.position), state)
                commitments.append(signed.content.memoCommitment)
                leaves.append(signed.transactionLeaf)
            }
        } else {
            // Pruned since this began.
            try core.requireBody(of: header.height)
            try forEachStored(of: header, log) { (verification, signed, position, chunk, location, key) throws(StoreError) in
                try verification.take(signed, position, of: chunk, at: location, key, state)
                commitments.append(signed.content.memoCommitment)
                leaves.append(signed.transactionLeaf)
            }
        }
        guard MerkleTree(leaves: leaves).root == header.transactionRoot else {
            throw .damaged("database \"transactions\" has another root for height \(header.height) than its header")
        }
        return commitments
    }

    /// Passes the transactions that the log has of a block to `body`, each with its chunk.
    private mutating func forEachStored(
        of header: BlockHeader, _ log: borrowing ReadTransaction,
        _ body: (inout ChainVerification, SignedTransaction, Int, Chunk, TransactionLocation, ChunkKey) throws(StoreError) -> Void
    ) throws(StoreError) {
        let table = core.logTables.transactions
        try log.forEachChunk(at: header.height, in: core.logTables) { (first, chunk) throws(StoreError) in
            let key = ChunkKey(height: header.height, first: UInt32(first))
            for position in 0..<chunk.count {
                let location = TransactionLocation(height: header.height, position: UInt32(first + position))
                let signed: SignedTransaction
                do {
                    signed = try chunk.transaction(position)
                    guard try chunk.id(of: position) == signed.id, try chunk.expiry(of: position) == signed.content.expiry else {
                        throw table.damage(key, "transaction \(location.position) has another number of signatures")
                    }
                } catch let error as StoreError {
                    throw error
                } catch {
                    throw table.damage(key, "its checksum is right, but of transaction \(location.position) \(error)")
                }
                try body(&self, signed, position, chunk, location, key)
            }
            done += 1
        }
    }

    private mutating func take(
        _ signed: SignedTransaction, _ position: Int, of chunk: Chunk, at location: TransactionLocation, _ key: ChunkKey,
        _ state: borrowing ReadTransaction
    ) throws(StoreError) {
        try follow(signed, position, of: chunk, at: location, key, state)
        digest.add(Identifier(signed.id, height: location.height, position: Int(location.position)))
    }

    private mutating func follow(
        _ signed: SignedTransaction, _ position: Int, of chunk: Chunk, at location: TransactionLocation, _ key: ChunkKey,
        _ state: borrowing ReadTransaction
    ) throws(StoreError) {
        let table = core.logTables.transactions
        let followed = FollowedTransaction(signed)
        guard followed.effects.count == chunk.entryCount(of: position) else {
            throw table.damage(key, "transaction \(location.position) has another number of entries")
        }
        for (entry, effect) in followed.effects.enumerated() {
            let index = chunk.account(position, entry: entry)
            try meet(index, effect, of: followed, at: location, key)
            let previous = rows[Int(index)].last
            guard chunk.previous(position, entry: entry) == previous else {
                throw table.damage(
                    key, "an entry of account \(index) in transaction \(location.position) does not lead to the one before it")
            }
            let sequence = rows[Int(index)].account.entryCount
            do {
                try rows[Int(index)].account.apply(effect, of: followed, at: location)
            } catch {
                throw table.damage(key, "transaction \(location.position) does not apply to account \(index): \(error)")
            }
            rows[Int(index)].last = EntryPointer(height: location.height, transaction: location.position, sequence: sequence)
            touched.insert(index)
            guard previous.landmarkIsNext else { continue }
            marked.insert(index)
            guard location.height <= folded.height else { continue }
            let ordinal = chunk.entries(of: index, in: position).prefix { $0 < entry }.count
            let landmark = LandmarkKey(account: index, number: sequence / LandmarkKey.stride)
            let place = EntryPlace(pointer: rows[Int(index)].last, ordinal: UInt16(ordinal))
            guard try state.record(of: landmark, in: core.stateTables.landmarks) == place else {
                throw core.stateTables.landmarks.damage(landmark, "it does not lead to height \(location.height), where the entry is")
            }
            landmarkCount += 1
        }
    }

    /// That an entry says whose it is; an opened account comes into being.
    private mutating func meet(
        _ index: AccountIndex, _ effect: Effect, of followed: FollowedTransaction, at location: TransactionLocation, _ key: ChunkKey
    ) throws(StoreError) {
        let content = followed.signed.content
        let expected: AccountID?
        switch effect.subject {
        case .account(let position): expected = content.account(at: position)
        case .liability(let bank):
            expected = institutions[content.account(at: bank)].map { core.chainspec.liabilityAccount(asset: effect.asset, bank: $0) }
        case .opening(let sponsor):
            if index == AccountIndex(rows.count), let institution = institutions[content.account(at: sponsor)],
                let opened = Account(
                    opening: effect, of: followed, index: index, institution: institution, height: location.height)
            {
                rows.append(AccountRow(last: .none, account: opened))
                return
            }
            expected = nil
        }
        guard let expected, index < AccountIndex(rows.count), rows[Int(index)].account.id == expected else {
            throw core.logTables.transactions.damage(
                key, "an entry of transaction \(location.position) is said to be of account \(index), and is not")
        }
    }

    private mutating func verifyMemos(
        of commitments: [Bytes32], height: UInt64, _ log: borrowing ReadTransaction
    ) throws(StoreError) {
        let table = core.logTables.memos
        let first = TransactionLocation(height: height, position: 0)
        try log.forEachRecord(in: table, from: first.bytes) { (key, memo) throws(StoreError) in
            guard key.height == height else { return false }
            guard Int(key.position) < commitments.count, commitments[Int(key.position)] == memo.commitment else {
                throw table.damage(key, "no transaction there commits to it")
            }
            done += 1
            return true
        }
    }

    private mutating func verifyRoot(of header: BlockHeader) throws(StoreError) {
        let oldCount = stateTree.count
        let changes = touched.filter { Int($0) < oldCount }.sorted().map { (index: Int($0), leaf: rows[Int($0)].account.leaf) }
        stateTree.update(changes, appending: rows[oldCount...].map(\.account.leaf))
        touched.removeAll(keepingCapacity: true)
        guard UInt64(rows.count) == header.accountCount, stateTree.root == header.stateRoot else {
            throw .damaged("database \"transactions\" leads to another state root than the header of height \(header.height) has")
        }
    }

    private mutating func verifyVersions(at height: UInt64, _ state: borrowing ReadTransaction) throws(StoreError) {
        defer { marked.removeAll(keepingCapacity: true) }
        guard height <= folded.height else { return }
        for index in marked {
            let key = VersionKey(account: index, height: height)
            guard try state.record(of: key, in: core.stateTables.versions) == rows[Int(index)].account else {
                throw core.stateTables.versions.damage(key, "it is not what the entries of the account lead to")
            }
            versionCount += 1
        }
    }

    private mutating func verifyLater(at height: UInt64) throws(StoreError) {
        for row in later.removeValue(forKey: height) ?? [] {
            guard row.account.index < AccountIndex(rows.count), rows[Int(row.account.index)] == row else {
                throw core.stateTables.accounts.damage(
                    AccountKey(row.account.index), "it is not as the block of height \(height) left it")
            }
        }
    }

    // MARK: - The derived state

    /// Takes over what the state's verification has found of blocks that are not followed yet.
    mutating func take(_ state: StateVerification) {
        later = Dictionary(grouping: state.later, by: \.last.height)
        laterIDs = state.laterIDs
        done += state.done
    }

    /// That ids of accounts that a fold has ahead are theirs, and that nothing is above the tip.
    func verifyEnds() throws(StoreError) {
        for (id, index) in laterIDs where index < AccountIndex(rows.count) && rows[Int(index)].account.id != id {
            throw core.stateTables.accountIDs.damage(AccountIDKey(id), "account \(index) has another id")
        }
        let tables = core.logTables
        try core.log.read { (log) throws(StoreError) in
            let last = try log.tip(in: tables).record.height
            let heights = [
                (tables.headers.database, try log.lastRecord(in: tables.headers)?.key.height),
                (tables.transactions.database, try log.lastRecord(in: tables.transactions)?.key.height),
                (tables.memos.database, try log.lastRecord(in: tables.memos)?.key.height),
            ]
            for case (let database, .some(let height)) in heights where height > last {
                throw .damaged("database \"\(database.name)\" has records of height \(height), above the tip at \(last)")
            }
        }
    }
}
