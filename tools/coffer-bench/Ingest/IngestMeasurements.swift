import Foundation
import Ledger
import NIOCore

/// A measurement over HTTP on loopback: a real node, and a load generator on the same cores.
struct IngestMeasurement: Measurement {
    let name: String
    let summary: String
    let occasion = Occasion.always
    fileprivate let rows: @Sendable (IngestScene) async throws -> [Row]

    static let batch = IngestMeasurement(
        name: "ingestBatch", summary: "the batch route, load generator on the same cores, until final and durable", rows: IngestScene.batch)
    static let single = IngestMeasurement(
        name: "ingestSingle", summary: "single submissions on 64 kept-alive connections, until final and durable", rows: IngestScene.single)
    static let latency = IngestMeasurement(
        name: "latency", summary: "one transfer at a time on an idle node, from submitting until final", rows: IngestScene.latency)
    static let saturation = IngestMeasurement(
        name: "saturation", summary: "GET /healthz and a balance while every core verifies", rows: IngestScene.saturation)

    func run(_ bench: Bench) throws {
        let settings = bench.settings, name = name, rows = rows
        bench.progress("\(name): a node and its load")
        try bench.measure {
            try bench.blocking { try await IngestScene.with(settings, name) { try await rows($0) } }
        }
    }
}

/// How large the measurements over HTTP are.
struct IngestSizes: Sendable {
    let wallets: Int
    /// Transactions at the peak; as many again at half of it.
    let batchTransactions: Int
    let singleTransactions: Int
    let latencySamples: Int
    let saturationSeconds: Double
    let transactionsPerBatch: Int
    let batchConnections = 4
    let singleConnections = 64

    init(_ settings: Settings) {
        wallets = settings.sized(tiny: 16, quick: 2_000, full: 10_000)
        batchTransactions = settings.sized(tiny: 400, quick: 60_000, full: 400_000)
        singleTransactions = settings.sized(tiny: 200, quick: 30_000, full: 150_000)
        latencySamples = settings.sized(tiny: 5, quick: 300, full: 1_000)
        saturationSeconds = settings.sized(tiny: 0.2, quick: 2, full: 10)
        transactionsPerBatch = settings.sized(tiny: 100, quick: 1_000, full: 1_000)
    }
}

/// A running node, wallets at it, and a load generator.
struct IngestScene: Sendable {
    let name: String
    let sizes: IngestSizes
    let seed: UInt64
    /// What a full load has to take, for one that is to last.
    let expectedPerSecond: Double
    let node: IngestNode
    let wallets: IngestWallets
    let generator: LoadGenerator

    /// Calls `body` with a fresh node and its wallets, and ends the node, whose data move to `kept` if that is given.
    static func with(
        _ settings: Settings, _ name: String, keepingDataAt kept: URL? = nil, _ body: (IngestScene) async throws -> [Row]
    ) async throws -> [Row] {
        let sizes = IngestSizes(settings)
        let node = try IngestNode(settings)
        let generator = LoadGenerator(port: node.port)
        do {
            let wallets = try await IngestWallets(count: sizes.wallets, at: node, project: settings.project, generator)
            let scene = IngestScene(
                name: name, sizes: sizes, seed: settings.seed, expectedPerSecond: Double(settings.threads) * 32_000, node: node,
                wallets: wallets, generator: generator)
            let rows = try await body(scene)
            try await generator.close()
            try node.stop(keepingDataAt: kept)
            return rows
        } catch {
            try await generator.close()
            try node.stop()
            throw error
        }
    }

    static func batch(_ scene: IngestScene) async throws -> [Row] {
        let transfers = try await scene.wallets.transfers(2 * scene.sizes.batchTransactions, seed: scene.seed)
        return try await scene.throughput(
            scene.batches(transfers), transactionsPerRequest: scene.sizes.transactionsPerBatch, connections: scene.sizes.batchConnections,
            goal: 0.6)
    }

    static func single(_ scene: IngestScene) async throws -> [Row] {
        let requests = try await scene.wallets.transfers(2 * scene.sizes.singleTransactions, seed: scene.seed).map {
            IngestRequest.single($0, port: scene.node.port)
        }
        return try await scene.throughput(requests, transactionsPerRequest: 1, connections: scene.sizes.singleConnections, goal: 0.25)
    }

    static func latency(_ scene: IngestScene) async throws -> [Row] {
        let transfers = try await scene.wallets.transfers(scene.sizes.latencySamples, seed: scene.seed)
        let requests = transfers.map { IngestRequest.single($0, port: scene.node.port) }
        // Apart from each other, so that the node is idle before each.
        let load = Load(requests: requests, expected: { _ in 1 }, word: IngestRequest.finalWord, pace: .open(requestsPerSecond: 100))
        let result = try await scene.generator.run(load, connections: 4)
        return [scene.delay(["what": .text("p50, submit to final")], result, share: 0.5, most: 5)]
    }

