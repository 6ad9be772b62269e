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
        guard made.exitCode == 0 else { throw DaemonProcess.Failure.didNotStart(exitCode: made.exitCode, log: made.errors) }
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

extension WitnessFiles {
    /// Starts the witness, and waits until it listens.
    func start() throws -> DaemonProcess {
        try DaemonProcess(
            program: "coffer-witness", serveArguments, log: directory.url.appending(path: "log-\(UUID().uuidString)"))
    }
}

extension DaemonProcess {
    var root: URL {
        guard let root = URL(string: url) else { preconditionFailure("a port makes an address") }
        return root
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
