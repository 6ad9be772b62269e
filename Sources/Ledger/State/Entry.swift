public import Cryptography

/// One line of an account's history (`docs/spec/state-tree.md` section 3).
public struct Entry: Hashable, Sendable {
    public static let byteCount = 59
    /// Stands for the asset of an entry that moves no money.
    public static let noAsset: AssetIndex = .max

    public enum Kind: UInt8, Sendable, CaseIterable {
        case opened = 1
        case debit = 2
        case credit = 3
        case keysRotated = 4
        case statusSet = 5
    }

    public let height: UInt64
    /// Position of the transaction in the block.
    public let transaction: UInt32
    /// Position of the operation in the transaction.
    public let operation: UInt16
    /// Position of the leg or opening in the operation, else 0.
    public let item: UInt16
    public let kind: Kind
    public let asset: AssetIndex
    /// Minor units; 0 for an entry that moves no money.
    public let amount: UInt64
    public let id: TransactionID

    public init(
        height: UInt64, transaction: UInt32, operation: UInt16, item: UInt16, kind: Kind, asset: AssetIndex,
        amount: UInt64, id: TransactionID
    ) {
        self.height = height
        self.transaction = transaction
        self.operation = operation
        self.item = item
        self.kind = kind
        self.asset = asset
        self.amount = amount
        self.id = id
    }

    /// The entry hash of an account after this entry: `tagged("coffer/entry/v1", previous ‖ entry)`.
    public func hash(after previous: Bytes32) -> Bytes32 {
        var writer = ByteWriter(reservingCapacity: 32 + Self.byteCount)
        return hash(after: previous, with: &writer)
    }

    /// The same, in the room of a writer that is used again and again.
    func hash(after previous: Bytes32, with writer: inout ByteWriter) -> Bytes32 {
        writer.removeAll()
        writer.write(previous)
        write(to: &writer)
        return Tag.entry.hash(writer.span)
    }
}

extension Entry {
    /// Decodes exactly one entry.
    public init(decoding bytes: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(bytes.span)
        height = try reader.readUInt64()
        transaction = try reader.readUInt32()
        operation = try reader.readUInt16()
        item = try reader.readUInt16()
        guard let kind = Kind(rawValue: try reader.readUInt8()) else { throw .unknownKind }
        self.kind = kind
        asset = try reader.readUInt16()
        amount = try reader.readUInt64()
        id = TransactionID(try reader.readBytes32())
        try reader.finish()
    }

    /// The canonical 59 bytes.
    public var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: Self.byteCount)
        write(to: &writer)
        return writer.bytes
    }

    private func write(to writer: inout ByteWriter) {
        writer.write(height)
        writer.write(transaction)
        writer.write(operation)
        writer.write(item)
        writer.write(kind.rawValue)
        writer.write(asset)
        writer.write(amount)
        writer.write(id.bytes)
    }
}

/// An entry and the account it belongs to.
public struct AccountEntry: Hashable, Sendable {
    public let account: AccountIndex
    public let entry: Entry

    public init(account: AccountIndex, entry: Entry) {
        self.account = account
        self.entry = entry
    }
}
