public import Cryptography

/// A subtree of 2^`level` leaves, all of them there: those from `index` × 2^`level` on. Once made, its root never changes as a tree grows.
public struct PerfectSubtree: Hashable, Sendable {
    /// 0 for a leaf.
    public let level: Int
    /// Its place among the perfect subtrees of its level.
    public let index: UInt64

    public init(level: Int, index: UInt64) {
        self.level = level
        self.index = index
    }

    /// Its left and right half; a leaf has none.
    var halves: (PerfectSubtree, PerfectSubtree) {
        (PerfectSubtree(level: level - 1, index: index * 2), PerfectSubtree(level: level - 1, index: index * 2 + 1))
    }
}

// The proofs of RFC 6962, made of the roots of perfect subtrees, which `node` gives: whoever has them needs no other part of the tree.
extension MerkleProof {
    /// The root of the tree of `count` leaves (RFC 6962 section 2.1).
    public static func root<Failure: Error>(
        of count: UInt64, node: (PerfectSubtree) throws(Failure) -> Bytes32
    ) throws(Failure) -> Bytes32 {
        count == 0 ? MerkleHash.empty : try root(from: 0, to: count, node: node)
    }

    /// The inclusion proof of the leaf at `index` in the tree of `count` leaves (RFC 6962 section 2.1.1), from the leaf's sibling upwards.
    ///
    /// `index` must be below `count`. Asks for at most 127 nodes.
    public static func inclusionPath<Failure: Error>(
        of index: UInt64, count: UInt64, node: (PerfectSubtree) throws(Failure) -> Bytes32
    ) throws(Failure) -> [Bytes32] {
        precondition(index < count, "a proof is of a leaf that is there")
        var path: [Bytes32] = []
        var (first, end) = (UInt64(0), count)
        while end - first > 1 {
            let middle = first + split(end - first)
            if index < middle {
                path.append(try root(from: middle, to: end, node: node))
                end = middle
            } else {
                path.append(try root(from: first, to: middle, node: node))
                first = middle
            }
        }
        return path.reversed()
    }

    /// The proof that the tree of `oldCount` leaves is a prefix of that of `newCount` (RFC 6962 section 2.1.2).
    ///
    /// `oldCount` must be 1 to `newCount`. Asks for at most 128 nodes.
    public static func consistencyPath<Failure: Error>(
        from oldCount: UInt64, to newCount: UInt64, node: (PerfectSubtree) throws(Failure) -> Bytes32
    ) throws(Failure) -> [Bytes32] {
        precondition(1 <= oldCount && oldCount <= newCount, "a proof is of a tree with leaves that another begins with")
        var path: [Bytes32] = []
        var (first, end) = (UInt64(0), newCount)
        while oldCount < end {
            let middle = first + split(end - first)
            if oldCount <= middle {
                path.append(try root(from: middle, to: end, node: node))
                end = middle
            } else {
                path.append(try root(from: first, to: middle, node: node))
                first = middle
            }
        }
        // Where the old tree is itself a subtree, whoever checks the proof has its root already.
        if first > 0 { path.append(try root(from: first, to: end, node: node)) }
        return oldCount == newCount ? [] : path.reversed()
    }

    /// The root over the leaves from `first` on, `end` not among them; `first` is where a larger tree splits.
    private static func root<Failure: Error>(
        from first: UInt64, to end: UInt64, node: (PerfectSubtree) throws(Failure) -> Bytes32
    ) throws(Failure) -> Bytes32 {
        var roots: [Bytes32] = []
        var start = first
        while start < end {
            let level = 63 - (end - start).leadingZeroBitCount
            roots.append(try node(PerfectSubtree(level: level, index: start >> UInt64(level))))
            start += 1 << UInt64(level)
        }
        var result = roots.removeLast()
        for left in roots.reversed() { result = MerkleHash.node(left, result) }
        return result
    }

    /// The largest power of two below a number above 1: where the tree of so many leaves splits.
    static func split(_ count: UInt64) -> UInt64 { 1 << UInt64(63 - (count - 1).leadingZeroBitCount) }
}
