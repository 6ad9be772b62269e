import Ledger

/// The whole path for transfers of many legs with one signature.
struct BulkMeasurement: Measurement {
    let name = "bulk"
    let summary = "the same path for transfers of 1,024 legs with one signature: legs a second"
    let occasion = Occasion.always

    func run(_ bench: Bench) throws {
        for accounts in bench.settings.accounts { try run(bench, accounts: accounts) }
    }

    private func run(_ bench: Bench, accounts: Int) throws {
        let ledger = try bench.ledger(accounts: accounts)
        let legs = min(Transaction.maximumLegCount, accounts - 1)
        let perBlock = bench.settings.sized(tiny: 2, quick: 64, full: 64)
        let blocks = bench.settings.sized(tiny: 2, quick: 20, full: 60)
        var sampler: PaymentSampler?
        let generated = try ledger.blocks(blocks, transactionsPerBlock: perBlock * legs) { content in
            bench.progress("signing bulk transfers between \(accounts) accounts")
            var own = sampler ?? PaymentSampler(.uniform, accounts: accounts, seed: bench.settings.seed ^ content.height)
            let transfers = (0..<content.blockCount * perBlock).map { _ in
                let payer = own.account()
                return (payer: payer, payees: own.payees(of: payer, count: legs))
            }
            sampler = own
            return try content.bulkTransfers(transfers)
        }
        bench.progress("bulk: measuring with \(accounts) accounts")
        try bench.measure {
            let run = try SustainedRun(generated, on: ledger)
            let total = generated.transactionCount * legs
            let parameters: Fields = [
                "mix": .text(Mix.uniform.rawValue), "legs": .count(legs), "signatures": .count(1), "blocks": .count(blocks),
                "blockTransactions": .count(perBlock),
            ]
            var details = run.details(generated)
            details["legs"] = .count(total)
            details["cpuMicrosecondsPerLeg"] = .decimal(run.untilFolded.processorSeconds / Double(total) * 1e6)
            details["legsPerSecondUntilFolded"] = .decimal(Double(total) / run.untilFolded.seconds)
            return [
                Row(
                    name: name, parameters: parameters, figure: Double(total) / run.untilDurable.seconds, unit: "legs/s",
                    goal: .atLeast(accounts >= BlockMeasurement.manyAccounts ? 4 : 8), accounts: accounts,
                    processor: (total, run.untilFolded.processorSeconds), details: details)
            ]
        }
    }
}
