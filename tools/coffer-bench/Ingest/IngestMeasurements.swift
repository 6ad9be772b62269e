import Cryptography
import Foundation
import Ledger
import NIOCore

/// How large the rows over HTTP are.
struct IngestSizes: Sendable {
    var wallets = 10_000
    /// Transactions at the peak, and at half of it.
    var batchTransactions = 200_000
    var singleTransactions = 100_000
    var transactionsPerBatch = 1_000
    var batchConnections = 4
    var singleConnections = 64
    var latencySamples = 500
    var saturationSeconds = 5.0
}

/// The rows over HTTP: a real node, and a load generator on the same cores.
struct IngestRuns: Sendable {
    let setup: IngestNode.Setup
    let sizes: IngestSizes
    /// How many transactions keep all cores busy for a second, about.
    let transactionsPerSecond: Double

    /// Calls `body` with a fresh node and its wallets.
    private func withNode(
        _ body: (IngestNode, IngestWallets, LoadGenerator) async throws -> [Row]
    ) async throws -> [Row] {
        let node = try IngestNode(setup)
        let generator = LoadGenerator(port: node.port)
        do {
            let wallets = try await IngestWallets(count: sizes.wallets, at: node, project: setup.project, generator)
            let rows = try await body(node, wallets, generator)
            try await generator.close()
            try node.stop()
            return rows
        } catch {
            try await generator.close()
            try node.stop()
            throw error
        }
    }

    /// What a load cost the node and the generator, beside what it gave.
    private func measure(
        _ load: Load, connections: Int, _ node: IngestNode, _ generator: LoadGenerator
    ) async throws -> (result: LoadResult, nodeSeconds: Double, generatorSeconds: Double) {
        let before = (try node.cpuSeconds, try CPUTime.seconds(of: "self"))
        let result = try await generator.run(load, connections: connections)
        return (result, try node.cpuSeconds - before.0, try CPUTime.seconds(of: "self") - before.1)
    }

    private func rows(
        _ name: String, goal: Double, _ requests: [ByteBuffer], transactionsPerRequest: Int, connections: Int, _ node: IngestNode,
        _ generator: LoadGenerator
    ) async throws -> [Row] {
        let expected: @Sendable (Int) -> Int = { _ in transactionsPerRequest }
        let half = requests.count / 2
        var load = Load(requests: Array(requests[..<half]), expected: expected, word: IngestRequest.finalWord, pace: .closed)
        let peak = try await measure(load, connections: connections, node, generator)
        let transactions = Double(half * transactionsPerRequest)
        let rate = transactions / peak.result.seconds
        load = Load(
            requests: Array(requests[half...]), expected: expected, word: IngestRequest.finalWord,
            pace: .open(requestsPerSecond: rate / 2 / Double(transactionsPerRequest)))
        let paced = try await measure(load, connections: connections, node, generator)
        return [
            Row(
                name: name,
                parameters: [
                    "transactions": .count(Int(transactions)), "transactionsPerRequest": .count(transactionsPerRequest),
                    "connections": .count(connections),
                ],
                figure: rate, unit: "transactions/s", goal: .atLeast(goal), accounts: sizes.wallets,
                details: [
                    "nodeMicroseconds": .decimal(peak.nodeSeconds / transactions * 1e6),
                    "generatorMicroseconds": .decimal(peak.generatorSeconds / transactions * 1e6),
                    "p50Milliseconds": .decimal(peak.result.percentile(0.5)), "p99Milliseconds": .decimal(peak.result.percentile(0.99)),
                    "maximumMilliseconds": .decimal(peak.result.percentile(1)),
                ]),
            Row(
                name: name, parameters: ["what": .text("p99 at half of the peak")], figure: paced.result.percentile(0.99), unit: "ms",
                limit: Row.Limit(value: 100, meaning: "milliseconds from submit to final"), goal: .atMost(1), accounts: sizes.wallets,
                details: [
                    "perSecond": .decimal(Double(requests.count - half) * Double(transactionsPerRequest) / paced.result.seconds),
                    "p50Milliseconds": .decimal(paced.result.percentile(0.5)),
                    "maximumMilliseconds": .decimal(paced.result.percentile(1)),
                    "nodeMicroseconds": .decimal(paced.nodeSeconds / transactions * 1e6),
                ]),
        ]
    }

