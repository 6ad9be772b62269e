import Foundation
import Ledger

/// What many accounts cost: time per transaction, memory, and starting.
struct ScaleMeasurement: Measurement {
    let name = "scale"
    let summary = "time per transaction, anonymous memory and start-up with 10,000,000 accounts, against 10,000 (with --scale)"
    let occasion = Occasion.onRequest

    func isPart(of settings: Settings) -> Bool { settings.scaleAccounts != nil }

    func run(_ bench: Bench) throws {
        let few = bench.settings.sized(tiny: 64, quick: 10_000, full: 10_000)
        guard let many = bench.settings.scaleAccounts else { return }
        // Everything is prepared first, so that the two are measured one right after the other.
        let large = try Part(bench, accounts: many)
        let small = try Part(bench, accounts: few)
        defer {
            for part in [large, small] { part.removeFile(bench.console) }
        }
        try bench.measure {
            bench.progress("scale: measuring with \(few) accounts")
            let small = try small.measure()
            bench.progress("scale: measuring with \(many) accounts")
            let large = try large.measure()
            let perTransaction = large.run.microsecondsPerTransaction
            let base = small.run.microsecondsPerTransaction
            let costs: Fields = [
                "cpuMicrosecondsPerTransaction": .decimal(large.run.processorMicrosecondsPerTransaction),
                "cpuMicrosecondsPerTransactionWithFew": .decimal(small.run.processorMicrosecondsPerTransaction),
                "transactions": .count(large.run.transactionCount),
            ]
            let gibibyte = Double(1 << 30)
            return [
                row(
                    "time per transaction", perTransaction, "µs", Row.Limit(value: base, meaning: "µs with \(few) accounts"),
                    .atMost(1.25), many, costs),
                row(
                    "anonymous resident memory, most", Double(large.run.anonymousBytes) / gibibyte, "GiB",
                    Row.Limit(value: 1.5, meaning: "GiB"), .atMost(1), many,
                    ["withFewAccounts": .decimal(Double(small.run.anonymousBytes) / gibibyte)]),
                row(
                    "start after a clean stop", large.cleanStartSeconds, "s", Row.Limit(value: 5, meaning: "s"), .atMost(1), many,
                    ["withFewAccounts": .decimal(small.cleanStartSeconds)]),
                row(
                    "start after kill -9", large.killedStartSeconds, "s", Row.Limit(value: 15, meaning: "s"), .atMost(1), many,
                    ["withFewAccounts": .decimal(small.killedStartSeconds)]),
            ]
        }
    }

    private func row(
        _ what: String, _ figure: Double, _ unit: String, _ limit: Row.Limit, _ goal: Row.Goal, _ accounts: Int, _ details: Fields
    ) -> Row {
        Row(
            name: name, parameters: ["what": .text(what)], figure: figure, unit: unit, limit: limit, goal: goal, accounts: accounts,
            details: details)
    }
}

/// A ledger and the blocks that a process of its own is to execute.
private struct Part {
    struct Figures {
        let run: ScaleChild.RunReport
        let cleanStartSeconds: Double
        let killedStartSeconds: Double
    }

    private let arguments: [String]
    private let file: URL
    private let tip: BlockHeader?
    private let transactionCount: Int

    init(_ bench: Bench, accounts: Int) throws {
        let settings = bench.settings
        let ledger = try bench.ledger(accounts: accounts)
        let blocks = try BlockMeasurement.payments(
            bench, ledger, .uniform, blocks: settings.sized(tiny: 2, quick: 10, full: settings.blocks),
            transactionsPerBlock: settings.blockTransactions)
        file = ledger.directory.appendingPathExtension("blocks")
        try BlockFile.write(blocks.bytes, to: file)
        tip = blocks.tip
        transactionCount = blocks.transactionCount
        arguments = [
            "--child-data", ledger.directory.path, "--child-seed", String(settings.seed), "--child-threads", String(settings.threads),
        ]
    }

    func removeFile(_ console: Console) {
        do { try FileManager.default.removeItem(at: file) } catch { console.note("left behind: \(file.path): \(error)") }
    }

    /// A process executes the blocks and is killed when they are durable; others start after it.
    func measure() throws -> Figures {
        let text = try ScaleChild.launch(arguments + ["--child-blocks", file.path], killsAfterReport: true)
        guard let run = ScaleChild.RunReport(text), run.transactionCount == transactionCount else {
            throw BenchFailure("a child process did not run all blocks; it reported: \(text)")
        }
        let killed = try start()
        return Figures(run: run, cleanStartSeconds: try start(), killedStartSeconds: killed)
    }

    /// How long opening and restoring takes; what was durable must be there.
    private func start() throws -> Double {
        let text = try ScaleChild.launch(arguments, killsAfterReport: false)
        guard let report = ScaleChild.StartReport(text) else { throw BenchFailure("a child process reported: \(text)") }
        guard report.height == tip?.height else { throw BenchFailure("durable blocks are missing after a start") }
        return report.seconds
    }
}

/// Blocks in a file, so that a process which measures its own memory does not hold them all.
struct BlockFile {
    private let file: FileHandle

    init(_ url: URL) throws {
        file = try FileHandle(forReadingFrom: url)
    }

    static func write(_ blocks: [[UInt8]], to url: URL) throws {
        try Data().write(to: url)
        let file = try FileHandle(forWritingTo: url)
        for block in blocks {
            try file.write(contentsOf: Data((0..<4).map { UInt8(truncatingIfNeeded: block.count >> (24 - 8 * $0)) }))
            try file.write(contentsOf: Data(block))
        }
        try file.close()
    }

    /// The next block; nil after the last.
    func next() throws -> [UInt8]? {
        guard let length = try file.read(upToCount: 4), !length.isEmpty else { return nil }
        let count = length.reduce(0) { $0 << 8 | Int($1) }
        guard let block = try file.read(upToCount: count), block.count == count else { throw BenchFailure("a file of blocks is cut short") }
        return [UInt8](block)
    }
}
