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

/// A row: what was measured, and what it took.
struct IngestRow: Sendable {
    var name: String
    var parameters: [(String, String)]
    /// Transactions a second, or milliseconds.
    var figure: Double
    var unit: String
    /// Two times the rate of verification of one thread, with parsed keys, a second.
    var limit: Double?
    var details: [(String, Double)]

    /// As one line of JSON.
    var line: String {
        var fields = ["\"name\":\"\(name)\""]
        fields += parameters.map { "\"\($0)\":\($1)" }
        fields += ["\"figure\":\(Self.text(figure))", "\"unit\":\"\(unit)\""]
        if let limit { fields += ["\"limit\":\(Self.text(limit))", "\"ratio\":\(Self.text(figure / limit))"] }
        fields += details.map { "\"\($0)\":\(Self.text($1))" }
        return "{\(fields.joined(separator: ","))}"
    }

    private static func text(_ number: Double) -> String { String(format: number < 100 ? "%.3f" : "%.0f", number) }
}

/// The rows over HTTP: a real node, and a load generator on the same cores.
struct IngestMeasurements {
    let setup: IngestNode.Setup
    let sizes: IngestSizes
    /// Verifications a second on all cores; see `VerificationRate`.
    let limit: Double

    /// Calls `body` with a fresh node and its wallets.
    private func withNode(
        _ body: (IngestNode, IngestWallets, LoadGenerator) async throws -> [IngestRow]
    ) async throws -> [IngestRow] {
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
        _ name: String, _ requests: [ByteBuffer], transactionsPerRequest: Int, connections: Int, _ node: IngestNode,
        _ generator: LoadGenerator
    ) async throws -> [IngestRow] {
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
            IngestRow(
                name: name,
                parameters: [
                    ("accounts", "\(sizes.wallets)"), ("transactions", "\(Int(transactions))"),
                    ("transactionsPerRequest", "\(transactionsPerRequest)"), ("connections", "\(connections)"),
                ],
                figure: rate, unit: "transactions/s", limit: limit,
                details: [
                    ("nodeMicrosecondsPerTransaction", peak.nodeSeconds / transactions * 1e6),
                    ("generatorMicrosecondsPerTransaction", peak.generatorSeconds / transactions * 1e6),
                    ("p50Milliseconds", peak.result.percentile(0.5)), ("p99Milliseconds", peak.result.percentile(0.99)),
                    ("maximumMilliseconds", peak.result.percentile(1)),
                    ("halfPeakPerSecond", Double(requests.count - half) * Double(transactionsPerRequest) / paced.result.seconds),
                    ("halfPeakP50Milliseconds", paced.result.percentile(0.5)),
                    ("halfPeakP99Milliseconds", paced.result.percentile(0.99)),
                    ("halfPeakMaximumMilliseconds", paced.result.percentile(1)),
                    ("halfPeakNodeMicrosecondsPerTransaction", paced.nodeSeconds / transactions * 1e6),
                ])
        ]
    }

    /// `ingestBatch`: the batch route with `?wait=final`.
    func batch() async throws -> [IngestRow] {
        try await withNode { node, wallets, generator in
            let transfers = try await wallets.transfers(2 * sizes.batchTransactions, seed: 1)
            let requests = stride(from: 0, to: transfers.count, by: sizes.transactionsPerBatch).map {
                IngestRequest.batch(transfers[$0..<min(transfers.count, $0 + sizes.transactionsPerBatch)], port: node.port)
            }
            return try await rows(
                "ingestBatch", requests, transactionsPerRequest: sizes.transactionsPerBatch, connections: sizes.batchConnections, node,
                generator)
        }
    }

    /// `ingestSingle`: one transaction a request, `?wait=final`, on kept-alive connections.
    func single() async throws -> [IngestRow] {
        try await withNode { node, wallets, generator in
            let requests = try await wallets.transfers(2 * sizes.singleTransactions, seed: 2).map {
                IngestRequest.single($0, port: node.port)
            }
            return try await rows(
                "ingestSingle", requests, transactionsPerRequest: 1, connections: sizes.singleConnections, node, generator)
        }
    }

    /// `latency`: one wallet, an idle node, one transfer after the other, from submitting until final.
    func latency() async throws -> [IngestRow] {
        try await withNode { node, wallets, generator in
            let requests = try await wallets.transfers(sizes.latencySamples, seed: 3).map { IngestRequest.single($0, port: node.port) }
            // Apart from each other, so that the node is idle before each.
            let load = Load(
                requests: requests, expected: { _ in 1 }, word: IngestRequest.finalWord, pace: .open(requestsPerSecond: 100))
            let result = try await generator.run(load, connections: 4)
            return [
                IngestRow(
                    name: "latency", parameters: [("accounts", "\(sizes.wallets)"), ("samples", "\(sizes.latencySamples)")],
                    figure: result.percentile(0.5), unit: "ms", limit: nil,
                    details: [("p99Milliseconds", result.percentile(0.99)), ("maximumMilliseconds", result.percentile(1))])
            ]
        }
    }

    /// `saturation`: while batches keep every core verifying, health checks and balance reads at a fixed rate.
    func saturation() async throws -> [IngestRow] {
        try await withNode { node, wallets, generator in
            // Over and over the same ones would not be verified again: enough for the time.
            let transfers = try await wallets.transfers(Int(sizes.saturationSeconds * limit), seed: 4)
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
                IngestRow(
                    name: "saturation", parameters: [("read", "\"\(name)\""), ("samples", "\(result.latencies.count)")],
                    figure: result.percentile(0.99), unit: "ms", limit: nil,
                    details: [
                        ("p50Milliseconds", result.percentile(0.5)), ("maximumMilliseconds", result.percentile(1)),
                        ("loadPerSecond", Double(transfers.count) / work.result.seconds),
                    ])
            }
        }
    }
}

/// The rate of Schnorr verification with parsed keys, by the CPU time of one thread.
enum VerificationRate {
    static func perSecondAndThread() throws -> Double {
        let key = try SecretKey.generate(scheme: .bip340)
        let parsed = try key.publicKey.parsed()
        let message = Bytes32.zero
        let signature = try key.sign(message)
        let count = 20_000
        let start = try threadNanoseconds()
        for _ in 0..<count {
            guard parsed.verify(signature, message: message) != nil else { throw LoadFailure(description: "a signature is not good") }
        }
        return Double(count) / (Double(try threadNanoseconds() - start) / 1e9)
    }

    private static func threadNanoseconds() throws -> UInt64 {
        let text = String(decoding: try Data(contentsOf: URL(filePath: "/proc/thread-self/schedstat")), as: UTF8.self)
        guard let value = text.split(separator: " ").first.flatMap({ UInt64($0) }) else {
            throw LoadFailure(description: "/proc/thread-self/schedstat cannot be read")
        }
        return value
    }
}
