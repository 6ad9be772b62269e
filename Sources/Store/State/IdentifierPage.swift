import Ledger

/// Ids that follow each other in a run: per id the prefix `u64` and the place `u64`. No prefix is on two pages of a run.
struct IdentifierPage: RecordValue {
    static let identifierBytes = 16
    /// As many as fill a page of LMDB's, with its header and our checksum.
    static let usualCount = (4_096 - 16 - 8) / identifierBytes

    let payload: [UInt8]

    init(payload: [UInt8]) throws(DecodingError) {
        guard !payload.isEmpty, payload.count.isMultiple(of: Self.identifierBytes) else { throw .truncated }
        self.payload = payload
    }

    init(_ identifiers: [Identifier]) {
        var buffer = ByteBuffer(capacity: identifiers.count * Self.identifierBytes)
        for identifier in identifiers {
            buffer.append(identifier.prefix)
            buffer.append(identifier.place)
        }
        payload = [UInt8](copying: buffer.span)
    }

    var count: Int { payload.count / Self.identifierBytes }

    subscript(position: Int) -> Identifier {
        let bytes = payload.span
        return Identifier(
            prefix: bytes.number(at: position * Self.identifierBytes), place: bytes.number(at: position * Self.identifierBytes + 8))
    }

    /// The places of all ids with a prefix.
    func locations(of prefix: UInt64) -> [TransactionLocation] {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].prefix < prefix { low = middle + 1 } else { high = middle }
        }
        var found: [TransactionLocation] = []
        while low < count, self[low].prefix == prefix {
            found.append(self[low].location)
            low += 1
        }
        return found
    }
}

/// Cuts a run into pages and writes them, a bounded number in each transaction.
struct IdentifierPages {
    private let run: UInt64
    private var page: [Identifier] = []
    private var pages: [[Identifier]] = []

    init(run: UInt64) { self.run = run }

    /// How many pages wait to be written.
    var waiting: Int { pages.count }

    /// Adds the next id of the run.
    mutating func append(_ identifier: Identifier) {
        if page.count >= IdentifierPage.usualCount, page.last?.prefix != identifier.prefix { end() }
        page.append(identifier)
    }

    /// Ends the page that is not full yet.
    mutating func end() {
        guard !page.isEmpty else { return }
        pages.append(page)
        page = []
        page.reserveCapacity(IdentifierPage.usualCount)
    }

    mutating func write(to core: StoreCore) throws(StoreError) {
        guard !pages.isEmpty else { return }
        try core.state.write { (transaction) throws(StoreError) in
            for page in pages {
                try transaction.append(
                    IdentifierPage(page), for: RunKey(run: run, prefix: page[0].prefix), in: core.stateTables.transactionIDs)
            }
        }
        pages = []
    }
}

extension ReadableTransaction where Self: ~Copyable {
    /// Where transactions with a prefix stand, newest first, as far as the state knows.
    borrowing func locations(of prefix: UInt64, in tables: StateTables) throws(StoreError) -> [TransactionLocation] {
        let runs = try foldRecord(in: tables).runs
        let table = tables.transactionIDs
        return try withCursor(over: table.database) { (cursor) throws(StoreError) in
            var found: [TransactionLocation] = []
            for run in runs.reversed() where run.count > 0 {
                guard try cursor.seekLessOrEqual(RunKey(run: run.number, prefix: prefix).bytes.span) else { continue }
                guard try table.key(of: cursor.key).run == run.number else { continue }
                found += try cursor.record(of: table).value.locations(of: prefix).reversed()
            }
            return found
        }
    }
}
