public import Cryptography

/// A transaction with its signatures, decoded but not checked against anything (`docs/spec/transaction.md` section 3).
///
/// Equal when the canonical bytes are equal.
public struct SignedTransaction: Sendable {
    public let content: Transaction
    public let id: TransactionID
    public let signingHash: Bytes32
    private let signatureCount: UInt16

    /// The canonical transaction: content and signatures.
    public var bytes: [UInt8] { content.buffer }

    public var signatures: PackedList<TransactionSignature> {
        PackedList(in: content.buffer, at: content.contentByteCount + 2, count: Int(signatureCount))
    }

    /// Decodes a canonical transaction.
    public init(decoding bytes: [UInt8]) throws(DecodingError) {
        guard bytes.count <= Transaction.maximumByteCount else { throw .tooLarge }
        content = try Transaction(decoding: bytes)
        var reader = ByteReader(bytes.span, at: content.contentByteCount)
        signatureCount = UInt16(try Self.checkSignatures(&reader))
        try reader.finish()
        id = content.id
        signingHash = Transaction.signingHash(network: content.network, id: id)
        try content.checkAccounts(signatures: signatures)
    }

    /// Puts signatures, in any order, to a content.
    ///
    /// Throws what decoding the result would throw.
    public init(_ content: Transaction, signatures: some Collection<TransactionSignature>) throws(DecodingError) {
        var writer = ByteWriter(reservingCapacity: content.contentByteCount + 2 + signatures.count * TransactionSignature.packedByteCount)
        writer.write(copying: content.buffer.span.extracting(0..<content.contentByteCount))
        guard signatures.count <= Transaction.maximumSignatureCount else { throw .countOutOfRange }
        writer.write(UInt16(signatures.count))
        for signature in signatures.sorted(by: { $0.order < $1.order }) { signature.pack(to: &writer) }
        try self.init(decoding: writer.bytes)
    }

    private static func checkSignatures(_ reader: inout ByteReader) throws(DecodingError) -> Int {
        let count = Int(try reader.readUInt16())
        guard (1...Transaction.maximumSignatureCount).contains(count) else { throw .countOutOfRange }
        var last: UInt32?
        for _ in 0..<count {
            let signature = try TransactionSignature(from: &reader)
            if let last, last >= signature.order { throw .unsortedSignatures }
            last = signature.order
        }
        return count
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
