import CoreMetrics
import Synchronization

/// Keeps the process's metrics in memory and writes them as Prometheus reads them.
///
/// Instruments are made once and kept by whoever uses them: making one takes the registry's lock, using one does not. The same name
/// and labels always give the same instrument. Labels can come from outside (a method, a route), so their number is bounded: past
/// `maximumSeriesPerMetric`, further combinations are counted together in one series whose label values are all `other`.
final class PrometheusMetrics: MetricsFactory, Sendable {
    /// Combinations of label values per metric.
    static let maximumSeriesPerMetric = 500

    private enum Instrument: Sendable {
        case counter(PrometheusCounter)
        case floatingPointCounter(PrometheusFloatingPointCounter)
        case gauge(PrometheusGauge)
        case sampled(@Sendable () -> Double)
        case histogram(PrometheusHistogram)

        var kind: PrometheusText.Kind {
            switch self {
            case .counter, .floatingPointCounter: .counter
            case .gauge, .sampled: .gauge
            case .histogram: .histogram
            }
        }

        /// The object that a destroyed metric hands back.
        var handler: AnyObject? {
            switch self {
            case .counter(let handler): handler
            case .floatingPointCounter(let handler): handler
            case .gauge(let handler): handler
            case .sampled: nil
            case .histogram(let handler): handler
            }
        }
    }

    private struct Metric {
        let kind: PrometheusText.Kind
        /// By labels, as they stand between braces.
        var series: [String: Instrument] = [:]
    }

    private struct State {
        var metrics: [String: Metric] = [:]
        var help: [String: String] = [:]
    }

    private let state = Mutex(State())

    init() {}

    /// Gives a metric its HELP text: what is counted, and in which unit.
    func describe(_ label: String, _ help: String) {
        state.withLock { $0.help[PrometheusText.metricName(label)] = help }
    }

    /// Adds a gauge that is read when it is asked for. `read` is called on the thread of the scrape and must not wait.
    func sample(_ label: String, dimensions: [(String, String)] = [], read: @escaping @Sendable () -> Double) {
        _ = instrument(label, dimensions) { .sampled(read) }
    }

    // MARK: MetricsFactory

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        guard case .counter(let handler) = instrument(label, dimensions, { .counter(PrometheusCounter()) }) else { misuse(label) }
        return handler
    }

    func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        let made = instrument(label, dimensions) { .floatingPointCounter(PrometheusFloatingPointCounter()) }
        guard case .floatingPointCounter(let handler) = made else { misuse(label) }
        return handler
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        guard case .gauge(let handler) = instrument(label, dimensions, { .gauge(PrometheusGauge()) }) else { misuse(label) }
        return handler
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        let made = instrument(label, dimensions) {
            aggregate ? .histogram(PrometheusHistogram(bounds: PrometheusHistogram.sizeBounds)) : .gauge(PrometheusGauge())
        }
        switch made {
        case .histogram(let handler) where aggregate: return handler
        case .gauge(let handler) where !aggregate: return handler
        default: misuse(label)
        }
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let made = instrument(label, dimensions) { .histogram(PrometheusHistogram(bounds: PrometheusHistogram.durationBounds)) }
        guard case .histogram(let handler) = made else { misuse(label) }
        return handler
    }

    func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    // MARK: Rendering

    /// All metrics, sorted by name and labels, each with its HELP and TYPE lines.
    func text() -> String {
        // Copied under the lock, written outside it: a sampled gauge may itself make a metric.
        let (metrics, help) = state.withLock { ($0.metrics, $0.help) }
        var text = ""
        for (name, metric) in metrics.sorted(by: { $0.key < $1.key }) {
            if let help = help[name] { text += "# HELP \(name) \(PrometheusText.escapedHelp(help))\n" }
            text += "# TYPE \(name) \(metric.kind.rawValue)\n"
            for (labels, instrument) in metric.series.sorted(by: { $0.key < $1.key }) {
                text += Self.lines(name, labels, instrument)
            }
        }
        return text
    }

    private static func lines(_ name: String, _ labels: String, _ instrument: Instrument) -> String {
        switch instrument {
        case .counter(let handler): PrometheusText.sample(name, labels, String(handler.current))
        case .floatingPointCounter(let handler): PrometheusText.sample(name, labels, PrometheusText.number(handler.current))
        case .gauge(let handler): PrometheusText.sample(name, labels, PrometheusText.number(handler.current))
        case .sampled(let read): PrometheusText.sample(name, labels, PrometheusText.number(read()))
        case .histogram(let handler): PrometheusText.histogram(name, labels, bounds: handler.bounds, handler.current)
        }
    }

    // MARK: The registry

    private func instrument(
        _ label: String, _ dimensions: [(String, String)], _ make: () -> Instrument
    ) -> Instrument {
        let name = PrometheusText.metricName(label)
        var labels = PrometheusText.labels(dimensions)
        return state.withLock { state in
            if let metric = state.metrics[name] {
                if let known = metric.series[labels] { return known }
                if metric.series.count >= Self.maximumSeriesPerMetric {
                    labels = PrometheusText.labels(dimensions.map { ($0.0, "other") })
                    if let known = metric.series[labels] { return known }
                }
            }
            let made = make()
            let kind = state.metrics[name]?.kind ?? made.kind
            precondition(kind == made.kind, "the metric \(name) is used as a \(kind) and as a \(made.kind)")
            state.metrics[name, default: Metric(kind: kind)].series[labels] = made
            return made
        }
    }

    private func remove(_ handler: AnyObject) {
        state.withLock { state in
            for (name, metric) in state.metrics {
                guard let found = metric.series.first(where: { $0.value.handler === handler }) else { continue }
                state.metrics[name]?.series[found.key] = nil
                if state.metrics[name]?.series.isEmpty == true { state.metrics[name] = nil }
                return
            }
        }
    }

    private func misuse(_ label: String) -> Never {
        preconditionFailure("the metric \(label) is used in two ways at once")
    }
}
