import CoreMetrics
import Testing

@testable import cofferd

@Suite struct SupportMetricsTests {
    @Test func countersGaugesAndHistogramsAreWrittenInTheTextFormat() {
        let metrics = PrometheusMetrics()
        metrics.describe("requests_total", "Requests, with a \\ and\na new line.")
        Counter(label: "requests_total", dimensions: [("route", "/v1/assets"), ("method", "GET")], factory: metrics).increment(by: 3)
        Meter(label: "queue.depth", factory: metrics).set(2.5)
        let timer = Timer(label: "duration_seconds", factory: metrics)
        timer.recordMilliseconds(2)
        timer.recordSeconds(60)
        #expect(
            metrics.text() == """
                # TYPE duration_seconds histogram
                duration_seconds_bucket{le="0.0005"} 0
                duration_seconds_bucket{le="0.001"} 0
                duration_seconds_bucket{le="0.0025"} 1
                duration_seconds_bucket{le="0.005"} 1
                duration_seconds_bucket{le="0.01"} 1
                duration_seconds_bucket{le="0.025"} 1
                duration_seconds_bucket{le="0.05"} 1
                duration_seconds_bucket{le="0.1"} 1
                duration_seconds_bucket{le="0.25"} 1
                duration_seconds_bucket{le="0.5"} 1
                duration_seconds_bucket{le="1"} 1
                duration_seconds_bucket{le="2.5"} 1
                duration_seconds_bucket{le="5"} 1
                duration_seconds_bucket{le="10"} 1
                duration_seconds_bucket{le="+Inf"} 2
                duration_seconds_sum 60.002
                duration_seconds_count 2
                # TYPE queue_depth gauge
                queue_depth 2.5
                # HELP requests_total Requests, with a \\\\ and\\na new line.
                # TYPE requests_total counter
                requests_total{method="GET",route="/v1/assets"} 3

                """)
    }

    @Test func labelValuesAreEscapedAndNamesMadeValid() {
        #expect(PrometheusText.labels([("a-b", "x\"y\\z\nw"), ("1st", "é")]) == #"_1st="é",a_b="x\"y\\z\nw""#)
        #expect(PrometheusText.metricName("1 http.server:time") == "_1_http_server:time")
        #expect(PrometheusText.labelName("a:b") == "a_b")
        #expect(PrometheusText.metricName("") == "_")
    }

    @Test(arguments: [
        (0.0, "0"), (-3, "-3"), (0.1, "0.1"), (1e300, "1e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
    ])
    func numbersAreWrittenAsPrometheusReadsThem(_ value: Double, _ expected: String) {
        #expect(PrometheusText.number(value) == expected)
    }

    @Test func theSameNameAndLabelsAreTheSameInstrument() {
        let metrics = PrometheusMetrics()
        for _ in 0..<3 { Counter(label: "c", dimensions: [("a", "1"), ("b", "2")], factory: metrics).increment() }
        Counter(label: "c", dimensions: [("b", "2"), ("a", "1")], factory: metrics).increment()
        #expect(metrics.text().contains(#"c{a="1",b="2"} 4"#))
    }

    @Test func labelsFromOutsideCannotGrowWithoutBound() {
        let metrics = PrometheusMetrics()
        for number in 0..<10_000 {
            Counter(label: "c", dimensions: [("path", "/\(number)")], factory: metrics).increment()
        }
        let lines = metrics.text().split(separator: "\n")
        #expect(lines.count == PrometheusMetrics.maximumSeriesPerMetric + 2)
        #expect(lines.contains { $0 == #"c{path="other"} 9500"# })
    }

    @Test func aDestroyedMetricIsGone() {
        let metrics = PrometheusMetrics()
        let counter = Counter(label: "c", dimensions: [("a", "1")], factory: metrics)
        let other = Counter(label: "c", dimensions: [("a", "2")], factory: metrics)
        counter.destroy()
        #expect(!metrics.text().contains(#"a="1""#))
        #expect(metrics.text().contains(#"a="2""#))
        other.destroy()
        #expect(metrics.text().isEmpty)
    }

    @Test func recordersKeepTheLastValueOrADistribution() {
        let metrics = PrometheusMetrics()
        let last = Gauge(label: "last", factory: metrics)
        last.record(5)
        last.record(7)
        let sizes = Recorder(label: "sizes", dimensions: [], aggregate: true, factory: metrics)
        for size in [1, 4, 5, 100_000_000] { sizes.record(size) }
        let text = metrics.text()
        #expect(text.contains("last 7\n"))
        #expect(text.contains("sizes_bucket{le=\"1\"} 1\nsizes_bucket{le=\"4\"} 2\nsizes_bucket{le=\"16\"} 3\n"))
        #expect(text.contains("sizes_bucket{le=\"67108864\"} 3\nsizes_bucket{le=\"+Inf\"} 4\nsizes_sum 100000010\nsizes_count 4\n"))
    }

    @Test func countersOnlyGrow() {
        let counter = PrometheusCounter()
        counter.increment(by: 5)
        counter.increment(by: -3)
        #expect(counter.current == 5)
        let fractions = PrometheusFloatingPointCounter()
        for amount in [1.5, -1, .nan, .infinity] { fractions.increment(by: amount) }
        #expect(fractions.current == 1.5)
    }

    @Test func aSampledGaugeIsReadWhenAsked() {
        let metrics = PrometheusMetrics()
        let counter = PrometheusCounter()
        metrics.sample("depth", dimensions: [("queue", "q")]) { Double(counter.current) }
        counter.increment(by: 9)
        #expect(metrics.text() == "# TYPE depth gauge\ndepth{queue=\"q\"} 9\n")
    }

    @Test func nothingIsLostUnderConcurrentUse() async {
        let metrics = PrometheusMetrics()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1_000 {
                        Counter(label: "c", factory: metrics).increment()
                        Timer(label: "t", factory: metrics).recordNanoseconds(1_000)
                        Meter(label: "m", factory: metrics).increment()
                    }
                }
            }
        }
        let text = metrics.text()
        #expect(text.contains("\nc 8000\n"))
        #expect(text.contains("\nm 8000\n"))
        #expect(text.contains("\nt_count 8000\n"))
    }

    @Test func usingANameInTwoWaysIsAProgrammingError() async {
        await #expect(processExitsWith: .failure) {
            let metrics = PrometheusMetrics()
            Counter(label: "same", factory: metrics).increment()
            Meter(label: "same", factory: metrics).increment()
        }
    }
}
