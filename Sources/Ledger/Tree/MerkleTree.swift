public import Cryptography

/// A tree of RFC 6962 whose leaves are dense and may change, kept whole in memory: an update costs one hash per level.
///
/// Level 0 holds the leaf hashes; level k + 1 holds, per pair of level k, its node, and a last one without a partner as it is. That gives
/// the same root as the RFC's recursive definition, because its split at the largest power of two is where the levels pair up.
public struct MerkleTree: Sendable {
    private var levels: [SegmentedList<Bytes32>]

    /// A tree with these leaf hashes (not leaf contents).
    public init(leaves: [Bytes32] = []) {
        self.init(SegmentedList(leaves))
    }

    init(_ leaves: SegmentedList<Bytes32>) {
        levels = [leaves]
        while let last = levels.last, last.count > 1 { levels.append(Self.parents(of: last)) }
    }

    /// The number of leaves.
    public var count: Int { levels[0].count }

    /// The root; that of no leaves is `SHA256("")`.
    public var root: Bytes32 {
        guard let top = levels.last?.first else { return MerkleHash.empty }
        return top
    }

    /// The hash of a leaf.
    public func leaf(at index: Int) -> Bytes32 { levels[0][index] }

    /// Adds leaves at the end.
    public mutating func append(_ leaves: [Bytes32]) {
        update([], appending: leaves)
    }

    /// Replaces leaves and adds others at the end, then makes every touched node anew, once.
    ///
    /// `changes` ascend strictly by index; every index is below `count`.
    public mutating func update(_ changes: [(index: Int, leaf: Bytes32)], appending leaves: [Bytes32] = []) {
        var touched: [Int] = []
        touched.reserveCapacity(changes.count + leaves.count)
        for change in changes {
            precondition(touched.last.map { $0 < change.index } ?? true, "changes ascend strictly")
            levels[0][change.index] = change.leaf
            touched.append(change.index)
        }
        for leaf in leaves {
            touched.append(levels[0].count)
            levels[0].append(leaf)
        }
        var level = 0
        while levels[level].count > 1 {
            if level + 1 == levels.count { levels.append(SegmentedList()) }
            touched = rebuildParents(of: touched, at: level)
            level += 1
        }
    }

    private mutating func rebuildParents(of touched: [Int], at level: Int) -> [Int] {
        var parents: [Int] = []
        parents.reserveCapacity(touched.count)
        for child in touched where parents.last != child / 2 { parents.append(child / 2) }
        for parent in parents {
            let left = levels[level][parent * 2]
            let node = parent * 2 + 1 < levels[level].count ? MerkleHash.node(left, levels[level][parent * 2 + 1]) : left
            if parent < levels[level + 1].count { levels[level + 1][parent] = node } else { levels[level + 1].append(node) }
        }
        return parents
    }

    private static func parents(of level: SegmentedList<Bytes32>) -> SegmentedList<Bytes32> {
        var parents = SegmentedList<Bytes32>()
        for left in stride(from: 0, to: level.count, by: 2) {
            parents.append(left + 1 < level.count ? MerkleHash.node(level[left], level[left + 1]) : level[left])
        }
        return parents
    }

    /// The inclusion proof of a leaf (RFC 6962 section 2.1.1), from the leaf's sibling upwards.
    public func inclusionPath(of index: Int) -> [Bytes32] {
        precondition(index < count, "a proof is of a leaf that is there")
        var path: [Bytes32] = []
        var position = index
        for level in levels.dropLast() {
            let sibling = position ^ 1
            if sibling < level.count { path.append(level[sibling]) }
            position /= 2
        }
        return path
    }
}
