import ArgumentParser
import Client
import Ledger

/// Whether a proof is to hold against a checkpoint, too.
struct AnchorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Get the latest checkpoint as well, write it to this file, and put the path from the proof's block to it into the proof.",
            valueName: "file"))
    var checkpoint: String?

    /// The latest checkpoint where one is wanted, written to its file.
    func get(_ client: NodeClient) async throws(Failure) -> Checkpoint? {
        guard let checkpoint else { return nil }
        let signed = try await reporting { try await client.checkpoint() }
        try Files.create(checkpoint, signed.text)
        return signed.checkpoint
    }

    var words: String { checkpoint.map { ", and the checkpoint \($0) that its block is in" } ?? "" }
    var members: [JSON.Member] { checkpoint.map { [JSON.Member(key: "checkpoint", value: .string($0))] } ?? [] }
}

struct ProofCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proof", abstract: "Gets the proof of an account's balance, checks it, and writes it to a file.",
        discussion: """
            Keep the file: coffer history proves what happened since, and coffer-verify balance checks it offline.

            EXAMPLE:
              coffer proof cofdev1… --out account.proof
              coffer proof cofdev1… --out account.proof --checkpoint account.checkpoint
            """)

    @Argument(help: ArgumentHelp("The account, or the name of an institution.", valueName: "address"))
    var address: String
    @Option(help: ArgumentHelp("Where to write the proof.", valueName: "file"))
    var out: String
    @OptionGroup var anchor: AnchorOptions
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let client = try node.client()
        let id = try client.chainspec.account(address)
        var proof = try await reporting { try await client.balanceProof(of: id) }
        if let checkpoint = try await anchor.get(client) {
            proof = try await reporting { [proof] in try await client.anchor(proof, in: checkpoint) }
        }
        try Files.create(out, proof.json().text(.pretty) + "\n")
        node.output.show(
            .object(
                [
                    JSON.Member(key: "file", value: .string(out)),
                    JSON.Member(key: "address", value: .string(client.chainspec.address(of: id))),
                    JSON.Member(key: "height", value: .number(proof.header.height)),
                ] + anchor.members), "wrote \(out): the account after block \(proof.header.height)\(anchor.words)")
    }
}

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Gets the proof that an account's statement is complete, checks it, and writes it to a file.",
        discussion: """
            The statement goes from a balance proof that you kept (coffer proof) to now; without --from, from the account's opening.
            Whoever has the file checks offline that nothing was left out: coffer-verify history FILE.

            EXAMPLE:
              coffer proof cofdev1… --out january.proof
              coffer history cofdev1… --from january.proof --out january.history
            """)

    @Argument(help: ArgumentHelp("The account, or the name of an institution.", valueName: "address"))
    var address: String
    @Option(help: ArgumentHelp("The balance proof that the statement begins with.", valueName: "file"))
    var from: String?
    @Option(help: ArgumentHelp("Where to write the proof.", valueName: "file"))
    var out: String
    @OptionGroup var anchor: AnchorOptions
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let client = try node.client()
        let id = try client.chainspec.account(address)
        let start = try from.map { try Self.earlier($0, of: id, client.chainspec) }
        var proof = try await reporting { try await client.historyProof(of: id, since: start) }
        if let checkpoint = try await anchor.get(client) {
            proof = try await reporting { [proof] in try await client.anchor(proof, in: checkpoint) }
        }
        try Files.create(out, proof.json().text(.pretty) + "\n")
        let begin = proof.from.map { "block \($0.header.height)" } ?? "the account's opening"
        node.output.show(
            .object(
                [
                    JSON.Member(key: "file", value: .string(out)),
                    JSON.Member(key: "address", value: .string(client.chainspec.address(of: id))),
                    JSON.Member(key: "entries", value: .number(UInt64(proof.entries.count))),
                    JSON.Member(key: "toHeight", value: .number(proof.to.header.height)),
                ] + anchor.members),
            "wrote \(out): \(proof.entries.count) entries from \(begin) to block \(proof.to.header.height), and no others\(anchor.words)")
    }

    private static func earlier(_ path: String, of id: AccountID, _ chainspec: Chainspec) throws(Failure) -> BalanceProof {
        let bytes = try Files.read(path, maximumByteCount: BalanceProof.maximumJSONByteCount)
        let proof: BalanceProof
        do throws(ProofError) {
            proof = try BalanceProof(json: bytes)
            try proof.verify(against: chainspec)
        } catch {
            throw .input("\(path): \(error)")
        }
        guard proof.account.id == id else {
            throw .input("\(path) is of another account, \(chainspec.address(of: proof.account.id)).")
        }
        return proof
    }
}

