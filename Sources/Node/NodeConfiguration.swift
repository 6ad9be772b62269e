import Ledger

/// The node's limits. Each has its unit in its name.
public struct NodeConfiguration: Sendable {
    /// Transactions that were admitted or are being checked, and are not yet in a block.
    public var queueCapacityTransactions = 65_536
    /// The bytes of those transactions.
    public var queueCapacityBytes = 67_108_864
    /// Transactions with a content that is being checked with other signatures: they wait for the end of that check, in the queue.
    public var maximumRivalSignings = 16
    /// The most transactions the node puts into a block; the ledger's own limit is `Block.maximumTransactionCount`.
    public var maximumBlockTransactions = 10_000
    /// The most bytes the node puts into a block; the ledger's own limit is `Block.maximumByteCount`.
    public var maximumBlockBytes = 16_777_216
    /// Blocks that are executed and wait to become durable. While so many wait, transactions gather for the next block.
    public var commitDepthBlocks = 2
    /// So many transactions make a block while another waits to become durable; fewer gather until it is. A block costs an attestation and
    /// its check, as much as two transactions.
    public var minimumBlockAheadTransactions = 16
    /// Refusals that are remembered for those who ask later.
    public var rememberedRefusals = 65_536
    /// How long the node waits before it tries again to write where there was no room.
    public var storageRetryMilliseconds = 500

    public init() {}
}

extension NodeConfiguration {
    /// Ends the process where no block could be made, or none that is valid. Whoever takes limits from people checks them before.
    func check() {
        precondition(queueCapacityTransactions > 0 && queueCapacityBytes > 0, "the queue takes something")
        precondition(
            (1...Block.maximumTransactionCount).contains(maximumBlockTransactions), "a block takes as many as the ledger allows")
        precondition((1...Block.maximumByteCount).contains(maximumBlockBytes), "a block is no larger than the ledger lets it be")
        precondition(
            commitDepthBlocks > 0 && minimumBlockAheadTransactions > 0 && rememberedRefusals >= 0 && maximumRivalSignings >= 0
                && storageRetryMilliseconds >= 0,
            "the limits are sensible")
    }
}
