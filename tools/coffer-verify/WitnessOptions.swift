import ArgumentParser
import Ledger

/// The witnesses that the person who checks relies on. For every command that checks a checkpoint.
struct WitnessOptions: ParsableArguments {
    @Option(
        name: .customLong("witness"),
        help: ArgumentHelp("The key of a witness that must have cosigned the checkpoint. May be repeated.", valueName: "key"))
    var witnesses: [String] = []

    @Option(
        name: .customLong("witness-quorum"),
        help: ArgumentHelp("How many of the witnesses must have cosigned; default: all of them.", valueName: "count"))
    var quorum: Int?

    func validate() throws {
        do {
            _ = try policy()
        } catch {
            throw ValidationError("--witness: \(error).")
        }
        guard !witnesses.isEmpty || quorum == nil else {
            throw ValidationError("--witness-quorum is given without a --witness that could have cosigned.")
        }
    }

    private func policy() throws -> WitnessPolicy? {
        witnesses.isEmpty ? nil : try WitnessPolicy(witnesses: try witnesses.map { try WitnessKey(text: $0) }, quorum: quorum)
    }

    /// The names of the witnesses.
    var names: Set<String> { get throws { Set(try policy()?.witnesses.map(\.name) ?? []) } }

    /// Requires the cosignatures, and gives who cosigned; nobody where no witness is relied on.
    ///
    /// Call it after the validators' signatures have been checked. `file` is named in the verdict.
    @discardableResult
    func require(_ signed: SignedCheckpoint, in file: String, json: Bool) throws -> [WitnessPolicy.Cosigner] {
        guard let policy = try policy() else { return [] }
        do throws(ProofError) {
            return try policy.check(signed)
        } catch {
            throw Verdict.doesNotHold(code: error.code, "\(file): \(error)", json: json)
        }
    }

    /// The same, and says in the finding who cosigned and when.
    func check(_ signed: SignedCheckpoint, in file: String, _ finding: inout Finding, json: Bool) throws {
        guard let policy = try policy() else { return }
        let cosigners = try require(signed, in: file, json: json)
        func time(_ cosigner: WitnessPolicy.Cosigner) -> String {
            let (milliseconds, overflows) = cosigner.timestamp.multipliedReportingOverflow(by: 1_000)
            return overflows ? "\(cosigner.timestamp) s after 1970" : Timestamp.format(milliseconds)
        }
        finding.add(
            "cosigned by", "cosignedBy",
            .array(cosigners.map { ["witness": .string($0.witness.name), "time": .string(time($0))] }),
            text: cosigners.map { "\($0.witness.name) at \(time($0))" }.joined(separator: ", ")
                + " (quorum \(policy.quorum) of \(policy.witnesses.count))")
    }
}
