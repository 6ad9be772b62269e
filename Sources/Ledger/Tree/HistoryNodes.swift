public import Cryptography

/// The roots of perfect subtrees of the history tree from which any proof in it is made with few headers at hand.
///
/// It keeps one hash per 256 headers, one per 65,536 and so on: 32 bytes per 255 headers, so 1.3 MB for 10,000,000. What lies below is
/// computed anew from at most 256 headers at either end of a proof, what lies between from as many kept hashes.
public struct HistoryNodes: Sendable {
    /// Headers per kept hash of the lowest kept level.
    public static let tileHeaderCount = 256
    /// 2^8 = 256.
    private static let levelsPerTile = 8

    /// `kept[k][i]` is the root of the perfect subtree `i` of 256^(k + 1) leaves.
    private var kept: [[Bytes32]] = []

    public init() {}

    /// How many headers it covers: a multiple of 256.
    public var count: UInt64 { UInt64(kept.first?.count ?? 0) * UInt64(Self.tileHeaderCount) }

    /// Adds the leaf hashes (`BlockHeader.historyLeaf`) of the next 256 headers.
    public mutating func append(_ leaves: [Bytes32]) {
        precondition(leaves.count == Self.tileHeaderCount, "tiles are added whole")
        var root = MerkleTree(leaves: leaves).root
        var level = 0
        while true {
            if level == kept.count { kept.append([]) }
            kept[level].append(root)
            guard kept[level].count.isMultiple(of: Self.tileHeaderCount) else { return }
            root = MerkleTree(leaves: Array(kept[level].suffix(Self.tileHeaderCount))).root
            level += 1
        }
    }

    /// The root of a perfect subtree. `leaf` is asked for the leaf hashes it does not know of: up to 2^`subtree.level` of them in what it
    /// does not cover, and elsewhere at most 128.
    public func node<Failure: Error>(
        _ subtree: PerfectSubtree, leaf: (UInt64) throws(Failure) -> Bytes32
    ) throws(Failure) -> Bytes32 {
        guard subtree.level > 0 else { return try leaf(subtree.index) }
        if subtree.level.isMultiple(of: Self.levelsPerTile) {
            let level = subtree.level / Self.levelsPerTile - 1
            if level < kept.count, subtree.index < UInt64(kept[level].count) { return kept[level][Int(subtree.index)] }
        }
        let (left, right) = subtree.halves
        return MerkleHash.node(try node(left, leaf: leaf), try node(right, leaf: leaf))
    }
}
