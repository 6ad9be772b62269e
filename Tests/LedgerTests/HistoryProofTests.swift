import Cryptography
import Ledger
import Support
import Testing

/// Proofs made from perfect subtrees, against the recursive definition.
@Suite("History proofs") struct HistoryProofTests {
    private static let leaves = NaiveTree.leaves(1_100)
    private struct Missing: Error {}

    /// The root of a perfect subtree, from its leaves.
    private static func node(_ subtree: PerfectSubtree) -> Bytes32 {
        let count = 1 << subtree.level
        return NaiveTree.root(Array(leaves[Int(subtree.index) * count..<(Int(subtree.index) + 1) * count]))
    }

    @Test("roots, inclusion and consistency proofs equal the recursive definition, for every size up to 70")
    func definition() {
        for size in 0...70 {
            let leaves = Array(Self.leaves[..<size])
            #expect(MerkleProof.root(of: UInt64(size), node: Self.node) == NaiveTree.root(leaves))
            for index in 0..<size {
                #expect(
                    MerkleProof.inclusionPath(of: UInt64(index), count: UInt64(size), node: Self.node) == NaiveTree.path(index, leaves),
                    "leaf \(index) of \(size)")
            }
            for old in 0..<size {
                #expect(
                    MerkleProof.consistencyPath(from: UInt64(old + 1), to: UInt64(size), node: Self.node)
                        == NaiveTree.consistency(old + 1, leaves), "\(old + 1) of \(size)")
            }
        }
    }

    @Test("the kept hashes give the same proofs, and ask for few leaves, whether the tail is kept or not")
    func kept() {
        var nodes = HistoryNodes()
        for start in stride(from: 0, to: 1_024, by: 256) {
            #expect(nodes.count == UInt64(start))
            nodes.append(Array(Self.leaves[start..<start + 256]))
        }
        var random = SplitMix64(test: "history proofs")
        for _ in 0..<60 {
            let size = 1 + random.below(1_100)
            let index = random.below(size)
            let old = 1 + random.below(size)
            let leaves = Array(Self.leaves[..<size])
            var asked: Set<UInt64> = []
            let leaf = { (position: UInt64) -> Bytes32 in
                asked.insert(position)
                return leaves[Int(position)]
            }
            let path = MerkleProof.inclusionPath(of: UInt64(index), count: UInt64(size)) { nodes.node($0, leaf: leaf) }
            #expect(path == NaiveTree.path(index, leaves))
            #expect(asked.count <= 511)
            asked = []
            let consistency = MerkleProof.consistencyPath(from: UInt64(old), to: UInt64(size)) { nodes.node($0, leaf: leaf) }
            #expect(consistency == NaiveTree.consistency(old, leaves))
            #expect(asked.count <= 511)
        }
    }

    @Test("the second kept level, of 65,536 leaves, has the tree's own hashes")
    func secondLevel() throws {
        let leaf = SHA256.hash([7])
        var nodes = HistoryNodes()
        for _ in 0..<257 { nodes.append(Array(repeating: leaf, count: 256)) }
        #expect(nodes.count == 257 * 256)
        var expected = leaf
        for level in 0...16 {
            // No leaf is asked for where a hash is kept at or above it.
            let found = try nodes.node(PerfectSubtree(level: level, index: 0)) { _ throws(Missing) in
                guard level < 8 else { throw Missing() }
                return leaf
            }
            #expect(found == expected, "level \(level)")
            expected = MerkleHash.node(expected, expected)
        }
        let tail = try nodes.node(PerfectSubtree(level: 8, index: 256)) { _ throws(Missing) in throw Missing() }
        #expect(tail == MerkleTree(leaves: Array(repeating: leaf, count: 256)).root)
        #expect(throws: Missing.self) {
            try nodes.node(PerfectSubtree(level: 8, index: 257)) { _ throws(Missing) in throw Missing() }
        }
    }

    @Test("proofs in trees of up to 2^64 - 1 leaves end, and hold")
    func largest() {
        let leaf = SHA256.hash([7])
        var perfect = [leaf]
        for _ in 0..<64 { perfect.append(MerkleHash.node(perfect[perfect.count - 1], perfect[perfect.count - 1])) }
        let node = { (subtree: PerfectSubtree) in perfect[subtree.level] }
        for size in [.max, 1 << 63, .max / 2, (1 << 40) + 12_345] as [UInt64] {
            let root = MerkleProof.root(of: size, node: node)
            for index in [0, 1, size / 2, size - 1] {
                let path = MerkleProof.inclusionPath(of: index, count: size, node: node)
                #expect(path.count <= 64)
                #expect(MerkleProof.includes(leaf: leaf, index: index, count: size, path: path, root: root))
            }
            // Above 2^63 leaves a consistency proof may need 65 hashes, one more than any document may have.
            for old in [1, 2, size / 2, size - 1, size] where size <= 1 << 63 {
                let path = MerkleProof.consistencyPath(from: old, to: size, node: node)
                let oldRoot = MerkleProof.root(of: old, node: node)
                #expect(MerkleProof.isConsistent(oldCount: old, oldRoot: oldRoot, newCount: size, newRoot: root, proof: path))
            }
        }
    }
}