struct SupplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "supply", abstract: "Gets the proof of an asset's supply, checks it, and writes it to a file.",
        discussion: """
            It has every institution's figures: issued, redeemed, outstanding, held, frozen. Check it offline with coffer-verify supply.

            EXAMPLE:
              coffer supply EUR --out eur.supply
            """)

    @Argument(help: ArgumentHelp("The asset.", valueName: "code"))
    var code: String
    @Option(help: ArgumentHelp("Where to write the proof.", valueName: "file"))
    var out: String
    @OptionGroup var anchor: AnchorOptions
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let client = try node.client()
        let asset = try client.chainspec.asset(code)
        var proof = try await reporting { try await client.supplyProof(of: asset) }
        if let checkpoint = try await anchor.get(client) {
            proof = try await reporting { [proof] in try await client.anchor(proof, in: checkpoint) }
        }
        try Files.create(out, proof.json().text(.pretty) + "\n")
        node.output.show(
            .object(
                [
                    JSON.Member(key: "file", value: .string(out)), JSON.Member(key: "asset", value: .string(code)),
                    JSON.Member(key: "height", value: .number(proof.header.height)),
                ] + anchor.members), "wrote \(out): the supply of \(code) after block \(proof.header.height)\(anchor.words)")
    }
}

struct CheckpointCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint", abstract: "Gets the latest checkpoint, checks it, and writes it to a file.",
        discussion: """
            With an earlier checkpoint that you kept, it also gets the proof that the history since only grew. Keep the new one for the
            next time. coffer-verify checkpoint checks all of it offline.

            EXAMPLE:
              coffer checkpoint --out today.checkpoint
              coffer checkpoint --out today.checkpoint --earlier yesterday.checkpoint --consistency since.consistency
            """)

    @Option(help: ArgumentHelp("Where to write the checkpoint.", valueName: "file"))
    var out: String
    @Option(help: ArgumentHelp("An earlier checkpoint that you kept.", valueName: "file"))
    var earlier: String?
    @Option(help: ArgumentHelp("Where to write the proof that the new one begins with the earlier one.", valueName: "file"))
    var consistency: String?
    @OptionGroup var node: NodeOptions

    func validate() throws {
        guard (earlier == nil) == (consistency == nil) else {
            throw ValidationError("--earlier and --consistency belong together: give both, or neither.")
        }
    }

    func run() async throws {
        let client = try node.client()
        let known = try earlier.map { try Self.read($0, client.chainspec) }
        let signed = try await reporting { try await client.checkpoint() }
        var members = [
            JSON.Member(key: "file", value: .string(out)), JSON.Member(key: "size", value: .number(signed.checkpoint.size)),
        ]
        var words = "wrote \(out): \(signed.checkpoint.size) headers"
        if let known, let consistency {
            let proof = try await reporting { try await client.consistencyProof(from: known.checkpoint, to: signed.checkpoint) }
            try Files.create(consistency, proof.json().text(.pretty) + "\n")
            members.append(JSON.Member(key: "consistency", value: .string(consistency)))
            words += ", the first \(known.checkpoint.size) as before, shown by \(consistency)"
        }
        try Files.create(out, signed.text)
        node.output.show(.object(members), words)
    }

    private static func read(_ path: String, _ chainspec: Chainspec) throws(Failure) -> SignedCheckpoint {
        let bytes = try Files.read(path, maximumByteCount: SignedCheckpoint.maximumByteCount)
        do throws(ProofError) {
            let signed = try SignedCheckpoint(text: bytes)
            try signed.verify(against: chainspec)
            return signed
        } catch {
            throw .input("\(path): \(error)")
        }
    }
}
