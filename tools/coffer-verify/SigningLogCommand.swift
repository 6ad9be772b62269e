import ArgumentParser
import Cryptography
import Custody
import Foundation
import Ledger
import Verifier

struct SigningLogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signing-log", abstract: "Replays a custody signer's log: every decision, every signature.",
        discussion: """
            Every record must follow from the one before. Every request, approval and refusal is judged again under the policy that the log
            says was in force; every signature must be of what was allowed, by a key of the vault. With an export, every signature on the
            ledger by a key of the vault must be in the log (what else the export says is checked by coffer-verify chain).

            Records behind the last checkpoint of the log's key are reported: nobody has vouched for them yet.

            EXAMPLE:
              coffer custody log --out signing.log --socket run/signer
              coffer-verify signing-log signing.log --chainspec chainspec/development.json --export export
            """)

    @Argument(help: ArgumentHelp("The log, as coffer custody log copies it.", valueName: "file"))
    var log: String
    @Option(help: ArgumentHelp("An export of the ledger, or a directory of archives. May be repeated.", valueName: "directory"))
    var export: [String] = []
    @Option(help: ArgumentHelp("The key that the log must be signed by, in hexadecimal.", valueName: "key"))
    var logKey: String?
    @OptionGroup var common: CommonOptions

    func run() throws {
        let chainspec = try common.readChainspec()
        let replay = try replay(chainspec)
        if let logKey, replay.state.logKey?.bytes.hex != logKey {
            throw Verdict.doesNotHold(
                code: "otherLogKey", "\(log) is signed by \(replay.state.logKey?.bytes.hex ?? "nobody"), not by \(logKey).",
                json: common.json)
        }
        var finding = finding(replay, chainspec)
        if !export.isEmpty { try compare(replay, chainspec, &finding) }
        finding.print(heading: "every signature is explained", json: common.json)
    }

    private func replay(_ chainspec: Chainspec) throws -> SigningLogReplay {
        let handle = try InputFile.open(log, json: common.json)
        do throws(LogFault) {
            return try SigningLogReplay(chainspec) { count throws(LogFault) in
                do {
                    return [UInt8](try handle.read(upToCount: count) ?? Data())
                } catch {
                    throw LogFault(record: 0, .unreadable(error.localizedDescription))
                }
            }
        } catch {
            let text = "\(log): \(error)"
            throw error.isUnreadable
                ? Verdict.unreadable(code: error.code, text, json: common.json)
                : Verdict.doesNotHold(code: error.code, text, json: common.json)
        }
    }

    private func finding(_ replay: SigningLogReplay, _ chainspec: Chainspec) -> Finding {
        let state = replay.state
        let figures = replay.figures
        var finding = Finding()
        finding.add("network", "network", "\(chainspec.name) \(chainspec.network.hex)")
        finding.add("log key", "logKey", state.logKey?.bytes.hex ?? "")
        finding.add("from", "from", Timestamp.format(replay.firstTime ?? 0))
        finding.add("to", "to", Timestamp.format(state.time))
        finding.add("records", "records", count: state.count)
        finding.add("last hash", "head", state.head.hex)
        finding.add("vouched for", "checkpointed", count: figures.checkpointed)
        finding.add("policy in force", "policy", state.policy.map { "\($0.name), revision \($0.revision), \($0.hash.hex)" } ?? "")
        finding.add("policies", "policies", count: figures.policies)
        finding.add("keys", "keys", count: UInt64(state.keys.count))
        finding.add("requests", "requests", count: figures.requests)
        finding.add("denied", "denied", count: figures.denied)
        finding.add("approvals", "approvals", count: figures.approvals)
        finding.add("rejections", "rejections", count: figures.rejections)
        finding.add("refusals", "refusals", count: figures.refusals)
        finding.add("signatures", "signatures", count: figures.signatures)
        finding.add("attestations", "attestations", count: figures.attestations)
        return finding
    }

    private func compare(_ replay: SigningLogReplay, _ chainspec: Chainspec, _ finding: inout Finding) throws {
        var count: UInt64 = 0
        var height: UInt64 = 0
        var first: SigningLogReplay.Unexplained?
        do throws(ReplayError) {
            var archive = try ExportDirectory(ExportLocation(export), network: chainspec.network)
            while first == nil, let block = try archive.next() {
                let (explained, unexplained) = replay.compare(block)
                count += explained
                height = block.block.header.height
                first = unexplained.first
            }
        } catch {
            throw Verdict.unreadable(code: error.code, error.description, json: common.json)
        }
        if let first { throw verdict(first, chainspec) }
        finding.add("compared to block", "height", count: height)
        finding.add("on the ledger", "explained", count: count)
    }

    private func verdict(_ found: SigningLogReplay.Unexplained, _ chainspec: Chainspec) -> Verdict {
        switch found {
        case .transaction(let id, let account, let height):
            Verdict.doesNotHold(
                code: "unexplainedSignature",
                "Transaction \(id) in block \(height) is signed for \(chainspec.address(of: account)) by a key of the vault, and the log has no such signature. Somebody else has the key, or the log is not whole.",
                json: common.json)
        case .header(let height, let hash, let validator):
            Verdict.doesNotHold(
                code: "unexplainedAttestation",
                "Block \(height), \(hash), is attested by validator \(validator) with a key of the vault, and the log has no such attestation. Somebody else has the key, or the log is not whole.",
                json: common.json)
        }
    }
}
