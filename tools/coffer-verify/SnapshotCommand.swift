import ArgumentParser
import Cryptography
import Ledger
import Verifier

struct SnapshotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Replays an export and writes the state as of a height, to start from later.",
        discussion: """
            Everything up to the height is checked, as by chain. Keep the snapshot together with the checkpoint of the same height:
            the checkpoint is signed, the snapshot is not, and is compared with it whenever it is used.

            EXAMPLE:
              coffer-verify snapshot export --chainspec chainspec/development.json --out state.snapshot
              cp export/checkpoint kept.checkpoint
              coffer-verify chain export --chainspec chainspec/development.json --from kept.checkpoint --snapshot state.snapshot
            """)

    @OptionGroup var source: ExportOptions
    @Option(help: ArgumentHelp("The height; default: that of the last block.", valueName: "height"))
    var height: UInt64?
    @Option(help: ArgumentHelp("The snapshot; must not exist.", valueName: "file"))
    var out: String
    @OptionGroup var start: StartOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let chainspec = try common.readChainspec()
        try OutputFile.checkAbsent(out, json: common.json)
        let start = try start.read(chainspec, common)
        if let height, height < start.height {
            throw Verdict.unreadable(
                code: "wrongUse", "--height is before the checkpoint of --from. Give a later height, or start at genesis.",
                json: common.json)
        }
        let verifier = SignatureVerifier(workerCount: common.workers - 1)
        defer { verifier.close() }
        do {
            var last: CertifiedBlock?
            var archive = try ExportDirectory(try source.location(common), network: chainspec.network)
            let chain = try start.chain(chainspec, verifier, reading: &archive)
            let bar = ProgressBar(total: archive.byteCount, done: archive.byteCountRead)
            var before = chain.history
            let replayed = try Replay.run(chain, assumingSignaturesUntil: self.start.assumeSignaturesUntil) { figures in
                bar.show(archive.byteCountRead, figures)
            } next: { () throws(ReplayError) in
                if let height, (last?.block.header.height ?? start.height) >= height { return nil }
                guard let block = try archive.next() else { return nil }
                if let last { before.append(last.block.header.historyLeaf) }
                last = block
                return block
            }
            bar.clear()
            try write(replayed, last, before, start)
        } catch let error as ReplayError {
            throw error.doesNotHold
                ? Verdict.doesNotHold(code: error.code, error.description, json: common.json)
                : Verdict.unreadable(code: error.code, error.description, json: common.json)
        }
    }

    /// `before` is the history tree over the headers before the last block's.
    private func write(
        _ replayed: borrowing ReplayedChain, _ last: CertifiedBlock?, _ before: HistoryTree, _ start: ReplayStart
    ) throws {
        let tip = replayed.chain.tip
        if let height, height != tip.height {
            throw Verdict.unreadable(
                code: "wrongUse", "the export ends at height \(tip.height), before --height \(height). Give an earlier height.",
                json: common.json)
        }
        guard let last else {
            throw Verdict.unreadable(
                code: "wrongUse", "there is no block to make a snapshot of after the start. Give an export with blocks.", json: common.json)
        }
        let output = try OutputFile(creating: out, json: common.json)
        var byteCount: UInt64 = 0
        try SnapshotFormat.write(
            replayed.chain.state, tip: CertifiedHeader(header: tip, attestations: last.attestations), history: before
        ) { (bytes: [UInt8]) throws(Verdict) in
            try output.append(bytes)
            byteCount += UInt64(bytes.count)
        }
        try output.finish()
        var finding = Finding()
        finding.add("height", "height", count: tip.height)
        finding.add("block hash", "block", tip.hash.hex)
        finding.add("accounts", "accounts", count: tip.accountCount)
        finding.add("checkpoint size", "checkpointSize", count: tip.height + 1)
        finding.add("bytes", "bytes", count: byteCount)
        finding.add("written to", "out", out)
        let unchecked = Unchecked.list(assumedUntil: min(self.start.assumeSignaturesUntil, tip.height), start, replayed.figures)
        finding.add(
            "NOT CHECKED", "notChecked", .array(unchecked.map { .string($0) }),
            text: unchecked.isEmpty ? "nothing was left out" : unchecked.joined(separator: "; "))
        finding.print(
            heading: unchecked.isEmpty
                ? "every block up to the height; the state is written" : "what was checked, NOT EVERYTHING WAS; the state is written",
            json: common.json)
    }
}
