import CoreMetrics
import Synchronization

/// A number that only grows. Counts stay exact to 2^63; beyond, they start again, which Prometheus takes for a restart.
final class PrometheusCounter: CounterHandler, Sendable {
    private let value = Atomic<Int64>(0)

    func increment(by amount: Int64) {
        value.wrappingAdd(max(0, amount), ordering: .relaxed)
    }

    func reset() {
        value.store(0, ordering: .relaxed)
    }

    var current: Int64 { max(0, value.load(ordering: .relaxed)) }
}

/// A number that only grows, with a fraction.
final class PrometheusFloatingPointCounter: FloatingPointCounterHandler, Sendable {
    private let value = Mutex(0.0)

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        value.withLock { $0 += amount }
    }

    func reset() {
        value.withLock { $0 = 0 }
    }

    var current: Double { value.withLock { $0 } }
}

/// A number that goes up and down: a meter, or a recorder that keeps the last value only.
final class PrometheusGauge: MeterHandler, RecorderHandler, Sendable {
    private let value = Mutex(0.0)

    func set(_ newValue: Int64) { set(Double(newValue)) }
    func set(_ newValue: Double) { value.withLock { $0 = newValue } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ newValue: Int64) { set(Double(newValue)) }
    func record(_ newValue: Double) { set(newValue) }

    var current: Double { value.withLock { $0 } }
}

/// How often a value was at most so large: a timer in seconds, or a recorder that aggregates.
final class PrometheusHistogram: TimerHandler, RecorderHandler, Sendable {
    /// Upper bounds for durations in seconds, from a half millisecond to ten seconds.
    static let durationBounds = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    /// Upper bounds for sizes and counts, 4^0 to 4^13.
    static let sizeBounds = (0...13).map { Double(UInt64(1) << UInt64(2 * $0)) }

    struct Snapshot {
        /// Per bound, how many values were in its bucket and not in a smaller one; behind them, how many were larger than all.
        var counts: [UInt64]
        var sum: Double
    }

    /// Ascending; a value belongs to the first bucket whose bound is not below it.
    let bounds: [Double]
    // One lock for all, so that count, sum and buckets of one scrape belong together.
    private let snapshot: Mutex<Snapshot>

    init(bounds: [Double]) {
        self.bounds = bounds
        snapshot = Mutex(Snapshot(counts: Array(repeating: 0, count: bounds.count + 1), sum: 0))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard !value.isNaN else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        snapshot.withLock { snapshot in
            snapshot.counts[bucket] += 1
            snapshot.sum += value
        }
    }

    var current: Snapshot { snapshot.withLock { $0 } }
}
