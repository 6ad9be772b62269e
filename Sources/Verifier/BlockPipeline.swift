public import Ledger

/// Verifies certified blocks from their canonical bytes, one after the other, and keeps all threads busy: while a block is executed, the
/// signatures of the next one are being checked.
///
/// The verdicts are those of `Chain.append`, block by block; they come one block later.
public struct BlockPipeline: ~Copyable {
    private var chain: Chain
    private var underWay: BlocksUnderWay?

    /// A pipeline that goes on where `chain` ends.
    public init(chain: consuming Chain) {
        self.chain = chain
        underWay = nil
    }

    /// Begins to check a block that follows the one pushed before, completes that one, and returns it, ready for a store. Nil for the first.
    ///
    /// Throws the fault of the block before, or that this one does not decode; after a fault nothing can be pushed any more.
    @available(*, noasync, message: "verification computes on the calling thread")
    public mutating func push(_ certifiedBlock: [UInt8]) throws(ChainFault) -> BlockCommit? {
        let block: CertifiedBlock
        do {
            block = try CertifiedBlock(decoding: certifiedBlock)
        } catch {
            // The offence of the block before is the earlier one.
            _ = try finish()
            throw ChainFault(height: chain.tip.height + 1, offence: .undecodable(error))
        }
        let next = chain.begin([block])
        defer { underWay = next }
        return try finish()
    }

    /// Completes the block that was pushed last, and returns it; nil when there is none.
    @available(*, noasync, message: "verification computes on the calling thread")
    public mutating func finish() throws(ChainFault) -> BlockCommit? {
        guard let blocks = underWay else { return nil }
        underWay = nil
        var commit: BlockCommit?
        var history = chain.history
        try chain.complete(blocks) { block, outcome in
            history.append(block.block.header.historyLeaf)
            commit = BlockCommit(certified: block, outcome: outcome, history: history)
        }
        return commit
    }

    /// The chain, which ends with the last block that was completed.
    public consuming func takeChain() -> Chain { chain }
}
