public import Cryptography

/// A transaction with its signatures, decoded but not checked against anything (`docs/spec/transaction.md` section 3).
///
/// Equal when the canonical bytes are equal.
public struct SignedTransaction: Sendable {
    public let content: Transaction
    public let signatures: [TransactionSignature]
    /// The canonical transaction: content and signatures.
    public let bytes: [UInt8]
    public let id: TransactionID
    public let signingHash: Bytes32

    /// Decodes a canonical transaction.
    public init(decoding bytes: [UInt8]) throws(DecodingError) {
        guard bytes.count <= Transaction.maximumByteCount else { throw .tooLarge }
        var reader = ByteReader(bytes.span)
        let content = try Transaction(from: &reader)
        let contentByteCount = reader.offset
        let signatures = try Self.readSignatures(from: &reader)
        try reader.finish()
        try content.checkAccounts(signatures: signatures)
        self.init(
            content: content, signatures: signatures, bytes: bytes,
            id: TransactionID(Tag.transaction.hash(bytes.span.extracting(0..<contentByteCount))))
    }

    /// Puts signatures, in any order, to a content.
    ///
    /// Throws what decoding the result would throw.
    public init(_ content: Transaction, signatures: [TransactionSignature]) throws(DecodingError) {
        var writer = ByteWriter(reservingCapacity: 256)
        content.writeContent(to: &writer)
        guard signatures.count <= Transaction.maximumSignatureCount else { throw .countOutOfRange }
        writer.write(UInt16(signatures.count))
        for signature in signatures.sorted(by: { $0.order < $1.order }) { signature.write(to: &writer) }
        try self.init(decoding: writer.bytes)
    }

    private init(content: Transaction, signatures: [TransactionSignature], bytes: [UInt8], id: TransactionID) {
        self.content = content
        self.signatures = signatures
        self.bytes = bytes
        self.id = id
        self.signingHash = Transaction.signingHash(network: content.network, id: id)
    }

    private static func readSignatures(from reader: inout ByteReader) throws(DecodingError) -> [TransactionSignature] {
        let count = Int(try reader.readUInt16())
        guard (1...Transaction.maximumSignatureCount).contains(count) else { throw .countOutOfRange }
        var signatures: [TransactionSignature] = []
        signatures.reserveCapacity(count)
        for _ in 0..<count {
            let signature = try TransactionSignature(from: &reader)
            if let last = signatures.last, last.order >= signature.order { throw .unsortedSignatures }
            signatures.append(signature)
        }
        return signatures
    }
}

extension TransactionSignature {
    /// Signatures ascend by account, then key.
    var order: UInt32 { UInt32(account) << 8 | UInt32(key) }
}

extension SignedTransaction: Hashable {
    public static func == (left: Self, right: Self) -> Bool { left.bytes == right.bytes }
    public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}
