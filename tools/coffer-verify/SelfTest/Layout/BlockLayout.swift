import Ledger

/// Where the parts of a certified block stand.
struct BlockLayout: Sendable {
    let bytes: [UInt8]
    /// Each transaction, without the length before it.
    let transactions: [Range<Int>]
    /// From the count of attestations to the end.
    let attestations: Range<Int>

    init(_ bytes: [UInt8], transactionCount: Int) throws(UnknownLayout) {
        self.bytes = bytes
        var walker = FieldWalker(bytes)
        try walker.header()
        var transactions: [Range<Int>] = []
        for _ in 0..<transactionCount {
            let length = try walker.integer(.block, "transactions.length", 4)
            transactions.append(try walker.field(.block, "transactions", length))
        }
        self.transactions = transactions
        let start = walker.offset
        try walker.attestations()
        try walker.finish()
        attestations = start..<bytes.count
    }

    var header: [UInt8] { Array(bytes[..<BlockHeader.byteCount]) }

    /// The block with other transactions, and header and attestations as they are or as given.
    func with(header: [UInt8]? = nil, transactions: [[UInt8]]? = nil, attestations: [Attestation]? = nil) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: bytes.count + 256)
        writer.write(bytes: header ?? self.header)
        for transaction in transactions ?? self.transactions.map({ Array(bytes[$0]) }) {
            writer.write(UInt32(transaction.count))
            writer.write(bytes: transaction)
        }
        if let attestations { Self.write(attestations, to: &writer) } else { writer.write(bytes: Array(bytes[self.attestations])) }
        return writer.bytes
    }

    /// `docs/spec/block.md` section 2.
    static func write(_ attestations: [Attestation], to writer: inout ByteWriter) {
        writer.write(UInt16(attestations.count))
        for attestation in attestations {
            writer.write(attestation.validator)
            writer.write(attestation.signature)
        }
    }
}
