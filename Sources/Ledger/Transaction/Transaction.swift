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

    public let network: NetworkID
    public let expiry: TimeMilliseconds
    public let nonce: Bytes16
    /// Zero when there is no memo.
    public let memoCommitment: Bytes32
    /// The content's canonical bytes, and what follows them where the transaction was decoded: lists are read from here, not copied.
    let buffer: [UInt8]
    let contentByteCount: Int
    let accountCount: Int
    let operationCount: Int

    /// Where the account list stands in the content (`docs/spec/transaction.md` section 1).
    static let accountsOffset = 91

    /// In strictly ascending order.
    public var accounts: PackedList<AccountID> { PackedList(in: buffer, at: Self.accountsOffset, count: accountCount) }

    public var operations: OperationList {
        OperationList(in: buffer, at: Self.accountsOffset + accountCount * AccountID.packedByteCount + 1, count: operationCount)
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
