public import Ledger

/// What pruning has just made durable.
enum PruningStep: Hashable, Sendable, CaseIterable {
    /// All archives were compared, and nothing changed.
    case compared
    /// An archive is in the list, and its blocks count as pruned.
    case recorded
    /// Some of their bodies are gone.
    case droppedPart
    /// All of them are.
    case dropped
}

/// What to prune.
public struct PruningRequest: Sendable {
    /// Bodies of blocks at this height and above stay.
    public var below: UInt64
    /// The directory with the archives: the segments of an export.
    public var archives: String
    /// Whether to compare only, and drop nothing.
    public var isDryRun: Bool

    public init(below: UInt64, archives: String, isDryRun: Bool = false) {
        self.below = below
        self.archives = archives
        self.isDryRun = isDryRun
    }
}

/// What keeps more from being pruned.
public enum PruningLimit: String, Hashable, Sendable, CaseIterable {
    /// The height that was asked for.
    case asked
    /// Later blocks are not folded into the derived state.
    case notFolded
    /// Transactions of later blocks may be unexpired.
    case replayWindow
}

/// What was pruned, or in a dry run would be.
public struct PruningReport: Hashable, Sendable {
    /// The archives that the dropped bodies are in.
    public let archives: [ArchivedSegment]
    /// The last block whose body is pruned now, those of earlier runs included; 0 when none is.
    public let prunedHeight: UInt64
    /// The last block that could have been pruned, had a segment ended there, and what kept it from being a later one.
    public let end: UInt64
    public let limit: PruningLimit
    /// Transactions of the blocks that were pruned.
    public let transactionCount: UInt64
    /// Bytes of the data files that hold nothing, before and after: later commits take them, and the files do not shrink.
    public let reusableBytesBefore: UInt64
    public let reusableBytesAfter: UInt64
}

/// How far pruning is.
public enum PruningProgress: Hashable, Sendable {
    /// Reading the store's own blocks.
    case reading(height: UInt64, of: UInt64)
    /// Comparing an archive.
    case comparing(ArchivedSegment, bytes: UInt64)
    /// Dropping the bodies of an archive's blocks.
    case dropping(ArchivedSegment)
}

extension LedgerStore {
    /// A transaction is unexpired for at most 24 hours after its block; bodies are kept an hour longer, in milliseconds.
    static let keptMilliseconds: TimeMilliseconds = Transaction.maximumLifetimeMilliseconds + 3_600_000

    /// Drops the bodies of blocks that are in whole archives, below a height (`docs/spec/archive.md` section 3).
    ///
    /// Reads its own blocks and compares them with every archive first: where one is missing, short or different, it is named and nothing
    /// is dropped. Then, archive by archive, records it and drops its bodies in bounded transactions; cut off anywhere, the same call goes
    /// on. Headers, attestations, accounts, supply, memos and the places of transactions stay. Bodies that may be needed stay: those not
    /// folded yet, and those of the last 25 hours by block time.
    public func prune(
        _ request: PruningRequest, progress: (PruningProgress) -> Void = { _ in }
    ) throws(PruningError) -> PruningReport {
        do {
            let before = try statistics().reusableBytes
            let run = try withCore { (core) throws(StoreError) in try PruningRun(core, request) }
            let (archives, transactions) = try withPruning { (core) throws(StoreError) in
                try run.find(core, { progress(.reading(height: $0, of: run.end)) })
            }
            for archive in archives {
                try ArchiveFile(archive, in: request.archives).checkWhole { progress(.comparing(archive, bytes: $0)) }
            }
            if !archives.isEmpty { try ArchiveFile.synchronizeNames(in: request.archives) }
            // From then on the state cannot be derived again: it must be right.
            _ = try restore()
            if !request.isDryRun {
                try withPruning { (core) throws(StoreError) in
                    try core.pruningStep(.compared)
                    try core.dropBodies()
                    for archive in archives {
                        progress(.dropping(archive))
                        try core.prune(archive)
                    }
                }
            }
            let pruned = try self.archives().archives.last?.lastHeight ?? 0
            return PruningReport(
                archives: archives, prunedHeight: pruned, end: run.end, limit: run.limit, transactionCount: transactions,
                reusableBytesBefore: before, reusableBytesAfter: try statistics().reusableBytes)
        } catch let error as PruningError {
            throw error
        } catch let error as StorageError {
            throw .storage(error)
        } catch {
            preconditionFailure("pruning throws storage and archive errors alone: \(error)")
        }
    }

