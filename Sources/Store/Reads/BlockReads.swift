import Cryptography
public import Ledger

extension LedgerStore {
    /// The last durable header; that of genesis, without attestations, when there is no block.
    public func tip() throws(StorageError) -> CertifiedHeader {
        try withCore { core in core.recent.withLock { $0.tip } }
    }

    /// The header of a height and its attestations; at 0 that of genesis, which has none. Nil above the tip.
    public func certifiedHeader(at height: UInt64) throws(StorageError) -> CertifiedHeader? {
        try readLog { (transaction, tables, tip) throws(StoreError) -> CertifiedHeader? in
            guard height <= tip else { return nil }
            return try transaction.header(at: height, in: tables, because: "the tip is above it")
        }
    }

    /// The block of a height; nil above the tip, and at 0, where there is only the genesis header. Throws `.pruned` where its body is gone.
    public func certifiedBlock(at height: UInt64) throws(StorageError) -> CertifiedBlock? {
        try readBodies { (transaction, core, tip) throws(StoreError) -> CertifiedBlock? in
            let tables = core.logTables
            guard height > 0, height <= tip else { return nil }
            try core.requireBody(of: height)
            return try transaction.block(at: height, in: tables)
        }
    }

    /// The canonical bytes (`docs/spec/block.md` section 2) of the block of a height; nil above the tip and at 0.
    public func certifiedBlockBytes(at height: UInt64) throws(StorageError) -> [UInt8]? {
        try readBodies { (transaction, core, tip) throws(StoreError) -> [UInt8]? in
            let tables = core.logTables
            guard height > 0, height <= tip else { return nil }
            try core.requireBody(of: height)
            return try transaction.blockBytes(at: height, in: tables)
        }
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
        let found = try candidate(for: id)
        if let place = found.pruned { throw StorageError(try prunedError(at: place.height)) }
        return found.location
    }

    /// Where a transaction stands, or may stand.
    func candidate(for id: TransactionID) throws(StorageError) -> Candidate {
        let prefix = Identifier.prefix(of: id)
        return try withCore { (core) throws(StoreError) -> Candidate in
            try core.view(capture: { $0.current.identifiers.locations(of: prefix) }) { (view, recent) throws(StoreError) -> Candidate in
                let end = core.prunedHeight
                var candidate = Candidate()
                for place in recent where try view.meets(id, at: place, prunedTo: end, &candidate) { return candidate }
                for place in view.folding?.identifiers.locations(of: prefix) ?? []
                where try view.meets(id, at: place, prunedTo: end, &candidate) { return candidate }
                for place in try view.state.locations(of: prefix, in: view.stateTables)
                where try view.meets(id, at: place, prunedTo: end, &candidate) { return candidate }
                return candidate
            }
        }
    }

    /// Where a transaction's id leads.
    struct Candidate {
        /// Where it stands.
        var location: TransactionLocation?
        /// Where it may have stood: an id is compared with the transaction at the place that its first 8 bytes lead to, and where that was
        /// pruned, nothing is left to compare with.
        var pruned: TransactionLocation?
    }

    /// The transaction at a place; nil when there is none.
    ///
    /// Reads the record that holds it, and not the block.
    public func transaction(at location: TransactionLocation) throws(StorageError) -> SignedTransaction? {
        try readBodies { (transaction, core, tip) throws(StoreError) -> SignedTransaction? in
            let tables = core.logTables
            guard location.height > 0, location.height <= tip else { return nil }
            try core.requireBody(of: location.height)
            guard let found = try transaction.chunk(at: location, in: tables) else { return nil }
            do {
                return try found.chunk.transaction(Int(location.position - found.first))
            } catch {
                throw tables.transactions.damage(
                    ChunkKey(height: location.height, first: found.first),
                    "its checksum is right, but of transaction \(location.position) \(error)")
            }
        }
    }

    /// The memo that came with a transaction; nil when there was none, or it was erased.
    public func memo(of id: TransactionID) throws(StorageError) -> Memo? {
        guard let location = try location(of: id) else { return nil }
        return try memo(at: location)
    }

