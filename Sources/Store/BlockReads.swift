import Cryptography
public import Ledger

extension LedgerStore {
    /// The last durable header; that of genesis, without attestations, when there is no block.
    public func tip() throws(StorageError) -> CertifiedHeader {
        try read { (transaction, tables) throws(StoreError) in try transaction.tip(in: tables).header }
    }

    /// The header of a height and its attestations; at 0 that of genesis, which has none. Nil above the tip.
    public func certifiedHeader(at height: UInt64) throws(StorageError) -> CertifiedHeader? {
        try read { (transaction, tables) throws(StoreError) -> CertifiedHeader? in
            guard height <= (try transaction.tipHeight(in: tables)) else { return nil }
            return try transaction.header(at: height, in: tables, because: "the tip is above it")
        }
    }

    /// The block of a height; nil above the tip, and at 0, where there is only the genesis header.
    public func certifiedBlock(at height: UInt64) throws(StorageError) -> CertifiedBlock? {
        try read { (transaction, tables) throws(StoreError) in try transaction.block(at: height, in: tables) }
    }

    /// The canonical bytes (`docs/spec/block.md` section 2) of the block of a height; nil above the tip and at 0.
    public func certifiedBlockBytes(at height: UInt64) throws(StorageError) -> [UInt8]? {
        try read { (transaction, tables) throws(StoreError) in try transaction.blockBytes(at: height, in: tables) }
    }

    /// Passes the blocks of heights `first` to `last` to `body`, in order; heights without a block are left out.
    ///
    /// Each block is read for itself, so that a long walk keeps no page from being used again. Throws a `StorageError`, or what `body`
    /// throws.
    public func forEachCertifiedBlock(from first: UInt64, to last: UInt64, _ body: (CertifiedBlock) throws -> Void) throws {
        var height = max(first, 1)
        while height <= last, let block = try certifiedBlock(at: height) {
            try body(block)
            height += 1
        }
    }

    /// Where a transaction stands; nil when it is in no durable block.
    public func location(of id: TransactionID) throws(StorageError) -> TransactionLocation? {
        try read { (transaction, tables) throws(StoreError) in try transaction.location(of: id, in: tables) }
    }

    /// The memo that came with a transaction; nil when there was none, or it was erased.
    public func memo(of id: TransactionID) throws(StorageError) -> Memo? {
        try read { (transaction, tables) throws(StoreError) -> Memo? in
            guard let location = try transaction.location(of: id, in: tables) else { return nil }
            return try transaction.record(of: location, in: tables.memos)
        }
    }

    /// The memo of the transaction at a place; nil when there was none, or it was erased.
    public func memo(at location: TransactionLocation) throws(StorageError) -> Memo? {
        try read { (transaction, tables) throws(StoreError) in try transaction.record(of: location, in: tables.memos) }
    }

    /// The supply records, by asset, then institution, as of the tip.
    public func supply() throws(StorageError) -> [SupplyRecord] {
        try read { (transaction, tables) throws(StoreError) in try transaction.supply(in: tables) }
    }
}

extension ReadableTransaction where Self: ~Copyable {
    /// The height of the last durable block.
    borrowing func tipHeight(in tables: Tables) throws(StoreError) -> UInt64 {
        try meta(.tip, as: TipRecord.self, in: tables).height
    }

    /// The canonical bytes of the block of a height; nil above the tip and at 0.
    borrowing func blockBytes(at height: UInt64, in tables: Tables) throws(StoreError) -> [UInt8]? {
        guard height > 0, height <= (try tipHeight(in: tables)) else { return nil }
        return try record(of: HeightKey(height), in: tables.blocks, because: "the tip is not below it")
    }

    /// The block of a height; nil above the tip and at 0.
    borrowing func block(at height: UInt64, in tables: Tables) throws(StoreError) -> CertifiedBlock? {
        guard let bytes = try blockBytes(at: height, in: tables) else { return nil }
        let certified: CertifiedBlock
        do {
            certified = try CertifiedBlock(decoding: bytes)
        } catch {
            throw tables.blocks.damage(HeightKey(height), "its checksum is right, but \(error)")
        }
        guard certified.block.header.height == height else {
            throw tables.blocks.damage(HeightKey(height), "its header says height \(certified.block.header.height)")
        }
        return certified
    }

    /// Where a transaction stands: asks the period of the newest block first, then each earlier one that has blocks.
    borrowing func location(of id: TransactionID, in tables: Tables) throws(StoreError) -> TransactionLocation? {
        let table = tables.transactions
        return try withCursor(over: table.database) { (cursor) throws(StoreError) in
            var found = try cursor.seekLast()
            while found {
                let period = try cursor.record(of: table).key.period
                let wanted = TransactionKey(period: period, id: id)
                if try cursor.seek(wanted.bytes.span) {
                    let record = try cursor.record(of: table)
                    if record.key == wanted { return record.value }
                }
                // The period has a record, so this stands on its first one, and the one before it is of an earlier period.
                found = try cursor.seek(TransactionKey(period: period, id: TransactionID(.zero)).bytes.span)
                if found { found = try cursor.previous() }
            }
            return nil
        }
    }

    /// All supply records.
    borrowing func supply(in tables: Tables) throws(StoreError) -> [SupplyRecord] {
        var records: [SupplyRecord] = []
        try forEachRecord(in: tables.supply) { (key, record) throws(StoreError) in
            guard Int(key.position) == records.count else {
                throw tables.supply.damage(SupplyKey(UInt32(records.count)), "it is missing, although a later one is there")
            }
            records.append(record)
            return true
        }
        return records
    }
}
