public import Ledger

/// Signs as one validator. It sees what it signs: headers and checkpoints, never bare hashes.
public protocol BlockSigner: Sendable {
    var validator: ValidatorIndex { get }
    /// The validator's attestation of a header that this process executed.
    func attest(_ header: BlockHeader) throws(BlockSigningError) -> Attestation
    /// The validator's signature line of a checkpoint.
    func sign(_ checkpoint: Checkpoint) throws(BlockSigningError) -> CheckpointSignature
}

/// A signer that did not sign.
public struct BlockSigningError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