    /// The memo of the transaction at a place; nil when there was none, or it was erased.
    public func memo(at location: TransactionLocation) throws(StorageError) -> Memo? {
        try readLog { (transaction, tables, _) throws(StoreError) in try transaction.record(of: location, in: tables.memos) }
    }

    /// The supply records, by asset, then institution, as of the tip.
    public func supply() throws(StorageError) -> [SupplyRecord] {
        try withCore { core in core.recent.withLock { $0.supply } }
    }
}

extension StoreView {
    /// Whether a transaction is at a place that its id leads to; where that was pruned, it is noted as one where it may have been.
    fileprivate borrowing func meets(
        _ id: TransactionID, at place: TransactionLocation, prunedTo end: UInt64, _ candidate: inout LedgerStore.Candidate
    ) throws(StoreError) -> Bool {
        guard place.height > end else {
            candidate.pruned = place
            return false
        }
        guard try self.id(at: place) == id else { return false }
        candidate = LedgerStore.Candidate(location: place, pruned: nil)
        return true
    }

    /// The id of the transaction at a place that the ids lead to.
    fileprivate borrowing func id(at location: TransactionLocation) throws(StoreError) -> TransactionID {
        let key = ChunkKey(height: location.height, first: location.position)
        guard let found = try log.chunk(at: location, in: logTables) else {
            throw logTables.transactions.damage(key, "it is missing, although a transaction's id leads there")
        }
        do {
            return try found.chunk.id(of: Int(location.position - found.first))
        } catch {
            throw logTables.transactions.damage(key, "its checksum is right, but \(error)")
        }
    }
}

extension ReadableTransaction where Self: ~Copyable {
    /// The canonical bytes of the block of a height from 1 up to the tip.
    borrowing func blockBytes(at height: UInt64, in tables: LogTables) throws(StoreError) -> [UInt8] {
        let certified = try header(at: height, in: tables, because: "the tip is not below it")
        var bytes = certified.header.bytes
        try forEachChunk(at: height, in: tables) { (first, chunk) throws(StoreError) in
            if first == 0 { bytes.reserveCapacity(Self.estimate(chunk, of: certified)) }
            for position in 0..<chunk.count {
                let transaction = chunk.bytes(of: position)
                let count = UInt32(transaction.count)
                for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
                bytes.append(contentsOf: transaction)
            }
        }
        var writer = ByteWriter(reservingCapacity: 2 + certified.attestations.count * 66)
        certified.writeAttestations(to: &writer)
        bytes.append(contentsOf: writer.bytes)
        return bytes
    }

    /// About the bytes of a block, by its first chunk.
    private static func estimate(_ chunk: Chunk, of certified: CertifiedHeader) -> Int {
        let transactions = Int(certified.header.transactionCount)
        return 4_096 + (chunk.payload.count / chunk.count + 4) * min(transactions, Block.maximumTransactionCount)
    }

    /// The block of a height from 1 up to the tip.
    borrowing func block(at height: UInt64, in tables: LogTables) throws(StoreError) -> CertifiedBlock {
        let certified = try header(at: height, in: tables, because: "the tip is not below it")
        var transactions: [SignedTransaction] = []
        transactions.reserveCapacity(min(Int(certified.header.transactionCount), Block.maximumTransactionCount))
        try forEachChunk(at: height, in: tables) { (first, chunk) throws(StoreError) in
            do {
                for position in 0..<chunk.count { transactions.append(try chunk.transaction(position)) }
            } catch {
                throw tables.transactions.damage(
                    ChunkKey(height: height, first: UInt32(first)), "its checksum is right, but of a transaction \(error)")
            }
        }
        return CertifiedBlock(block: Block(header: certified.header, transactions: transactions), attestations: certified.attestations)
    }

    /// All supply records.
    borrowing func supply(in tables: LogTables) throws(StoreError) -> [SupplyRecord] {
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
