import Cryptography
import Custody
import Foundation
import Ledger
import Node
import Support

@testable import cofferd

/// A test network's files as its operators have them: the chain specification and the validators' key files, with their passphrase.
struct NetworkFiles {
    let network: TestNetwork
    let chainspec: URL
    let passphrase: URL
    private(set) var keys: [URL] = []

    init(_ network: TestNetwork, in directory: URL) throws {
        self.network = network
        chainspec = directory.appending(path: "chainspec.json")
        passphrase = directory.appending(path: "passphrase")
        try Data(network.chainspec.json().bytes()).write(to: chainspec)
        try Data("open sesame\n".utf8).write(to: passphrase)
        for position in 0..<Int(network.chainspec.quorum) {
            let key = directory.appending(path: "validator-\(position).key")
            try Self.createKey(at: key, position: position, isDevelopment: true)
            keys.append(key)
        }
    }

    /// Makes the key file of the validator at a position of a test network.
    static func createKey(at url: URL, position: Int, isDevelopment: Bool) throws {
        let derivation = TaggedHash(tag: "coffer/development-key/v1")
        let secret = ["block", "checkpoint"].flatMap { derivation.hash(Array("validator-\(position)-\($0)".utf8)).bytes }
        try KeyFile.create(
            at: url.path, kind: .validator, secret: SecretBytes(copying: secret),
            passphrase: SecretBytes(copying: Array("open sesame".utf8)),
            isDevelopment: isDevelopment)
    }

    /// The validators' keys, unlocked as the daemon does it.
    func signers() throws -> [any BlockSigner] {
        try keys.map { url in
            let phrase = try KeyFile.readPassphrase(at: passphrase.path, isDevelopment: true)
            let unlocked = try KeyFile.read(at: url.path).unlock(passphrase: phrase)
            switch consume unlocked {
            case .validator(let keys): return NodeSigner(try ValidatorSigner(keys: keys, chainspec: network.chainspec))
            case .account: throw NotAValidator()
            case .witness: throw NotAValidator()
            }
        }
    }

    struct NotAValidator: Error {}

    /// The daemon's arguments.
    var arguments: [String] {
        ["--chainspec", chainspec.path, "--passphrase-file", passphrase.path] + keys.flatMap { ["--node-key", $0.path] }
    }
}
