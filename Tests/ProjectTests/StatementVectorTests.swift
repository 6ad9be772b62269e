import Cryptography
import Foundation
import Ledger
import Support
import Testing

/// The vectors of consistency, proofs against a checkpoint, statements and supply: valid ones are made once more here, refused ones must
/// be refused for the reason published.
@Suite("Vectors of statements")
struct StatementVectorTests {
    private struct Cases: Decodable {
        struct Valid: Decodable {
            let name: String
            let text, checkpoint, earlier, later: String?
            let height: UInt64?
            let entries: Int?
        }
        struct Refused: Decodable {
            let name, error: String
            let exitCode: Int32
            let text, checkpoint, earlier, later: String?
        }
        let valid: [Valid]
        let refused: [Refused]
    }

    private let example: WorkedExample
    private var chainspec: Chainspec { example.chainspec }

    init() throws { example = try WorkedExample() }

    private func checkpoint(_ text: String?) throws(ProofError) -> SignedCheckpoint? {
        guard let text else { return nil }
        return try SignedCheckpoint(text: Array(text.utf8))
    }

    private func expectRefused(_ vectors: Cases, _ check: (Cases.Refused) throws(ProofError) -> Void) {
        for vector in vectors.refused {
            var found: ProofError?
            do throws(ProofError) { try check(vector) } catch { found = error }
            let exitCode: Int32? = found.map { $0.kind == .unreadable ? 2 : 1 }
            #expect(found?.code == vector.error && exitCode == vector.exitCode, "\(vector.name): \(String(describing: found))")
        }
    }

    private func expectRefused<Proof>(
        _ vectors: Cases, _ read: ([UInt8]) throws(ProofError) -> Proof,
        _ verify: (Proof, SignedCheckpoint?) throws(ProofError) -> Void
    ) {
        expectRefused(vectors) { vector throws(ProofError) in
            try verify(try read(Array((vector.text ?? "").utf8)), try checkpoint(vector.checkpoint))
        }
    }

    /// The way of a header to the checkpoint over the headers below a size, made from perfect subtrees.
    private func inclusion(of height: Int, in size: UInt64) -> HeaderInclusion {
        HeaderInclusion(size: size, path: MerkleProof.inclusionPath(of: UInt64(height), count: size, node: node))
    }

    private func node(_ subtree: PerfectSubtree) -> Bytes32 {
        let count = 1 << subtree.level
        let first = Int(subtree.index) * count
        return MerkleTree(leaves: example.moments[first..<first + count].map(\.header.historyLeaf)).root
    }

    @Test func consistency() throws {
        let vectors: Cases = try VectorFile.cases("consistency")
        #expect(vectors.valid.count == 22 && vectors.refused.count >= 20)
        for vector in vectors.valid {
            let earlier = try #require(try checkpoint(vector.earlier))
            let later = try #require(try checkpoint(vector.later))
            #expect(earlier == (try example.checkpoint(at: Int(earlier.checkpoint.size) - 1)))
            var proof: ConsistencyProof?
            if let text = vector.text {
                let (old, new) = (earlier.checkpoint.size, later.checkpoint.size)
                proof = try ConsistencyProof(json: Array(text.utf8))
                let made = ConsistencyProof(
                    oldSize: old, newSize: new, path: MerkleProof.consistencyPath(from: old, to: new, node: node))
                #expect(proof == made && made.json().text(.pretty) == text, "\(vector.name)")
            }
            try later.checkpoint.checkExtends(earlier.checkpoint, proof: proof)
        }
        expectRefused(vectors) { vector throws(ProofError) in
            guard let earlier = try checkpoint(vector.earlier), let later = try checkpoint(vector.later) else { return }
            try earlier.verify(against: chainspec)
            try later.verify(against: chainspec)
            let proof: ConsistencyProof? = if let text = vector.text { try ConsistencyProof(json: Array(text.utf8)) } else { nil }
            try later.checkpoint.checkExtends(earlier.checkpoint, proof: proof)
        }
    }

    @Test func anchored() throws {
        let vectors: Cases = try VectorFile.cases("anchored")
        let accounts = ["bob": 6, "alice": 5, "first": 1, "without": 6]
        #expect(vectors.valid.count == 11 && vectors.refused.count >= 16)
        for vector in vectors.valid {
            let text = try #require(vector.text)
            let proof = try BalanceProof(json: Array(text.utf8))
            let size = try #require(proof.inclusion?.size)
            let height = Int(proof.header.height)
            let account = try #require(accounts[String(vector.name.split(separator: "-")[0])])
            let whole = example.balanceProof(of: account, at: height)
            let made = BalanceProof(
                account: whole.account, path: whole.path, header: whole.header,
                attestations: vector.name.hasSuffix("without-attestations") ? [] : whole.attestations,
                inclusion: inclusion(of: height, in: size))
            #expect(proof == made && made.json().text(.pretty) == text && proof.header.height == vector.height, "\(vector.name)")
            try proof.verify(against: chainspec, checkpoint: try checkpoint(vector.checkpoint))
        }
        expectRefused(vectors, BalanceProof.init(json:)) { proof, checkpoint throws(ProofError) in
            try proof.verify(against: chainspec, checkpoint: checkpoint)
        }
    }

    @Test func histories() throws {
        let vectors: Cases = try VectorFile.cases("history")
        #expect(vectors.valid.count == 13 && vectors.refused.count >= 55)
        for vector in vectors.valid {
            let text = try #require(vector.text)
            let proof = try HistoryProof(json: Array(text.utf8))
            #expect(proof.json().text(.pretty) == text && proof.entries.count == vector.entries, "\(vector.name)")
            let first = proof.from?.header.height ?? 0
            let entries = example.entries.filter { $0.account == proof.to.account.index }.map(\.entry)
            #expect(proof.entries == entries.filter { $0.height > first && $0.height <= proof.to.header.height }, "\(vector.name)")
            if vector.checkpoint == nil {
                #expect(proof.to == example.balanceProof(of: Int(proof.to.account.index), at: Int(proof.to.header.height)))
            }
            let statement = try proof.verify(against: chainspec, checkpoint: try checkpoint(vector.checkpoint))
            #expect(statement.entries == proof.entries && statement.account == proof.to.account)
            #expect(statement.movements.map(\.closing) == Array(proof.to.account.balances))
        }
        expectRefused(vectors, HistoryProof.init(json:)) { proof, checkpoint throws(ProofError) in
            try proof.verify(against: chainspec, checkpoint: checkpoint)
        }
    }

    @Test func supplies() throws {
        let vectors: Cases = try VectorFile.cases("supply")
        #expect(vectors.valid.count == 6 && vectors.refused.count >= 35)
        for vector in vectors.valid {
            let text = try #require(vector.text)
            let proof = try SupplyProof(json: Array(text.utf8))
            #expect(proof.json().text(.pretty) == text && proof.header.height == vector.height, "\(vector.name)")
            if vector.checkpoint == nil {
                let moment = example.moments[Int(proof.header.height)]
                let made = SupplyProof(
                    of: proof.asset, in: moment.supply, header: moment.header, attestations: proof.attestations, chainspec: chainspec)
                #expect(proof == made, "\(vector.name)")
            }
            let totals = try proof.verify(against: chainspec, checkpoint: try checkpoint(vector.checkpoint))
            #expect(totals.outstanding == proof.records.reduce(0) { $0 + $1.outstanding })
        }
        expectRefused(vectors, SupplyProof.init(json:)) { proof, checkpoint throws(ProofError) in
            try proof.verify(against: chainspec, checkpoint: checkpoint)
        }
    }
}
