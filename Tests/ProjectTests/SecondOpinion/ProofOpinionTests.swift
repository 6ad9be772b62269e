import Foundation
import Ledger
import Support
import Testing

/// Both verifiers over statements, supply, balances in checkpoints, consistency and cosignatures: the vectors, and damaged copies of them.
@Suite("Two verifiers over proofs", .enabled(Reference.condition) { Reference.isThere })
struct ProofOpinionTests {
    private let both: TwoVerifiers

    init() throws {
        both = try TwoVerifiers()
    }

    /// A case of one of the files of vectors.
    private struct Vector: Decodable {
        let name: String
        let error: String?
        let text, checkpoint, earlier, later: String?
        let witnesses: [String]?
        let quorum: Int?
    }

    private struct Vectors: Decodable {
        let valid, refused: [Vector]
    }

    private struct WitnessVectors: Decodable {
        let policies: Vectors
    }

    private static let commands = ["history": "history", "supply": "supply", "anchored": "balance", "consistency": "checkpoint"]
    private static let files = commands.keys.sorted()

    private static func vectors(_ file: String) throws -> Vectors {
        file == "witness" ? try VectorFile.cases(file, as: WitnessVectors.self).policies : try VectorFile.cases(file)
    }

    private static func vector(_ path: String) throws -> Vector {
        let steps = path.split(separator: "/").map(String.init)
        return try #require(try vectors(steps[0]).valid.first { $0.name == steps[1] })
    }

    private func write(_ text: String, _ name: String) throws -> URL { try both.write(Array(text.utf8), name) }

    /// The question that a vector is about; the number is for the names of its files.
    private func question(_ file: String, _ number: Int, _ vector: Vector) throws -> Question {
        let chainspec = ProjectFiles.root.appending(path: "chainspec/\(file == "witness" ? "two-banks" : "development").json")
        func url(_ text: String?, _ what: String) throws -> URL? { try text.map { try write($0, "\(file)-\(number)-\(what)") } }
        let document = try url(vector.text, "document")
        guard let later = try url(vector.later, "later") else {
            return Question(
                name: vector.name, command: Self.commands[file] ?? "checkpoint", file: try #require(document), chainspec: chainspec,
                beside: ["--checkpoint": try url(vector.checkpoint, "checkpoint")].compactMapValues(\.self),
                witnesses: vector.witnesses ?? [], witnessQuorum: vector.quorum)
        }
        return Question(
            name: vector.name, command: "checkpoint", file: later, chainspec: chainspec,
            beside: ["--earlier": try url(vector.earlier, "earlier"), "--consistency": document].compactMapValues(\.self))
    }

    /// Among the refused ones are forgeries that validators attested, which only the last checks find.
    @Test(arguments: files + ["witness"])
    func agreeOnVectors(file: String) throws {
        let vectors = try Self.vectors(file)
        let all = vectors.valid + vectors.refused
        let opinions = try both.expectAgreement(try all.enumerated().map { try question(file, $0, $1) })
        #expect(opinions.map(\.code) == all.map(\.error))
    }

    /// What is damaged is the document, and in other copies what it is checked with.
    @Test(arguments: [
        "history/bob-from-block-2", "history/in-a-checkpoint", "history/alice-rotates", "supply/eur", "supply/in-a-checkpoint",
        "anchored/bob-in-6", "anchored/alice-in-6-without-attestations", "consistency/3-to-6", "witness/two of three",
    ])
    func agreeOnDamagedProofs(path: String) throws {
        let file = String(path.prefix { $0 != "/" })
        let vector = try Self.vector(path)
        let good = try question(file, 0, vector)
        let random = SplitMix64(test: "agreeOnDamagedProofs, \(path)")
        let document = Array(try #require(vector.text).utf8)
        let copies = file == "witness" ? DamagedProofs(ofText: document, random) : try DamagedProofs(of: document, random)
        var questions = try copies.copies.enumerated().map { number, copy in
            let damaged = try both.write(copy.bytes, "damaged-\(number)")
            return good.with(name: copy.name, damaged, inPlaceOf: file == "consistency" ? "--consistency" : nil)
        }
        for option in good.beside.keys.sorted() where option != "--consistency" {
            let text = [UInt8](try Data(contentsOf: try #require(good.beside[option])))
            for (number, copy) in DamagedProofs(ofText: text, random).copies.enumerated() {
                let damaged = try both.write(copy.bytes, "damaged\(option)-\(number)")
                questions.append(good.with(name: "\(option): \(copy.name)", damaged, inPlaceOf: option))
            }
        }
        let codes = Set(try both.expectAgreement([good] + questions).compactMap(\.code))
        #expect(codes.isSuperset(of: Self.expected[file] ?? []), "\(codes.sorted())")
    }

    /// What samples of this size always find.
    private static let expected: [String: Set<String>] = [
        "history": ["jsonSyntax", "fieldValue", "fieldMissing", "wrongEntryCount", "wrongAccountPath"],
        "supply": ["jsonSyntax", "fieldValue", "fieldMissing", "wrongSupplyPath", "wrongSupplyRecords"],
        "anchored": ["jsonSyntax", "fieldValue", "fieldMissing", "wrongAccountPath", "wrongInclusionPath", "checkpointText"],
        "consistency": ["jsonSyntax", "fieldValue", "fieldMissing", "wrongConsistencyPath", "wrongConsistencySizes", "checkpointText"],
        "witness": ["checkpointText", "invalidCheckpointSignature", "invalidCosignature", "tooFewCosignatures"],
    ]

    /// The programs themselves, on a good and a bad vector of each kind.
    @Test func programsAgree() throws {
        let shown = [
            "address", "asset", "block", "checkpointSize", "earlierSize", "fromHeight", "frozen", "height", "held", "issued", "network",
            "outstanding", "redeemed", "reserveAttested", "root", "size", "status", "time", "toHeight",
        ]
        for file in Self.files + ["witness"] {
            let vectors = try Self.vectors(file)
            let bad = try #require(vectors.refused.last)
            for (number, vector) in [try #require(vectors.valid.dropLast().last), bad].enumerated() {
                let question = try question(file, number, vector)
                try both.expectProgramsAgree(question, on: shown)
                let (exitCode, report) = try Reference.verify(question.arguments)
                #expect(report["code"] == vector.error.map(JSON.string), "\(file), \(vector.name): \(report.text())")
                #expect((exitCode == 0) == (vector.error == nil))
            }
        }
    }
}

extension Question {
    /// The same question about another file; or with another file in place of one beside it.
    fileprivate func with(name: String, _ other: URL, inPlaceOf option: String?) -> Question {
        var beside = beside
        if let option { beside[option] = other }
        return Question(
            name: name, command: command, file: option == nil ? other : file, chainspec: chainspec, beside: beside,
            witnesses: witnesses, witnessQuorum: witnessQuorum)
    }
}