    private func withPruning<Result>(_ body: (StoreCore) throws(StoreError) -> Result) throws(StorageError) -> Result {
        try withCore { (core) throws(StoreError) in try body(core) }
    }
}

/// What of a store can be pruned.
private struct PruningRun {
    let end: UInt64
    let limit: PruningLimit

    init(_ core: StoreCore, _ request: PruningRequest) throws(StoreError) {
        let folded = try core.state.read { (state) throws(StoreError) in try state.foldRecord(in: core.stateTables).folded.height }
        let expired = try Self.lastExpired(core)
        let asked = request.below == 0 ? 0 : request.below - 1
        let bounds: [(UInt64, PruningLimit)] = [(asked, .asked), (expired, .replayWindow), (folded, .notFolded)]
        guard let least = bounds.min(by: { $0.0 < $1.0 }) else { preconditionFailure("there are three bounds") }
        (end, limit) = least
    }

    /// The last block that is older than what may be unexpired: times do not fall along the chain. It is below the tip.
    private static func lastExpired(_ core: StoreCore) throws(StoreError) -> UInt64 {
        try core.readLog { (log, tables, tip) throws(StoreError) in
            let now = try log.header(at: tip, in: tables, because: "it is the tip").header.time
            var low: UInt64 = 0
            var high = tip
            while low < high {
                let middle = low + (high - low) / 2
                let time = try log.header(at: middle, in: tables, because: "the tip is above it").header.time
                if now >= time, now - time >= LedgerStore.keptMilliseconds { low = middle + 1 } else { high = middle }
            }
            return low == 0 ? 0 : low - 1
        }
    }

    /// The whole segments up to the end, and how many transactions they have.
    func find(_ core: StoreCore, _ progress: (UInt64) -> Void) throws(StoreError) -> ([ArchivedSegment], UInt64) {
        var scan = SegmentScan(core)
        var archives: [ArchivedSegment] = []
        while let archive = try scan.next(upTo: end, progress) { archives.append(archive) }
        guard let first = archives.first, let last = archives.last else { return ([], 0) }
        var transactions: UInt64 = 0
        try core.log.read { (log) throws(StoreError) in
            for height in first.firstHeight...last.lastHeight {
                let header = try log.header(at: height, in: core.logTables, because: "the tip is above it").header
                transactions += UInt64(header.transactionCount)
            }
        }
        return (archives, transactions)
    }
}

extension StoreCore {
    fileprivate func pruningStep(_ step: PruningStep) throws(StoreError) {
        try configuration.onPruningStep?(step)
    }

    /// Records an archive, after which its blocks count as pruned, and drops their bodies.
    fileprivate func prune(_ archive: ArchivedSegment) throws(StoreError) {
        try log.write { (transaction) throws(StoreError) in
            let format = try transaction.meta(.format, as: FormatRecord.self, in: logTables)
            if format.version != FormatRecord.prunedVersion {
                // A program that does not know of pruning must not take the missing bodies for damage.
                let pruned = FormatRecord(version: FormatRecord.prunedVersion, network: format.network)
                try transaction.put(pruned.payload, for: .format, in: logTables.meta)
            }
            let table = Table<SegmentKey, ArchivedSegment>(try transaction.createDatabase(named: LogTables.archivesName))
            try transaction.append(archive, for: SegmentKey(archive.number), in: table)
        }
        archives.withLock { $0.append(archive) }
        try pruningStep(.recorded)
        try dropBodies()
    }

    /// Removes what is left of the bodies that count as pruned, a bounded number of records in each transaction, so that commits get their
    /// turn.
    fileprivate func dropBodies() throws(StoreError) {
        let end = prunedHeight
        guard end > 0 else { return }
        let limit = max(1, configuration.foldBatchRecords / 4)
        while true {
            let removed = try log.write { (transaction) throws(StoreError) in
                try transaction.deleteRange(
                    from: ChunkKey(height: 0, first: 0).bytes.span, upTo: ChunkKey(height: end + 1, first: 0).bytes.span,
                    in: logTables.transactions.database, limit: limit)
            }
            guard removed == limit else { break }
            try pruningStep(.droppedPart)
        }
        try pruningStep(.dropped)
    }
}
