public import Cryptography

/// A header and what it commits to, decoded but not checked (`docs/spec/block.md` section 2).
public struct Block: Hashable, Sendable {
    public static let maximumByteCount = 33_554_432
    public static let maximumTransactionCount = 65_536

    public let header: BlockHeader
    public let transactions: [SignedTransaction]

    public init(header: BlockHeader, transactions: [SignedTransaction]) {
        self.header = header
        self.transactions = transactions
    }
}

/// A validator's signature of a header it executed itself.
public struct Attestation: Hashable, Sendable {
    public static let maximumCount = 64

    public let validator: ValidatorIndex
    public let signature: Bytes64

    public init(validator: ValidatorIndex, signature: Bytes64) {
        self.validator = validator
        self.signature = signature
    }
}

/// A block and the attestations it came with; whether they make it final is for `Chainspec.checkFinality` to say.
public struct CertifiedBlock: Hashable, Sendable {
    public static let maximumByteCount = Block.maximumByteCount + 2 + Attestation.maximumCount * 66

    public let block: Block
    /// Strictly ascending by validator.
    public let attestations: [Attestation]

    public init(block: Block, attestations: [Attestation]) {
        self.block = block
        self.attestations = attestations
    }
}

extension Block {
    package init(from reader: inout ByteReader) throws(DecodingError) {
        let start = reader.offset
        header = try BlockHeader(from: &reader)
        guard header.transactionCount <= Self.maximumTransactionCount else { throw .countOutOfRange }
        guard header.systemEntryCount == 0 else { throw .countOutOfRange }
        var transactions: [SignedTransaction] = []
        // Every transaction takes more than 100 bytes: a count the bytes cannot hold reserves nothing.
        guard reader.remaining / 100 >= Int(header.transactionCount) || header.transactionCount == 0 else {
            throw .truncated
        }
        transactions.reserveCapacity(Int(header.transactionCount))
        for _ in 0..<header.transactionCount {
            let count = Int(try reader.readUInt32())
            guard count <= Transaction.maximumByteCount else { throw .tooLarge }
            transactions.append(try SignedTransaction(decoding: try reader.readBytes(count)))
        }
        guard reader.offset - start <= Self.maximumByteCount else { throw .tooLarge }
        self.transactions = transactions
    }

    package func write(to writer: inout ByteWriter) {
        header.write(to: &writer)
        for transaction in transactions {
            writer.write(UInt32(transaction.bytes.count))
            writer.write(bytes: transaction.bytes)
        }
    }

    /// The size of the block's canonical bytes.
    public var byteCount: Int {
        transactions.reduce(BlockHeader.byteCount) { $0 + 4 + $1.bytes.count }
    }

    /// The root of the transaction tree (`docs/spec/block.md` section 3).
    public static func transactionRoot(_ transactions: [SignedTransaction]) -> Bytes32 {
        MerkleTree(leaves: transactions.map(\.transactionLeaf)).root
    }
}

extension SignedTransaction {
    /// The transaction's hash as a leaf of the transaction tree.
    public var transactionLeaf: Bytes32 {
        // The first byte tells a transaction from a system entry.
        MerkleHash.leaf(0x00, bytes.span)
    }
}

extension CertifiedBlock {
    /// Decodes exactly one certified block.
    public init(decoding bytes: [UInt8]) throws(DecodingError) {
        guard bytes.count <= Self.maximumByteCount else { throw .tooLarge }
        var reader = ByteReader(bytes.span)
        block = try Block(from: &reader)
        attestations = try [Attestation](from: &reader)
        try reader.finish()
    }

    /// The canonical bytes.
    public var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: block.byteCount + 2 + attestations.count * 66)
        block.write(to: &writer)
        attestations.write(to: &writer)
        return writer.bytes
    }
}

extension [Attestation] {
    init(from reader: inout ByteReader) throws(DecodingError) {
        let count = Int(try reader.readUInt16())
        guard count <= Attestation.maximumCount else { throw .countOutOfRange }
        self.init()
        for _ in 0..<count {
            let attestation = Attestation(validator: try reader.readUInt16(), signature: try reader.readBytes64())
            if let last, last.validator >= attestation.validator { throw .unsortedAttestations }
            append(attestation)
        }
    }

    func write(to writer: inout ByteWriter) {
        writer.write(UInt16(count))
        for attestation in self {
            writer.write(attestation.validator)
            writer.write(attestation.signature)
        }
    }
}
