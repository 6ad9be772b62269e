public import Cryptography

// Proofs of a range of neighbouring leaves: the hashes of the largest subtrees that have none of them, from left to right
// (`docs/spec/proofs.md` section 5).
extension MerkleProof {
    /// Whether `leaves`, the first of them at `first`, and `path` make up the tree of `count` leaves with `root`.
    public static func includes(
        leaves: [Bytes32], first: UInt64, count: UInt64, path: [Bytes32], root: Bytes32
    ) -> Bool {
        let (end, overflow) = first.addingReportingOverflow(UInt64(leaves.count))
        guard !leaves.isEmpty, !overflow, end <= count, path.count <= 2 * maximumPathCount else { return false }
        var range = MerkleRange(leaves: leaves, first: first, rest: path[...])
        return range.root(from: 0, to: count) == root && range.rest.isEmpty
    }
}

/// What is left of a range's proof while it is checked. Descends only where the range is, so it takes as many steps as there are leaves and
/// hashes.
private struct MerkleRange {
    let leaves: [Bytes32]
    let first: UInt64
    var rest: ArraySlice<Bytes32>

    /// The root of a subtree; nil when the hashes are too few.
    mutating func root(from start: UInt64, to end: UInt64) -> Bytes32? {
        if end <= first || start >= first + UInt64(leaves.count) { return rest.popFirst() }
        guard end - start > 1 else { return leaves[Int(start - first)] }
        let middle = start + MerkleProof.split(end - start)
        guard let left = root(from: start, to: middle), let right = root(from: middle, to: end) else { return nil }
        return MerkleHash.node(left, right)
    }
}

extension MerkleTree {
    /// The proof of the leaves of a range, which is not empty.
    public func path(of range: Range<Int>) -> [Bytes32] {
        precondition(!range.isEmpty && range.upperBound <= count, "a proof is of leaves that are there")
        var path: [Bytes32] = []
        collect(from: 0, to: count, around: range, into: &path)
        return path
    }

    private func collect(from start: Int, to end: Int, around range: Range<Int>, into path: inout [Bytes32]) {
        if end <= range.lowerBound || start >= range.upperBound {
            path.append(MerkleTree(leaves: (start..<end).map { leaf(at: $0) }).root)
        } else if end - start > 1 {
            let middle = start + Int(MerkleProof.split(UInt64(end - start)))
            collect(from: start, to: middle, around: range, into: &path)
            collect(from: middle, to: end, around: range, into: &path)
        }
    }
}
