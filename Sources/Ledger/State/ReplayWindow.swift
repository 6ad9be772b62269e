/// The ids that are in the chain and not yet expired (`docs/spec/rules.md` section 6), partitioned by the hour of their expiry.
public struct ReplayWindow: Sendable {
    private static let bucketMilliseconds: UInt64 = 3_600_000
    private(set) var buckets: [UInt64: TransactionIDSet] = [:]

    public init() {}

    /// The number of ids kept.
    public var count: Int { buckets.values.reduce(0) { $0 + $1.count } }

    public func contains(_ id: TransactionID, expiry: TimeMilliseconds) -> Bool {
        buckets[expiry / Self.bucketMilliseconds]?.contains(id) ?? false
    }

    public mutating func insert(_ id: TransactionID, expiry: TimeMilliseconds) {
        buckets[expiry / Self.bucketMilliseconds, default: TransactionIDSet()].insert(id)
    }

    mutating func remove(_ id: TransactionID, expiry: TimeMilliseconds) {
        buckets[expiry / Self.bucketMilliseconds]?.remove(id)
    }

    /// Forgets whole hours that ended before `time`; from then on `expired` answers.
    mutating func forget(before time: TimeMilliseconds) {
        let hour = time / Self.bucketMilliseconds
        for bucket in buckets.keys.filter({ $0 < hour }) { buckets[bucket] = nil }
    }
}
