import Client
import Foundation
import Ledger
import Support
import Testing

/// A real node with real witnesses, one of which is away.
@Suite("A node with witnesses", .serialized)
struct CosigningTests {
    private struct NotInTime: Error {
        let text: String
    }

    /// Asks for the checkpoint until it is as wanted.
    private func checkpoint(of daemon: DaemonProcess, until isWanted: (SignedCheckpoint) -> Bool) async throws -> SignedCheckpoint {
        let transport = URLSessionTransport(root: daemon.root)
        let end = Date(timeIntervalSinceNow: 60)
        var attempts = 0
        while true {
            let answer = try await transport.send(HTTPRequest(.get, "/v1/checkpoint", accept: MediaType.text))
            let signed = try SignedCheckpoint(text: answer.body)
            if isWanted(signed) { return signed }
            attempts += 1
            // A test may get no thread for minutes: whoever looked only once has not waited.
            guard Date() < end || attempts < 100 else { throw NotInTime(text: signed.text + (try daemon.logText())) }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func cosigns(_ files: WitnessFiles, _ signed: SignedCheckpoint) -> Bool {
        signed.signatures.contains { files.witness.cosignature(in: $0, of: signed.checkpoint) != nil }
    }

    /// Issues money, which makes a block that is final when this returns.
    private func makeBlock(_ daemon: DaemonProcess) throws {
        let issued = try BuiltProgram.run(
            "coffer",
            [
                "issue", "--bank", "first-bank", "--to", "first-bank", "--asset", "EUR", "--amount", "1.00", "--key",
                "keys/development/first-bank.key", "--passphrase-file", "keys/development/passphrase", "--wait", "--node", daemon.url,
            ], seconds: 60)
        try #require(issued.exitCode == 0, "\(issued.errors)")
    }

    /// The exit code of `coffer-verify checkpoint`, and the code that it named.
    private func verify(_ signed: SignedCheckpoint, _ arguments: [String], in directory: TemporaryDirectory) throws -> (Int32, String) {
        let file = directory.url.appending(path: "checkpoint")
        try Data(signed.text.utf8).write(to: file)
        let outcome = try BuiltProgram.run(
            "coffer-verify", ["checkpoint", file.path, "--chainspec", "chainspec/development.json", "--json"] + arguments)
        return (outcome.exitCode, outcome.output + outcome.errors)
    }

    @Test func cosignaturesArePublishedAndBlocksNeverWaitForThem() async throws {
        let directory = try TemporaryDirectory()
        let (present, away) = (try WitnessFiles(), try WitnessFiles())
        let witness = try present.start()
        let daemon = try DaemonProcess(
            data: directory.url.appending(path: "data"), log: directory.url.appending(path: "log"),
            // Nothing listens on port 1.
            arguments: DaemonProcess.developmentArguments + [
                "--witness", "\(witness.url)=\(present.witness.text)", "--witness", "http://127.0.0.1:1=\(away.witness.text)",
                "--witness-interval-milliseconds", "100",
            ])
        let genesis = try await checkpoint(of: daemon) { cosigns(present, $0) }
        #expect(genesis.checkpoint.size == 1)
        try makeBlock(daemon)
        try makeBlock(daemon)
        let signed = try await checkpoint(of: daemon) { $0.checkpoint.size == 3 && cosigns(present, $0) }
        #expect(!cosigns(away, signed))
        #expect(try present.state().records[signed.checkpoint.network]?.checkpoint == signed.checkpoint)
        let (one, other) = (["--witness", present.witness.text], ["--witness", away.witness.text])
        #expect(try verify(signed, one, in: directory).0 == 0)
        let (code, text) = try verify(signed, one + other, in: directory)
        #expect(code == 1 && text.contains("tooFewCosignatures"), "\(text)")
        #expect(try verify(signed, one + other + ["--witness-quorum", "1"], in: directory).0 == 0)
        #expect(try verify(signed, ["--witness-quorum", "1"], in: directory).0 == 2)
        #expect(try verify(signed, ["--witness", present.witness.text + "x"], in: directory).0 == 2)

        // Without any witness blocks go on, and so does the checkpoint.
        witness.kill()
        try makeBlock(daemon)
        let bare = try await checkpoint(of: daemon) { $0.checkpoint.size == 4 }
        #expect(!cosigns(present, bare))
        #expect(try daemon.logText().contains("witness does not cosign"))
        #expect(daemon.stop() == 0)
    }

    @Test func aNodeThatShowsAWitnessAnotherHistoryIsFoundOut() async throws {
        let directory = try TemporaryDirectory()
        let files = try WitnessFiles()
        let witness = try files.start()
        func start(_ name: String) throws -> DaemonProcess {
            try DaemonProcess(
                data: directory.url.appending(path: name), log: directory.url.appending(path: "\(name).log"),
                arguments: DaemonProcess.developmentArguments + [
                    "--witness", "\(witness.url)=\(files.witness.text)", "--witness-interval-milliseconds", "100",
                ])
        }
        let first = try start("first")
        try makeBlock(first)
        _ = try await checkpoint(of: first) { $0.checkpoint.size == 2 && cosigns(files, $0) }
        #expect(first.stop() == 0)

        // The same validator's key and another first block.
        let second = try start("second")
        try makeBlock(second)
        let forked = try await checkpoint(of: second) { _ in
            do { return try second.logText().contains("saw another history") } catch { return false }
        }
        #expect(!cosigns(files, forked))
        #expect(second.stop() == 0)
        #expect(try witness.logText().contains("the log shows different histories"))
    }

    @Test func badInputIsAnsweredAndNamed() async throws {
        let files = try WitnessFiles()
        let witness = try files.start()
        let transport = URLSessionTransport(root: witness.root)
        func status(_ body: [UInt8]) async throws -> Int {
            try await transport.send(HTTPRequest(.post, "/add-checkpoint", contentType: MediaType.text, body: body)).status
        }
        let history = History().extended(by: 4, salt: "a")
        let good = try history.request(from: 0)
        #expect(try await status([UInt8](repeating: 0x41, count: WitnessRequest.maximumByteCount + 1)) == 413)
        #expect(try await status([UInt8](repeating: 0x0A, count: WitnessRequest.maximumByteCount)) == 400)
        #expect(try await status(Array("old 0\n\nexample.com/log\n1\n".utf8)) == 404)
        #expect(try await status(Array(String(decoding: good, as: UTF8.self).replacing("\n4\n", with: "\n5\n").utf8)) == 403)
        #expect(try files.state().records.isEmpty)
        #expect(try await status(good) == 200)
        let conflict = try await transport.send(HTTPRequest(.post, "/add-checkpoint", contentType: MediaType.text, body: good))
        #expect(conflict.status == 409 && conflict.contentType == "text/x.tlog.size" && conflict.body == Array("4\n".utf8))
        #expect(try await transport.send(HTTPRequest(.get, "/healthz")).status == 200)
        #expect(try await transport.send(HTTPRequest(.get, "/add-checkpoint")).status == 404)
        #expect(witness.stop() == 0)
    }

    @Test func aStateThatIsNotThereOrDamagedIsNotReplaced() throws {
        let files = try WitnessFiles()
        #expect(try files.start().stop() == 0)
        let state = URL(filePath: "\(files.data)/state")
        let text = try Data(contentsOf: state)
        func serve() throws -> BuiltProgram.Outcome { try BuiltProgram.run("coffer-witness", files.serveArguments, seconds: 20) }

        try Data(text.dropLast(2)).write(to: state)
        let damaged = try serve()
        #expect(damaged.exitCode == 1 && damaged.errors.contains("is damaged") && damaged.errors.contains("retire this key"))
        try FileManager.default.removeItem(at: state)
        let missing = try serve()
        #expect(missing.exitCode == 1 && missing.errors.contains("is not there"))
        let again = try BuiltProgram.run(
            "coffer-witness", ["init", "--data", files.data, "--key", files.key, "--name", WitnessFiles.name])
        #expect(again.exitCode == 2 && again.errors.contains("is not empty"), "\(again.errors)")
        #expect(!FileManager.default.fileExists(atPath: state.path))

        try text.write(to: state)
        let process = try files.start()
        let second = try serve()
        #expect(second.exitCode == 2 && second.errors.contains("Another process holds"))
        #expect(process.stop() == 0)
        let other = try WitnessFiles()
        try FileManager.default.removeItem(atPath: "\(other.data)/state")
        try FileManager.default.copyItem(atPath: state.path, toPath: "\(other.data)/state")
        let foreign = try BuiltProgram.run("coffer-witness", other.serveArguments, seconds: 20)
        #expect(foreign.exitCode == 2 && foreign.errors.contains("holds another key"))
    }
}
