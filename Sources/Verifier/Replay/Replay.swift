public import Ledger

/// Verifies a whole chain from genesis, from blocks in order.
public enum Replay {
    /// So many transactions' signatures are checked together.
    static let transactionsPerBatch = 4_096
    /// So many blocks are held in memory at once, at most.
    static let blocksPerBatch = 1_024
    /// A batch ends when its blocks have so many bytes.
    static let bytesPerBatch = 33_554_432

    /// Verifies every block that `next` gives; nil ends the chain. `progress` is called now and then with the figures so far.
    @available(*, noasync, message: "verification computes on the calling thread")
    public static func verify(
        chainspec: Chainspec, verifier: SignatureVerifier, progress: (ReplayProgress) -> Void,
        next: () throws(ReplayError) -> CertifiedBlock?
    ) throws(ReplayError) -> ReplayResult {
        var replay = ReplayRun(chain: Chain(genesis: chainspec, verifier: verifier))
        var batch: [CertifiedBlock] = []
        var transactions = 0
        var bytes = 0
        while true {
            let block: CertifiedBlock?
            do {
                block = try next()
            } catch {
                // A block that cannot be read comes after those before it: an offence in one of them is the earlier one.
                _ = try replay.push(batch)
                _ = try replay.finish()
                throw error
            }
            if let block {
                batch.append(block)
                transactions += block.block.transactions.count
                bytes += block.block.byteCount
            }
            let isFull = transactions >= transactionsPerBatch || batch.count >= blocksPerBatch || bytes >= bytesPerBatch
            guard block == nil || isFull else { continue }
            if try replay.push(batch) { progress(replay.figures) }
            if block == nil, try replay.finish() { progress(replay.figures) }
            (batch, transactions, bytes) = ([], 0, 0)
            if block == nil { return ReplayResult(chain: replay.chain, figures: replay.figures) }
        }
    }
}

/// A chain, and the blocks whose signatures are being checked while those before them are executed.
private struct ReplayRun: ~Copyable {
    private(set) var chain: Chain
    /// Of the blocks that were completed.
    private(set) var figures = ReplayProgress()
    private var underWay: BlocksUnderWay?

    init(chain: consuming Chain) {
        self.chain = chain
        underWay = nil
    }

    /// Begins with blocks and completes those before them, if there are any; returns whether there were.
    mutating func push(_ blocks: [CertifiedBlock]) throws(ReplayError) -> Bool {
        let next = chain.begin(blocks)
        defer { underWay = next }
        return try finish()
    }

    /// Completes the blocks that were begun with last; returns whether there were any.
    mutating func finish() throws(ReplayError) -> Bool {
        guard let blocks = underWay else { return false }
        underWay = nil
        var completed = figures
        do throws(ChainFault) {
            try chain.complete(blocks) { block, _ in
                completed.blocks += 1
                completed.transactions += UInt64(block.block.transactions.count)
            }
        } catch {
            throw .fault(error)
        }
        figures = completed
        return !blocks.isEmpty
    }
}

/// How far a replay is.
public struct ReplayProgress: Sendable {
    public var blocks: UInt64 = 0
    public var transactions: UInt64 = 0
}

/// What a replay found: all blocks valid, and this at their end.
public struct ReplayResult: Sendable {
    public let figures: ReplayProgress
    public let tip: BlockHeader
    public let supply: [SupplyRecord]
    /// The history tree over all headers.
    public let history: HistoryTree

    init(chain: borrowing Chain, figures: ReplayProgress) {
        self.figures = figures
        tip = chain.tip
        supply = chain.state.supply
        history = chain.history
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

/// Why a replay ended early.
public enum ReplayError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is nothing that can be read as an export.
    case unreadable(String)
    /// A segment cannot be read on.
    case archive(file: String, ExportError)
    /// A segment begins where none does: the one before it had room for its first block, or it has none.
    case wrongCut(file: String, height: UInt64)
    /// A block is not valid.
    case fault(ChainFault)
    /// The checkpoint does not hold, or cannot be read.
    case checkpoint(ProofError)
    /// The checkpoint is of another chain than the blocks.
    case checkpointMismatch(String)

    /// Whether the input could be read and does not hold, rather than not be read at all.
    public var doesNotHold: Bool {
        switch self {
        case .unreadable: false
        case .archive(_, let error):
            switch error {
            case .checksumMismatch, .segmentTooLong: true
            default: false
            }
        case .wrongCut, .fault, .checkpointMismatch: true
        case .checkpoint(let error): error.kind == .doesNotHold
        }
    }

    /// A stable word for programs.
    public var code: String {
        switch self {
        case .unreadable: "exportUnreadable"
        case .archive(_, let error): error.code
        case .wrongCut: "exportWrongCut"
        case .fault(let fault): fault.offence.code
        case .checkpoint(let error): error.code
        case .checkpointMismatch: "checkpointMismatch"
        }
    }

    public var description: String {
        switch self {
        case .unreadable(let text): text
        case .archive(let file, let error): "\(file): \(error)"
        case .wrongCut(let file, let height):
            "\(file): no segment begins at height \(height); the export was not cut as the format says: export again"
        case .fault(let fault): fault.description
        case .checkpoint(let error): "checkpoint: \(error)"
        case .checkpointMismatch(let text): "The checkpoint is not of this chain: \(text)."
        }
    }
}