    static func saturation(_ scene: IngestScene) async throws -> [Row] {
        let sizes = scene.sizes, node = scene.node
        // Transactions that are final already would not be verified again: there are enough for the time.
        let perBatch = sizes.transactionsPerBatch
        let batches = Int(sizes.saturationSeconds * scene.expectedPerSecond) / perBatch
        let transfers = try await scene.wallets.transfers(batches * perBatch, seed: scene.seed)
        let load = Load(requests: scene.batches(transfers), expected: { _ in perBatch }, word: IngestRequest.finalWord, pace: .closed)
        let health = scene.probe("/healthz", "\"ok\"")
        let balance = scene.probe("/v1/accounts/\(node.chainspec.address(of: scene.wallets.wallets[0].account))", "\"balances\"")
        async let loading = scene.measure(load, connections: 16)
        async let healthy = scene.generator.run(health, connections: 4)
        async let reading = scene.generator.run(balance, connections: 4)
        let (healthResult, balanceResult, work) = try await (healthy, reading, loading)
        return [("GET /healthz", healthResult), ("balance read", balanceResult)].map { what, result in
            var row = scene.delay(["what": .text("p99, \(what)")], result, share: 0.99, most: 50)
            row.details["loadPerSecond"] = .decimal(Double(transfers.count) / work.result.seconds)
            return row
        }
    }
}

extension IngestScene {
    private func batches(_ transfers: [SignedTransaction]) -> [ByteBuffer] {
        stride(from: 0, to: transfers.count, by: sizes.transactionsPerBatch).map {
            IngestRequest.batch(transfers[$0..<min(transfers.count, $0 + sizes.transactionsPerBatch)], port: node.port)
        }
    }

    /// Reads at a fixed rate, shorter than the load that they meet.
    private func probe(_ path: String, _ word: String) -> Load {
        Load(
            requests: [IngestRequest.get(path, port: node.port)], expected: { _ in 1 }, word: Array(word.utf8),
            pace: .open(requestsPerSecond: 50), repeatingSeconds: sizes.saturationSeconds * 0.8)
    }

    /// What a load gave, and the CPU seconds it cost the node and the generator.
    private func measure(
        _ load: Load, connections: Int
    ) async throws -> (result: LoadResult, nodeSeconds: Double, generatorSeconds: Double) {
        let before = (try node.cpuSeconds, try CPUTime.seconds(of: "self"))
        let result = try await generator.run(load, connections: connections)
        return (result, try node.cpuSeconds - before.0, try CPUTime.seconds(of: "self") - before.1)
    }

    /// The peak, by the first half of the requests, and how late answers come at half of it, by the second.
    private func throughput(
        _ requests: [ByteBuffer], transactionsPerRequest: Int, connections: Int, goal: Double
    ) async throws -> [Row] {
        let expected: @Sendable (Int) -> Int = { _ in transactionsPerRequest }
        let half = requests.count / 2
        let closed = Load(requests: Array(requests[..<half]), expected: expected, word: IngestRequest.finalWord, pace: .closed)
        let peak = try await measure(closed, connections: connections)
        let transactions = half * transactionsPerRequest
        let rate = Double(transactions) / peak.result.seconds
        let open = Load(
            requests: Array(requests[half...]), expected: expected, word: IngestRequest.finalWord,
            pace: .open(requestsPerSecond: rate / 2 / Double(transactionsPerRequest)))
        let paced = try await measure(open, connections: connections)
        let parameters: Fields = ["transactionsPerRequest": .count(transactionsPerRequest), "connections": .count(connections)]
        var details = Self.percentiles(peak.result)
        details["transactions"] = .count(transactions)
        details["nodeMicrosecondsPerTransaction"] = .decimal(peak.nodeSeconds / Double(transactions) * 1e6)
        details["generatorMicrosecondsPerTransaction"] = .decimal(peak.generatorSeconds / Double(transactions) * 1e6)
        let row = Row(
            name: name, parameters: parameters, figure: rate, unit: "transactions/s", goal: .atLeast(goal), accounts: sizes.wallets,
            processor: (transactions, peak.nodeSeconds + peak.generatorSeconds), details: details)
        var late = parameters
        late["what"] = .text("p99 at half the peak, submit to final")
        var delay = delay(late, paced.result, share: 0.99, most: 100)
        delay.details["transactionsPerSecond"] = .decimal(Double(transactions) / paced.result.seconds)
        delay.details["nodeMicrosecondsPerTransaction"] = .decimal(paced.nodeSeconds / Double(transactions) * 1e6)
        return [row, delay]
    }

    /// A row of a delay in milliseconds, held against the most that it may be.
    private func delay(_ parameters: Fields, _ result: LoadResult, share: Double, most: Double) -> Row {
        Row(
            name: name, parameters: parameters, figure: result.percentile(share), unit: "ms",
            limit: Row.Limit(value: most, meaning: "the most that it may be"), goal: .atMost(1), accounts: sizes.wallets,
            details: Self.percentiles(result))
    }

    private static func percentiles(_ result: LoadResult) -> Fields {
        [
            "samples": .count(result.latencies.count), "p50Milliseconds": .decimal(result.percentile(0.5)),
            "p99Milliseconds": .decimal(result.percentile(0.99)), "maximumMilliseconds": .decimal(result.percentile(1)),
        ]
    }
}
