public import Cryptography

/// Verification of the proofs of RFC 6962, from hashes alone.
public enum MerkleProof {
    /// A tree of 2⁶⁴ leaves has no longer path.
    public static let maximumPathCount = 64

    /// Whether `path` leads from the leaf hash at `index` to `root` in a tree of `count` leaves (RFC 9162 section 2.1.3.2).
    public static func includes(leaf: Bytes32, index: UInt64, count: UInt64, path: [Bytes32], root: Bytes32) -> Bool {
        guard index < count, path.count <= maximumPathCount else { return false }
        var position = index
        var last = count - 1
        var hash = leaf
        for sibling in path {
            guard last > 0 else { return false }
            if position & 1 == 1 || position == last {
                hash = MerkleHash.node(sibling, hash)
                while position & 1 == 0, position != 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                hash = MerkleHash.node(hash, sibling)
            }
            position >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }

    /// Whether `proof` shows that the tree of `oldCount` leaves with `oldRoot` is a prefix of that of `newCount` with `newRoot` (RFC 9162 section 2.1.4.2).
    /// The old tree must have a leaf.
    public static func isConsistent(
        oldCount: UInt64, oldRoot: Bytes32, newCount: UInt64, newRoot: Bytes32, proof: [Bytes32]
    ) -> Bool {
        // Every tree starts with the empty one: about it nothing can be proved, and nobody signs its root.
        guard 1 <= oldCount, oldCount <= newCount, proof.count <= maximumPathCount else { return false }
        if oldCount == newCount { return proof.isEmpty && oldRoot == newRoot }
        var rest = proof[...]
        if oldCount & (oldCount - 1) == 0 { rest = [oldRoot] + rest }
        guard let first = rest.popFirst() else { return false }
        var position = oldCount - 1
        var last = newCount - 1
        while position & 1 == 1 {
            position >>= 1
            last >>= 1
        }
        var old = first
        var new = first
        for sibling in rest {
            guard last > 0 else { return false }
            if position & 1 == 1 || position == last {
                old = MerkleHash.node(sibling, old)
                new = MerkleHash.node(sibling, new)
                while position & 1 == 0, position != 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                new = MerkleHash.node(new, sibling)
            }
            position >>= 1
            last >>= 1
        }
        return last == 0 && old == oldRoot && new == newRoot
    }
}
