import Cryptography
import Foundation
import Ledger
import Store
import Verifier

/// The auditor's replay of an export, by the real program and within this process.
struct ReplayMeasurement: Measurement {
    let name = "replay"
    let summary = "coffer-verify chain over an export from genesis: all signatures, rules and roots"
    let occasion = Occasion.always

    func run(_ bench: Bench) throws {
        let settings = bench.settings
        guard let accounts = settings.accounts.first else { return }
        let wanted = settings.sized(tiny: 50, quick: 100_000, full: 1_000_000)
        let ledger = try bench.ledger(accounts: accounts)
        let directory = ledger.directory.appendingPathExtension("export")
        defer { remove(directory, bench) }
        let writer = ExportWriter(directory: directory.appending(path: "export"), network: ledger.network)
        let content = try export(bench, ledger, writer, wanted)
        let chainspec = directory.appending(path: "chainspec.json")
        try Data(ledger.network.chainspec.json().bytes(.pretty)).write(to: chainspec)
        try measureHere(bench, ledger, writer, content)
        try measureProgram(bench, ledger, writer, content, chainspec)
    }

    private func remove(_ directory: URL, _ bench: Bench) {
        do { try FileManager.default.removeItem(at: directory) } catch { bench.console.note("left behind: \(directory.path): \(error)") }
    }

    /// Continues the ledger until it has enough to export.
    private func export(
        _ bench: Bench, _ ledger: BenchLedger, _ writer: ExportWriter, _ wanted: Int
    ) throws -> ExportWriter.Content {
        while true {
            bench.progress("replay: writing an export of \(wanted) transactions")
            let store = try ledger.openStore()
            defer { store.close() }
            if let content = try writer.write(store, transactionCount: wanted) { return content }
            store.close()
            let size = bench.settings.blockTransactions
            let blocks = try BlockMeasurement.payments(
                bench, ledger, .uniform, blocks: min(10, (wanted + size - 1) / size), transactionsPerBlock: size)
            _ = try SustainedRun(blocks, on: ledger)
        }
    }

    private func row(
        _ elapsed: Double, _ processorSeconds: Double?, _ program: String, _ ledger: BenchLedger, _ content: ExportWriter.Content
    ) -> Row {
        var details: Fields = ["seconds": .decimal(elapsed), "blocks": .count(content.blockCount)]
        details["bytes"] = .count(content.byteCount)
        details["signatures"] = .count(content.signatureCount)
        details["signaturesPerSecond"] = .decimal(Double(content.signatureCount) / elapsed)
        if let processorSeconds { details["cpuSeconds"] = .decimal(processorSeconds) }
        return Row(
            name: name, parameters: ["program": .text(program), "transactions": .count(content.transactionCount)],
            figure: Double(content.transactionCount) / elapsed, unit: "transactions/s", goal: .atLeast(0.93), accounts: ledger.accounts,
            processor: processorSeconds.map { (content.signatureCount, $0) }, details: details)
    }

    private func measureHere(
        _ bench: Bench, _ ledger: BenchLedger, _ writer: ExportWriter, _ content: ExportWriter.Content
    ) throws {
        bench.progress("replay: measuring in this process")
        try bench.measure {
            let verifier = ledger.verifier()
            defer { verifier.close() }
            let chainspec = ledger.network.chainspec
            let timing = Timing()
            var archive = try ExportDirectory(path: writer.directory.path, network: chainspec.network)
            let result = try Replay.verify(chainspec: chainspec, verifier: verifier) { _ in
            } next: { () throws(ReplayError) in
                try archive.next()
            }
            try result.check(try archive.checkpoint(), against: chainspec)
            let elapsed = timing.elapsed()
            guard result.figures.transactions == UInt64(content.transactionCount) else {
                throw BenchFailure("the replay met \(result.figures.transactions) transactions of \(content.transactionCount)")
            }
            return [row(elapsed.seconds, elapsed.processorSeconds, "in process", ledger, content)]
        }
    }

    private func measureProgram(
        _ bench: Bench, _ ledger: BenchLedger, _ writer: ExportWriter, _ content: ExportWriter.Content, _ chainspec: URL
    ) throws {
        let program = Machine.programDirectory.appending(path: "coffer-verify")
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            return bench.console.note("replay: \(program.path) is not there, so the program itself is not measured. Build it.")
        }
        bench.progress("replay: measuring coffer-verify")
        try bench.measure {
            let before = Machine.childProcessorSeconds()
            let start = ContinuousClock.now
            let arguments = [
                "chain", writer.directory.path, "--chainspec", chainspec.path, "--workers", String(bench.settings.threads), "--json",
            ]
            guard let output = Command.output(program.path, arguments), output.contains("\"holds\"") else {
                throw BenchFailure("coffer-verify does not accept the export \(writer.directory.path)")
            }
            let elapsed = (ContinuousClock.now - start) / .seconds(1)
            return [row(elapsed, Machine.childProcessorSeconds() - before, "coffer-verify", ledger, content)]
        }
    }
}
