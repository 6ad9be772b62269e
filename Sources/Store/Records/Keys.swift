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

/// An account as a block left it.
struct VersionKey: RecordKey, Comparable {
    let account: AccountIndex
    let height: UInt64

    init(account: AccountIndex, height: UInt64) {
        self.account = account
        self.height = height
    }

    init(from reader: inout ByteReader) throws(DecodingError) {
        account = try reader.readUInt64()
        height = try reader.readUInt64()
    }

    func write(to writer: inout ByteWriter) {
        writer.write(account)
        writer.write(height)
    }

    var name: String { "account \(account), height \(height)" }
    static func < (left: Self, right: Self) -> Bool { (left.account, left.height) < (right.account, right.height) }
}

/// Transactions of a block that stand one after the other, by the position of the first. The block comes first, so that the records of
/// a new block are the greatest.
struct ChunkKey: RecordKey {
    let height: UInt64
    let first: UInt32

    init(height: UInt64, first: UInt32) {
        self.height = height
        self.first = first
    }

    init(from reader: inout ByteReader) throws(DecodingError) {
        height = try reader.readUInt64()
        first = try reader.readUInt32()
    }

    func write(to writer: inout ByteWriter) {
        writer.write(height)
        writer.write(first)
    }

    var name: String { "height \(height), transactions from \(first)" }
}

/// A landmark of an account: every `stride`th entry of its chain has one, except entry 0.
struct LandmarkKey: RecordKey, Comparable {
    /// A search reads about this many entries; one entry in this many costs a write among all accounts. `EntryPointer` counts to it.
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
    static func < (left: Self, right: Self) -> Bool { (left.account, left.number) < (right.account, right.number) }
}

/// A part of a run of transaction ids, by the first prefix in it. Runs are numbered as they are made, so that a new run's records are the
/// greatest.
struct RunKey: RecordKey {
    let run: UInt64
    let prefix: UInt64

    init(run: UInt64, prefix: UInt64) {
        self.run = run
        self.prefix = prefix
    }

    init(from reader: inout ByteReader) throws(DecodingError) {
        run = try reader.readUInt64()
        prefix = try reader.readUInt64()
    }

    func write(to writer: inout ByteWriter) {
        writer.write(run)
        writer.write(prefix)
    }

    var name: String { "run \(run), ids from \(String(prefix, radix: 16))" }
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

/// A key that is one of a few, a byte each.
extension RecordKey where Self: RawRepresentable, RawValue == UInt8 {
    init(from reader: inout ByteReader) throws(DecodingError) {
        guard let key = Self(rawValue: try reader.readUInt8()) else { throw .unknownKind }
        self = key
    }

    func write(to writer: inout ByteWriter) { writer.write(rawValue) }
}

/// The records about the derived state as a whole.
enum StateKey: UInt8, RecordKey, CaseIterable {
    /// As in the log: never moves or changes its layout.
    case format = 1
    case fold = 2

    var name: String {
        switch self {
        case .format: "format"
        case .fold: "fold"
        }
    }
}

/// The records about the data directory itself.
enum MetaKey: UInt8, RecordKey, CaseIterable {
    /// Never moves or changes its layout, so that every program can tell whose directory it is.
    case format = 1
    case chainspec = 2
    case tip = 3

    var name: String {
        switch self {
        case .format: "format"
        case .chainspec: "chain specification"
        case .tip: "tip"
        }
    }
}
