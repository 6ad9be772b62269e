public import Cryptography

/// What a block commits to (`docs/spec/block.md` section 1).
public struct BlockHeader: Hashable, Sendable {
    public static let version: UInt16 = 1
    public static let byteCount = 230

    public var rules: UInt16
    public var network: NetworkID
    public var height: UInt64
    public var time: TimeMilliseconds
    public var parent: BlockHash
    public var transactionRoot: Bytes32
    public var stateRoot: Bytes32
    public var supplyRoot: Bytes32
    public var historyRoot: Bytes32
    public var transactionCount: UInt32
    public var systemEntryCount: UInt32
    public var accountCount: UInt64
    public var proposer: ValidatorIndex

    public init(
        rules: UInt16, network: NetworkID, height: UInt64, time: TimeMilliseconds, parent: BlockHash,
        transactionRoot: Bytes32, stateRoot: Bytes32, supplyRoot: Bytes32, historyRoot: Bytes32,
        transactionCount: UInt32, systemEntryCount: UInt32, accountCount: UInt64, proposer: ValidatorIndex
    ) {
        self.rules = rules
        self.network = network
        self.height = height
        self.time = time
        self.parent = parent
        self.transactionRoot = transactionRoot
        self.stateRoot = stateRoot
        self.supplyRoot = supplyRoot
        self.historyRoot = historyRoot
        self.transactionCount = transactionCount
        self.systemEntryCount = systemEntryCount
        self.accountCount = accountCount
        self.proposer = proposer
    }
}

extension BlockHeader {
    /// Decodes exactly one header.
    public init(decoding bytes: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(bytes.span)
        try self.init(from: &reader)
        try reader.finish()
    }

    init(from reader: inout ByteReader) throws(DecodingError) {
        guard try reader.readUInt16() == Self.version else { throw .unknownVersion }
        rules = try reader.readUInt16()
        network = NetworkID(try reader.readBytes32())
        height = try reader.readUInt64()
        time = try reader.readUInt64()
        parent = BlockHash(try reader.readBytes32())
        transactionRoot = try reader.readBytes32()
        stateRoot = try reader.readBytes32()
        supplyRoot = try reader.readBytes32()
        historyRoot = try reader.readBytes32()
        transactionCount = try reader.readUInt32()
        systemEntryCount = try reader.readUInt32()
        accountCount = try reader.readUInt64()
        proposer = try reader.readUInt16()
    }

    func write(to writer: inout ByteWriter) {
        writer.write(Self.version)
        writer.write(rules)
        writer.write(network.bytes)
        writer.write(height)
        writer.write(time)
        writer.write(parent.bytes)
        writer.write(transactionRoot)
        writer.write(stateRoot)
        writer.write(supplyRoot)
        writer.write(historyRoot)
        writer.write(transactionCount)
        writer.write(systemEntryCount)
        writer.write(accountCount)
        writer.write(proposer)
    }

    /// The canonical 230 bytes.
    public var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: Self.byteCount)
        write(to: &writer)
        return writer.bytes
    }

    /// `tagged("coffer/block/v1", header)`.
    public var hash: BlockHash { BlockHash(Tag.block.hash(bytes)) }

    /// What validators sign: `tagged("coffer/attestation/v1", network ‖ block hash)`.
    public var attestationMessage: Bytes32 {
        var hasher = Tag.attestation.hasher()
        hasher.update(network.bytes.span)
        hasher.update(hash.bytes.span)
        return hasher.finalize()
    }

    /// The header's hash as a leaf of the history tree.
    public var historyLeaf: Bytes32 { MerkleHash.leaf(bytes) }
}
