import ArgumentParser
import Foundation
import Ledger

/// Measures the verifier core and the disk, every figure beside the limit of the same run.
@main
struct CofferBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coffer-bench",
        abstract: "Measures how fast this machine verifies and stores blocks, beside the limit that libsecp256k1 sets.",
        discussion: """
            Prints one JSON object a line. Most figures are held against L: threads times the Schnorr verifications a second of one
            thread with parsed keys, measured just before and just after through the same library. Nothing else should run meanwhile.

            Every row is a measurement of real blocks with real signatures, made before the clock starts; generating them takes longer
            than measuring them. The directory takes some gigabytes in a full run, and must be on the disk that a node would use.

            EXAMPLES:
              coffer-bench --quick
              coffer-bench --quick --only limit block --accounts 10000
              coffer-bench --only block --threads 1 --blocks 60 --block-transactions 32768
              coffer-bench --scale --keep --directory /var/lib/coffer-bench > results.jsonl
            """,
        version: "0.1.0", subcommands: [ScaleChild.self])

    @Flag(help: "A run of under two minutes, with fewer accounts and shorter rows.")
    var quick = false

    @Flag(help: .hidden)
    var tiny = false

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Only these measurements; see --list.", valueName: "name"))
    var only: [String] = []

    @Flag(help: "Lists the measurements and what they time.")
    var list = false

    @Option(help: ArgumentHelp("Threads that compute; default: one per core.", valueName: "count"))
    var threads = Machine.coreCount

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Numbers of accounts; default: 10000 and 1000000, with --quick 10000 and 50000.", valueName: "count"))
    var accounts: [Int] = []

    @Option(help: ArgumentHelp("Transactions in a block; default: 32768, with --quick 5000.", valueName: "count"))
    var blockTransactions: Int?

    @Option(help: ArgumentHelp("Blocks in a row of block; default: 60.", valueName: "count"))
    var blocks: Int?

    @Option(help: ArgumentHelp("Everything random follows from it.", valueName: "number"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Where data directories are made; default: /var/tmp/coffer-bench.", valueName: "path"))
    var directory = "/var/tmp/coffer-bench"

    @Flag(help: "Keeps prepared ledgers in the directory, and uses those that are there.")
    var keep = false

    @Flag(help: "Also measures scale, with 10000000 accounts in a full run.")
    var scale = false

    @Option(help: ArgumentHelp("Also measures scale, with this number of accounts.", valueName: "count"))
    var scaleAccounts: Int?

    @Option(help: ArgumentHelp("Also measures soak, with so many single submissions to one node.", valueName: "count"))
    var soakTransactions: Int?

    @Flag(help: "Also measures points for the picture: 1000 to 1000000 accounts, 1 to all threads.")
    var sweep = false

    @Flag(help: "Rows are JSON lines on standard output; this is what happens without it, too.")
    var json = false

    @Option(help: ArgumentHelp("The one mix of payments in the rows of block: uniform, zipf or hotPayee.", valueName: "name"))
    var mix: Mix?

    @Option(help: .hidden)
    var rowName = "block"

    @Option(help: ArgumentHelp("The folder with chainspec and keys; default: the present one.", valueName: "path"))
    var project = "."

    func validate() throws {
        guard (1...64).contains(threads) else { throw ValidationError("--threads must be 1 to 64.") }
        guard accounts.allSatisfy({ (16...100_000_000).contains($0) }) else {
            throw ValidationError("--accounts must be 16 to 100000000 each.")
        }
        guard (1...Block.maximumTransactionCount).contains(blockTransactions ?? 1) else {
            throw ValidationError("--block-transactions must be 1 to \(Block.maximumTransactionCount).")
        }
        guard (1...100_000_000).contains(scaleAccounts ?? 1) else { throw ValidationError("--scale-accounts must be 1 to 100000000.") }
        guard (1...1_000_000_000).contains(soakTransactions ?? 1) else {
            throw ValidationError("--soak-transactions must be 1 to 1000000000.")
        }
        guard (1...100_000).contains(blocks ?? 1) else { throw ValidationError("--blocks must be 1 to 100000.") }
        for name in only where Measurements.named(name) == nil {
            let names = Measurements.all.map(\.name).joined(separator: ", ")
            throw ValidationError("There is no measurement \(name). There are: \(names).")
        }
        guard !(quick && tiny) else { throw ValidationError("--quick and --tiny exclude each other.") }
    }

    private var settings: Settings {
        let size: Settings.Size = tiny ? .tiny : quick ? .quick : .full
        var settings = Settings(
            size: size, threads: threads, accounts: accounts.sorted(), blockTransactions: blockTransactions ?? 0, blocks: blocks ?? 0,
            seed: seed, directory: URL(filePath: directory), project: URL(filePath: project), keepsData: keep,
            scaleAccounts: scaleAccounts, soakTransactions: soakTransactions, includesSweep: sweep, mix: mix, blockRowName: rowName)
        if scale || only.contains("scale"), scaleAccounts == nil {
            settings.scaleAccounts = settings.sized(tiny: 128, quick: 100_000, full: 10_000_000)
        }
        if only.contains("soak"), soakTransactions == nil {
            settings.soakTransactions = settings.sized(tiny: 800, quick: 300_000, full: 5_000_000)
        }
        if accounts.isEmpty { settings.accounts = settings.sized(tiny: [64], quick: [10_000, 50_000], full: [10_000, 1_000_000]) }
        if blockTransactions == nil { settings.blockTransactions = settings.sized(tiny: 20, quick: 5_000, full: 32_768) }
        if blocks == nil { settings.blocks = settings.sized(tiny: 3, quick: 60, full: 60) }
        return settings
    }

    func run() throws {
        guard !list else {
            for measurement in Measurements.all { print("\(measurement.name): \(measurement.summary)") }
            return
        }
        let settings = settings
        let console = Console()
        console.print(RowText.machineLine(settings))
        let bench = try Bench(settings: settings, console: console)
        var failure: (any Error)?
        do {
            for measurement in chosen(settings) { try measurement.run(bench) }
        } catch {
            failure = error
        }
        try bench.finish()
        if let failure { throw failure }
    }

    private func chosen(_ settings: Settings) -> [any Measurement] {
        guard only.isEmpty else { return Measurements.all.filter { only.contains($0.name) } }
        return Measurements.all.filter { $0.isPart(of: settings) }
    }
}

extension Mix: ExpressibleByArgument {}
