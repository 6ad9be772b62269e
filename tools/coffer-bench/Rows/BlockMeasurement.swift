import Ledger

/// The whole path for transactions of one leg and one signature.
struct BlockMeasurement: Measurement {
    let name = "block"
    let summary = "canonical block bytes in memory → decoded, verified, executed, roots compared, durable; 1 leg, 1 signature"
    let occasion = Occasion.always

    /// From this many accounts on the goals are those for a million.
    static let manyAccounts = 100_000

    func run(_ bench: Bench) throws {
        for accounts in bench.settings.accounts {
            for mix in mixes(accounts, bench.settings) {
                try Self.run(
                    bench, name: bench.settings.blockRowName, mix, accounts: accounts, blocks: blocks(mix, accounts, bench.settings))
            }
        }
    }

    /// Skew is a matter of many accounts; a quick run shows it on few.
    private func mixes(_ accounts: Int, _ settings: Settings) -> [Mix] {
        if let only = settings.mix { return [only] }
        let skewed = settings.size == .quick ? settings.accounts.first : settings.accounts.last
        return accounts == skewed ? Mix.allCases : [.uniform]
    }

    /// A quick run is sustained only where that is cheap to prepare.
    private func blocks(_ mix: Mix, _ accounts: Int, _ settings: Settings) -> Int {
        guard settings.size == .quick, settings.mix == nil else { return settings.blocks }
        return mix == .uniform && accounts == settings.accounts.first ? settings.blocks : max(1, settings.blocks / 6)
    }

    /// Prepares and measures blocks of one mix, and prints their row.
    static func run(_ bench: Bench, name: String, _ mix: Mix, accounts: Int, blocks: Int) throws {
        let ledger = try bench.ledger(accounts: accounts)
        let size = bench.settings.blockTransactions
        let generated = try payments(bench, ledger, mix, blocks: blocks, transactionsPerBlock: size)
        bench.progress("\(name): measuring \(mix) with \(accounts) accounts")
        try bench.measure {
            let run = try SustainedRun(generated, on: ledger)
            let parameters: Fields = [
                "mix": .text(mix.rawValue), "legs": .count(1), "signatures": .count(1), "blocks": .count(blocks),
                "blockTransactions": .count(size),
            ]
            let isLarge = accounts >= manyAccounts
            return [
                Row(
                    name: name, parameters: parameters, figure: Double(generated.transactionCount) / run.untilDurable.seconds,
                    unit: "transactions/s", goal: .atLeast(isLarge || mix != .uniform ? 0.88 : 0.93), accounts: accounts,
                    processor: (generated.transactionCount, run.untilFolded.processorSeconds), details: run.details(generated))
            ]
        }
    }

    /// Blocks of payments, generated and signed.
    static func payments(
        _ bench: Bench, _ ledger: BenchLedger, _ mix: Mix, blocks: Int, transactionsPerBlock: Int
    ) throws -> GeneratedBlocks {
        var sampler: PaymentSampler?
        var done = 0
        return try ledger.blocks(blocks, transactionsPerBlock: transactionsPerBlock) { content in
            bench.progress("signing \(mix) payments between \(ledger.accounts) accounts: block \(done) of \(blocks)")
            done += content.blockCount
            var own = sampler ?? PaymentSampler(mix, accounts: ledger.accounts, seed: bench.settings.seed ^ content.height)
            let payments = (0..<content.blockCount * transactionsPerBlock).map { _ in own.next() }
            sampler = own
            return try content.payments(payments)
        }
    }
}
