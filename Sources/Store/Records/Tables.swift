import Ledger

/// The tables of the log: what cannot be derived from anything else (`docs/decisions/0002-storage-layout.md`).
struct LogTables: Sendable {
    /// Format, chain specification and tip; their values have a type each.
    let meta: Table<MetaKey, [UInt8]>
    /// Certified headers by height, genesis included.
    let headers: Table<HeightKey, CertifiedHeader>
    /// The blocks' transactions, and where each account they touch was touched before.
    let transactions: Table<ChunkKey, Chunk>
    /// Memos by the place of their transaction. Nothing else knows them, so that one can be erased.
    let memos: Table<TransactionLocation, Memo>
    /// Supply records as the tip left them, by position.
    let supply: Table<SupplyKey, SupplyRecord>

    static let metaName = "meta"
    /// The list of archives, which is made when the first bodies are pruned.
    static let archivesName = "archives"
    /// Of databases, that one included.
    static let count = 6

    /// Every database but the list of archives, in a fixed order.
    var databases: [Database] { [meta.database, headers.database, transactions.database, memos.database, supply.database] }

    /// Takes each table from `open`, which is given its name.
    init(_ open: (String) throws(StoreError) -> Database) throws(StoreError) {
        meta = Table(try open(Self.metaName))
        headers = Table(try open("headers"))
        transactions = Table(try open("transactions"))
        memos = Table(try open("memos"))
        supply = Table(try open("supply"))
    }
}

/// The tables of the derived state: what the log's blocks lead to, up to some height.
struct StateTables: Sendable {
    /// Format and how far the state has come; their values have a type each.
    let meta: Table<StateKey, [UInt8]>
    /// Accounts by index.
    let accounts: Table<AccountKey, AccountRow>
    /// Indexes of accounts, by id.
    let accountIDs: Table<AccountIDKey, UInt64>
    /// Where every 64th entry of an account is.
    let landmarks: Table<LandmarkKey, EntryPlace>
    /// Accounts as those blocks left them in which they came by a landmark.
    let versions: Table<VersionKey, Account>
    /// Places of transactions in sorted runs, by a prefix of their id.
    let transactionIDs: Table<RunKey, IdentifierPage>

    static let metaName = "state"
    static let count = 6

    /// Every database, in a fixed order.
    var databases: [Database] {
        [meta.database, accounts.database, accountIDs.database, landmarks.database, versions.database, transactionIDs.database]
    }

    /// Takes each table from `open`, which is given its name.
    init(_ open: (String) throws(StoreError) -> Database) throws(StoreError) {
        meta = Table(try open(Self.metaName))
        accounts = Table(try open("accounts"))
        accountIDs = Table(try open("account-ids"))
        landmarks = Table(try open("entry-landmarks"))
        versions = Table(try open("account-versions"))
        transactionIDs = Table(try open("transaction-ids"))
    }
}

extension ReadableTransaction where Self: ~Copyable {
    /// A record of `meta`, which every store has.
    borrowing func meta<Value: RecordValue>(_ key: MetaKey, as type: Value.Type, in tables: LogTables) throws(StoreError) -> Value {
        let payload = try record(of: key, in: tables.meta, because: "every store has one")
        do {
            return try Value(payload: payload)
        } catch {
            throw tables.meta.damage(key, "its checksum is right, but \(error)")
        }
    }

    /// The last durable block and its header, which must be each other's.
    borrowing func tip(in tables: LogTables) throws(StoreError) -> (record: TipRecord, header: CertifiedHeader) {
        let tip = try meta(.tip, as: TipRecord.self, in: tables)
        let certified = try header(at: tip.height, in: tables, because: "it is the tip")
        guard certified.header.hash == tip.hash else {
            throw tables.meta.damage(.tip, "it names another block than the header of height \(tip.height)")
        }
        guard tip.earlierHeaders.count == tip.height, tip.earlierHeaders.root == certified.header.historyRoot else {
            throw tables.meta.damage(.tip, "its history tree has another root than the header of height \(tip.height) says")
        }
        return (tip, certified)
    }

    /// The header of a height that has one because of `reason`.
    borrowing func header(
        at height: UInt64, in tables: LogTables, because reason: @autoclosure () -> String
    ) throws(StoreError) -> CertifiedHeader {
        let certified = try record(of: HeightKey(height), in: tables.headers, because: reason())
        guard certified.header.height == height else {
            throw tables.headers.damage(HeightKey(height), "its header says height \(certified.header.height)")
        }
        return certified
    }

    /// How far the derived state has come.
    borrowing func foldRecord(in tables: StateTables) throws(StoreError) -> FoldRecord {
        let payload = try record(of: .fold, in: tables.meta, because: "every state has one")
        do {
            return try FoldRecord(payload: payload)
        } catch {
            throw tables.meta.damage(.fold, "its checksum is right, but \(error)")
        }
    }
}
