import Cryptography
import Ledger

/// Validators with throwaway keys in place of the network's, so that what a dishonest quorum would sign can be signed.
///
/// The keys are derived from public text: they are worth nothing, and the same in every run.
struct StandIns: Sendable {
    /// The network under these validators.
    let chainspec: Chainspec

    init(for other: Chainspec) throws(KeyError) {
        var validators: [Validator] = []
        for (position, validator) in other.validators.enumerated() {
            validators.append(
                Validator(
                    name: validator.name, institution: validator.institution, blockKey: try Self.blockKey(position).publicKey,
                    checkpointKey: try Self.checkpointKey(position).publicKey))
        }
        chainspec = Chainspec(standingInFor: other, validators: validators)
    }

    /// The attestations of a header by these validators.
    func attestations(of header: BlockHeader, by validators: [ValidatorIndex]) -> [Attestation] {
        let message = header.attestationMessage
        return validators.map { Attestation(validator: $0, signature: Self.sign(message, as: Int($0))) }
    }

    /// A quorum's signatures of a checkpoint.
    func signed(_ checkpoint: Checkpoint) -> SignedCheckpoint {
        SignedCheckpoint(checkpoint, signatures: (0..<Int(chainspec.quorum)).map { Self.sign(checkpoint, as: $0) })
    }

    /// Somebody whose key the network does not know.
    static let stranger = -1

    /// A signature of a block or transaction by a validator's throwaway key, or the stranger's.
    static func sign(_ message: Bytes32, as position: Int) -> Bytes64 {
        do {
            return try blockKey(position).sign(message, auxiliary: .zero)
        } catch {
            preconditionFailure("a key derived here signs: \(error)")
        }
    }

    static func sign(_ checkpoint: Checkpoint, as position: Int) -> CheckpointSignature {
        do {
            return try checkpoint.sign(with: checkpointKey(position))
        } catch {
            preconditionFailure("a key derived here signs: \(error)")
        }
    }

    private static let derivation = TaggedHash(tag: "coffer/self-test/v1")

    private static func seed(_ purpose: String, _ position: Int) -> SecretBytes {
        SecretBytes(copying: derivation.hash(Array("\(purpose) \(position)".utf8)).bytes)
    }

    private static func blockKey(_ position: Int) throws(KeyError) -> SecretKey {
        try SecretKey(scheme: .bip340, secret: seed("block", position))
    }

    private static func checkpointKey(_ position: Int) throws(KeyError) -> Ed25519SecretKey {
        try Ed25519SecretKey(seed: seed("checkpoint", position))
    }
}
