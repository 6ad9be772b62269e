import Ledger

/// Transactions of a block that stand one after the other, and for each of their entries whose it is and where that account was touched
/// before.
///
/// The payload: a count `u16`; per transaction the length of its bytes `u32`, the number of its entries `u16` and of its signatures
/// `u16`; per entry, in the order of effects, the account's index `u48` and the `EntryPointer` to the account's entry before it `u64`;
/// then the transactions' canonical bytes.
struct Chunk: RecordValue {
    /// A chunk takes transactions until its record would need more than four pages of LMDB's. Larger chunks would make a block's records
    /// fewer, and reading a single transaction, which checks its chunk's checksum, dearer.
    static let largestPayloadBytes = 4 * 4_096 - 16 - 8
    static let countBytes = 2
    static let transactionBytes = 8
    static let entryBytes = 14

    let payload: [UInt8]
    /// How many transactions.
    let count: Int
    /// Where the entries of each transaction start, and after the last one.
    private let entryStarts: [Int]
    /// Where the bytes of each transaction start, and after the last one.
    private let byteStarts: [Int]

    init(payload: [UInt8]) throws(DecodingError) {
        self.payload = payload
        let bytes = payload.span
        guard bytes.count >= Self.countBytes else { throw .truncated }
        count = Int(bytes.number(at: 0, as: UInt16.self))
        guard count > 0 else { throw .countOutOfRange }
        let entries = Self.countBytes + count * Self.transactionBytes
        guard bytes.count >= entries else { throw .truncated }
        var entryStarts = [entries]
        var lengths = 0
        entryStarts.reserveCapacity(count + 1)
        for position in 0..<count {
            let offset = Self.countBytes + position * Self.transactionBytes
            entryStarts.append(entryStarts[position] + Int(bytes.number(at: offset + 4, as: UInt16.self)) * Self.entryBytes)
            lengths += Int(bytes.number(at: offset, as: UInt32.self))
        }
        guard bytes.count == entryStarts[count] + lengths else { throw .trailingBytes }
        var byteStarts = [entryStarts[count]]
        byteStarts.reserveCapacity(count + 1)
        for position in 0..<count {
            let length: UInt32 = bytes.number(at: Self.countBytes + position * Self.transactionBytes)
            byteStarts.append(byteStarts[position] + Int(length))
        }
        self.entryStarts = entryStarts
        self.byteStarts = byteStarts
    }

    func entryCount(of transaction: Int) -> Int { (entryStarts[transaction + 1] - entryStarts[transaction]) / Self.entryBytes }

    /// Whose an entry is.
    func account(_ transaction: Int, entry: Int) -> AccountIndex {
        payload.span.number48(at: entryStarts[transaction] + entry * Self.entryBytes)
    }

    /// The account's entry before an entry.
    func previous(_ transaction: Int, entry: Int) -> EntryPointer {
        EntryPointer(raw: payload.span.number(at: entryStarts[transaction] + entry * Self.entryBytes + 6))
    }

    /// The entries of an account in a transaction, ascending.
    func entries(of account: AccountIndex, in transaction: Int) -> [Int] {
        var found: [Int] = []
        for entry in 0..<entryCount(of: transaction) where self.account(transaction, entry: entry) == account { found.append(entry) }
        return found
    }

    /// The canonical bytes of a transaction.
    func bytes(of transaction: Int) -> ArraySlice<UInt8> { payload[byteStarts[transaction]..<byteStarts[transaction + 1]] }

    func transaction(_ transaction: Int) throws(DecodingError) -> SignedTransaction {
        try SignedTransaction(decoding: Array(bytes(of: transaction)))
    }

    /// The transaction's id, which takes one hash and no decoding.
    func id(of transaction: Int) throws(DecodingError) -> TransactionID {
        let signatures: UInt16 = payload.span.number(at: Self.countBytes + transaction * Self.transactionBytes + 6)
        // `docs/spec/transaction.md` section 3: a count, then 68 bytes a signature.
        let content = byteStarts[transaction + 1] - 2 - Int(signatures) * 68
        guard content > byteStarts[transaction] else { throw .truncated }
        return TransactionID(hashing: payload.span.extracting(byteStarts[transaction]..<content))
    }

    /// The transaction's expiry, which stands at a fixed place (`docs/spec/transaction.md` section 1).
    func expiry(of transaction: Int) throws(DecodingError) -> TimeMilliseconds {
        let start = byteStarts[transaction] + 33
        guard start + 8 <= byteStarts[transaction + 1] else { throw .truncated }
        return payload.span.number(at: start)
    }
}

extension ReadableTransaction where Self: ~Copyable {
    /// Passes the chunks of a block to `body`, in order, each with the position of its first transaction.
    borrowing func forEachChunk(
        at height: UInt64, in tables: LogTables, _ body: (Int, Chunk) throws(StoreError) -> Void
    ) throws(StoreError) {
        var next = 0
        let first = ChunkKey(height: height, first: 0)
        try forEachRecord(in: tables.transactions, from: first.bytes) { (key, chunk) throws(StoreError) in
            guard key.height == height else { return false }
            guard Int(key.first) == next else {
                throw tables.transactions.damage(
                    ChunkKey(height: height, first: UInt32(next)), "it is missing, although a later one is there")
            }
            try body(next, chunk)
            next += chunk.count
            return true
        }
        let header = try header(at: height, in: tables, because: "the tip is not below it").header
        guard next == Int(header.transactionCount) else {
            throw tables.transactions.damage(
                ChunkKey(height: height, first: UInt32(truncatingIfNeeded: next)),
                "the block has \(header.transactionCount) transactions, and there are \(next)")
        }
    }

    /// The chunk that a transaction of a block is in, and the position of the chunk's first; nil when there is none.
    borrowing func chunk(at location: TransactionLocation, in tables: LogTables) throws(StoreError) -> (first: UInt32, chunk: Chunk)? {
        let table = tables.transactions
        return try withCursor(over: table.database) { (cursor) throws(StoreError) in
            let wanted = ChunkKey(height: location.height, first: location.position)
            guard try cursor.seekLessOrEqual(wanted.bytes.span) else { return nil }
            let record = try cursor.record(of: table)
            guard record.key.height == location.height, Int(location.position) < Int(record.key.first) + record.value.count else {
                return nil
            }
            return (record.key.first, record.value)
        }
    }
}
