import Cryptography
import Foundation
@testable import Ledger
import Support
import Testing

/// Chain specifications, proofs, checkpoints and texts that the reference program made.
@Suite("Encoding: the reference program's vectors of documents")
struct EncodingReferenceFormTests {
    private struct Chainspecs: Decodable {
        struct Valid: Decodable {
            let name, bytes, network, genesisHeader, genesisHash: String
            let file, text: String?
            let addresses, stateLeaves: [String]
        }
        struct Refused: Decodable { let name, error, text: String; let field: String? }
        let valid: [Valid]
        let refused: [Refused]
    }

    private struct Documents: Decodable {
        struct Valid: Decodable { let name, text: String; let chainspec, id: String?; let height: UInt64? }
        struct Refused: Decodable { let name, error, text: String; let exitCode: Int; let chainspec: String? }
        let valid: [Valid]
        let refused: [Refused]
    }

    private struct Texts: Decodable {
        struct Refusal: Decodable { let error: String; let text, bytes: String? }
        struct JSONTexts: Decodable { let valid: [String]; let refused: [Refusal] }
        struct Amount: Decodable { let text: String; let decimals: UInt8; let minorUnits, written: String? }
        struct Amounts: Decodable { let valid, refused: [Amount] }
        struct Time: Decodable { let text, written: String; let milliseconds: UInt64 }
        struct Times: Decodable { let valid: [Time]; let refused: [String] }
        let json: JSONTexts
        let amounts: Amounts
        let times: Times
    }

    private func chainspec(_ name: String) throws -> Chainspec { try Chainspec(json: ProjectFiles.read("chainspec/\(name).json")) }

    @Test("chain specifications: canonical bytes, network, genesis; and why others are refused")
    func chainspecs() throws {
        let vectors: Chainspecs = try ReferenceVectors.read("chainspec")
        for vector in vectors.valid {
            let text = try vector.file.map { try ProjectFiles.read($0) } ?? Array(#require(vector.text).utf8)
            let chainspec = try Chainspec(json: text)
            #expect(Hexadecimal.encode(chainspec.bytes) == vector.bytes && chainspec.network.hex == vector.network, "\(vector.name)")
            let header = chainspec.genesisHeader
            #expect(Hexadecimal.encode(header.bytes) == vector.genesisHeader && header.hash.hex == vector.genesisHash)
            let accounts = LedgerState(genesis: chainspec).accounts
            #expect(accounts.map { Hexadecimal.encode($0.bytes) } == vector.stateLeaves, "\(vector.name)")
            #expect(accounts.map { chainspec.address(of: $0.id) } == vector.addresses, "\(vector.name)")
        }
        for vector in vectors.refused {
            var found: (code: String, field: String)?
            do throws(ChainspecReadError) {
                _ = try Chainspec(json: Array(vector.text.utf8))
            } catch .json(let error) {
                found = (error.code.rawValue, error.path.description)
            } catch .content(let error) {
                found = ("fieldValue", error.field)
            }
            #expect(found?.code == vector.error, "\(vector.name)")
            if let field = vector.field { #expect(found?.field == field, "\(vector.name)") }
        }
    }

    /// Checks that what `verify` says of every document is what the vectors say.
    private func check(_ vectors: Documents, verify: (String, String?) throws(ProofError) -> Documents.Valid?) throws {
        for vector in vectors.valid {
            let found = try verify(vector.text, vector.chainspec)
            #expect(found?.id == vector.id && found?.height == vector.height, "\(vector.name)")
        }
        for vector in vectors.refused {
            var found: ProofError?
            do throws(ProofError) { _ = try verify(vector.text, vector.chainspec) } catch { found = error }
            #expect(found?.code == vector.error, "\(vector.name)")
            #expect(found?.kind == (vector.exitCode == 2 ? .unreadable : .doesNotHold), "\(vector.name)")
        }
    }

    @Test("receipts")
    func receipts() throws {
        let chainspec = try chainspec("development")
        try check(ReferenceVectors.read("receipt")) { text, _ throws(ProofError) in
            let receipt = try Receipt(json: Array(text.utf8))
            try receipt.verify(against: chainspec)
            return .init(name: "", text: "", chainspec: nil, id: receipt.transaction.id.hex, height: receipt.header.height)
        }
    }

    @Test("balance proofs")
    func balances() throws {
        let chainspec = try chainspec("development")
        try check(ReferenceVectors.read("balance")) { text, _ throws(ProofError) in
            let proof = try BalanceProof(json: Array(text.utf8))
            _ = try proof.verify(against: chainspec)
            return .init(name: "", text: "", chainspec: nil, id: nil, height: proof.header.height)
        }
    }

    @Test("checkpoints")
    func checkpoints() throws {
        let networks = ["development": try chainspec("development"), "two-banks": try chainspec("two-banks")]
        try check(ReferenceVectors.read("checkpoint")) { text, name throws(ProofError) in
            guard let chainspec = name.flatMap({ networks[$0] }) else { return nil }
            try SignedCheckpoint(text: Array(text.utf8)).verify(against: chainspec)
            return nil
        }
    }

    @Test("strict JSON, amounts and times")
    func texts() throws {
        let vectors: Texts = try ReferenceVectors.read("text")
        for text in vectors.json.valid {
            #expect(throws: Never.self) { try JSON.parse(text, maximumBytes: 1_000_000) }
        }
        for vector in vectors.json.refused {
            let bytes = try vector.bytes.map { try ReferenceVectors.bytes($0) } ?? Array(#require(vector.text).utf8)
            var found: JSONError?
            do throws(JSONError) { _ = try JSON.parse(bytes, maximumBytes: 1_000_000) } catch { found = error }
            #expect(found?.code.rawValue == vector.error, "\(vector)")
        }
        for vector in vectors.amounts.valid {
            let units = try DecimalAmount.parse(vector.text, decimals: vector.decimals)
            #expect(String(units) == vector.minorUnits)
            #expect(DecimalAmount.format(units, decimals: vector.decimals) == vector.written)
        }
        for vector in vectors.amounts.refused {
            #expect(throws: AmountError.self) { try DecimalAmount.parse(vector.text, decimals: vector.decimals) }
        }
        for vector in vectors.times.valid {
            #expect(try Timestamp.parse(vector.text) == vector.milliseconds)
            #expect(Timestamp.format(vector.milliseconds) == vector.written)
        }
        for text in vectors.times.refused { #expect(throws: TimestampError.self) { try Timestamp.parse(text) } }
    }
}
