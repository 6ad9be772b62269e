/// The ids that are in the chain and not yet expired (`docs/spec/rules.md` section 6), partitioned by the hour of their expiry.
public struct ReplayWindow: Sendable {
    private static let bucketMilliseconds: UInt64 = 3_600_000
    /// In no order; at most 26, since an expiry is at most 24 hours ahead. The newest is looked at first.
    private var hours: [(hour: UInt64, ids: TransactionIDSet)] = []

    public init() {}

    /// The number of ids kept.
    public var count: Int { hours.reduce(0) { $0 + $1.ids.count } }

    /// The ids kept, by the hour of their expiry.
    var idsByHour: [UInt64: [TransactionID]] {
        Dictionary(uniqueKeysWithValues: hours.map { ($0.hour, $0.ids.elements) })
    }

    private func position(of expiry: TimeMilliseconds) -> Int? {
        hours.lastIndex { $0.hour == expiry / Self.bucketMilliseconds }
    }

    public func contains(_ id: TransactionID, expiry: TimeMilliseconds) -> Bool {
        guard let position = position(of: expiry) else { return false }
        return hours[position].ids.contains(id)
    }

    public mutating func insert(_ id: TransactionID, expiry: TimeMilliseconds) {
        if let position = position(of: expiry) {
            hours[position].ids.insert(id)
        } else {
            hours.append((expiry / Self.bucketMilliseconds, TransactionIDSet()))
            hours[hours.count - 1].ids.insert(id)
        }
    }

    mutating func remove(_ id: TransactionID, expiry: TimeMilliseconds) {
        guard let position = position(of: expiry) else { return }
        hours[position].ids.remove(id)
    }

    /// Forgets whole hours that ended before `time`; from then on `expired` answers.
    mutating func forget(before time: TimeMilliseconds) {
        let hour = time / Self.bucketMilliseconds
        hours.removeAll { $0.hour < hour }
    }
}
