public import Cryptography

/// The way from a header to the root of the history tree, as a checkpoint of `size` headers signs it (`docs/spec/checkpoint.md` section 4).
public struct HeaderInclusion: Hashable, Sendable {
    /// The number of headers of the tree.
    public let size: UInt64
    /// The inclusion proof of RFC 6962 section 2.1.1, from the leaf's sibling upwards.
    public let path: [Bytes32]

    public init(size: UInt64, path: [Bytes32]) {
        self.size = size
        self.path = path
    }

    init(json field: JSONField) throws(JSONError) {
        var fields = try field.object()
        size = try fields.integer("size")
        path = try fields.proofPath()
        try fields.finish()
    }

    /// The JSON form, `{size, path}`.
    public var json: JSON { ["size": .number(size), "path": .path(path)] }

    /// Checks that the way leads from a header to a checkpoint. That the checkpoint is signed must have been checked before.
    public func verify(of header: BlockHeader, in checkpoint: Checkpoint) throws(ProofError) {
        guard header.network == checkpoint.network else {
            throw .wrongNetworkOfCheckpoint(checkpoint.network, expected: header.network)
        }
        guard size == checkpoint.size else { throw .wrongInclusionSize(size, checkpoint: checkpoint.size) }
        let isIncluded = MerkleProof.includes(
            leaf: header.historyLeaf, index: header.height, count: size, path: path, root: checkpoint.root)
        guard isIncluded else { throw .wrongInclusionPath }
    }
}
