import ArgumentParser
import Cryptography
import Foundation
import Ledger
import Verifier

struct ChainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain", abstract: "Replays an export and checks everything in it.",
        discussion: """
            Checks every format, signature, key policy, rule and root of every block, the attestation quorums, the supply of every
            asset, and the checkpoint at the end. At the first thing that is wrong it stops and names it; with --evidence it also writes
            a file that proves it to others (coffer-verify evidence).

            With --from it starts at a signed checkpoint whose state is in a snapshot of your own (coffer-verify snapshot). Blocks before
            it are not executed again: that their headers are the history which the checkpoint commits to is checked.

            The blocks may lie in several directories, such as the archives of what a node pruned and an export of the rest: together they
            must have every segment. With --manifest every archive in the list must be there, and have the hash that the list says.

            Memory: the state, and at most two batches of 33,554,432 bytes of blocks, however long the export is.

            EXAMPLE:
              coffer export --out export --chainspec chainspec/development.json
              coffer-verify chain export --chainspec chainspec/development.json --evidence offence.json
              coffer-verify chain export --chainspec chainspec/development.json --report audit.html
              coffer-verify chain export --chainspec chainspec/development.json \\
                --witness bank.example/witness+HASH+KEY --witness auditor.example/witness+HASH+KEY --witness-quorum 1
              coffer-verify chain archives export --manifest archives/archives.json --chainspec chainspec/development.json
            """)

    @OptionGroup var source: ExportOptions
    @OptionGroup var start: StartOptions
    @Option(help: ArgumentHelp("Write evidence of what does not hold to this file, which must not exist.", valueName: "file"))
    var evidence: String?
    @OptionGroup var report: ReportOptions
    @OptionGroup var witnesses: WitnessOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard report.report == nil || start.from == nil else {
            throw ValidationError("--report is of a whole chain, and --from leaves its beginning out: give one of them.")
        }
    }

    func run() throws {
        let files = try report.files(json: common.json)
        let chainspec = try common.readChainspec()
        if let evidence { try OutputFile.checkAbsent(evidence, json: common.json) }
        let start = try start.read(chainspec, common)
        let export = try source.location(common)
        // The main thread works too, so it counts as one of the workers.
        let verifier = SignatureVerifier(workerCount: common.workers - 1)
        defer { verifier.close() }
        var figures = files.map { _ in ChainFigures(chainspec) }
        var summary: ChainSummary
        let checkpoint: SignedCheckpoint
        do throws(ReplayError) {
            (summary, checkpoint) = try replay(export, chainspec, start, verifier, &figures)
        } catch {
            let search = EvidenceSearch(chainspec: chainspec, export: export, start: start, verifier: verifier)
            throw try verdict(on: error, search, start, figures, files)
        }
        try witnesses.check(checkpoint, in: "the export's checkpoint", &summary.finding, json: common.json)
        if let failure = write(.holds(checkpoint.checkpoint), figures, summary.unchecked, to: files) {
            throw Verdict.unreadable(
                code: "reportNotWritten", "The export holds, and the report was not written: \(failure)", json: common.json)
        }
        if let files { summary.finding.add("report", "report", files.page) }
        summary.print(json: common.json)
    }

    /// Writes the report, if one was asked for; returns why it could not.
    private func write(
        _ conclusion: Report.Conclusion, _ figures: ChainFigures?, _ exceptions: [String], evidence: Evidence? = nil, to files: ReportFiles?
    ) -> PrivateFileError? {
        guard let files, let figures else { return nil }
        let report = Report(
            conclusion: conclusion, figures: figures, export: source.exports.joined(separator: ", "), chainspecFile: common.chainspec,
            exceptions: exceptions,
            evidence: evidence, evidenceFile: evidence.flatMap { _ in self.evidence },
            program: "coffer-verify \(CofferVerify.configuration.version)",
            written: TimeMilliseconds(max(0, Date().timeIntervalSince1970 * 1_000)))
        do {
            try files.write(report)
            return nil
        } catch {
            return error
        }
    }

    private func replay(
        _ export: ExportLocation, _ chainspec: Chainspec, _ start: ReplayStart, _ verifier: SignatureVerifier,
        _ figures: inout ChainFigures?
    ) throws(ReplayError) -> (ChainSummary, SignedCheckpoint) {
        var archive = try ExportDirectory(export, network: chainspec.network)
        let chain = try start.chain(chainspec, verifier, reading: &archive)
        let result = try replay(chain, &archive, &figures)
        let checkpoint = try archive.checkpoint()
        try result.check(checkpoint, against: chainspec)
        let unchecked = Unchecked.list(
            assumedUntil: min(self.start.assumeSignaturesUntil, result.tip.height), start, result.figures)
        return (ChainSummary(chainspec, start, unchecked, result, checkpoint), checkpoint)
    }

    /// Replays the rest of an export, and shows how far it is.
    private func replay(
        _ chain: consuming Chain, _ archive: inout ExportDirectory, _ figures: inout ChainFigures?
    ) throws(ReplayError) -> ReplayResult {
        let bar = ProgressBar(total: archive.byteCount, done: archive.byteCountRead)
        defer { bar.clear() }
        let replayed = try Replay.run(chain, assumingSignaturesUntil: start.assumeSignaturesUntil) { progress in
            bar.show(archive.byteCountRead, progress)
        } observe: { block, outcome in
            figures?.add(block, outcome)
        } next: { () throws(ReplayError) in
            try archive.next()
        }
        return ReplayResult(replayed)
    }

    /// What does not hold, exactly, and where it was asked for, evidence of it.
    private func verdict(
        on error: ReplayError, _ search: EvidenceSearch, _ start: ReplayStart, _ figures: ChainFigures?, _ files: ReportFiles?
    ) throws -> Verdict {
        var divergence = Divergence(error)
        guard error.doesNotHold else {
            var verdict = Verdict.unreadable(code: error.code, error.description, json: common.json)
            verdict.add(divergence)
            add(write(.failed(error), figures, [], to: files), files, to: &verdict)
            return verdict
        }
        var made: Result<Evidence?, ReplayError> = .success(nil)
        if evidence != nil || Divergence.isSearchNeeded(for: error) {
            made = Result { () throws(ReplayError) in try search.evidence(of: error) }
        }
        if case .success(let found?) = made { divergence.add(found) }
        var verdict = Verdict.doesNotHold(code: error.code, error.description, json: common.json)
        verdict.add(divergence)
        let unchecked = verdict.addUnchecked(self.start.assumeSignaturesUntil, start)
        switch made {
        case .success(let made?): try add(made, to: &verdict)
        case .success(nil) where evidence != nil:
            verdict.note("no evidence was written: this is found in the files themselves, and only they show it")
        case .success(nil): verdict.note("to prove it to others, run this again with --evidence FILE")
        case .failure(let failure): verdict.note("no evidence was written: \(failure)")
        }
        var proof: Evidence?
        if case .success(let made) = made { proof = made }
        add(write(.failed(error), figures, unchecked, evidence: proof, to: files), files, to: &verdict)
        return verdict
    }

    private func add(_ failure: PrivateFileError?, _ files: ReportFiles?, to verdict: inout Verdict) {
        guard let files else { return }
        if let failure { return verdict.note("the report was not written: \(failure)") }
        verdict.add("report", .string(files.page))
        verdict.note("report: \(files.page)")
    }

    /// Says what going over the export once more found, and writes it where that was asked for.
    private func add(_ made: Evidence, to verdict: inout Verdict) throws {
        if let suspect = made.suspect {
            verdict.add(
                "suspect", ["index": .number(UInt64(suspect.position)), "id": .string(suspect.id.hex), "code": .string(suspect.code)])
        }
        guard let evidence else {
            verdict.note(made.detail)
            return verdict.note("to prove it to others, run this again with --evidence FILE")
        }
        try OutputFile.write(made.json().bytes(.pretty) + [UInt8(ascii: "\n")], to: evidence, json: common.json)
        verdict.add("evidence", .string(evidence))
        verdict.note("evidence: \(evidence): \(made.detail)")
        if made.kind == .pointer { verdict.note("this evidence says where the offence is; it does not prove it by itself") }
    }
}
