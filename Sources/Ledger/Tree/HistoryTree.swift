public import Cryptography

/// The append-only tree over all headers, kept as the roots of its perfect subtrees: 32 bytes per binary digit of its size.
public struct HistoryTree: Sendable, Equatable {
    /// The number of headers.
    public private(set) var count: UInt64 = 0
    /// Roots of the perfect subtrees, the largest first.
    private var peaks: [Bytes32] = []

    public init() {}

    init(count: UInt64, perfectSubtrees: [Bytes32]) {
        precondition(perfectSubtrees.count == count.nonzeroBitCount, "a tree has a perfect subtree for each binary digit of its size")
        self.count = count
        peaks = perfectSubtrees
    }

    /// The roots of the perfect subtrees that the tree is made of, the largest first.
    var perfectSubtrees: [Bytes32] { peaks }

    /// Adds the next header's leaf hash (`BlockHeader.historyLeaf`).
    public mutating func append(_ leaf: Bytes32) {
        var node = leaf
        var carry = count
        while carry & 1 == 1 {
            node = MerkleHash.node(peaks.removeLast(), node)
            carry >>= 1
        }
        peaks.append(node)
        count += 1
    }

    /// The root of RFC 6962.
    public var root: Bytes32 {
        guard var node = peaks.last else { return MerkleHash.empty }
        for peak in peaks.dropLast().reversed() { node = MerkleHash.node(peak, node) }
        return node
    }
}

extension HistoryTree {
    /// Decodes exactly one tree: its `u64` count and its peaks, the largest first.
    public init(decoding bytes: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(bytes.span)
        count = try reader.readUInt64()
        for _ in 0..<count.nonzeroBitCount { peaks.append(try reader.readBytes32()) }
        try reader.finish()
    }

    /// What a store keeps of the tree.
    public var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 8 + peaks.count * 32)
        writer.write(count)
        for peak in peaks { writer.write(peak) }
        return writer.bytes
    }
}
