/// What a store reserves when it opens.
public struct StoreConfiguration: Sendable {
    /// Address space for the data file, in bytes, a multiple of the page size: neither memory nor disk, but the most that the file can
    /// grow to without a restart. 1 TiB unless set.
    public var mapSizeBytes: Int
    /// How many reads can run at the same moment.
    public var maximumReaders: Int
    /// Whether the kernel reads ahead in the data file. Turn it off when the file is much larger than memory.
    public var readsAhead: Bool

    /// The defaults suit a node of its own machine; a test or a machine with limited address space takes a smaller map.
    public init(mapSizeBytes: Int = 1 << 40, maximumReaders: Int = 256, readsAhead: Bool = true) {
        self.mapSizeBytes = mapSizeBytes
        self.maximumReaders = maximumReaders
        self.readsAhead = readsAhead
    }

    var limits: Environment.Limits {
        var limits = Environment.Limits()
        limits.mapSizeBytes = mapSizeBytes
        limits.maximumReaders = maximumReaders
        limits.maximumDatabases = Tables.count
        limits.readsAhead = readsAhead
        return limits
    }
}

/// Sizes of a store at one moment, for metrics and for warning in time.
public struct StoreStatistics: Hashable, Sendable {
    /// Bytes of the data file that were ever taken; they must stay below `mapBytes`.
    public let usedBytes: UInt64
    /// Of these, bytes that hold nothing now and that later commits take again.
    public let reusableBytes: UInt64
    /// The reserved address space.
    public let mapBytes: UInt64
    /// The size of the data file, which never shrinks.
    public let fileBytes: UInt64
    /// Reads running now.
    public let readers: Int
    /// How many commits the oldest running read is behind.
    public let oldestReaderLagCommits: UInt64
    /// Records per database, by its name.
    public let entries: [String: UInt64]
}
