import Cryptography
import Custody
import Foundation
import Ledger
import Support

/// A witness of the development network: its key, its data directory, and the programs that a test starts on it.
final class WitnessFiles: Sendable {
    static let name = "witness.example/test"

    let directory: TemporaryDirectory
    let witness: WitnessKey

    var data: String { directory.url.appending(path: "data").path }
    var key: String { directory.url.appending(path: "witness.key").path }
    private var passphrase: String { directory.url.appending(path: "passphrase").path }

    /// Makes the key, marked as a development key so that unlocking is quick, and the data directory with the program itself.
    init() throws {
        directory = try TemporaryDirectory()
        let seed = SecretBytes(randomCount: 32)
        witness = try WitnessKey(name: Self.name, key: try Ed25519SecretKey(seed: SecretBytes(copying: seed.span)).publicKey)
        let words = Array("a passphrase".utf8)
        try PrivateFile.create(passphrase, words.span)
        try KeyFile.create(
            at: key, kind: .witness, secret: seed, passphrase: SecretBytes(copying: words), isDevelopment: true)
        let made = try BuiltProgram.run("coffer-witness", ["init", "--data", data, "--key", key, "--name", Self.name, "--json"])
        guard made.exitCode == 0 else { throw WitnessProcess.Failure.didNotStart(exitCode: made.exitCode, log: made.errors) }
    }

    var serveArguments: [String] {
        [
            "serve", "--data", data, "--key", key, "--passphrase-file", passphrase, "--chainspec", "chainspec/development.json",
            "--listen", "127.0.0.1:0",
        ]
    }

    /// What the data directory says was signed last.
    func state() throws -> WitnessState {
        try WitnessState(text: [UInt8](try Data(contentsOf: URL(filePath: "\(data)/state"))))
    }
}

/// A running `coffer-witness`.
final class WitnessProcess: Sendable {
    enum Failure: Error {
        case didNotStart(exitCode: Int32, log: String)
    }

    let port: Int
    private let process: Process
    private let log: URL

    init(_ files: WitnessFiles) throws {
        let process = Process()
        process.executableURL = BuiltProgram.url("coffer-witness")
        process.arguments = files.serveArguments
        process.currentDirectoryURL = ProjectFiles.root
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let log = files.directory.url.appending(path: "log-\(UUID().uuidString)")
        try Data().write(to: log)
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        self.process = process
        self.log = log
        while true {
            if let port = try Self.port(in: log) {
                self.port = port
                return
            }
            guard process.isRunning else {
                throw Failure.didNotStart(exitCode: process.terminationStatus, log: try String(contentsOf: log, encoding: .utf8))
            }
            Thread.sleep(forTimeInterval: 0.002)
        }
    }

    deinit { kill() }

    var url: URL {
        guard let url = URL(string: "http://127.0.0.1:\(port)") else { preconditionFailure("a port makes an address") }
        return url
    }

    func logText() throws -> String { try String(contentsOf: log, encoding: .utf8) }

    /// Ends the process at once, wherever it is.
    func kill() {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        wait()
    }

    /// Asks the process to end, and gives its exit code.
    func stop() -> Int32 {
        Foundation.kill(process.processIdentifier, SIGTERM)
        wait()
        return process.terminationStatus
    }

    private func wait() {
        while process.isRunning { Thread.sleep(forTimeInterval: 0.002) }
    }

    private static func port(in log: URL) throws -> Int? {
        let text = String(decoding: try Data(contentsOf: log), as: UTF8.self)
        guard text.hasSuffix("\n"), let start = text.range(of: "\"port\":\"") else { return nil }
        return Int(text[start.upperBound...].prefix { $0.isNumber })
    }
}

/// Histories of the development network that nobody executed: for a witness only their trees and signatures count.
struct History {
    static let chainspec: Chainspec = {
        do {
            return try Chainspec(json: ProjectFiles.read("chainspec/development.json"))
        } catch {
            preconditionFailure("\(error)")
        }
    }()

    var leaves: [Bytes32]

    init(_ leaves: [Bytes32] = []) { self.leaves = leaves }

    var size: UInt64 { UInt64(leaves.count) }

    /// The history with more headers, which differ with `salt`.
    func extended(by count: Int, salt: String) -> History {
        History(leaves + (0..<count).map { SHA256.hash(Array("\(salt) \(leaves.count + $0)".utf8)) })
    }

    func root(_ size: UInt64) -> Bytes32 { MerkleTree(leaves: Array(leaves.prefix(Int(size)))).root }

    func proof(from oldSize: UInt64) -> [Bytes32] {
        guard oldSize > 0 else { return [] }
        return MerkleProof.consistencyPath(from: oldSize, to: size) { subtree in
            let count = 1 << subtree.level
            let start = Int(subtree.index) * count
            return MerkleTree(leaves: Array(leaves[start..<start + count])).root
        }
    }

    /// The checkpoint as the development network's one validator signs it.
    func checkpoint() throws -> SignedCheckpoint {
        let checkpoint = Checkpoint(network: Self.chainspec.network, size: size, root: root(size))
        return SignedCheckpoint(checkpoint, signatures: [try checkpoint.sign(with: testCheckpointKey("validator-1/checkpoint"))])
    }

    func request(from oldSize: UInt64) throws -> [UInt8] {
        Array(WitnessRequest(oldSize: oldSize, proof: proof(from: oldSize), signed: try checkpoint()).text.utf8)
    }
}
