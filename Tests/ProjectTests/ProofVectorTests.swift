import Cryptography
import Foundation
import Ledger
import Support
import Testing

/// The vectors of what leaves the ledger: valid ones are made once more here, refused ones must be refused for the reason published.
@Suite("Vectors of proofs")
struct ProofVectorTests {
    private struct Cases: Decodable {
        struct Valid: Decodable {
            let name: String
            let chainspec, text, line: String?
            let files: [String: String]?
            let id, stateRoot, blockHash: String?
            let height: UInt64?
        }
        struct Refused: Decodable {
            let name, error: String
            let exitCode: Int32
            let chainspec, text: String?
            let files: [String: String]?
        }
        let valid: [Valid]
        let refused: [Refused]
    }

    /// `check` takes a text and its chain specification, and throws why it is refused.
    private func expectRefused(
        _ vectors: Cases, _ check: ([UInt8], Chainspec) throws(ProofError) -> Void
    ) throws {
        for vector in vectors.refused {
            let chainspec = try chainspec(vector.chainspec)
            let text = Array(try #require(vector.text).utf8)
            var found: ProofError?
            do throws(ProofError) { try check(text, chainspec) } catch { found = error }
            let exitCode: Int32? = found.map { $0.kind == .unreadable ? 2 : 1 }
            #expect(found?.code == vector.error && exitCode == vector.exitCode, "\(vector.name): \(String(describing: found))")
        }
    }

    private func chainspec(_ name: String?) throws -> Chainspec {
        try Chainspec(json: try ProjectFiles.read("chainspec/\(name ?? "development").json"))
    }

    @Test func receipts() throws {
        let vectors: Cases = try VectorFile.cases("receipt")
        let example = try WorkedExample()
        #expect(vectors.valid.count >= 5 && vectors.refused.count >= 40)
        for vector in vectors.valid {
            let name = vector.name.replacing("-without-memo", with: "")
            let receipt = example.receipt(name, memo: vector.name == "payment" ? WorkedExample.memo : nil)
            let text = try #require(vector.text)
            #expect(receipt.json().text(.pretty) == text, "\(vector.name)")
            let read = try Receipt(json: Array(text.utf8))
            #expect(read == receipt && read.transaction.id.hex == vector.id && read.header.height == vector.height)
            try read.verify(against: example.chainspec)
        }
        try expectRefused(vectors) { text, chainspec throws(ProofError) in
            try Receipt(json: text).verify(against: chainspec)
        }
    }

    @Test func balances() throws {
        let vectors: Cases = try VectorFile.cases("balance")
        let example = try WorkedExample()
        let places = [
            "first-bank-at-genesis": (1, 0), "bob": (6, 4), "shared": (7, 4), "first-bank-owes": (3, 4), "alice-after-rotation": (5, 5),
        ]
        #expect(vectors.valid.count == places.count && vectors.refused.count >= 30)
        for vector in vectors.valid {
            let (account, height) = try #require(places[vector.name])
            let proof = example.balanceProof(of: account, at: height)
            let text = try #require(vector.text)
            #expect(proof.json().text(.pretty) == text, "\(vector.name)")
            let read = try BalanceProof(json: Array(text.utf8))
            #expect(read == proof && read.header.height == vector.height)
            try read.verify(against: example.chainspec)
        }
        try expectRefused(vectors) { text, chainspec throws(ProofError) in
            try BalanceProof(json: text).verify(against: chainspec)
        }
    }

    @Test func checkpoints() throws {
        let vectors: Cases = try VectorFile.cases("checkpoint")
        #expect(vectors.valid.count >= 6 && vectors.refused.count >= 30)
        for vector in vectors.valid {
            let text = try #require(vector.text)
            let read = try SignedCheckpoint(text: Array(text.utf8))
            #expect(read.text == text && Hexadecimal.encode(read.signatures[0].blob) == vector.line, "\(vector.name)")
            try read.verify(against: try chainspec(vector.chainspec))
        }
        #expect(try WorkedExample().checkpoint(at: 5).text == VectorFile.text(at: "checkpoint/valid/development/text"))
        let twoBanks = try chainspec("two-banks")
        let checkpoint = Checkpoint(network: twoBanks.network, size: 1_234_567, root: SHA256.hash(Array("a root".utf8)))
        let signatures = try [1, 3].map { try checkpoint.sign(with: testCheckpointKey("validator-\($0)/checkpoint")) }
        let text = SignedCheckpoint(checkpoint, signatures: signatures).text
        #expect(try text == VectorFile.text(at: "checkpoint/valid/two-of-three/text"))
        try expectRefused(vectors) { text, chainspec throws(ProofError) in
            try SignedCheckpoint(text: text).verify(against: chainspec)
        }
    }

    @Test("exports are the files that this code writes")
    func exportFiles() throws {
        let vectors: Cases = try VectorFile.cases("export")
        let example = try WorkedExample()
        let heights = ["genesis-alone": 0, "one-empty-block": 1, "example": 5]
        #expect(vectors.valid.count == heights.count)
        for vector in vectors.valid {
            let height = try #require(heights[vector.name])
            var segment = ExportFormat.header(network: example.chainspec.network, firstHeight: 1)
            for block in example.blocks[..<height] { segment += ExportFormat.frame(block.bytes) }
            let files = [
                ExportFormat.segmentFileName(0): Hexadecimal.encode(segment),
                ExportFormat.checkpointFileName: try example.checkpoint(at: height).text,
            ]
            #expect(files == vector.files, "\(vector.name)")
            let header = example.moments[height].header
            #expect(header.stateRoot.hex == vector.stateRoot && header.hash.hex == vector.blockHash && header.height == vector.height)
        }
    }

    @Test("coffer-verify accepts the exports that are valid, and refuses the others for the reason published")
    func exportVerdicts() throws {
        let vectors: Cases = try VectorFile.cases("export")
        #expect(vectors.refused.count >= 45)
        for vector in vectors.valid {
            let (exitCode, report) = try verdict(try #require(vector.files))
            #expect(exitCode == 0 && report["stateRoot"] == .string(vector.stateRoot ?? ""), "\(vector.name)")
        }
        for vector in vectors.refused {
            let (exitCode, report) = try verdict(try #require(vector.files))
            #expect(exitCode == vector.exitCode && report["code"] == .string(vector.error), "\(vector.name): \(report.text())")
        }
    }

    private func verdict(_ files: [String: String]) throws -> (Int32, JSON) {
        let directory = try TemporaryDirectory()
        for (name, content) in files {
            let isText = name == ExportFormat.checkpointFileName
            let bytes = try #require(isText ? Array(content.utf8) : Hexadecimal.decode(content))
            try Data(bytes).write(to: directory.url.appending(path: name))
        }
        let outcome = try BuiltProgram.run(
            "coffer-verify", ["chain", directory.url.path, "--chainspec", "chainspec/development.json", "--workers", "1", "--json"])
        return (outcome.exitCode, try JSON.parse(outcome.output, maximumBytes: 65_536))
    }
}
