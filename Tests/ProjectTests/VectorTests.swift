import Cryptography
import Foundation
import Ledger
import Support
import Testing

/// The vectors that are no proofs, against the node's own code. The reference program made them from the specifications alone.
@Suite("Vectors")
struct VectorTests {
    @Test("the worked example is the chain that this code makes")
    func example() throws {
        guard case .object(let members) = try VectorFile.json("example") else { throw VectorFile.NotAText(path: "example") }
        let published = JSON.object(members.filter { $0.key != "about" })
        let difference = published.difference(from: try WorkedExample().exampleVectors())
        #expect(difference == nil)
    }

    private struct Chainspecs: Decodable {
        struct Valid: Decodable {
            let name: String
            let file, text: String?
            let bytes, network, genesisHeader, genesisHash: String
            let accountIDs, addresses, stateLeaves: [String]
        }
        struct Refused: Decodable {
            let name, error, text: String
            let field: String?
        }
        let valid: [Valid]
        let refused: [Refused]
    }

    @Test("chain specifications have the bytes and the genesis published, or are refused where they are wrong")
    func chainspecs() throws {
        let vectors: Chainspecs = try VectorFile.cases("chainspec")
        #expect(vectors.valid.count >= 4 && vectors.refused.count >= 50)
        for vector in vectors.valid {
            let chainspec = try Chainspec(json: try vector.file.map(ProjectFiles.read) ?? Array((vector.text ?? "").utf8))
            #expect(Hexadecimal.encode(chainspec.bytes) == vector.bytes, "\(vector.name)")
            #expect(chainspec.network.hex == vector.network)
            #expect(Hexadecimal.encode(chainspec.genesisHeader.bytes) == vector.genesisHeader)
            #expect(chainspec.genesisHeader.hash.hex == vector.genesisHash)
            let accounts = LedgerState(genesis: chainspec).accounts
            #expect(accounts.map(\.id.hex) == vector.accountIDs, "\(vector.name)")
            #expect(accounts.map { chainspec.address(of: $0.id) } == vector.addresses)
            #expect(accounts.map { Hexadecimal.encode($0.bytes) } == vector.stateLeaves)
        }
        for vector in vectors.refused {
            let error = #expect(throws: ChainspecReadError.self, "\(vector.name)") {
                try Chainspec(json: Array(vector.text.utf8))
            }
            let found: (code: JSONError.Code, field: String)? =
                switch error {
                case .json(let error)?: (error.code, error.path.description)
                // The specification does not tell fields that contradict it alone from those that contradict others.
                case .content(let error)?: (.fieldValue, error.field)
                case nil: nil
                }
            #expect(found?.code.rawValue == vector.error, "\(vector.name)")
            if let expected = vector.field { #expect(found?.field == expected, "\(vector.name)") }
        }
    }

    private struct Texts: Decodable {
        struct Documents: Decodable {
            struct Refused: Decodable {
                let error: String
                let text, bytes: String?
            }
            let valid: [String]
            let refused: [Refused]
        }
        struct Amounts: Decodable {
            struct Valid: Decodable {
                let text, minorUnits, written: String
                let decimals: UInt8
            }
            struct Refused: Decodable {
                let text: String
                let decimals: UInt8
            }
            let valid: [Valid]
            let refused: [Refused]
        }
        struct Times: Decodable {
            struct Valid: Decodable {
                let text, written: String
                let milliseconds: UInt64
            }
            let valid: [Valid]
            let refused: [String]
        }
        let json: Documents
        let amounts: Amounts
        let times: Times
    }

