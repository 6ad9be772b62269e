import Ledger
import Verifier

/// What is measured, behind one small interface: blocks' bytes go in, in the order of the chain, and what the store needs comes out.
struct PipelineAdapter: ~Copyable {
    private var pipeline: BlockPipeline

    init(restored: consuming RestoredLedger, verifier: SignatureVerifier) {
        pipeline = BlockPipeline(chain: Chain(restored: restored, verifier: verifier))
    }

    /// Begins with this block, and gives the one before it.
    mutating func push(_ bytes: [UInt8]) throws -> BlockCommit? {
        try pipeline.push(bytes)
    }

    /// Ends, and gives the last block.
    mutating func finish() throws -> BlockCommit? {
        try pipeline.finish()
    }
}
