import ArgumentParser
import Cryptography
import Ledger

struct EvidenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evidence", abstract: "Checks that the offence in an evidence file is real.",
        discussion: """
            Needs the evidence, as coffer-verify chain --evidence writes it, and the chain specification; no export and no node. It holds
            when the offence is real. Against validators: a quorum of them signed what does not hold. Against the archive: its bytes do
            not hold, which anybody can bring about, and nobody is accused.

            EXAMPLE:
              coffer-verify evidence offence.json --chainspec chainspec/development.json
            """)

    @Argument(help: "The evidence (JSON).")
    var file: String
    @OptionGroup var common: CommonOptions

    func run() throws {
        let chainspec = try common.readChainspec()
        let bytes = try InputFile.read(file, maximumByteCount: Evidence.maximumJSONByteCount, json: common.json)
        let evidence: Evidence
        let found: EvidenceFinding
        do throws(EvidenceError) {
            evidence = try Evidence(json: bytes)
            found = try evidence.verify(against: chainspec)
        } catch {
            let text = "\(file): \(error)"
            throw error.kind == .unreadable
                ? Verdict.unreadable(code: error.code, text, json: common.json)
                : Verdict.doesNotHold(code: error.code, text, json: common.json)
        }
        var finding = Finding()
        finding.add("offence", "offence", found.statement)
        finding.add("code", "code", evidence.code)
        finding.add("network", "network", "\(chainspec.name) \(chainspec.network.hex)")
        finding.add("height", "height", count: evidence.height)
        finding.add("rules version", "rules", count: UInt64(evidence.rules))
        // Of other kinds nothing is known of a position.
        let isOfTransaction = evidence.kind == .transaction
        if let index = evidence.suspect?.position ?? (isOfTransaction ? evidence.position : nil) {
            finding.add("transaction", "index", count: UInt64(index))
        }
        if let id = evidence.suspect?.id ?? (isOfTransaction ? evidence.id : nil) { finding.add("id", "id", id.hex) }
        finding.add(
            "proves it against", "against", .string(found.against.rawValue),
            text: found.against == .validators
                ? "the validators: a quorum of them signed it" : "the archive's bytes alone: nobody is accused")
        finding.add(
            "header signed by", "signers", .array(found.signers.map { .string($0) }),
            text: found.signers.isEmpty ? "nobody" : found.signers.joined(separator: ", "))
        if let suspect = found.suspect { finding.add("within it", "suspect", suspect) }
        finding.print(heading: "the offence is real", json: common.json)
    }
}
