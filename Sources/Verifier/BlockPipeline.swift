public import Ledger

/// Verifies certified blocks from their canonical bytes, one after the other, and keeps all threads busy: while a block is executed, the
/// signatures of the next one are being checked.
///
/// The verdicts are those of `Chain.append`, block by block; they come one block later.
public struct BlockPipeline: ~Copyable {
    private var chain: Chain
    private var underWay: BlocksUnderWay?
    /// The first fault: nothing goes on after it, and every call says so.
    private var fault: ChainFault?

    /// A pipeline that goes on where `chain` ends.
    public init(chain: consuming Chain) {
        self.chain = chain
        underWay = nil
        fault = nil
    }

    /// Begins to check a block that follows the one pushed before, completes that one, and returns it, ready for a store. Nil for the first.
    ///
    /// Throws the fault of the block before. That this one does not decode is thrown when its turn comes: by the next call, or by this
    /// one where no block is before it. After a fault, every call throws it.
    @available(*, noasync, message: "verification computes on the calling thread")
    public mutating func push(_ certifiedBlock: [UInt8]) throws(ChainFault) -> BlockCommit? {
        let next: BlocksUnderWay
        do {
            next = chain.begin([try CertifiedBlock(decoding: certifiedBlock)])
        } catch {
            let commit = try finish()
            let found = ChainFault(height: chain.tip.height + 1, offence: .undecodable(error))
            fault = found
            guard let commit else { throw found }
            return commit
        }
        let commit = try finish()
        underWay = next
        return commit
    }

    /// Completes the block that was pushed last, and returns it; nil when there is none. Throws its fault, or the one found before.
    @available(*, noasync, message: "verification computes on the calling thread")
    public mutating func finish() throws(ChainFault) -> BlockCommit? {
        if let fault { throw fault }
        guard let blocks = underWay else { return nil }
        underWay = nil
        var commit: BlockCommit?
        var history = chain.history
        do throws(ChainFault) {
            try chain.complete(blocks) { block, outcome in
                history.append(block.block.header.historyLeaf)
                commit = BlockCommit(certified: block, outcome: outcome, history: history)
            }
        } catch {
            fault = error
            throw error
        }
        return commit
    }

    /// The chain, which ends with the last block that was completed.
    public consuming func takeChain() -> Chain { chain }
}
