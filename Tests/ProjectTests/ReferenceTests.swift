import Cryptography
import Foundation
import Ledger
import Support
import Testing

/// The node's code and the reference program, which shares none with it, against each other.
@Suite("Two implementations", .enabled(Reference.condition) { Reference.isThere })
struct ReferenceTests {
    @Test("the reference program agrees with itself, and with every file of Tests/Vectors")
    func selfCheck() throws {
        let (exitCode, report) = try Reference.run(["self-check", "--vectors", "Tests/Vectors"])
        #expect(exitCode == 0 && report["holds"] == true, "\(report.text())")
        let files = try #require(report["Tests/Vectors"])
        #expect(files["notChecked"] == .array([]), "teach tools/reference/coffer_vectorcheck.py these files")
        let names = try FileManager.default.contentsOfDirectory(atPath: ProjectFiles.vectors.path)
        for name in names where name.hasSuffix(".json") { #expect(files[name] != nil, "\(name) was checked") }
    }

    @Test(
        "the reference program agrees with the published vectors",
        .enabled("the published vectors are beside the project") { ProjectFiles.hasPublishedVectors })
    func publishedVectors() throws {
        let (exitCode, report) = try Reference.run(["self-check", "--vectors", ProjectFiles.publishedVectors.path])
        #expect(exitCode == 0, "\(report.text())")
        let files = try #require(report[ProjectFiles.publishedVectors.path])
        #expect(files["notChecked"] == .array([]))
        #expect(files["rfc6962-inclusion.json"] == 98 && files["rfc6962-consistency.json"] == 98 && files["bech32m.json"] == 21)
    }

    @Test("coffer-verify accepts a chain and its proofs that the reference program alone made")
    func referenceExample() throws {
        let directory = try TemporaryDirectory()
        let example = directory.url.appending(path: "example")
        let (exitCode, made) = try Reference.run(["example", "--out", example.path])
        #expect(exitCode == 0)
        let commands = [
            ["receipt", "receipt.json"], ["receipt", "receipt-without-memo.json"], ["balance", "balance.json"],
            ["balance", "balance-genesis.json"], ["checkpoint", "checkpoint"], ["chain", "export"],
        ]
        for command in commands {
            let (exitCode, report) = try Reference.verify([
                command[0], example.appending(path: command[1]).path, "--chainspec", example.appending(path: "chainspec.json").path,
            ])
            #expect(exitCode == 0 && report["verdict"] == "holds", "\(command): \(report.text())")
            if command[0] == "chain" { #expect(report["stateRoot"] == made["stateRoot"] && report["height"] == made["height"]) }
        }
    }

    @Test("the node's code decodes what the reference program builds and signs, and both read it alike")
    func builtTransactions() throws {
        let directory = try TemporaryDirectory()
        let (key, out) = (directory.url.appending(path: "key"), directory.url.appending(path: "transaction"))
        try Data(Hexadecimal.encode([UInt8](repeating: 7, count: 32)).utf8).write(to: key)
        let chainspec = try Chainspec(json: ProjectFiles.read("chainspec/development.json"))
        let (bank, other) = (chainspec.address(of: chainspec.institutionAccount(1)), chainspec.address(of: chainspec.institutionAccount(2)))
        let money = ["--asset", "EUR", "--amount", "12.34"]
        for (command, arguments) in [
            ("open", ["--sponsor", bank, "--kind", "walletHeld", "--key", "ecdsa", "1", key.path]),
            ("transfer", ["--leg", bank, other, "EUR", "12.34", "--memo", "Invoice 7"]),
            ("issue", ["--bank", bank, "--to", other] + money), ("redeem", ["--bank", bank, "--from", other] + money),
            ("rotate", ["--account", bank, "--key", "bip340", "1", key.path]),
            ("status", ["--account", other, "--status", "frozen"]),
        ] {
            let common = ["--chainspec", "chainspec/development.json"]
            let signer = ["--signer", bank, "0", "bip340", key.path, "--out", out.path]
            let (exitCode, report) = try Reference.run(["build-\(command)"] + arguments + signer + common)
            #expect(exitCode == 0, "\(command)")
            let transaction = try SignedTransaction(decoding: [UInt8](Data(contentsOf: out)))
            #expect(report["id"] == .string(transaction.id.hex) && report["bytes"] == .string(Hexadecimal.encode(transaction.bytes)))
            let decoded = try Reference.run(["decode", out.path] + common)
            let ours = TransactionDraft(transaction).json(chainspec: chainspec)
            #expect(decoded.exitCode == 0 && decoded.report["transaction"] == ours, "\(command)")
        }
    }

    @Test("pyverify replays an export of the node's code to the same roots, and holds its proofs")
    func replaysExport() throws {
        let chain = try LongChain()
        let directory = try TemporaryDirectory()
        try chain.write(to: directory.url)
        let chainspec = ["--chainspec", directory.url.appending(path: "chainspec.json").path]
        let (exitCode, report) = try Reference.pyverify(["chain", directory.url.appending(path: "export").path] + chainspec)
        #expect(exitCode == 0, "\(report.text())")
        #expect(report["height"] == .number(chain.header.height) && chain.header.height >= 40)
        #expect(report["block"] == .string(chain.header.hash.hex))
        #expect(report["stateRoot"] == .string(chain.header.stateRoot.hex))
        #expect(report["supplyRoot"] == .string(chain.header.supplyRoot.hex))
        #expect(chain.operations == Set(["openAccounts", "transfer", "issue", "redeem", "rotateKeys", "setStatus"]))
        for (command, file) in [("receipt", "receipt.json"), ("balance", "balance.json"), ("checkpoint", "export/checkpoint")] {
            let arguments = [directory.url.appending(path: file).path] + chainspec
            let (exitCode, report) = try Reference.pyverify([command] + arguments)
            #expect(exitCode == 0 && report["verdict"] == "holds", "\(command): \(report.text())")
            #expect(try Reference.verify([command] + arguments).exitCode == 0)
        }
    }

    @Test("both refuse damaged copies of an export, with the same code and exit code")
    func refusesDamage() throws {
        let chain = try LongChain()
        let directory = try TemporaryDirectory()
        try chain.write(to: directory.url)
        let chainspec = ["--chainspec", directory.url.appending(path: "chainspec.json").path]
        let segment = directory.url.appending(path: "export").appending(path: ExportFormat.segmentFileName(0))
        let export = directory.url.appending(path: "export").path
        var codes: Set<String> = []
        var exitCodes: Set<Int32> = []
        for (name, bytes) in chain.damagedSegments() {
            try Data(bytes).write(to: segment)
            let ours = try Reference.verify(["chain", export] + chainspec)
            let theirs = try Reference.pyverify(["chain", export] + chainspec)
            #expect(ours.exitCode != 0, "\(name) is accepted")
            #expect(
                ours.exitCode == theirs.exitCode && ours.report["code"] == theirs.report["code"],
                "\(name): \(ours.report.text()) and \(theirs.report.text())")
            if case .string(let code)? = ours.report["code"] { codes.insert(code) }
            exitCodes.insert(ours.exitCode)
        }
        #expect(exitCodes == [1, 2])
        #expect(codes.isSuperset(of: ["exportChecksumMismatch", "exportTruncated", "checkpointMismatch", "header.height"]), "\(codes)")
    }
}
