import Cryptography
import Foundation
@testable import Ledger
import Support
import Testing

/// The project's published vectors. With COFFER_WRITE_VECTORS=1 in the environment they are written anew; that is for changes of a
/// format only, which come with a change of its specification.
@Suite("Encoding: the published vectors")
struct EncodingVectorTests {
    @Test("the files are what is made anew, to the last byte")
    func files() throws {
        let isWriting = ProcessInfo.processInfo.environment["COFFER_WRITE_VECTORS"] == "1"
        for (name, document) in try EncodingVectors().files {
            let bytes = document.bytes(.pretty) + [UInt8(ascii: "\n")]
            let url = ProjectFiles.vectors.appending(path: name)
            if isWriting { try Data(bytes).write(to: url) }
            let published = try Data(contentsOf: url)
            #expect(
                published == Data(bytes),
                "\(name) is not what is made anew; if the format was changed on purpose, write it with COFFER_WRITE_VECTORS=1")
        }
    }

    private struct Transactions: Decodable {
        struct Valid: Decodable { let name, content, id, signingHash, bytes, json: String }
        struct Refused: Decodable { let name, error, bytes: String }
        struct RefusedJSON: Decodable { let name, error, text: String }
        let valid: [Valid]
        let refused: [Refused]
        let refusedJSON: [RefusedJSON]
    }

    @Test("transactions.json: every case, read from the file")
    func transactions() throws {
        let vectors: Transactions = try ReferenceVectors.read("transactions")
        let chainspec = try TestNetwork.twoBanks().chainspec
        for vector in vectors.valid {
            let bytes = try ReferenceVectors.bytes(vector.bytes)
            let transaction = try SignedTransaction(decoding: bytes)
            let content = try ReferenceVectors.bytes(vector.content)
            let id = Layout.tagged("coffer/transaction/v1", content)
            #expect(transaction.id.hex == vector.id && Hexadecimal.encode(id) == vector.id, "\(vector.name)")
            let hash = Layout.tagged("coffer/signature/v1", chainspec.network.bytes.bytes + id)
            #expect(transaction.signingHash.hex == vector.signingHash && Hexadecimal.encode(hash) == vector.signingHash, "\(vector.name)")
            #expect(try Submission(json: Array(vector.json.utf8), chainspec: chainspec).transaction == transaction, "\(vector.name)")
        }
        for vector in vectors.refused {
            let bytes = try ReferenceVectors.bytes(vector.bytes)
            var found: DecodingError?
            do throws(DecodingError) { _ = try SignedTransaction(decoding: bytes) } catch { found = error }
            #expect(found?.rawValue == vector.error, "\(vector.name)")
        }
        for vector in vectors.refusedJSON {
            var found: SubmissionError?
            do throws(SubmissionError) {
                _ = try Submission(json: Array(vector.text.utf8), chainspec: chainspec)
            } catch {
                found = error
            }
            #expect(found?.code == vector.error, "\(vector.name)")
        }
        #expect(vectors.valid.count == 10 && vectors.refused.count > 35 && vectors.refusedJSON.count == 20)
    }

    private struct Blocks: Decodable {
        struct Valid: Decodable { let headerBytes, hash, bytes: String; let transactions: [String] }
        struct Refused: Decodable { let name, error, bytes: String }
        let valid: [Valid]
        let refused: [Refused]
    }

    @Test("block.json: every case, read from the file")
    func blocks() throws {
        let vectors: Blocks = try ReferenceVectors.read("block")
        let chainspec = try TestNetwork.twoBanks().chainspec
        for vector in vectors.valid {
            let block = try CertifiedBlock(decoding: ReferenceVectors.bytes(vector.bytes))
            #expect(Hexadecimal.encode(block.block.header.bytes) == vector.headerBytes && block.block.header.hash.hex == vector.hash)
            #expect(block.block.transactions.map(\.id.hex) == vector.transactions)
            try chainspec.checkFinality(of: block.block.header, attestations: block.attestations)
        }
        for vector in vectors.refused {
            let bytes = try ReferenceVectors.bytes(vector.bytes)
            var found: DecodingError?
            do throws(DecodingError) { _ = try CertifiedBlock(decoding: bytes) } catch { found = error }
            #expect(found?.rawValue == vector.error, "\(vector.name)")
        }
        #expect(vectors.valid.count == 2)
    }

    private struct Addresses: Decodable {
        struct Refused: Decodable { let name, address: String }
        struct Good: Decodable { let id, address: String }
        let institutions, liabilities, opened: [Good]
        let refused: [Refused]
    }

    @Test("addresses.json: every case, read from the file")
    func addresses() throws {
        let vectors: Addresses = try ReferenceVectors.read("addresses")
        let chainspec = try TestNetwork.twoBanks().chainspec
        for vector in vectors.institutions + vectors.liabilities + vectors.opened {
            #expect(try chainspec.parseAddress(vector.address).hex == vector.id)
        }
        for vector in vectors.refused {
            #expect(throws: AddressError.self, "\(vector.name)") { try chainspec.parseAddress(vector.address) }
        }
        #expect(vectors.institutions.count == 5 && vectors.liabilities.count == 3 && vectors.opened.count == 3)
    }

    private struct Memos: Decodable {
        struct Valid: Decodable { let salt, text, commitment: String }
        struct Refused: Decodable { let name, salt, text: String }
        let valid: [Valid]
        let refused: [Refused]
    }

    @Test("memo.json: every case, read from the file")
    func memos() throws {
        let vectors: Memos = try ReferenceVectors.read("memo")
        for vector in vectors.valid {
            let salt = try #require(Bytes16(hex: vector.salt))
            #expect(Memo(salt: salt, text: vector.text)?.commitment.hex == vector.commitment)
            let message = salt.bytes + Array(vector.text.utf8)
            #expect(Hexadecimal.encode(Layout.tagged("coffer/memo/v1", message)) == vector.commitment)
        }
        for vector in vectors.refused {
            let salt = try #require(Bytes16(hex: vector.salt))
            #expect(Memo(salt: salt, text: vector.text) == nil, "\(vector.name)")
        }
        #expect(vectors.valid.count == 21)
    }

    private struct Trees: Decodable {
        struct State: Decodable { let leaves, leafHashes: [String]; let root: String; let paths: [[String]]? }
        struct Consistency: Decodable { let oldSize: UInt64; let proof: [String] }
        struct Small: Decodable { let size: Int; let root: String; let paths: [[String]]; let consistency: [Consistency] }
        let state, supply: State
        let small: [Small]
    }

    private func hashes(_ texts: [String]) throws -> [Bytes32] { try texts.map { try #require(Bytes32(hex: $0)) } }

    @Test("tree.json: every case, read from the file")
    func trees() throws {
        let vectors: Trees = try ReferenceVectors.read("tree")
        for tree in [vectors.state, vectors.supply] {
            let leaves = try tree.leaves.map { SHA256.hash([0] + (try ReferenceVectors.bytes($0))) }
            #expect(leaves == (try hashes(tree.leafHashes)) && NaiveTree.root(leaves).hex == tree.root)
            for (index, path) in (tree.paths ?? []).enumerated() {
                #expect(try hashes(path) == NaiveTree.path(index, leaves))
            }
        }
        let roots = try hashes(vectors.small.map(\.root))
        for tree in vectors.small {
            for (index, path) in tree.paths.enumerated() {
                let leaf = MerkleHash.leaf([UInt8(index)])
                #expect(
                    MerkleProof.includes(
                        leaf: leaf, index: UInt64(index), count: UInt64(tree.size), path: try hashes(path), root: roots[tree.size]))
            }
            for item in tree.consistency {
                #expect(
                    MerkleProof.isConsistent(
                        oldCount: item.oldSize, oldRoot: roots[Int(item.oldSize)], newCount: UInt64(tree.size),
                        newRoot: roots[tree.size], proof: try hashes(item.proof)))
            }
        }
        #expect(vectors.small.count == 9)
    }
}
