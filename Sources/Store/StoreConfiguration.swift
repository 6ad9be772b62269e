import Ledger

/// What a store reserves when it opens.
public struct StoreConfiguration: Sendable {
    /// Address space for each of the two data files, in bytes, a multiple of the page size: neither memory nor disk, but the most that the file can
    /// grow to without a restart. 1 TiB unless set.
    public var mapSizeBytes: Int
    /// How many reads can run at the same moment.
    public var maximumReaders: Int
    /// Whether the kernel reads ahead in the data file. Turn it off when the file is much larger than memory.
    public var readsAhead: Bool
    /// A fold begins when this many accounts were touched since the last one. Their newest values are kept in memory until then, and
    /// again while they are folded.
    public var foldAccounts = 524_288
    /// A fold begins when there were this many transactions since the last one. Their ids are kept in memory, in 16 bytes each, and a
    /// start after a crash executes them again.
    public var foldTransactions = 1_048_576
    /// A fold begins when these transactions had this many entries: twice the room that transfers of one leg need, which a start after a
    /// crash executes in some seconds.
    public var foldEntries = 4_194_304
    /// A fold begins when the log has this many bytes of transactions and entries since the last one: twice what transfers of one leg need.
    public var foldLogBytes = 536_870_912
    /// A fold begins when accounts left this many landmarks and versions since the last one. Each version is an account, as it was.
    public var foldMarks = 131_072
    /// How many records one transaction of a fold writes.
    public var foldBatchRecords = 16_384
    /// Commits wait once a fold is due this many times over.
    public var foldLimitFactor = 4
    /// How long they wait before they are refused as `.full`.
    public var foldWaitMilliseconds = 2_000
    /// How long after one that failed the next fold is tried.
    public var foldRetryMilliseconds = 1_000
    /// Runs between two steps of a fold; what it throws ends the fold there. For tests.
    var onFoldStep: (@Sendable (FoldStep) throws(StoreError) -> Void)?
    /// Where exports are cut. Other than in the format only for tests, which need not fill a segment.
    package var segmentLimitBytes = ExportFormat.maximumSegmentByteCount
    /// Runs between two steps of pruning; what it throws ends it there. For tests.
    var onPruningStep: (@Sendable (PruningStep) throws(StoreError) -> Void)?

    /// The defaults suit a node of its own machine; a test or a machine with limited address space takes a smaller map.
    public init(mapSizeBytes: Int = 1 << 40, maximumReaders: Int = 256, readsAhead: Bool = true) {
        self.mapSizeBytes = mapSizeBytes
        self.maximumReaders = maximumReaders
        self.readsAhead = readsAhead
    }

    /// How much makes a fold due.
    var foldSize: RecentSize {
        RecentSize(
            accounts: foldAccounts, transactions: foldTransactions, entries: foldEntries, logBytes: foldLogBytes, marks: foldMarks)
    }

    func limits(databases: Int) -> Environment.Limits {
        var limits = Environment.Limits()
        limits.mapSizeBytes = mapSizeBytes
        limits.maximumReaders = maximumReaders
        limits.maximumDatabases = databases
        limits.readsAhead = readsAhead
        return limits
    }
}

/// Sizes of a store at one moment, for metrics and for warning in time.
public struct StoreStatistics: Hashable, Sendable {
    /// Bytes of both data files that were ever taken; those of each must stay below half of `mapBytes`.
    public let usedBytes: UInt64
    /// Of these, bytes that hold nothing now and that later commits take again.
    public let reusableBytes: UInt64
    /// The reserved address space, of both files.
    public let mapBytes: UInt64
    /// The size of both data files, which never shrink.
    public let fileBytes: UInt64
    /// Reads running now.
    public let readers: Int
    /// How many commits the oldest running read is behind.
    public let oldestReaderLagCommits: UInt64
    /// Records per database, by its name.
    public let entries: [String: UInt64]
    /// The last block that is folded into the derived state, whole.
    public let foldedHeight: UInt64
    /// Transactions of later blocks, which a start after a crash would execute again.
    public let unfoldedTransactions: Int
    /// Accounts of which these blocks left newer values, in memory.
    public let unfoldedAccounts: Int
}
