public import Ledger

/// Verifies a whole chain from genesis, from blocks in order.
public enum Replay {
    /// Is given a block that is valid, and what it made of the state.
    public typealias Observer = (CertifiedBlock, BlockOutcome) -> Void

    /// So many transactions' signatures are checked together.
    static let transactionsPerBatch = 4_096
    /// So many blocks are held in memory at once, at most.
    static let blocksPerBatch = 1_024
    /// A batch ends when its blocks have so many bytes.
    static let bytesPerBatch = 33_554_432

    /// Verifies every block that `next` gives, from genesis; nil ends the chain. `progress` is called now and then with the figures so far,
    /// `observe` with every block that is valid and what it made of the state, in order, and with none after a fault.
    @available(*, noasync, message: "verification computes on the calling thread")
    public static func verify(
        chainspec: Chainspec, verifier: SignatureVerifier, progress: (ReplayProgress) -> Void,
        observe: Observer = { _, _ in },
        next: () throws(ReplayError) -> CertifiedBlock?
    ) throws(ReplayError) -> ReplayResult {
        let replayed = try run(Chain(genesis: chainspec, verifier: verifier), progress: progress, observe: observe, next: next)
        return ReplayResult(replayed)
    }

    /// The same from where a chain ends. Up to the height given, signatures of transactions are not checked
    /// (`Chain.appendAssumingSignatures`); whoever asks for that must say so with the result.
    ///
    /// Memory: the state, and two batches of blocks, each of at most 33,554,432 bytes and one block more.
    @available(*, noasync, message: "verification computes on the calling thread")
    public static func run(
        _ chain: consuming Chain, assumingSignaturesUntil assumed: UInt64 = 0, progress: (ReplayProgress) -> Void,
        observe: Observer = { _, _ in },
        next: () throws(ReplayError) -> CertifiedBlock?
    ) throws(ReplayError) -> ReplayedChain {
        var height = chain.tip.height
        var replay = ReplayRun(chain: chain)
        var batch = Batch()
        while true {
            let block: CertifiedBlock?
            do {
                block = try next()
            } catch {
                // A block that cannot be read comes after those before it: an offence in one of them is the earlier one.
                _ = try replay.push(batch.blocks, assuming: height <= assumed, observe)
                _ = try replay.finish(observe)
                throw error
            }
            if let block {
                batch.append(block)
                height += 1
            }
            guard block == nil || batch.isFull || height == assumed else { continue }
            if try replay.push(batch.blocks, assuming: height <= assumed, observe) { progress(replay.figures) }
            if block == nil, try replay.finish(observe) { progress(replay.figures) }
            batch = Batch()
            if block == nil { return replay.end() }
        }
    }

    /// Blocks that are checked together.
    private struct Batch {
        private(set) var blocks: [CertifiedBlock] = []
        private var transactions = 0
        private var bytes = 0

        var isFull: Bool {
            transactions >= transactionsPerBatch || blocks.count >= blocksPerBatch || bytes >= bytesPerBatch
        }

        mutating func append(_ block: CertifiedBlock) {
            blocks.append(block)
            transactions += block.block.transactions.count
            bytes += block.block.byteCount
        }
    }
}

/// A chain that was replayed, and what was done for it.
public struct ReplayedChain: ~Copyable {
    public var chain: Chain
    public let figures: ReplayProgress
}

/// A chain, and the blocks whose signatures are being checked while those before them are executed.
private struct ReplayRun: ~Copyable {
    private var chain: Chain
    /// Of the blocks that were completed.
    private(set) var figures = ReplayProgress()
    private var underWay: BlocksUnderWay?

    init(chain: consuming Chain) {
        self.chain = chain
        underWay = nil
    }

    /// Begins with blocks and completes those before them, if there are any; returns whether something was completed.
    ///
    /// Blocks whose signatures are assumed are completed at once: nothing of them could be done meanwhile.
    mutating func push(_ blocks: [CertifiedBlock], assuming: Bool, _ observe: Replay.Observer) throws(ReplayError) -> Bool {
        guard !assuming else {
            let isAny = try finish(observe)
            return try assume(blocks, observe) || isAny
        }
        let next = chain.begin(blocks)
        defer { underWay = next }
        return try finish(observe)
    }

    private mutating func assume(_ blocks: [CertifiedBlock], _ observe: Replay.Observer) throws(ReplayError) -> Bool {
        var completed = figures
        do throws(ChainFault) {
            try chain.appendAssumingSignatures(blocks) { block, outcome in
                completed.add(block)
                observe(block, outcome)
                completed.assumedBlocks += 1
                completed.assumedTransactions += UInt64(block.block.transactions.count)
            }
        } catch {
            throw .fault(error)
        }
        figures = completed
        return !blocks.isEmpty
    }

    /// Completes the blocks that were begun with last; returns whether there were any.
    mutating func finish(_ observe: Replay.Observer) throws(ReplayError) -> Bool {
        guard let blocks = underWay else { return false }
        underWay = nil
        var completed = figures
        do throws(ChainFault) {
            try chain.complete(blocks) { block, outcome in
                completed.add(block)
                observe(block, outcome)
            }
        } catch {
            throw .fault(error)
        }
        figures = completed
        return !blocks.isEmpty
    }

    consuming func end() -> ReplayedChain { ReplayedChain(chain: chain, figures: figures) }
}

/// How far a replay is.
public struct ReplayProgress: Sendable {
    public var blocks: UInt64 = 0
    public var transactions: UInt64 = 0
    /// Attestations that were checked.
    public var attestations: UInt64 = 0
    /// Of `blocks` and `transactions`, those whose transactions' signatures and proofs of possession were not checked.
    public var assumedBlocks: UInt64 = 0
    public var assumedTransactions: UInt64 = 0

    mutating func add(_ block: CertifiedBlock) {
        blocks += 1
        transactions += UInt64(block.block.transactions.count)
        attestations += UInt64(block.attestations.count)
    }
}

/// What a replay found: all blocks valid, and this at their end.
public struct ReplayResult: Sendable {
    public let figures: ReplayProgress
    public let tip: BlockHeader
    public let supply: [SupplyRecord]
    /// The history tree over all headers.
    public let history: HistoryTree

    public init(_ replayed: borrowing ReplayedChain) {
        figures = replayed.figures
        tip = replayed.chain.tip
        supply = replayed.chain.state.supply
        history = replayed.chain.history
    }

    /// Checks a checkpoint: its signatures, and that it is of exactly this chain.
    public func check(_ signed: SignedCheckpoint, against chainspec: Chainspec) throws(ReplayError) {
        do {
            try signed.verify(against: chainspec)
        } catch {
            throw .checkpoint(error)
        }
        let checkpoint = signed.checkpoint
        guard checkpoint.size == history.count, checkpoint.root == history.root else {
            throw .checkpointMismatch(
                "it is of \(checkpoint.size) headers with root \(checkpoint.root), "
                    + "the blocks give \(history.count) with root \(history.root)")
        }
    }
}
