import ArgumentParser
import Cryptography
import Ledger

/// A checkpoint that headers are checked against.
struct CheckpointOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A checkpoint that you trust to be shown to everybody: the document must have a path from its block to it.", valueName: "file"))
    var checkpoint: String?
    @OptionGroup var witnesses: WitnessOptions

    func validate() throws {
        guard checkpoint != nil || witnesses.witnesses.isEmpty else {
            throw ValidationError("--witness needs --checkpoint: witnesses cosign checkpoints.")
        }
    }

    /// The checkpoint, with its signatures and the cosignatures that are relied on checked.
    func read(_ common: CommonOptions, _ chainspec: Chainspec) throws -> SignedCheckpoint? {
        try checkpoint.map { path in
            let signed = try SignedCheckpoint.verified(at: path, common, chainspec)
            try witnesses.require(signed, in: path, json: common.json)
            return signed
        }
    }
}

extension SignedCheckpoint {
    /// Reads a checkpoint and checks its signatures.
    static func verified(at path: String, _ common: CommonOptions, _ chainspec: Chainspec) throws -> SignedCheckpoint {
        let bytes = try InputFile.read(path, maximumByteCount: maximumByteCount, json: common.json)
        do throws(ProofError) {
            let signed = try SignedCheckpoint(text: bytes)
            try signed.verify(against: chainspec)
            return signed
        } catch {
            throw error.verdict(on: path, json: common.json)
        }
    }
}

struct CheckpointCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint", abstract: "Checks the signatures of a checkpoint, and that it extends an earlier one.",
        discussion: """
            Keep every checkpoint you check. With an earlier one, and the proof that coffer checkpoint gets, no part of the history before
            it can have been changed. Lines of witnesses other than those given with --witness are shown by name and not checked.

            EXAMPLE:
              coffer-verify checkpoint export/checkpoint --chainspec chainspec/development.json
              coffer-verify checkpoint today --earlier yesterday --consistency since.proof --chainspec chainspec/development.json
              coffer-verify checkpoint today --chainspec chainspec/development.json --witness bank.example/witness+HASH+KEY
            """)

    @Argument(help: "The checkpoint (text), as GET /v1/checkpoint gives it.")
    var file: String
    @Option(help: ArgumentHelp("An earlier checkpoint that you kept.", valueName: "file"))
    var earlier: String?
    @Option(
        help: ArgumentHelp(
            "The proof that the checkpoint extends the earlier one; not needed where they are of one size.", valueName: "file"))
    var consistency: String?
    @OptionGroup var witnesses: WitnessOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard earlier != nil || consistency == nil else { throw ValidationError("--consistency needs --earlier.") }
    }

    func run() throws {
        let chainspec = try common.readChainspec()
        let signed = try SignedCheckpoint.verified(at: file, common, chainspec)
        let known = try earlier.map { try SignedCheckpoint.verified(at: $0, common, chainspec) }
        if let known { try check(signed.checkpoint, extends: known.checkpoint) }
        var finding = Finding()
        finding.add("network", "network", "\(chainspec.name) \(chainspec.network.hex)")
        finding.add("headers", "size", count: signed.checkpoint.size)
        finding.add("root", "root", signed.checkpoint.root.hex)
        if let known { finding.add("headers of the earlier", "earlierSize", count: known.checkpoint.size) }
        try witnesses.check(signed, in: file, &finding, json: common.json)
        let others = try signed.otherSigners(than: witnesses.names)
        if !others.isEmpty {
            finding.add("not checked", "otherSigners", .array(others.map { .string($0) }), text: others.joined(separator: ", "))
        }
        finding.print(
            heading: known == nil
                ? "a quorum of validators signed the checkpoint"
                : "a quorum of validators signed the checkpoint, and it extends the earlier one",
            json: common.json)
    }

    private func check(_ checkpoint: Checkpoint, extends earlier: Checkpoint) throws {
        let bytes = try consistency.map {
            try InputFile.read($0, maximumByteCount: ConsistencyProof.maximumJSONByteCount, json: common.json)
        }
        do throws(ProofError) {
            let proof: ConsistencyProof? = if let bytes { try ConsistencyProof(json: bytes) } else { nil }
            try checkpoint.checkExtends(earlier, proof: proof)
        } catch {
            throw error.verdict(on: consistency ?? file, json: common.json)
        }
    }
}

extension SignedCheckpoint {
    /// The names on the lines that neither validators nor these witnesses sign under.
    fileprivate func otherSigners(than witnesses: Set<String>) -> [String] {
        signatures.map(\.keyName).filter { $0 != checkpoint.origin && !witnesses.contains($0) }.map { name in
            // Names are anybody's, and may have what a terminal obeys.
            name.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
        }
    }
}
