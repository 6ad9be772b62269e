import Cryptography
import Foundation
import Ledger
import Support
import Testing

/// The program as auditors run it.
@Suite("Self-test: the command") struct SelfTestCommandTests {
    private static let golden = ProjectFiles.root.appending(path: "Tests/Golden/every-operation")

    private func run(_ export: String, _ arguments: String...) throws -> BuiltProgram.Outcome {
        try BuiltProgram.run(
            "coffer-verify",
            ["self-test", export, "--chainspec", Self.golden.appending(path: "chainspec.json").path, "--workers", "1"] + arguments)
    }

    @Test("prints the matrix for people, and ends with 0 when all is found")
    func table() throws {
        let outcome = try run(Self.golden.appending(path: "export").path)
        #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.contains("HOLDS: every damage was found") && lines.contains("  not found          0"))
        #expect(lines.contains { $0.hasPrefix("transfer.amount") && $0.contains("quorum") && $0.hasSuffix("found") })
        #expect(lines.contains { $0.hasSuffix("not applicable here") }, "this chain has no material for some")
    }

    @Test("prints the matrix for programs, each row with its verdict")
    func json() throws {
        let outcome = try run(Self.golden.appending(path: "export").path, "--json")
        #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
        let matrix = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        let rows = try #require(matrix["matrix"] as? [[String: Any]])
        #expect(matrix["verdict"] as? String == "holds" && matrix["undetected"] as? Int == 0 && matrix["misnamed"] as? Int == 0)
        #expect(matrix["damages"] as? Int == rows.count && rows.count > 300)
        for row in rows {
            let isFound = row["result"] as? String == "detected"
            #expect(isFound == (row["found"] != nil), "what is not applicable is never found: \(row)")
        }
    }

    @Test("takes archives and the rest of an export from several directories, with the list")
    func archives() throws {
        let directory = try TemporaryDirectory()
        let (archives, rest) = (directory.url.appending(path: "archives"), directory.url.appending(path: "rest"))
        for folder in [archives, rest] { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false) }
        let export = Self.golden.appending(path: "export")
        let segment = ExportFormat.segmentFileName(0)
        try FileManager.default.copyItem(at: export.appending(path: segment), to: archives.appending(path: segment))
        try FileManager.default.copyItem(
            at: export.appending(path: ExportFormat.checkpointFileName), to: rest.appending(path: ExportFormat.checkpointFileName))
        let chainspec = try Chainspec(json: try ProjectFiles.read("Tests/Golden/every-operation/chainspec.json"))
        let bytes = [UInt8](try Data(contentsOf: export.appending(path: segment)))
        let listed = ArchivedSegment(number: 0, firstHeight: 1, lastHeight: 9, byteCount: UInt64(bytes.count), digest: SHA256.hash(bytes))
        let list = directory.url.appending(path: ArchiveManifest.fileName)
        try Data(ArchiveManifest(network: chainspec.network, archives: [listed]).json().bytes()).write(to: list)
        let found = try run(archives.path, rest.path, "--manifest", list.path)
        #expect(found.exitCode == 0, "\(found)")
        for line in ["listedArchive.sha256", "archiveList.network", "archive.listed"] {
            #expect(found.output.split(separator: "\n").contains { $0.hasPrefix(line) && $0.hasSuffix("found") }, "\(line)")
        }
        let flips = try run(archives.path, rest.path, "--bit-flips", "2")
        #expect(flips.exitCode == 2 && flips.errors.contains("[wrongUse]"))
        try FileManager.default.removeItem(at: archives.appending(path: segment))
        let missing = try run(archives.path, rest.path, "--manifest", list.path)
        #expect(missing.exitCode == 2 && missing.errors.contains("[archiveMissing]") && missing.errors.contains(listed.digest.hex))
    }

    @Test("flips bits where it is asked to")
    func bitFlips() throws {
        let outcome = try run(Self.golden.appending(path: "export").path, "--bit-flips", "20", "--seed", "3", "--json")
        #expect(outcome.exitCode == 0, "\(outcome)")
        #expect(outcome.output.contains("\"bitFlips\": 20,") && outcome.output.contains("\"repairedBitFlips\": 20,"), "\(outcome)")
    }

    @Test("ends with 1 for an export that does not hold, and with 2 for none")
    func badExports() throws {
        let copy = try TemporaryDirectory()
        let export = copy.url.appending(path: "export")
        try FileManager.default.copyItem(at: Self.golden.appending(path: "export"), to: export)
        let segment = export.appending(path: ExportFormat.segmentFileName(0))
        var bytes = try Data(contentsOf: segment)
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: segment)
        let damaged = try run(export.path)
        #expect(damaged.exitCode == 1 && damaged.errors.contains("[exportChecksumMismatch]"), "\(damaged)")
        let missing = try run(copy.url.appending(path: "nothing").path)
        #expect(missing.exitCode == 2 && missing.errors.contains("[exportUnreadable]"), "\(missing)")
        let wrongUse = try run(export.path, "--bit-flips", "0")
        #expect(wrongUse.exitCode == 2 && wrongUse.errors.contains("--bit-flips"), "\(wrongUse)")
    }
}
