import ArgumentParser
import Cryptography
import Foundation
import Ledger
import Verifier

struct ChainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain", abstract: "Replays an export from genesis and checks everything in it.",
        discussion: """
            Checks every format, signature, key policy, rule and root of every block, the attestation quorums, the supply of every
            asset, and the checkpoint at the end.

            EXAMPLE:
              coffer export --out export --chainspec chainspec/development.json
              coffer-verify chain export --chainspec chainspec/development.json
              coffer-verify chain export --chainspec chainspec/development.json \\
                --witness bank.example/witness+HASH+KEY --witness auditor.example/witness+HASH+KEY --witness-quorum 1
            """)

    @Argument(help: "The directory that coffer export wrote.")
    var export: String
    @OptionGroup var witnesses: WitnessOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let chainspec = try common.readChainspec()
        // The main thread works too, so it counts as one of the workers.
        let verifier = SignatureVerifier(workerCount: common.workers - 1)
        defer { verifier.close() }
        var finding: Finding
        let checkpoint: SignedCheckpoint
        do throws(ReplayError) {
            (finding, checkpoint) = try replay(chainspec, verifier)
        } catch {
            throw error.doesNotHold
                ? Verdict.doesNotHold(code: error.code, error.description, json: common.json)
                : Verdict.unreadable(code: error.code, error.description, json: common.json)
        }
        try witnesses.check(checkpoint, in: "the export's checkpoint", &finding, json: common.json)
        finding.print(heading: "every block, root, signature and rule, and the checkpoint", json: common.json)
    }

    private func replay(
        _ chainspec: Chainspec, _ verifier: SignatureVerifier
    ) throws(ReplayError) -> (Finding, SignedCheckpoint) {
        var archive = try ExportDirectory(path: export, network: chainspec.network)
        var bar = ProgressBar(total: archive.byteCount)
        let result = try Replay.verify(chainspec: chainspec, verifier: verifier) { figures in
            bar.show(archive.byteCountRead, figures)
        } next: { () throws(ReplayError) in
            try archive.next()
        }
        bar.clear()
        let checkpoint = try archive.checkpoint()
        try result.check(checkpoint, against: chainspec)
        var finding = Finding()
        finding.add("network", "network", "\(chainspec.name) \(chainspec.network.hex)")
        finding.add("blocks", "blocks", count: result.figures.blocks)
        finding.add("transactions", "transactions", count: result.figures.transactions)
        finding.add("height", "height", count: result.tip.height)
        finding.add("block hash", "block", result.tip.hash.hex)
        finding.add("state root", "stateRoot", result.tip.stateRoot.hex)
        for (position, asset) in chainspec.assets.enumerated() {
            let outstanding = result.supply.filter { $0.asset == AssetIndex(position) }.reduce(UInt128(0)) { $0 + $1.outstanding }
            finding.add(
                "outstanding", "outstanding.\(asset.code)", .string(DecimalAmount.format(outstanding, decimals: asset.decimals)),
                text: "\(DecimalAmount.format(outstanding, decimals: asset.decimals)) \(asset.code)")
        }
        return (finding, checkpoint)
    }
}

/// One line on a terminal's standard error; nothing where there is no terminal.
struct ProgressBar {
    private let total: UInt64
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let start = Date()

    init(total: UInt64) {
        self.total = total
    }

    mutating func show(_ done: UInt64, _ figures: ReplayProgress) {
        guard isTerminal, total > 0 else { return }
        let share = min(1, Double(done) / Double(total))
        let seconds = Date().timeIntervalSince(start)
        let rate = seconds > 0 ? Double(figures.transactions) / seconds : 0
        let left = share > 0 ? seconds / share - seconds : 0
        let filled = Int(share * 30)
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
        write("\r[\(bar)] \(Int(share * 100))%  \(figures.transactions) transactions, \(Int(rate)) a second, \(Int(left)) s left   ")
    }

    func clear() {
        guard isTerminal else { return }
        write("\r\(String(repeating: " ", count: 100))\r")
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
