import Cryptography
import Foundation
import Ledger
import Support
import Testing
import Verifier

/// `coffer-verify` and pyverify, which share no code, over the same good and damaged files: they may not disagree about any.
@Suite("Two verifiers", .enabled(Reference.condition) { Reference.isThere })
struct SecondOpinionTests {
    private let both: TwoVerifiers
    private var directory: TemporaryDirectory { both.directory }

    init() throws {
        both = try TwoVerifiers()
    }

    @Test(arguments: GoldenChain.names)
    func agreeOnDamagedExports(name: String) throws {
        let chain = try GoldenChain(name)
        let damaged = try DamagedExports(of: chain, SplitMix64(test: "agreeOnDamagedExports, \(name)"))
        let questions = try damaged.copies.enumerated().map { number, copy in
            let export = directory.url.appending(path: "export-\(number)")
            try FileManager.default.createDirectory(at: export, withIntermediateDirectories: true)
            for (file, bytes) in copy.files { try Data(bytes).write(to: export.appending(path: file)) }
            return question(copy.name, "chain", export, chain)
        }
        let opinions = try both.expectAgreement(questions)
        let codes = Set(opinions.compactMap(\.code))
        // What a sample of this size always finds.
        let expected: Set = [
            "exportTruncated", "exportChecksumMismatch", "exportUnreadable", "transactionRoot", "checkpointText", "notFinal",
        ]
        #expect(codes.isSuperset(of: expected), "\(codes.sorted())")
        #expect(Set(opinions.map(\.exitCode)).isSuperset(of: [1, 2]))
    }

    @Test(arguments: GoldenChain.names, ["receipt", "balance"])
    func agreeOnDamagedProofs(name: String, command: String) throws {
        let chain = try GoldenChain(name)
        let good = [UInt8](try Data(contentsOf: chain.directory.appending(path: "\(command).json")))
        let damaged = try DamagedProofs(of: good, SplitMix64(test: "agreeOnDamagedProofs, \(name), \(command)"))
        let questions = try damaged.copies.enumerated().map { number, copy in
            question(copy.name, command, try both.write(copy.bytes, "\(command)-\(number)"), chain)
        }
        let codes = Set(try both.expectAgreement(questions).compactMap(\.code))
        #expect(codes.isSuperset(of: ["jsonSyntax", "fieldValue", "fieldMissing", "invalidAttestation"]), "\(codes.sorted())")
    }

    @Test func agreeOnDamagedChainspecs() throws {
        let chain = try GoldenChain("two-validators")
        let damaged = try DamagedProofs(of: chain.chainspecText, SplitMix64(test: "agreeOnDamagedChainspecs"))
        let receipt = chain.directory.appending(path: "receipt.json")
        let questions = try damaged.copies.enumerated().map { number, copy in
            Question(name: copy.name, command: "receipt", file: receipt, chainspec: try both.write(copy.bytes, "chainspec-\(number)"))
        }
        #expect(Set(try both.expectAgreement(questions).compactMap(\.code)).isSuperset(of: ["chainspec", "wrongNetwork"]))
    }

    /// The programs themselves, with their exit codes, on what the other tests look at in this process.
    @Test(arguments: GoldenChain.names)
    func programsAgree(name: String) throws {
        let chain = try GoldenChain(name)
        var questions = [
            question("export", "chain", chain.directory.appending(path: "export"), chain),
            question("receipt", "receipt", chain.directory.appending(path: "receipt.json"), chain),
            question("balance", "balance", chain.directory.appending(path: "balance.json"), chain),
            question("checkpoint", "checkpoint", chain.directory.appending(path: "export/checkpoint"), chain),
            question("nothing", "receipt", directory.url.appending(path: "nothing"), chain),
            question("of the other kind", "balance", chain.directory.appending(path: "receipt.json"), chain),
        ]
        let export = directory.url.appending(path: "broken")
        try FileManager.default.createDirectory(at: export, withIntermediateDirectories: true)
        try Data(chain.segment(chain.blocks.dropFirst().map(\.bytes))).write(to: export.appending(path: ExportFormat.segmentFileName(0)))
        questions.append(question("without the first block", "chain", export, chain))
        for question in questions {
            try both.expectProgramsAgree(question, on: ["height", "block", "stateRoot", "transactions", "root", "transaction"])
            if question.name == "without the first block" {
                let (exitCode, report) = try Reference.pyverify(question.arguments)
                #expect(exitCode == 1 && report["height"] == 1)
            }
        }
    }

    /// With several processes pyverify says what it says with one: the first offence, not the first that was noticed.
    @Test func workersChangeNoVerdict() throws {
        let chain = try GoldenChain("every-operation")
        var transactions = chain.blocks[3].block.transactions
        var bytes = transactions[1].bytes
        bytes[bytes.count - 1] ^= 1
        transactions[1] = try SignedTransaction(decoding: bytes)
        var header = chain.blocks[3].block.header
        header.transactionRoot = Block.transactionRoot(transactions)
        var certified = chain.blocks.map(\.bytes)
        certified[3] =
            CertifiedBlock(block: Block(header: header, transactions: transactions), attestations: chain.attestations(of: header)).bytes
        let export = directory.url.appending(path: "export")
        try FileManager.default.createDirectory(at: export, withIntermediateDirectories: true)
        try Data(chain.segment(certified)).write(to: export.appending(path: ExportFormat.segmentFileName(0)))
        for workers in ["1", "2", "3"] {
            let arguments = question("a changed signature", "chain", export, chain).arguments + ["--workers", workers]
            let (exitCode, report) = try Reference.pyverify(arguments)
            #expect(exitCode == 1 && report["code"] == "invalidSignature", "\(report.text())")
            #expect(report["height"] == 4 && report["index"] == 1, "\(report.text())")
        }
    }

    private func question(_ name: String, _ command: String, _ file: URL, _ chain: GoldenChain) -> Question {
        Question(name: name, command: command, file: file, chainspec: chain.directory.appending(path: "chainspec.json"))
    }
}
