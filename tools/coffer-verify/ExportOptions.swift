import ArgumentParser
import Foundation
import Ledger
import Verifier

/// Which export to read.
struct ExportOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The directory that coffer export wrote; several that have its segments together.", valueName: "export"))
    var exports: [String]
    @Option(help: ArgumentHelp("The list of archives that must be among them, as GET /v1/archives gives it.", valueName: "file"))
    var manifest: String?

    func validate() throws {
        guard exports.count <= 1_000 else { throw ValidationError("Give at most 1000 directories.") }
    }

    func location(_ common: CommonOptions) throws -> ExportLocation {
        guard let manifest else { return ExportLocation(exports) }
        let bytes = try InputFile.read(manifest, maximumByteCount: ArchiveManifest.maximumJSONByteCount, json: common.json)
        do {
            return ExportLocation(exports, archives: try ArchiveManifest(json: bytes))
        } catch {
            throw Verdict.unreadable(code: error.code.rawValue, "\(manifest): \(error)", json: common.json)
        }
    }
}

/// Where to start, and what not to check.
struct StartOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Start at this signed checkpoint instead of genesis; with --snapshot.", valueName: "checkpoint"))
    var from: String?
    @Option(help: ArgumentHelp("The state as of the checkpoint of --from, from coffer-verify snapshot.", valueName: "file"))
    var snapshot: String?
    @Option(
        help: ArgumentHelp(
            "Do NOT check the signatures of transactions up to this height; the result says so.", valueName: "height"))
    var assumeSignaturesUntil: UInt64 = 0

    func validate() throws {
        guard (from == nil) == (snapshot == nil) else { throw ValidationError("--from and --snapshot go together: give both or neither.") }
    }

    func read(_ chainspec: Chainspec, _ common: CommonOptions) throws -> ReplayStart {
        guard let from, let snapshot else { return .genesis }
        let text = try InputFile.read(from, maximumByteCount: SignedCheckpoint.maximumByteCount, json: common.json)
        let checkpoint: SignedCheckpoint
        do throws(ProofError) {
            checkpoint = try SignedCheckpoint(text: text)
        } catch {
            throw Verdict.unreadable(code: error.code, "\(from): \(error)", json: common.json)
        }
        let handle = try InputFile.open(snapshot, json: common.json)
        do throws(SnapshotError) {
            return .snapshot(
                try Snapshot(network: chainspec.network) { count throws(ExportError) in
                    do {
                        return [UInt8](try handle.read(upToCount: count) ?? Data())
                    } catch {
                        throw .inputFailed(reason: error.localizedDescription)
                    }
                }, checkpoint)
        } catch {
            let text = "\(snapshot): \(error)"
            throw error.kind == .unreadable
                ? Verdict.unreadable(code: error.code, text, json: common.json)
                : Verdict.doesNotHold(code: error.code, text, json: common.json)
        }
    }
}
