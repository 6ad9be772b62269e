import Foundation

/// The points of the picture: `block` with uniform payments over numbers of accounts and threads.
struct SweepMeasurement: Measurement {
    let name = "sweep"
    let summary = "block, uniform, over 1,000 to 1,000,000 accounts, and over 1 to all threads (with --sweep)"
    let occasion = Occasion.onRequest

    func isPart(of settings: Settings) -> Bool { settings.includesSweep }

    func run(_ bench: Bench) throws {
        let settings = bench.settings
        let counts = settings.sized(tiny: [32, 64], quick: [1_000, 10_000, 100_000], full: [1_000, 10_000, 100_000, 1_000_000])
        let blocks = settings.sized(tiny: 2, quick: 10, full: 30)
        for accounts in counts {
            try BlockMeasurement.run(bench, name: name, .uniform, accounts: accounts, blocks: blocks)
        }
        let fewer = counts.count > 1 ? counts[1] : counts[0]
        for threads in 1..<max(1, settings.threads) { try run(bench, threads: threads, accounts: fewer, blocks: blocks) }
    }

    /// Another process that may use only so many cores, so that the thread that commits has no core of its own.
    private func run(_ bench: Bench, threads: Int, accounts: Int, blocks: Int) throws {
        let settings = bench.settings
        bench.progress("sweep: \(threads) of \(settings.threads) threads")
        var arguments = ["--cpu-list", "0-\(threads - 1)", Machine.programDirectory.appending(path: "coffer-bench").path]
        arguments += ["--only", "block", "--row-name", name, "--mix", Mix.uniform.rawValue]
        arguments += ["--threads", String(threads), "--accounts", String(accounts), "--blocks", String(blocks)]
        arguments += ["--block-transactions", String(settings.blockTransactions), "--seed", String(settings.seed)]
        arguments += ["--directory", settings.directory.path] + (settings.keepsData ? ["--keep"] : [])
        arguments += settings.sized(tiny: ["--tiny"], quick: ["--quick"], full: [])
        guard let output = Command.output("taskset", arguments) else {
            throw BenchFailure("taskset could not run this program on \(threads) cores. Install util-linux.")
        }
        for line in output.split(separator: "\n") where line.hasPrefix("{\"name\":\"\(name)\"") { bench.console.print(String(line)) }
    }
}
