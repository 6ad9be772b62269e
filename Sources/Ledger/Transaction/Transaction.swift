public import Cryptography

/// The content of a transaction: what its signers sign (`docs/spec/transaction.md` section 1).
public struct Transaction: Hashable, Sendable {
    public static let version: UInt8 = 1
    public static let maximumAccountCount = 2_112
    public static let maximumOperationCount = 64
    public static let maximumLegCount = 1_024
    public static let maximumOpeningCount = 256
    public static let maximumSignatureCount = 1_024
    public static let maximumByteCount = 524_288
    /// How far ahead of block time an expiry may be: 24 hours.
    public static let maximumLifetimeMilliseconds: UInt64 = 86_400_000

    /// The content's canonical bytes, and what follows them where the transaction was decoded: everything is read from here, not copied,
    /// so that a transaction is small to move.
    let buffer: [UInt8]
    private let storedContentByteCount: UInt32
    private let accountCount: UInt16
    private let operationCount: UInt8

    init(in buffer: [UInt8], contentByteCount: Int, accountCount: Int, operationCount: Int) {
        self.buffer = buffer
        storedContentByteCount = UInt32(contentByteCount)
        self.accountCount = UInt16(accountCount)
        self.operationCount = UInt8(operationCount)
    }

    var contentByteCount: Int { Int(storedContentByteCount) }

    // Where the fields stand (`docs/spec/transaction.md` section 1).
    private static let networkOffset = 1
    private static let expiryOffset = 33
    private static let nonceOffset = 41
    private static let memoCommitmentOffset = 57
    private static let accountsOffset = 91

    public var network: NetworkID { NetworkID(bytes32(at: Self.networkOffset)) }
    public var expiry: TimeMilliseconds { buffer.span.bigEndian(at: Self.expiryOffset, as: UInt64.self) }
    public var nonce: Bytes16 {
        Bytes16(
            high: buffer.span.bigEndian(at: Self.nonceOffset, as: UInt64.self),
            low: buffer.span.bigEndian(at: Self.nonceOffset + 8, as: UInt64.self))
    }
    /// Zero when there is no memo.
    public var memoCommitment: Bytes32 { bytes32(at: Self.memoCommitmentOffset) }

    private func bytes32(at offset: Int) -> Bytes32 { Bytes32(copying: buffer.span.extracting(offset..<offset + 32)) }

    /// In strictly ascending order.
    public var accounts: PackedList<AccountID> { PackedList(in: buffer, at: Self.accountsOffset, count: Int(accountCount)) }

    public var operations: OperationList {
        OperationList(
            in: buffer, at: Self.accountsOffset + Int(accountCount) * AccountID.packedByteCount + 1, count: Int(operationCount))
    }

    /// The account at a position; positions within a decoded or built transaction are always valid.
    public func account(at position: AccountPosition) -> AccountID {
        accounts[Int(position)]
    }
}

extension Transaction {
    /// Equal when the canonical bytes are.
    public static func == (left: Self, right: Self) -> Bool {
        left.contentByteCount == right.contentByteCount
            && left.buffer[..<left.contentByteCount] == right.buffer[..<right.contentByteCount]
    }

    public func hash(into hasher: inout Hasher) {
        for byte in buffer[..<contentByteCount] { hasher.combine(byte) }
    }
}

/// A signature of a transaction, by one key of one account.
public struct TransactionSignature: Hashable, Sendable {
    public let account: AccountPosition
    /// Position in the account's key policy.
    public let key: UInt8
    public let scheme: SignatureScheme
    public let signature: Bytes64

    public init(account: AccountPosition, key: UInt8, scheme: SignatureScheme, signature: Bytes64) {
        self.account = account
        self.key = key
        self.scheme = scheme
        self.signature = signature
    }
}

extension Transaction {
    /// The canonical bytes of the content.
    public var contentBytes: [UInt8] {
        Array(buffer[..<contentByteCount])
    }

    /// The id: `tagged("coffer/transaction/v1", content)`.
    public var id: TransactionID {
        TransactionID(Tag.transaction.hash(buffer.span.extracting(0..<contentByteCount)))
    }

    /// What signers sign: `tagged("coffer/signature/v1", network ‖ id)`.
    public var signingHash: Bytes32 {
        Self.signingHash(network: network, id: id)
    }

    static func signingHash(network: NetworkID, id: TransactionID) -> Bytes32 {
        var hasher = Tag.signature.hasher()
        hasher.update(network.bytes)
        hasher.update(id.bytes)
        return hasher.finalize()
    }
}
