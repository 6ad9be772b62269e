import Foundation
import Support
import Testing

/// The commands that the README and the guides show are run as they stand, against a real node.
@Suite(.serialized) struct GuideTests {
    /// The port that the programs use when they are not told another.
    static let port = 8_420

    @Test(arguments: ["docs/guides/bank.md", "docs/guides/wallet.md"])
    func commandsWork(guide: String) throws {
        let directory = try TemporaryDirectory()
        let daemon = try DaemonProcess(
            data: directory.url.appending(path: "data"), log: directory.url.appending(path: "log"),
            arguments: DaemonProcess.developmentArguments + ["--listen", "127.0.0.1:\(Self.port)"])
        try run(try Self.shellBlocks(of: guide), in: directory.url.appending(path: "work"))
        #expect(daemon.stop() == 0)
    }

    @Test func auditorsCommandsWork() throws {
        let directory = try TemporaryDirectory()
        let daemon = try DaemonProcess(
            data: directory.url.appending(path: "data"), log: directory.url.appending(path: "log"),
            arguments: DaemonProcess.developmentArguments + ["--listen", "127.0.0.1:\(Self.port)"])
        let preparation = try Self.shellBlocks(of: "docs/guides/wallet.md") + "\ncoffer proof \"$me\" --out account.proof\n"
        let blocks = try Self.shellBlocks(of: "docs/guides/auditor.md").components(separatedBy: "python3 -m venv")[0]
        let audit = try Self.shellBlocks(of: "docs/guides/audit.md")
        try run("\(preparation)\(blocks)\n\(audit)", in: directory.url.appending(path: "work"))
        #expect(daemon.stop() == 0)
    }

    /// The page starts its own node and witnesses.
    @Test func witnessCommandsWork() throws {
        let directory = try TemporaryDirectory()
        let blocks = try Self.shellBlocks(of: "docs/guides/witness.md")
        // What an error leaves running ends with the script.
        let script = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n" + blocks
        try run(script, in: directory.url.appending(path: "work"))
    }

    /// From the key ceremony to an approved issue, and its log checked.
    @Test func custodyCommandsWork() throws {
        let directory = try TemporaryDirectory()
        let daemon = try DaemonProcess(
            data: directory.url.appending(path: "data"), log: directory.url.appending(path: "log"),
            arguments: DaemonProcess.developmentArguments + ["--listen", "127.0.0.1:\(Self.port)"])
        let script = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n" + (try Self.shellBlocks(of: "docs/guides/custody.md"))
        try run(script, in: directory.url.appending(path: "work"))
        #expect(daemon.stop() == 0)
    }

    @Test func readmeCommandsWork() throws {
        let directory = try TemporaryDirectory()
        let daemon = try DaemonProcess(
            data: directory.url.appending(path: "data"), log: directory.url.appending(path: "log"),
            arguments: DaemonProcess.developmentArguments + ["--listen", "127.0.0.1:\(Self.port)"])
        let blocks = try Self.shellBlocks(of: "README.md").split(separator: "\n").filter { !$0.hasPrefix("tools/") }
        try run(blocks.joined(separator: "\n"), in: directory.url.appending(path: "work"))
        #expect(daemon.stop() == 0)
    }

    @Test func firstPaymentPlays() throws {
        let outcome = try BuiltProgram.run("/bin/bash", ["tools/run", "--once", "--bin", BuiltProgram.url("").path])
        #expect(outcome.exitCode == 0, "\(outcome.output)\n\(outcome.errors)")
        #expect(outcome.output.contains("pays 12.34 EUR"))
        #expect(outcome.output.contains("HOLDS: the transaction is final"))
    }

    /// The `sh` blocks of a page, one after the other.
    private static func shellBlocks(of page: String) throws -> String {
        let text = String(decoding: try ProjectFiles.read(page), as: UTF8.self)
        let blocks = text.components(separatedBy: "```sh\n").dropFirst().compactMap { $0.components(separatedBy: "\n```").first }
        #expect(!blocks.isEmpty, "\(page) shows commands")
        return blocks.joined(separator: "\n")
    }

    /// Runs a script where the programs are on the path and the project's published files lie around, as in its root.
    private func run(_ script: String, in directory: URL) throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for name in ["chainspec", "keys", "policy"] {
            try FileManager.default.createSymbolicLink(
                at: directory.appending(path: name), withDestinationURL: ProjectFiles.root.appending(path: name))
        }
        let path = "\(BuiltProgram.url("").path):/usr/bin:/bin"
        let outcome = try BuiltProgram.run(
            "/bin/bash", ["-euo", "pipefail", "-c", "cd '\(directory.path)'\n\(script)"], environment: ["PATH": path])
        #expect(outcome.exitCode == 0, "\(script)\n\(outcome.output)\n\(outcome.errors)")
    }
}