    @Test("JSON, amounts and times are read or refused as published")
    func texts() throws {
        let vectors: Texts = try VectorFile.cases("text")
        #expect(vectors.json.valid.count >= 10 && vectors.json.refused.count >= 30)
        for text in vectors.json.valid { _ = try JSON.parse(text, maximumBytes: 1_000) }
        for vector in vectors.json.refused {
            let bytes = try #require(vector.bytes.flatMap(Hexadecimal.decode) ?? vector.text.map { Array($0.utf8) })
            let error = #expect(throws: JSONError.self, "\(vector)") { try JSON.parse(bytes, maximumBytes: 1_000) }
            #expect(error?.code.rawValue == vector.error, "\(vector)")
        }
        #expect(vectors.amounts.valid.count >= 10 && vectors.amounts.refused.count >= 20)
        for vector in vectors.amounts.valid {
            let units = try DecimalAmount.parse(vector.text, decimals: vector.decimals)
            #expect(String(units) == vector.minorUnits)
            #expect(DecimalAmount.format(units, decimals: vector.decimals) == vector.written)
        }
        for vector in vectors.amounts.refused {
            #expect(throws: AmountError.self, "\(vector)") { try DecimalAmount.parse(vector.text, decimals: vector.decimals) }
        }
        #expect(vectors.times.valid.count >= 7 && vectors.times.refused.count >= 20)
        for vector in vectors.times.valid {
            #expect(try Timestamp.parse(vector.text) == vector.milliseconds)
            #expect(Timestamp.format(vector.milliseconds) == vector.written)
        }
        for text in vectors.times.refused {
            #expect(throws: TimestampError.self, "\(text)") { try Timestamp.parse(text) }
        }
    }

    private struct Accounts: Decodable {
        struct Valid: Decodable { let name, bytes: String }
        struct Refused: Decodable { let name, error, bytes: String }
        let valid: [Valid]
        let refused: [Refused]
    }

    @Test("accounts and key policies decode, or are refused, as published")
    func accounts() throws {
        let vectors: Accounts = try VectorFile.cases("account")
        #expect(vectors.valid.count >= 6 && vectors.refused.count >= 25)
        for vector in vectors.valid {
            let bytes = try #require(Hexadecimal.decode(vector.bytes))
            #expect(try Account(decoding: bytes).bytes == bytes, "\(vector.name)")
        }
        for vector in vectors.refused {
            let bytes = try #require(Hexadecimal.decode(vector.bytes))
            let error = #expect(throws: DecodingError.self, "\(vector.name)") { try Account(decoding: bytes) }
            #expect(error?.rawValue == vector.error, "\(vector.name)")
        }
        let example = try WorkedExample()
        let bytes = example.moments[4].accounts.map { Hexadecimal.encode($0.bytes) }
        for (position, name) in [(1, "institution"), (3, "liability"), (5, "wallet"), (6, "bank-issued"), (7, "weighted-policy")] {
            #expect(vectors.valid.first { $0.name == name }?.bytes == bytes[position], "\(name)")
        }
    }

    private struct Refusals: Decodable {
        struct Refused: Decodable {
            let name, error, bytes: String
            let time: UInt64
        }
        let chainspec: String
        let blocks: [String]
        let refused: [Refused]
    }

    @Test("every transaction that the rules refuse is refused for the reason published")
    func refusals() throws {
        let vectors: Refusals = try VectorFile.cases("refusals")
        let chainspec = try Chainspec(json: Array(vectors.chainspec.utf8))
        var state = LedgerState(genesis: chainspec)
        for block in vectors.blocks {
            let certified = try CertifiedBlock(decoding: try #require(Hexadecimal.decode(block)))
            let header = certified.block.header
            let context = BlockContext(height: header.height, time: header.time)
            for (position, transaction) in certified.block.transactions.enumerated() {
                try state.checkAndApply(transaction, at: UInt32(position), in: context)
            }
            #expect(state.seal(height: header.height, time: header.time).stateRoot == header.stateRoot)
            #expect(state.supplyRoot == header.supplyRoot)
            try chainspec.checkFinality(of: header, attestations: certified.attestations)
        }
        for vector in vectors.refused {
            let transaction = try SignedTransaction(decoding: try #require(Hexadecimal.decode(vector.bytes)))
            let context = BlockContext(height: state.height + 1, time: vector.time)
            var refusal: Refusal?
            do throws(Refusal) { try state.checkAndApply(transaction, at: 0, in: context) } catch { refusal = error }
            #expect(refusal?.reason.rawValue == vector.error, "\(vector.name)")
        }
        let unreachable: Set<Refusal.Reason> = [.counterOverflow]
        let reasons = Set(vectors.refused.compactMap { Refusal.Reason(rawValue: $0.error) })
        #expect(reasons == Set(Refusal.Reason.allCases).subtracting(unreachable))
    }
}
