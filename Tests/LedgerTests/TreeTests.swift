import Cryptography
import Foundation
import Ledger
import Support
import Testing

/// The definitions of RFC 6962 sections 2.1 to 2.1.2, word by word: recursive, slow, and obviously right.
enum NaiveTree {
    static func root(_ leaves: [Bytes32]) -> Bytes32 {
        switch leaves.count {
        case 0: return SHA256.hash([])
        case 1: return leaves[0]
        default:
            let split = split(leaves.count)
            return SHA256.hash([1] + root(Array(leaves[..<split])).bytes + root(Array(leaves[split...])).bytes)
        }
    }

    static func path(_ index: Int, _ leaves: [Bytes32]) -> [Bytes32] {
        guard leaves.count > 1 else { return [] }
        let split = split(leaves.count)
        return index < split
            ? path(index, Array(leaves[..<split])) + [root(Array(leaves[split...]))]
            : path(index - split, Array(leaves[split...])) + [root(Array(leaves[..<split]))]
    }

    /// For 1 to all of the leaves.
    static func consistency(_ count: Int, _ leaves: [Bytes32]) -> [Bytes32] {
        subproof(count, leaves, isWhole: true)
    }

    private static func subproof(_ count: Int, _ leaves: [Bytes32], isWhole: Bool) -> [Bytes32] {
        if count == leaves.count { return isWhole ? [] : [root(leaves)] }
        let split = split(leaves.count)
        return count <= split
            ? subproof(count, Array(leaves[..<split]), isWhole: isWhole) + [root(Array(leaves[split...]))]
            : subproof(count - split, Array(leaves[split...]), isWhole: false) + [root(Array(leaves[..<split]))]
    }

    /// The largest power of two below a number above 1.
    private static func split(_ count: Int) -> Int {
        var power = 1
        while power * 2 < count { power *= 2 }
        return power
    }

    static func leaves(_ count: Int) -> [Bytes32] {
        (0..<count).map { SHA256.hash([0] + Array("leaf \($0)".utf8)) }
    }
}

