import HTTPTypes
import Metrics
import Synchronization

/// The HTTP interface's metrics.
final class RequestMetrics: Sendable {
    /// The names, with what they count.
    static let descriptions = [
        "coffer_http_requests_total": "Requests answered, by route, method and status.",
        "coffer_http_request_duration_seconds": "Time from a request's head to its answer, by route and method; without event streams.",
        "coffer_http_requests_in_flight": "Requests being answered, event streams included.",
    ]

    private struct Key: Hashable {
        let route: String
        let method: String
        let status: Int
    }

    private struct Instruments {
        let requests: Counter
        let duration: Timer
    }

    private let factory: PrometheusMetrics
    private let inFlight: Meter
    // Looked up once per request. Its size is bounded: routes and methods are ours or `unmatched` and `other`, statuses few.
    private let known = Mutex<[Key: Instruments]>([:])

    init(_ factory: PrometheusMetrics) {
        self.factory = factory
        for (name, help) in Self.descriptions { factory.describe(name, help) }
        inFlight = Meter(label: "coffer_http_requests_in_flight", factory: factory)
    }

    /// A request has begun.
    func begin() {
        inFlight.increment()
    }

    /// A request has been answered.
    func end(_ record: RequestRecord) {
        inFlight.decrement()
        let instruments = instruments(Key(route: record.route, method: record.method, status: record.status.code))
        instruments.requests.increment()
        if !record.isStream { instruments.duration.recordNanoseconds(record.elapsed.nanoseconds) }
    }

    private func instruments(_ key: Key) -> Instruments {
        known.withLock { known in
            if let instruments = known[key] { return instruments }
            let labels = [("route", key.route), ("method", key.method)]
            let instruments = Instruments(
                requests: Counter(
                    label: "coffer_http_requests_total", dimensions: labels + [("status", String(key.status))], factory: factory),
                duration: Timer(label: "coffer_http_request_duration_seconds", dimensions: labels, factory: factory))
            known[key] = instruments
            return instruments
        }
    }
}
