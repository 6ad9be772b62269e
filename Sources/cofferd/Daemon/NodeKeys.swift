import Cryptography
import Custody
import Ledger
import Node

/// A validator's keys as the node uses them.
struct NodeSigner: BlockSigner {
    private let signer: ValidatorSigner

    init(_ signer: ValidatorSigner) {
        self.signer = signer
    }

    var validator: ValidatorIndex { signer.validator }

    func attest(_ header: BlockHeader) throws(BlockSigningError) -> Attestation {
        do {
            return try signer.attest(header)
        } catch {
            throw BlockSigningError(error.description)
        }
    }

    func sign(_ checkpoint: Checkpoint) throws(BlockSigningError) -> CheckpointSignature {
        do {
            return try signer.sign(checkpoint)
        } catch {
            throw BlockSigningError(error.description)
        }
    }
}

extension Cofferd {
    /// Unlocks the node keys. A node of a network that is not a development one takes no development key.
    func unlockNodeKeys(_ chainspec: Chainspec) throws(StartFailure) -> [any BlockSigner] {
        var signers: [any BlockSigner] = []
        if let signer {
            let link = SignerLink(socket: signer, user: signerUser)
            do {
                signers = try link.validators(chainspec).map { CustodySigner(validator: $0, link: link, chainspec: chainspec) }
            } catch {
                throw StartFailure(error.description)
            }
        }
        for path in nodeKeys {
            do {
                let file = try KeyFile.read(at: path)
                guard chainspec.isDevelopment || !file.isDevelopment && file.publicKey.map(DevelopmentKeys.contains) != true else {
                    throw StartFailure(
                        "\(path) is a published development key, and \(chainspec.name) is not a development network. Use a key of your own."
                    )
                }
                // What serves HTTP holds no key that anybody's money depends on.
                guard chainspec.isDevelopment else {
                    throw StartFailure(
                        "\(path): outside development networks the node's process holds no key. Put it into a vault (coffer-signer key import) and give --signer SOCKET. See docs/guides/custody.md."
                    )
                }
                let signer = NodeSigner(try unlock(file, path, chainspec))
                guard !signers.contains(where: { $0.validator == signer.validator }) else {
                    throw StartFailure("\(path): this validator's key was given before. Give each key once.")
                }
                signers.append(signer)
            } catch {
                throw (error as? StartFailure) ?? StartFailure("\(path): \(error)")
            }
        }
        // The node would find out too, when there is a data directory already.
        guard signers.count >= Int(chainspec.quorum) else {
            throw StartFailure(NodeError.quorumOutOfReach(held: signers.count, quorum: Int(chainspec.quorum)).description)
        }
        return signers
    }

    private func unlock(_ file: KeyFile, _ path: String, _ chainspec: Chainspec) throws -> ValidatorSigner {
        let unlocked: UnlockedKey
        if let passphraseFile {
            let passphrase = try KeyFile.readPassphrase(at: passphraseFile, isDevelopment: file.isDevelopment)
            unlocked = try file.unlock(passphrase: passphrase)
        } else {
            let passphrase = try Terminal.readSecret(prompt: "Passphrase of \(path): ")
            unlocked = try file.unlock(passphrase: passphrase)
        }
        switch consume unlocked {
        case .validator(let keys): return try ValidatorSigner(keys: keys, chainspec: chainspec)
        case .account:
            throw StartFailure(
                "\(path) holds the key of an account. A node key is a key file of kind validator: make one with coffer key new --validator."
            )
        case .witness:
            throw StartFailure(
                "\(path) holds the key of a witness. A node key is a key file of kind validator: make one with coffer key new --validator."
            )
        }
    }
}
