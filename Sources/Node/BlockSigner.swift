public import Ledger

/// Signs as one validator. It sees what it signs: headers and checkpoints, never bare hashes.
public protocol BlockSigner: Sendable {
    var validator: ValidatorIndex { get }
    /// The validator's attestation of a header that this process executed.
    func attest(_ header: BlockHeader) throws(BlockSigningError) -> Attestation
    /// The validator's signature line of a checkpoint.
    func sign(_ checkpoint: Checkpoint) throws(BlockSigningError) -> CheckpointSignature
    /// The same for a signer that believes a checkpoint only when it is shown what it consists of: the last header, and the tree of those
    /// before it, which is found when it is asked for.
    func sign(
        _ checkpoint: Checkpoint, endingWith header: BlockHeader, after tree: () throws(BlockSigningError) -> HistoryTree
    ) throws(BlockSigningError) -> CheckpointSignature
}

extension BlockSigner {
    public func sign(
        _ checkpoint: Checkpoint, endingWith header: BlockHeader, after tree: () throws(BlockSigningError) -> HistoryTree
    ) throws(BlockSigningError) -> CheckpointSignature {
        try sign(checkpoint)
    }
}

/// A signer that did not sign.
public struct BlockSigningError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