/// The consistency of two checkpoints (`docs/spec/checkpoint.md` section 3).
@Suite("Consistency proofs") struct ConsistencyProofTests {
    private let leaves = NaiveTree.leaves(40)
    private let network = NetworkID(SHA256.hash([1]))

    private func checkpoint(_ size: Int, root: Bytes32? = nil) -> Checkpoint {
        Checkpoint(network: network, size: UInt64(size), root: root ?? NaiveTree.root(Array(leaves[..<size])))
    }

    private func proof(_ old: Int, _ new: Int) -> ConsistencyProof {
        ConsistencyProof(oldSize: UInt64(old), newSize: UInt64(new), path: NaiveTree.consistency(old, Array(leaves[..<new])))
    }

    @Test("every pair of sizes is consistent, and its proof reads back as it was written")
    func pairs() throws {
        for new in 1...40 {
            for old in 1...new {
                let proof = proof(old, new)
                try checkpoint(new).checkExtends(checkpoint(old), proof: proof)
                #expect(try ConsistencyProof(json: proof.json().bytes()) == proof)
            }
        }
        try checkpoint(7).checkExtends(checkpoint(7), proof: nil)
    }

    @Test("what does not fit is named")
    func named() {
        let other = SHA256.hash([9])
        func error(_ new: Checkpoint, _ old: Checkpoint, _ proof: ConsistencyProof?) -> ProofError? {
            do throws(ProofError) {
                try new.checkExtends(old, proof: proof)
                return nil
            } catch {
                return error
            }
        }
        let elsewhere = NetworkID(other)
        #expect(
            error(checkpoint(9), Checkpoint(network: elsewhere, size: 3, root: other), proof(3, 9))
                == .wrongNetworkOfCheckpoint(elsewhere, expected: network))
        #expect(error(checkpoint(3), checkpoint(9), proof(3, 9)) == .checkpointsReversed(earlier: 9, later: 3))
        #expect(error(checkpoint(9), checkpoint(3), proof(4, 9)) == .wrongConsistencySizes(old: 4, new: 9, earlier: 3, later: 9))
        #expect(error(checkpoint(9), checkpoint(3), proof(3, 10)) == .wrongConsistencySizes(old: 3, new: 10, earlier: 3, later: 9))
        #expect(error(checkpoint(9), checkpoint(3), nil) == .consistencyMissing(earlier: 3, later: 9))
        #expect(error(checkpoint(9), checkpoint(9, root: other), nil) == .splitView(size: 9))
        #expect(error(checkpoint(9), checkpoint(9, root: other), proof(9, 9)) == .splitView(size: 9))
        #expect(
            error(checkpoint(9), checkpoint(9), ConsistencyProof(oldSize: 9, newSize: 9, path: [other])) == .wrongConsistencyPath)
        #expect(error(checkpoint(9), checkpoint(3, root: other), proof(3, 9)) == .wrongConsistencyPath)
        #expect(error(checkpoint(9, root: other), checkpoint(3), proof(3, 9)) == .wrongConsistencyPath)
        var path = proof(3, 9).path
        path[1] = other
        #expect(error(checkpoint(9), checkpoint(3), ConsistencyProof(oldSize: 3, newSize: 9, path: path)) == .wrongConsistencyPath)
        // A root of no headers begins every history, so it must prove nothing.
        #expect(
            error(checkpoint(9), Checkpoint(network: network, size: 0, root: MerkleHash.empty), proof(9, 9))
                == .wrongConsistencySizes(old: 9, new: 9, earlier: 0, later: 9))
        #expect(
            error(
                checkpoint(9), Checkpoint(network: network, size: 0, root: MerkleHash.empty),
                ConsistencyProof(oldSize: 0, newSize: 9, path: [])) == .wrongConsistencyPath)
    }

    @Test("a hostile document is refused unread, or at its first excess")
    func hostile() throws {
        let hash = SHA256.hash([1]).hex
        func error(_ text: String) -> ProofError? {
            do throws(ProofError) {
                _ = try ConsistencyProof(json: Array(text.utf8))
                return nil
            } catch {
                return error
            }
        }
        let path = Array(repeating: "\"\(hash)\"", count: 65).joined(separator: ",")
        let long = "{\"format\":\"coffer-consistency/v1\",\"oldSize\":1,\"newSize\":2,\"path\":[\(path)]}"
        #expect(error(long)?.code == "fieldValue" && error(long)?.kind == .unreadable)
        let million =
            "{\"format\":\"coffer-consistency/v1\",\"oldSize\":1,\"newSize\":2,\"path\":["
            + String(repeating: "\"\(hash)\",", count: 1_000_000) + "\"\(hash)\"]}"
        #expect(error(million)?.code == "jsonTooLarge")
        #expect(error("{\"format\":\"coffer-consistency/v1\",\"oldSize\":-1,\"newSize\":2,\"path\":[]}")?.code == "fieldValue")
        #expect(
            error("{\"format\":\"coffer-consistency/v1\",\"oldSize\":1,\"newSize\":18446744073709551616,\"path\":[]}")?.kind
                == .unreadable)
        #expect(error("{\"format\":\"coffer-consistency/v2\",\"oldSize\":1,\"newSize\":2,\"path\":[]}")?.code == "fieldValue")
        #expect(error("{\"format\":\"coffer-consistency/v1\",\"oldSize\":1,\"newSize\":2}")?.code == "fieldMissing")
    }
}