    /// `ingestBatch`: the batch route with `?wait=final`.
    func batch() async throws -> [Row] {
        try await withNode { node, wallets, generator in
            let transfers = try await wallets.transfers(2 * sizes.batchTransactions, seed: 1)
            let requests = stride(from: 0, to: transfers.count, by: sizes.transactionsPerBatch).map {
                IngestRequest.batch(transfers[$0..<min(transfers.count, $0 + sizes.transactionsPerBatch)], port: node.port)
            }
            return try await rows(
                "ingestBatch", goal: 0.6, requests, transactionsPerRequest: sizes.transactionsPerBatch, connections: sizes.batchConnections, node,
                generator)
        }
    }

    /// `ingestSingle`: one transaction a request, `?wait=final`, on kept-alive connections.
    func single() async throws -> [Row] {
        try await withNode { node, wallets, generator in
            let requests = try await wallets.transfers(2 * sizes.singleTransactions, seed: 2).map {
                IngestRequest.single($0, port: node.port)
            }
            return try await rows(
                "ingestSingle", goal: 0.25, requests, transactionsPerRequest: 1, connections: sizes.singleConnections, node, generator)
        }
    }

    /// `latency`: one wallet, an idle node, one transfer after the other, from submitting until final.
    func latency() async throws -> [Row] {
        try await withNode { node, wallets, generator in
            let requests = try await wallets.transfers(sizes.latencySamples, seed: 3).map { IngestRequest.single($0, port: node.port) }
            // Apart from each other, so that the node is idle before each.
            let load = Load(
                requests: requests, expected: { _ in 1 }, word: IngestRequest.finalWord, pace: .open(requestsPerSecond: 100))
            let result = try await generator.run(load, connections: 4)
            return [
                Row(
                    name: "latency", parameters: ["samples": .count(sizes.latencySamples)], figure: result.percentile(0.5), unit: "ms",
                    limit: Row.Limit(value: 5, meaning: "milliseconds from submit to final, median"), goal: .atMost(1),
                    accounts: sizes.wallets,
                    details: ["p99Milliseconds": .decimal(result.percentile(0.99)), "maximumMilliseconds": .decimal(result.percentile(1))])
            ]
        }
    }

    /// `saturation`: while batches keep every core verifying, health checks and balance reads at a fixed rate.
    func saturation() async throws -> [Row] {
        try await withNode { node, wallets, generator in
            // Over and over the same ones would not be verified again: enough for the time.
            let transfers = try await wallets.transfers(Int(sizes.saturationSeconds * transactionsPerSecond), seed: 4)
            let requests = stride(from: 0, to: transfers.count, by: sizes.transactionsPerBatch).map {
                IngestRequest.batch(transfers[$0..<min(transfers.count, $0 + sizes.transactionsPerBatch)], port: node.port)
            }
            let perBatch = sizes.transactionsPerBatch, count = requests.count, rest = transfers.count % perBatch
            let load = Load(
                requests: requests, expected: { $0 == count - 1 && rest > 0 ? rest : perBatch }, word: IngestRequest.finalWord,
                pace: .closed)
            let address = node.chainspec.address(of: wallets.wallets[0].account)
            func probe(_ path: String, _ word: String) -> Load {
                Load(
                    requests: [IngestRequest.get(path, port: node.port)], expected: { _ in 1 }, word: Array(word.utf8),
                    pace: .open(requestsPerSecond: 50), repeatingSeconds: sizes.saturationSeconds * 0.8)
            }
            async let loading = measure(load, connections: 16, node, generator)
            let healthProbe = probe("/healthz", "\"ok\""), balanceProbe = probe("/v1/accounts/\(address)", "\"balances\"")
            async let healthy = generator.run(healthProbe, connections: 4)
            async let reading = generator.run(balanceProbe, connections: 4)
            let (health, balance, work) = try await (healthy, reading, loading)
            return [("health", health), ("balance", balance)].map { name, result in
                Row(
                    name: "saturation", parameters: ["read": .text(name), "samples": .count(result.latencies.count)],
                    figure: result.percentile(0.99), unit: "ms",
                    limit: Row.Limit(value: 50, meaning: "milliseconds, 99th percentile"), goal: .atMost(1), accounts: sizes.wallets,
                    details: [
                        "p50Milliseconds": .decimal(result.percentile(0.5)), "maximumMilliseconds": .decimal(result.percentile(1)),
                        "loadPerSecond": .decimal(Double(transfers.count) / work.result.seconds),
                    ])
            }
        }
    }
}
