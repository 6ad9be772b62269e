import Cryptography
import Foundation
import Ledger
import Support
import Testing

/// The auditor's tool as it is run: exit codes and JSON of `chain`, `snapshot` and `evidence` on the published example.
@Suite("The auditor's tool")
struct AuditToolTests {
    private let directory: TemporaryDirectory
    private var export: String { directory.url.appending(path: "export").path }

    init() throws {
        directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: export, withIntermediateDirectories: false)
        for name in [ExportFormat.segmentFileName(0), ExportFormat.checkpointFileName] {
            let text = try VectorFile.text(at: "export/valid/example/files/\(name)")
            let bytes = name == ExportFormat.checkpointFileName ? Array(text.utf8) : Hexadecimal.decode(text)
            try Data(try #require(bytes)).write(to: directory.url.appending(path: "export/\(name)"))
        }
    }

    private func path(_ name: String) -> String { directory.url.appending(path: name).path }

    private func run(_ arguments: [String], chainspec: String = "development") throws -> (exitCode: Int32, report: JSON) {
        let outcome = try BuiltProgram.run(
            "coffer-verify", arguments + ["--chainspec", "chainspec/\(chainspec).json", "--workers", "1", "--json"])
        return (outcome.exitCode, try JSON.parse(outcome.output, maximumBytes: 65_536))
    }

    @Test("the summary says what was checked, and the supply of every bank")
    func summary() throws {
        let (exitCode, report) = try run(["chain", export])
        #expect(exitCode == 0 && report["notChecked"] == .array([]))
        #expect(report["checked"]?["transactionsWithSignatures"] == report["transactions"])
        let bank = try #require(report["supply"]?["EUR"]?["0"])
        #expect(bank["institution"] == "first-bank" && bank["issued"] == "100.00" && bank["outstanding"] == report["outstanding.EUR"])
    }

    @Test("assumed signatures are named in the result, in JSON and for people")
    func assumed() throws {
        let (exitCode, report) = try run(["chain", export, "--assume-signatures-until", "3"])
        #expect(exitCode == 0 && report["checked"]?["transactionsWithSignatures"] != report["transactions"])
        #expect(report["notChecked"]?["0"]?.text().contains("signatures") == true)
        let outcome = try BuiltProgram.run(
            "coffer-verify", ["chain", export, "--assume-signatures-until", "3", "--chainspec", "chainspec/development.json"])
        #expect(outcome.output.hasPrefix("HOLDS: what was checked; NOT EVERYTHING WAS"))
        #expect(outcome.errors.isEmpty, "no progress bar without a terminal")
    }

    @Test("a snapshot of the tool's own is where it starts the next time")
    func snapshot() throws {
        #expect(try run(["snapshot", export, "--out", path("state")]).exitCode == 0)
        #expect(try run(["snapshot", export, "--out", path("state")]).report["code"] == "outputExists")
        let from = ["--from", export + "/" + ExportFormat.checkpointFileName, "--snapshot", path("state")]
        let (exitCode, report) = try run(["chain", export] + from)
        #expect(exitCode == 0 && report["blocks"] == 0 && report["height"] == 5 && report["checked"]?["fromHeight"] == 5)
        #expect(report["notChecked"]?["0"]?.text().contains("heights 1 to 5") == true)
        #expect(try run(["chain", export] + from, chainspec: "two-banks").exitCode == 2)
        // An earlier one is not of this checkpoint.
        #expect(try run(["snapshot", export, "--height", "3", "--out", path("earlier")]).exitCode == 0)
        let wrong = try run(["chain", export, "--from", export + "/" + ExportFormat.checkpointFileName, "--snapshot", path("earlier")])
        #expect(wrong.exitCode == 1 && wrong.report["code"] == "snapshotWrongCheckpoint")
        #expect(try run(["snapshot", export, "--height", "6", "--out", path("later")]).exitCode == 2)
    }

    @Test("a changed amount is named, and proved by a file of its own")
    func evidence() throws {
        let segment = directory.url.appending(path: "export/" + ExportFormat.segmentFileName(0))
        var bytes = [UInt8](try Data(contentsOf: segment))
        let payment = try #require(Hexadecimal.decode(try VectorFile.text(at: "example/transactions/payment/bytes")))
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: payment) })
        // The last byte of the amount, before 2 bytes of a count and a signature of 68.
        bytes[place + payment.count - 71] ^= 1
        try Data(bytes).write(to: segment)
        // The transaction is named without the evidence too.
        let plain = try run(["chain", export])
        #expect(plain.exitCode == 1 && plain.report["height"] == 4 && plain.report["index"] == 0)
        #expect(["id", "rule", "expected", "found", "file", "offset"].allSatisfy { plain.report[$0] != nil })
        #expect(plain.report["evidence"] == nil)
        let (exitCode, report) = try run(["chain", export, "--evidence", path("offence")])
        #expect(exitCode == 1 && report["code"] == "exportChecksumMismatch" && report["height"] == 4)
        #expect(report["suspect"]?["index"] == 0 && report["suspect"]?["code"] == "invalidSignature")
        let proof = try run(["evidence", path("offence")])
        #expect(proof.exitCode == 0 && proof.report["against"] == "archive" && proof.report["suspect"] != nil)
        #expect(try run(["evidence", path("offence")], chainspec: "two-banks").exitCode == 1)
        #expect(try run(["chain", export, "--evidence", path("offence")]).report["code"] == "outputExists")
        #expect(try run(["evidence", segment.path]).exitCode == 2)
    }
}
