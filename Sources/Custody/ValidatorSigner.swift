public import Cryptography
public import Ledger

/// A validator's keys, which sign what they are shown: headers and checkpoints of one network, never bare hashes.
public final class ValidatorSigner: Sendable {
    /// The validator of the chain specification that the keys belong to.
    public let validator: ValidatorIndex
    private let network: NetworkID
    private let keys: ValidatorKeys

    /// Finds the validator by its keys.
    ///
    /// Throws `notAValidator` when the chain specification has no validator with these keys.
    public init(keys: consuming ValidatorKeys, chainspec: Chainspec) throws(ValidatorSignerError) {
        let block = keys.blockKey.publicKey
        let checkpoint = keys.checkpointKey.publicKey
        let position = chainspec.validators.firstIndex { $0.blockKey == block && $0.checkpointKey == checkpoint }
        guard let position else { throw .notAValidator(block) }
        validator = ValidatorIndex(position)
        network = chainspec.network
        self.keys = keys
    }

    /// The validator's attestation of a header. Throws `wrongNetwork`, or `key` when signing failed.
    public func attest(_ header: BlockHeader) throws(ValidatorSignerError) -> Attestation {
        guard header.network == network else { throw .wrongNetwork(header.network) }
        do {
            return Attestation(validator: validator, signature: try keys.blockKey.sign(header.attestationMessage))
        } catch {
            throw .key(error)
        }
    }

    /// The validator's signature of a checkpoint. Throws `wrongNetwork`, or `key` when signing failed.
    public func sign(_ checkpoint: Checkpoint) throws(ValidatorSignerError) -> CheckpointSignature {
        guard checkpoint.network == network else { throw .wrongNetwork(checkpoint.network) }
        do {
            return try checkpoint.sign(with: keys.checkpointKey)
        } catch {
            throw .key(error)
        }
    }
}

/// Why a validator's keys did not sign.
public enum ValidatorSignerError: Error, Hashable, Sendable, CustomStringConvertible {
    case notAValidator(PublicKey)
    case wrongNetwork(NetworkID)
    case key(KeyError)

    public var description: String {
        switch self {
        case .notAValidator(let key):
            "The key file holds block key \(key), which no validator of the chain specification has together with its checkpoint key. Give the key file of one of its validators."
        case .wrongNetwork(let network): "This validator does not sign for network \(network)."
        case .key(let error): error.description
        }
    }
}