@Suite("Trees")
struct TreeTests {
    @Test("roots and inclusion paths equal the recursive definition, for every size from 0 to 130")
    func sizes() {
        let all = NaiveTree.leaves(130)
        for count in 0...130 {
            let leaves = Array(all[..<count])
            let tree = MerkleTree(leaves: leaves)
            let root = NaiveTree.root(leaves)
            #expect(tree.count == count && tree.root == root, "\(count) leaves")
            for index in 0..<count {
                let path = tree.inclusionPath(of: index)
                #expect(path == NaiveTree.path(index, leaves), "leaf \(index) of \(count)")
                #expect(
                    MerkleProof.includes(leaf: leaves[index], index: UInt64(index), count: UInt64(count), path: path, root: root))
            }
        }
    }

    @Test("random updates and appends, in any portions, give the tree made from scratch")
    func updates() {
        var random = SplitMix64(test: "tree updates")
        for _ in 0..<60 {
            var leaves: [Bytes32] = []
            var tree = MerkleTree()
            while leaves.count < 130 {
                var changes: [(index: Int, leaf: Bytes32)] = []
                for index in leaves.indices where random.once(in: 6) {
                    leaves[index] = SHA256.hash(encoded(random.next()))
                    changes.append((index, leaves[index]))
                }
                let added = (0..<random.pick([0, 0, 1, 1, 2, 3, 5, 17, 64])).map { _ in SHA256.hash(encoded(random.next())) }
                leaves += added
                tree.update(changes, appending: added)
                #expect(tree.count == leaves.count && tree.root == NaiveTree.root(leaves), "\(leaves.count) leaves")
                if !leaves.isEmpty {
                    let index = random.below(leaves.count)
                    #expect(tree.leaf(at: index) == leaves[index])
                    #expect(tree.inclusionPath(of: index) == NaiveTree.path(index, leaves))
                }
            }
        }
    }

    private func encoded(_ number: UInt64) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(number)
        return writer.bytes
    }

    @Test("an inclusion proof holds for its leaf at its place in its tree, and for nothing else")
    func inclusionOnly() {
        let other = SHA256.hash([42])
        for count in 1...33 as ClosedRange<Int> {
            let leaves = NaiveTree.leaves(count)
            let root = NaiveTree.root(leaves)
            for index in 0..<count {
                let path = NaiveTree.path(index, leaves)
                func holds(
                    leaf: Bytes32? = nil, at place: Int? = nil, of size: Int? = nil, _ some: [Bytes32]? = nil, root end: Bytes32? = nil
                ) -> Bool {
                    MerkleProof.includes(
                        leaf: leaf ?? leaves[index], index: UInt64(place ?? index), count: UInt64(size ?? count),
                        path: some ?? path, root: end ?? root)
                }
                #expect(holds())
                #expect(!holds(leaf: other) && !holds(root: other))
                #expect(!holds(path + [other]) && !holds([other] + path))
                if !path.isEmpty { #expect(!holds(Array(path.dropLast())) && !holds(Array(path.dropFirst()))) }
                for position in path.indices {
                    var changed = path
                    changed[position] = other
                    #expect(!holds(changed))
                }
                for place in 0..<count + 2 where place != index { #expect(!holds(at: place)) }
                #expect(!holds(of: 0) && !holds(of: index))
            }
        }
    }

    @Test("absurd sizes and paths are refused, not computed")
    func absurd() {
        let hash = SHA256.hash([1])
        let long = Array(repeating: hash, count: 100_000)
        #expect(!MerkleProof.includes(leaf: hash, index: 0, count: .max, path: long, root: hash))
        #expect(!MerkleProof.includes(leaf: hash, index: .max, count: .max, path: [], root: hash))
        #expect(!MerkleProof.includes(leaf: hash, index: .max - 1, count: .max, path: [], root: hash))
        #expect(!MerkleProof.includes(leaf: hash, index: 0, count: 0, path: [], root: hash))
        #expect(!MerkleProof.isConsistent(oldCount: 1, oldRoot: hash, newCount: .max, newRoot: hash, proof: long))
        #expect(!MerkleProof.isConsistent(oldCount: .max, oldRoot: hash, newCount: 1, newRoot: hash, proof: []))
        #expect(!MerkleProof.isConsistent(oldCount: 0, oldRoot: MerkleHash.empty, newCount: 0, newRoot: MerkleHash.empty, proof: []))
        #expect(!MerkleProof.isConsistent(oldCount: 0, oldRoot: MerkleHash.empty, newCount: 1, newRoot: hash, proof: []))
        #expect(!MerkleProof.isConsistent(oldCount: .max - 1, oldRoot: hash, newCount: .max, newRoot: hash, proof: []))
    }

    @Test("the history tree's root is that of the whole tree, at every size, also after being written and read")
    func history() throws {
        let leaves = NaiveTree.leaves(300)
        var history = HistoryTree()
        #expect(history.root == MerkleHash.empty && history.count == 0)
        for (index, leaf) in leaves.enumerated() {
            history.append(leaf)
            #expect(history.count == UInt64(index + 1))
            if index < 131 || index % 37 == 0 { #expect(history.root == NaiveTree.root(Array(leaves[...index]))) }
            let read = try HistoryTree(decoding: history.bytes)
            #expect(read == history && read.root == history.root)
        }
        #expect(throws: DecodingError.truncated) { try HistoryTree(decoding: Array(history.bytes.dropLast())) }
        #expect(throws: DecodingError.trailingBytes) { try HistoryTree(decoding: history.bytes + [0]) }
    }

    @Test("consistency proofs of the recursive definition hold, and no changed one does")
    func consistency() {
        let other = SHA256.hash([42])
        let all = NaiveTree.leaves(40)
        let roots = (0...40).map { NaiveTree.root(Array(all[..<$0])) }
        for new in 1...40 {
            for old in 1...new {
                let proof = NaiveTree.consistency(old, Array(all[..<new]))
                func holds(_ some: [Bytes32], old oldRoot: Bytes32? = nil, new newRoot: Bytes32? = nil) -> Bool {
                    MerkleProof.isConsistent(
                        oldCount: UInt64(old), oldRoot: oldRoot ?? roots[old], newCount: UInt64(new),
                        newRoot: newRoot ?? roots[new], proof: some)
                }
                #expect(holds(proof), "\(old) of \(new)")
                #expect(!holds(proof, old: other), "\(old) of \(new)")
                #expect(!holds(proof, new: other), "\(old) of \(new)")
                #expect(!holds(proof + [other]), "\(old) of \(new)")
                for position in proof.indices {
                    var changed = proof
                    changed[position] = other
                    #expect(!holds(changed), "\(old) of \(new)")
                    var short = proof
                    short.remove(at: position)
                    #expect(!holds(short), "\(old) of \(new)")
                }
            }
        }
    }
}

/// One of the published RFC 6962 proofs. Hashes are base64.
private struct InclusionVector: Decodable {
    let leafIdx: UInt64
    let treeSize: UInt64
    let root: Data?
    let leafHash: Data?
    let proof: [Data]?
    let desc: String
    let wantErr: Bool
}

private struct ConsistencyVector: Decodable {
    let size1: UInt64
    let size2: UInt64
    let root1: Data?
    let root2: Data?
    let proof: [Data]?
    let desc: String
    let wantErr: Bool
}

@Suite(
    "Trees: the published RFC 6962 proofs", .enabled("the published vectors are beside the project") { ProjectFiles.hasPublishedVectors })
struct TreeVectorTests {
    private func vectors<Vector: Decodable>(_ name: String) throws -> [Vector] {
        try JSONDecoder().decode([Vector].self, from: Data(contentsOf: ProjectFiles.publishedVectors.appending(path: name)))
    }

    /// Some vectors have a text where a hash would be, because only its equality matters: it becomes a hash of its own.
    /// Others have nothing there; that cannot be written down in our types, and becomes a hash that nothing else equals.
    private func hash(_ value: Data?, absent: UInt8) -> Bytes32 {
        guard let value, !value.isEmpty else { return Bytes32(copying: [UInt8](repeating: absent, count: 32).span) }
        return Bytes32(value) ?? SHA256.hash([UInt8](value))
    }

    private func hashes(_ values: [Data]?) -> [Bytes32] { (values ?? []).map { hash($0, absent: 3) } }

    @Test("inclusion")
    func inclusion() throws {
        let all: [InclusionVector] = try vectors("rfc6962-inclusion.json")
        #expect(all.count == 98)
        for vector in all {
            let holds = MerkleProof.includes(
                leaf: hash(vector.leafHash, absent: 1), index: vector.leafIdx, count: vector.treeSize,
                path: hashes(vector.proof), root: hash(vector.root, absent: 2))
            #expect(holds == !vector.wantErr, "\(vector.desc), leaf \(vector.leafIdx) of \(vector.treeSize)")
        }
    }

    @Test("consistency")
    func consistency() throws {
        let all: [ConsistencyVector] = try vectors("rfc6962-consistency.json")
        #expect(all.count == 98)
        for vector in all {
            let holds = MerkleProof.isConsistent(
                oldCount: vector.size1, oldRoot: hash(vector.root1, absent: 1), newCount: vector.size2,
                newRoot: hash(vector.root2, absent: 2), proof: hashes(vector.proof))
            #expect(holds == !vector.wantErr, "\(vector.desc), \(vector.size1) of \(vector.size2)")
        }
    }
}
