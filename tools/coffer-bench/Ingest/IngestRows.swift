import Foundation

/// The rows over HTTP, each with a fresh node.
struct IngestMeasurement: Measurement {
    let name: String
    let summary: String
    let occasion = Occasion.always
    let rows: @Sendable (IngestRuns) async throws -> [Row]

    static let all: [IngestMeasurement] = [
        IngestMeasurement(name: "ingestBatch", summary: "batches over HTTP on loopback, until final and durable") { try await $0.batch() },
        IngestMeasurement(name: "ingestSingle", summary: "single submissions on 64 kept-alive connections, until final and durable") {
            try await $0.single()
        },
        IngestMeasurement(name: "latency", summary: "one transfer on an idle node, from submit to final") { try await $0.latency() },
        IngestMeasurement(name: "saturation", summary: "health checks and balance reads while every core verifies") {
            try await $0.saturation()
        },
    ]

    func run(_ bench: Bench) throws {
        var sizes = IngestSizes()
        let settings = bench.settings
        sizes.wallets = settings.sized(tiny: 50, quick: 2_000, full: 10_000)
        sizes.batchTransactions = settings.sized(tiny: 100, quick: 60_000, full: 200_000)
        sizes.singleTransactions = settings.sized(tiny: 50, quick: 20_000, full: 100_000)
        sizes.transactionsPerBatch = settings.sized(tiny: 20, quick: 1_000, full: 1_000)
        sizes.latencySamples = settings.sized(tiny: 5, quick: 200, full: 500)
        sizes.saturationSeconds = settings.sized(tiny: 0.2, quick: 2, full: 5)
        let runs = IngestRuns(
            setup: IngestNode.Setup(project: settings.project.path), sizes: sizes,
            transactionsPerSecond: try bench.limit().perSecond)
        try bench.measure {
            bench.progress(name)
            return try bench.blocking { try await rows(runs) }
        }
    }
}
