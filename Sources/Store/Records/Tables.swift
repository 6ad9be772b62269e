import Ledger

/// Every table of a store: the layout of format 1 (`docs/decisions/0002-storage-layout.md`).
struct Tables: Sendable {
    /// Format, chain specification and tip; their values have a type each.
    let meta: Table<MetaKey, [UInt8]>
    /// Certified headers by height, genesis included.
    let headers: Table<HeightKey, CertifiedHeader>
    /// Canonical certified blocks by height, from 1.
    let blocks: Table<HeightKey, [UInt8]>
    /// Where transactions are, by period and id.
    let transactions: Table<TransactionKey, TransactionLocation>
    /// Memos by the place of their transaction. Nothing else knows them, so that one can be erased.
    let memos: Table<TransactionLocation, Memo>
    /// Accounts as the tip left them, by index.
    let accounts: Table<AccountKey, AccountRow>
    /// Indexes of accounts, by id.
    let accountIDs: Table<AccountIDKey, UInt64>
    /// Accounts as each block that touched them left them.
    let versions: Table<VersionKey, Account>
    /// Entries by block, account and number.
    let entries: Table<EntryKey, EntryRow>
    /// Heights of every 64th entry of an account.
    let landmarks: Table<LandmarkKey, UInt64>
    /// Supply records as the tip left them, by position.
    let supply: Table<SupplyKey, SupplyRecord>

    static let metaName = "meta"
    static let count = 11

    /// Every database, in a fixed order.
    var databases: [Database] {
        [
            meta.database, headers.database, blocks.database, transactions.database, memos.database, accounts.database,
            accountIDs.database, versions.database, entries.database, landmarks.database, supply.database,
        ]
    }

    /// Takes each table from `open`, which is given its name.
    init(_ open: (String) throws(StoreError) -> Database) throws(StoreError) {
        meta = Table(try open(Self.metaName))
        headers = Table(try open("headers"))
        blocks = Table(try open("blocks"))
        transactions = Table(try open("transactions"))
        memos = Table(try open("memos"))
        accounts = Table(try open("accounts"))
        accountIDs = Table(try open("account-ids"))
        versions = Table(try open("account-versions"))
        entries = Table(try open("entries"))
        landmarks = Table(try open("entry-landmarks"))
        supply = Table(try open("supply"))
    }
}

extension ReadableTransaction where Self: ~Copyable {
    /// A record of `meta`, which every store has.
    borrowing func meta<Value: RecordValue>(_ key: MetaKey, as type: Value.Type, in tables: Tables) throws(StoreError) -> Value {
        let payload = try record(of: key, in: tables.meta, because: "every store has one")
        do {
            return try Value(payload: payload)
        } catch {
            throw tables.meta.damage(key, "its checksum is right, but \(error)")
        }
    }

    /// The last durable block and its header, which must be each other's.
    borrowing func tip(in tables: Tables) throws(StoreError) -> (record: TipRecord, header: CertifiedHeader) {
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
        at height: UInt64, in tables: Tables, because reason: @autoclosure () -> String
    ) throws(StoreError) -> CertifiedHeader {
        let certified = try record(of: HeightKey(height), in: tables.headers, because: reason())
        guard certified.header.height == height else {
            throw tables.headers.damage(HeightKey(height), "its header says height \(certified.header.height)")
        }
        return certified
    }
}
