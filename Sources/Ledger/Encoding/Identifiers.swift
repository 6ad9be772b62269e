public import Cryptography

/// A 32-byte identifier with a type of its own, so that no id can stand where another belongs.
public protocol Identifier: Hashable, Comparable, Sendable, CustomStringConvertible {
    var bytes: Bytes32 { get }
    init(_ bytes: Bytes32)
}

extension Identifier {
    /// The identifier of 64 lowercase hexadecimal digits; nil for anything else.
    public init?(hex: String) {
        guard let bytes = Bytes32(hex: hex) else { return nil }
        self.init(bytes)
    }

    public var hex: String { bytes.hex }
    public var description: String { bytes.hex }
    public static func < (left: Self, right: Self) -> Bool { left.bytes < right.bytes }
}

/// The hash of a chain specification (`docs/spec/chainspec.md` section 2).
public struct NetworkID: Identifier {
    public let bytes: Bytes32
    public init(_ bytes: Bytes32) { self.bytes = bytes }
}

/// An account's id, which never changes (`docs/spec/encoding.md` section 2).
public struct AccountID: Identifier {
    public let bytes: Bytes32
    public init(_ bytes: Bytes32) { self.bytes = bytes }
}

/// A transaction's id (`docs/spec/transaction.md` section 1).
public struct TransactionID: Identifier {
    public let bytes: Bytes32
    public init(_ bytes: Bytes32) { self.bytes = bytes }
}

/// A block's hash (`docs/spec/block.md` section 1).
public struct BlockHash: Identifier {
    public let bytes: Bytes32
    public init(_ bytes: Bytes32) { self.bytes = bytes }
}

/// An account's position in the state tree, given at opening.
public typealias AccountIndex = UInt64
/// An asset's position in the chain specification.
public typealias AssetIndex = UInt16
/// An institution's position in the chain specification.
public typealias InstitutionIndex = UInt16
/// A validator's position in the chain specification.
public typealias ValidatorIndex = UInt16
/// Milliseconds since 1970-01-01T00:00:00Z.
public typealias TimeMilliseconds = UInt64
