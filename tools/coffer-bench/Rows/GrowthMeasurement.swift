import Foundation
import Ledger
import Store

/// What a transaction takes on the disk, with all its indexes, after many of them.
struct GrowthMeasurement: Measurement {
    let name = "growth"
    let summary = "bytes of the data directory per transaction, against the canonical bytes"
    let occasion = Occasion.always

    func run(_ bench: Bench) throws {
        guard let accounts = bench.settings.accounts.first else { return }
        let ledger = try bench.ledger(accounts: accounts)
        let wanted = bench.settings.sized(tiny: 60, quick: 100_000, full: 5_000_000)
        try bench.measure {
            var figures = try count(ledger)
            while figures.payments < wanted {
                let size = bench.settings.blockTransactions
                let missing = (wanted - figures.payments + size - 1) / size
                let blocks = try BlockMeasurement.payments(bench, ledger, .uniform, blocks: min(20, missing), transactionsPerBlock: size)
                _ = try SustainedRun(blocks, on: ledger)
                figures = try count(ledger)
            }
            let perTransaction = Double(try ledger.byteCount() - ledger.preparedByteCount) / Double(figures.payments)
            let canonical = Double(figures.byteCount) / Double(figures.payments)
            return [
                Row(
                    name: name, parameters: ["transactions": .count(figures.payments)], figure: perTransaction,
                    unit: "bytes/transaction", limit: Row.Limit(value: canonical, meaning: "canonical bytes of the blocks"),
                    goal: .atMost(3), accounts: accounts, details: ["directoryBytes": .count(try ledger.byteCount())])
            ]
        }
    }

    /// Of the blocks after the preparation.
    private func count(_ ledger: BenchLedger) throws -> (payments: Int, byteCount: Int) {
        let store = try ledger.openStore()
        defer { store.close() }
        var figures = (payments: 0, byteCount: 0)
        let tip = try store.tip().header.height
        for height in ledger.preparedHeight..<max(tip, ledger.preparedHeight) {
            guard let bytes = try store.certifiedBlockBytes(at: height + 1), let header = try store.certifiedHeader(at: height + 1) else {
                throw BenchFailure("block \(height + 1) below the tip is not there")
            }
            figures.byteCount += bytes.count
            figures.payments += Int(header.header.transactionCount)
        }
        return figures
    }
}
