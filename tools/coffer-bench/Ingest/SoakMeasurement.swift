import Foundation
import Ledger

/// Whether a node that has run for long is as fast and as small as one that was just started: single submissions in rounds, on one node.
struct SoakMeasurement: Measurement {
    let name = "soak"
    let summary = "single submissions to one node for long: speed at the end against the beginning, memory (on request)"
    let occasion = Occasion.onRequest

    func isPart(of settings: Settings) -> Bool { settings.soakTransactions != nil }

    func run(_ bench: Bench) throws {
        let settings = bench.settings
        guard let transactions = settings.soakTransactions else { return }
        let kept = settings.directory.appending(path: "soak-\(transactions)")
        guard !settings.keepsData || !FileManager.default.fileExists(atPath: kept.path) else {
            throw BenchFailure("\(kept.path) is there already. Move it away, or leave out --keep.")
        }
        try bench.measure {
            try bench.blocking {
                try await IngestScene.with(settings, name, keepingDataAt: settings.keepsData ? kept : nil) { scene in
                    try await Soak(scene: scene, transactions: transactions, console: Console()).rows()
                }
            }
        }
    }
}

private struct Soak {
    /// What a round was like.
    struct Round {
        let transactionsPerSecond: Double
        let nodeMicrosecondsPerTransaction: Double
        let nodeAnonymousBytes: Int
    }

    /// The first and the last so many rounds are compared, so that one disturbed round decides nothing.
    static let comparedShare = 0.2

    let scene: IngestScene
    let transactions: Int
    let console: Console

    func rows() async throws -> [Row] {
        let perRound = min(transactions, scene.sizes.singleTransactions)
        let count = max(2, transactions / perRound)
        var rounds: [Round] = []
        for number in 0..<count {
            console.progress("soak: round \(number + 1) of \(count)")
            rounds.append(try await round(number, perRound))
        }
        let compared = max(1, Int(Double(count) * Self.comparedShare))
        let first = Array(rounds.prefix(compared)), last = Array(rounds.suffix(compared))
        let grown = last[compared - 1].nodeAnonymousBytes - rounds[0].nodeAnonymousBytes
        return [
            row(
                "rate of the last rounds", Self.rate(last), "transactions/s", Self.rate(first), "the first rounds", .atLeast(0.9), first,
                last),
            row(
                "processor time of the node in the last rounds", Self.time(last), "µs/transaction", Self.time(first), "the first rounds",
                .atMost(1.1), first, last),
            row(
                "anonymous memory that the node's process took since the first round", Double(grown) / Double((count - 1) * perRound),
                "bytes/transaction", Double(SoakMeasurement.bytesPerTransaction),
                "what ids, places and outcomes of a day's transactions may take", .atMost(1), first, last),
        ]
    }

    private func round(_ number: Int, _ transactions: Int) async throws -> Round {
        let requests = try await scene.wallets.transfers(transactions, seed: scene.seed &+ UInt64(number)).map {
            IngestRequest.single($0, port: scene.node.port)
        }
        let load = Load(requests: requests, expected: { _ in 1 }, word: IngestRequest.finalWord, pace: .closed)
        let before = try scene.node.cpuSeconds
        let result = try await scene.generator.run(load, connections: scene.sizes.singleConnections)
        return Round(
            transactionsPerSecond: Double(transactions) / result.seconds,
            nodeMicrosecondsPerTransaction: (try scene.node.cpuSeconds - before) / Double(transactions) * 1e6,
            nodeAnonymousBytes: try scene.node.anonymousMemoryBytes)
    }

    private static func rate(_ rounds: [Round]) -> Double {
        Double(rounds.count) / rounds.map { 1 / $0.transactionsPerSecond }.reduce(0, +)
    }

    private static func time(_ rounds: [Round]) -> Double {
        rounds.map(\.nodeMicrosecondsPerTransaction).reduce(0, +) / Double(rounds.count)
    }

    private func row(
        _ what: String, _ figure: Double, _ unit: String, _ limit: Double, _ meaning: String, _ goal: Row.Goal, _ first: [Round],
        _ last: [Round]
    ) -> Row {
        Row(
            name: "soak", parameters: ["what": .text(what), "transactions": .count(transactions)], figure: figure, unit: unit,
            limit: Row.Limit(value: limit, meaning: meaning), goal: goal, accounts: scene.sizes.wallets,
            details: [
                "firstNodeAnonymousMiB": .count(first[0].nodeAnonymousBytes >> 20),
                "lastNodeAnonymousMiB": .count(last[last.count - 1].nodeAnonymousBytes >> 20),
            ])
    }
}

extension SoakMeasurement {
    /// Of a transaction that may not be applied again for up to a day, the node keeps its id, where it stands, and its outcome.
    fileprivate static let bytesPerTransaction = 256
}
