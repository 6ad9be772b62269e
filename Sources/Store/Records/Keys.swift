import Ledger

/// A block, by its height.
struct HeightKey: RecordKey {
    let height: UInt64

    init(_ height: UInt64) { self.height = height }
    init(from reader: inout ByteReader) throws(DecodingError) { height = try reader.readUInt64() }
    func write(to writer: inout ByteWriter) { writer.write(height) }
    var name: String { "height \(height)" }
}

/// An account, by its index.
struct AccountKey: RecordKey {
    let index: AccountIndex

    init(_ index: AccountIndex) { self.index = index }
    init(from reader: inout ByteReader) throws(DecodingError) { index = try reader.readUInt64() }
    func write(to writer: inout ByteWriter) { writer.write(index) }
    var name: String { "account \(index)" }
}

/// An account, by its id.
struct AccountIDKey: RecordKey {
    let id: AccountID

    init(_ id: AccountID) { self.id = id }
    init(from reader: inout ByteReader) throws(DecodingError) { id = AccountID(try reader.readBytes32()) }
    func write(to writer: inout ByteWriter) { writer.write(id.bytes) }
    var name: String { "account id \(id)" }
}

/// An account as a block left it. The block comes first, so that the records of a new block are the greatest.
struct VersionKey: RecordKey {
    let height: UInt64
    let account: AccountIndex

    init(height: UInt64, account: AccountIndex) {
        self.height = height
        self.account = account
    }

    init(from reader: inout ByteReader) throws(DecodingError) {
        height = try reader.readUInt64()
        account = try reader.readUInt64()
    }

    func write(to writer: inout ByteWriter) {
        writer.write(height)
        writer.write(account)
    }

    var name: String { "height \(height), account \(account)" }
}

/// An entry of an account. The block comes first, so that the records of a new block are the greatest.
struct EntryKey: RecordKey {
    let height: UInt64
    let account: AccountIndex
    /// The entry's number in the account's chain, from 0.
    let sequence: UInt64

    init(height: UInt64, account: AccountIndex, sequence: UInt64) {
        self.height = height
        self.account = account
        self.sequence = sequence
    }

    init(from reader: inout ByteReader) throws(DecodingError) {
        height = try reader.readUInt64()
        account = try reader.readUInt64()
        sequence = try reader.readUInt64()
    }

    func write(to writer: inout ByteWriter) {
        writer.write(height)
        writer.write(account)
        writer.write(sequence)
    }

    var name: String { "height \(height), account \(account), entry \(sequence)" }
}

/// A landmark of an account: every `stride`th entry of its chain has one, except entry 0.
struct LandmarkKey: RecordKey {
    /// A search reads at most this many entries; one entry in this many costs a write among all accounts.
    static let stride: UInt64 = 64

    let account: AccountIndex
    /// The entry is number `number × stride`.
    let number: UInt64

    init(account: AccountIndex, number: UInt64) {
        self.account = account
        self.number = number
    }

    init(from reader: inout ByteReader) throws(DecodingError) {
        account = try reader.readUInt64()
        number = try reader.readUInt64()
    }

    func write(to writer: inout ByteWriter) {
        writer.write(account)
        writer.write(number)
    }

    var name: String { "account \(account), landmark \(number)" }
}

/// A transaction's id within the period in which its block was made.
struct TransactionKey: RecordKey, Comparable {
    /// Seven days. Shorter periods keep the tree that random ids are put into small; longer ones leave fewer trees to search for
    /// an id whose period is not known: 52 a year.
    static let periodMilliseconds: UInt64 = 604_800_000

    let period: UInt64
    let id: TransactionID

    init(period: UInt64, id: TransactionID) {
        self.period = period
        self.id = id
    }

    /// The key of a transaction in a block of a given time.
    init(_ id: TransactionID, blockTime: TimeMilliseconds) {
        self.init(period: blockTime / Self.periodMilliseconds, id: id)
    }

    init(from reader: inout ByteReader) throws(DecodingError) {
        period = try reader.readUInt64()
        id = TransactionID(try reader.readBytes32())
    }

    func write(to writer: inout ByteWriter) {
        writer.write(period)
        writer.write(id.bytes)
    }

    var name: String { "transaction \(id) in period \(period)" }
    static func < (left: Self, right: Self) -> Bool { (left.period, left.id) < (right.period, right.id) }
}

/// A transaction's place in the chain.
extension TransactionLocation: RecordKey {
    init(from reader: inout ByteReader) throws(DecodingError) {
        self.init(height: try reader.readUInt64(), position: try reader.readUInt32())
    }

    func write(to writer: inout ByteWriter) {
        writer.write(height)
        writer.write(position)
    }

    var name: String { "height \(height), transaction \(position)" }
}

/// A place in the supply tree.
struct SupplyKey: RecordKey {
    let position: UInt32

    init(_ position: UInt32) { self.position = position }
    init(from reader: inout ByteReader) throws(DecodingError) { position = try reader.readUInt32() }
    func write(to writer: inout ByteWriter) { writer.write(position) }
    var name: String { "supply position \(position)" }
}

/// The records about the data directory itself.
enum MetaKey: UInt8, RecordKey, CaseIterable {
    /// Never moves or changes its layout, so that every program can tell whose directory it is.
    case format = 1
    case chainspec = 2
    case tip = 3

    init(from reader: inout ByteReader) throws(DecodingError) {
        guard let key = Self(rawValue: try reader.readUInt8()) else { throw .unknownKind }
        self = key
    }

    func write(to writer: inout ByteWriter) { writer.write(rawValue) }

    var name: String {
        switch self {
        case .format: "format"
        case .chainspec: "chain specification"
        case .tip: "tip"
        }
    }
}
