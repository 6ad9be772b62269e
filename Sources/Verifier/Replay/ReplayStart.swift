public import Ledger

/// Where a replay begins.
public enum ReplayStart: Sendable {
    case genesis
    /// After the block of a snapshot that a signed checkpoint commits to. The export has the blocks before it too.
    case snapshot(Snapshot, SignedCheckpoint)

    /// Reads past the older part of an export and gives the chain on which to replay the rest.
    ///
    /// From a snapshot: every older header is read, and their tree must be the checkpoint's; the blocks whose transactions can still be
    /// unexpired are read whole, because only they say which ids must not apply again. No signature in them is checked.
    @available(*, noasync, message: "verification computes on the calling thread")
    public func chain(
        _ chainspec: Chainspec, _ verifier: SignatureVerifier, reading export: inout ExportDirectory
    ) throws(ReplayError) -> Chain {
        guard case .snapshot(let snapshot, let checkpoint) = self else { return Chain(genesis: chainspec, verifier: verifier) }
        let history = try Self.reading { () throws(SnapshotError) in
            try snapshot.verify(against: chainspec, checkpoint: checkpoint)
        }
        var older = OlderPart(chainspec: chainspec, end: snapshot.tip.header)
        while older.tip.height < snapshot.tip.header.height {
            guard let frame = try export.nextBytes() else {
                throw .notAPrefix(height: older.tip.height + 1, "the export ends before it; give the whole export")
            }
            try older.append(frame)
        }
        guard older.history == history else {
            throw .notAPrefix(
                height: older.tip.height, "the headers up to it give the root \(older.history.root), the checkpoint's is \(history.root)")
        }
        let state: LedgerState
        do throws(SnapshotError) {
            state = try snapshot.state(chainspec, replayWindow: older.window)
        } catch {
            throw .snapshot(error)
        }
        return Chain(restored: RestoredLedger(state: state, tip: snapshot.tip, history: history), verifier: verifier)
    }

    private static func reading<Value>(_ body: () throws(SnapshotError) -> Value) throws(ReplayError) -> Value {
        do throws(SnapshotError) { return try body() } catch { throw .snapshot(error) }
    }

    /// The height after which blocks are executed.
    public var height: UInt64 {
        switch self {
        case .genesis: 0
        case .snapshot(let snapshot, _): snapshot.tip.header.height
        }
    }
}

/// The blocks up to a snapshot: their headers, and what of them can still be unexpired.
private struct OlderPart {
    private(set) var tip: BlockHeader
    private(set) var history = HistoryTree()
    private(set) var window = ReplayWindow()
    /// The last header of the part.
    private let end: BlockHeader

    init(chainspec: Chainspec, end: BlockHeader) {
        tip = chainspec.genesisHeader
        history.append(tip.historyLeaf)
        self.end = end
    }

    mutating func append(_ frame: SegmentReader.Frame) throws(ReplayError) {
        let header: BlockHeader
        do throws(DecodingError) {
            header = try BlockHeader(decoding: Array(frame.certifiedBlock.prefix(BlockHeader.byteCount)))
        } catch {
            throw .fault(ChainFault(height: frame.height, offence: .undecodable(error)))
        }
        guard header.height == frame.height, header.parent == tip.hash else {
            throw .notAPrefix(height: frame.height, "it does not follow the block before it; the export is of another chain, or damaged")
        }
        // Its transactions expire at most 24 hours after it.
        if end.time < Transaction.maximumLifetimeMilliseconds || header.time > end.time - Transaction.maximumLifetimeMilliseconds {
            try remember(frame, header)
        }
        tip = header
        history.append(header.historyLeaf)
    }

    private mutating func remember(_ frame: SegmentReader.Frame, _ header: BlockHeader) throws(ReplayError) {
        let block: CertifiedBlock
        do throws(DecodingError) {
            block = try CertifiedBlock(decoding: frame.certifiedBlock)
        } catch {
            throw .fault(ChainFault(height: frame.height, offence: .undecodable(error)))
        }
        let transactions = block.block.transactions
        let root = Block.transactionRoot(transactions)
        guard root == header.transactionRoot else {
            throw .fault(
                ChainFault(
                    height: frame.height,
                    offence: .root(name: "transactionRoot", expected: "\(root)", found: "\(header.transactionRoot)")))
        }
        for transaction in transactions where transaction.content.expiry > end.time {
            window.insert(transaction.id, expiry: transaction.content.expiry)
        }
    }
}
