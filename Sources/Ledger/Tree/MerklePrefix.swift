public import Cryptography

extension MerkleProof {
    /// Whether `leaves` are the first leaves of the tree of `count` leaves with `root`, given the inclusion proof of the last of them.
    ///
    /// What stands to the left of a leaf on its path are the roots of the perfect subtrees over all leaves before it, so those leaves can
    /// be compared with the path, and no further hash is needed.
    public static func includes(first leaves: [Bytes32], count: UInt64, path: [Bytes32], root: Bytes32) -> Bool {
        guard let leaf = leaves.last else { return false }
        let index = UInt64(leaves.count) - 1
        guard includes(leaf: leaf, index: index, count: count, path: path, root: root) else { return false }
        var before = HistoryTree()
        for leaf in leaves.dropLast() { before.append(leaf) }
        return leftSiblings(index: index, count: count, path: path) == before.perfectSubtrees
    }

    /// The tree without its last leaf, from the inclusion proof of that leaf in the tree of `count` leaves.
    public static func tree(beforeLastOf count: UInt64, path: [Bytes32]) -> HistoryTree {
        HistoryTree(count: count - 1, perfectSubtrees: leftSiblings(index: count - 1, count: count, path: path))
    }

    /// The hashes of a path that stand to the left of it, the uppermost first.
    private static func leftSiblings(index: UInt64, count: UInt64, path: [Bytes32]) -> [Bytes32] {
        var left: [Bytes32] = []
        var (position, size) = (index, count)
        var rest = path[...]
        while size > 1 {
            if position ^ 1 < size {
                guard let sibling = rest.popFirst() else { break }
                if position & 1 == 1 { left.append(sibling) }
            }
            position /= 2
            size = size / 2 + size % 2
        }
        return left.reversed()
    }
}
