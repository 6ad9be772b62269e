public import Cryptography

/// The part of a tree of RFC 6962 that some of its leaves and their paths show: enough to say what its root becomes when those leaves
/// change and others are added.
///
/// Levels are those of `MerkleTree`. Nothing here is checked against a root: insert only what `MerkleProof.includes` accepted.
public struct PartialMerkleTree: Sendable {
    private struct Place: Hashable {
        let level: Int
        let index: UInt64
    }

    private let count: UInt64
    private var nodes: [Place: Bytes32] = [:]

    /// A tree of so many leaves, of which nothing is known yet.
    public init(count: UInt64) {
        self.count = count
    }

    /// Enters a leaf and everything that its inclusion proof says.
    public mutating func insert(_ leaf: Bytes32, at index: UInt64, path: [Bytes32]) {
        var rest = path[...]
        var (position, size, level, hash) = (index, count, 0, leaf)
        nodes[Place(level: 0, index: index)] = leaf
        while size > 1 {
            let sibling = position ^ 1
            if sibling < size {
                guard let other = rest.popFirst() else { return }
                nodes[Place(level: level, index: sibling)] = other
                hash = position & 1 == 1 ? MerkleHash.node(other, hash) : MerkleHash.node(hash, other)
            }
            position /= 2
            size = size / 2 + size % 2
            level += 1
            nodes[Place(level: level, index: position)] = hash
        }
    }

    /// The root after some leaves, ascending by index, have changed and others were added at the end; nil where what was inserted does
    /// not suffice. Of no leaves it is `SHA256("")`.
    public func root(changing changes: [(index: UInt64, leaf: Bytes32)], appending leaves: [Bytes32]) -> Bytes32? {
        var touched = changes.map { (index: $0.index, hash: $0.leaf) }
        for (offset, leaf) in leaves.enumerated() { touched.append((count + UInt64(offset), leaf)) }
        var size = count + UInt64(leaves.count)
        guard size > 0 else { return MerkleHash.empty }
        guard !touched.isEmpty else {
            var level = 0
            while size > 1 {
                size = size / 2 + size % 2
                level += 1
            }
            return nodes[Place(level: level, index: 0)]
        }
        var level = 0
        while size > 1 {
            guard let parents = parents(of: touched, at: level, size: size) else { return nil }
            touched = parents
            size = size / 2 + size % 2
            level += 1
        }
        return touched.first?.hash
    }

    /// The nodes above the touched ones of a level, which ascend.
    private func parents(
        of touched: [(index: UInt64, hash: Bytes32)], at level: Int, size: UInt64
    ) -> [(index: UInt64, hash: Bytes32)]? {
        var parents: [(index: UInt64, hash: Bytes32)] = []
        var next = 0
        while next < touched.count {
            let (index, hash) = touched[next]
            next += 1
            guard index ^ 1 < size else {
                parents.append((index / 2, hash))
                continue
            }
            if index & 1 == 0, next < touched.count, touched[next].index == index + 1 {
                parents.append((index / 2, MerkleHash.node(hash, touched[next].hash)))
                next += 1
                continue
            }
            guard let sibling = nodes[Place(level: level, index: index ^ 1)] else { return nil }
            parents.append((index / 2, index & 1 == 0 ? MerkleHash.node(hash, sibling) : MerkleHash.node(sibling, hash)))
        }
        return parents
    }
}
