public import ArgumentParser
import Client
import Cryptography
public import Ledger

struct AccountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "Opens, shows and manages accounts.",
        subcommands: [
            AccountOpenCommand.self, AccountPrepareCommand.self, AccountProveCommand.self, AccountShowCommand.self,
            AccountRotateKeysCommand.self,
            AccountSetStatusCommand.self,
        ])
}

/// The kinds of account that are opened.
enum OpenedKind: String, ExpressibleByArgument, CaseIterable {
    case walletHeld = "wallet-held"
    case bankIssued = "bank-issued"

    var kind: AccountKind { self == .walletHeld ? .walletHeld : .bankIssued }
}

/// What the owner of a new account decides.
struct OpeningOptions: ParsableArguments {
    @Option(help: "wallet-held: the wallet's own keys alone control it. bank-issued: a bank is its guardian.")
    var kind = OpenedKind.walletHeld
    @Option(help: "The tier that the sponsor answers for, 0 to 255.")
    var tier: UInt8 = 0
    @Option(help: ArgumentHelp("A key file of the owner. May be repeated.", valueName: "file"))
    var ownerKey: [String] = []
    @Option(
        help: ArgumentHelp(
            "A public key of the owner, as SCHEME:HEX, whose proof is added with coffer account prove. May be repeated.", valueName: "key"))
    var ownerPublicKey: [String] = []
    @Option(help: ArgumentHelp("How many of the owner's keys must sign; default: all.", valueName: "count"))
    var threshold: UInt16?

    /// Makes the opening, with the proofs of all keys given.
    func prepare(sponsor: AccountID, _ chainspec: Chainspec, _ passphrase: PassphraseOptions) throws(Failure) -> PreparedOpening {
        let policy = try KeyFiles.policy(ownerKey, publicKeys: ownerPublicKey, threshold: threshold)
        var opening = PreparedOpening(network: chainspec.network, sponsor: sponsor, kind: kind.kind, tier: tier, policy: policy)
        for path in ownerKey {
            let key = try passphrase.accountKey(at: path, for: chainspec)
            try reporting { try opening.prove(with: key) }
        }
        return opening
    }
}

struct AccountPrepareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare", abstract: "Writes the opening of an account, for its sponsor to submit.",
        discussion: """
            The owner proves that the keys are held; no secret leaves this machine. The address is known at once.

            EXAMPLE:
              coffer account prepare --sponsor wallet-operator --owner-key my.key --out opening.json
            """)

    @Option(help: ArgumentHelp("The institution that is to answer for the account.", valueName: "name"))
    var sponsor: String
    @Option(help: ArgumentHelp("Where to write the opening.", valueName: "file"))
    var out: String
    @OptionGroup var opening: OpeningOptions
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard !opening.ownerKey.isEmpty || !opening.ownerPublicKey.isEmpty else {
            throw ValidationError("Give --owner-key or --owner-public-key at least once.")
        }
    }

    func run() throws {
        let chainspec = try network.read()
        let prepared = try opening.prepare(sponsor: try chainspec.institution(sponsor), chainspec, passphrase)
        let json = prepared.json(chainspec: chainspec)
        try Files.create(out, json.text(.pretty) + "\n")
        output.show(
            json,
            "wrote \(out)\naddress  \(chainspec.address(of: prepared.account))\nGive it to \(sponsor), who opens the account with: coffer account open --opening \(out) --sponsor-key …"
        )
    }
}

struct AccountProveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove", abstract: "Adds a proof that a custody signer has an owner's key to an opening.",
        discussion: """
            EXAMPLE:
              coffer account prove opening.json --proof customer-7.proof
            """)

    @Argument(help: ArgumentHelp("The opening; the proof is added to it.", valueName: "file"))
    var opening: String
    @Option(help: ArgumentHelp("The proof, as coffer-signer key prove writes it.", valueName: "file"))
    var proof: String
    @OptionGroup var network: NetworkOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let chainspec = try network.read()
        let bytes = try Files.read(opening, maximumByteCount: PreparedOpening.maximumByteCount)
        var prepared: PreparedOpening
        do {
            prepared = try PreparedOpening(json: bytes, chainspec: chainspec)
        } catch {
            throw Failure.input("\(opening): \(error)")
        }
        let proof = try KeyProof.read(proof, chainspec)
        guard proof.account == prepared.account else {
            throw Failure.input("\(self.proof) is for another account than \(opening) opens. Have one made for this one.")
        }
        try reporting { try prepared.add(proof: proof.signature, of: proof.publicKey) }
        if prepared.unprovedKeys.isEmpty { _ = try reporting { try prepared.opening() } }
        let json = prepared.json(chainspec: chainspec)
        try Files.write(opening, json.text(.pretty) + "\n")
        let missing = prepared.unprovedKeys.map { "still to prove: \($0)" }
        output.show(json, (["proved \(proof.publicKey)"] + missing).joined(separator: "\n"))
    }
}

struct AccountOpenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open", abstract: "A sponsor opens accounts.",
        discussion: """
            Either from openings that owners prepared, or in one go where owner and sponsor are at the same machine.

            EXAMPLE:
              coffer account open --opening opening.json --sponsor-key operator.key --wait
              coffer account open --sponsor wallet-operator --sponsor-key operator.key --owner-key my.key --wait
            """)

    @Option(help: ArgumentHelp("An opening that its owner prepared. May be repeated.", valueName: "file"))
    var opening: [String] = []
    @Option(help: ArgumentHelp("The institution that answers for the account; needed without --opening.", valueName: "name"))
    var sponsor: String?
    @Option(
        help: ArgumentHelp(
            "A key file of the sponsor. May be repeated; not at all with --draft, when a custody signer has the keys.", valueName: "file"))
    var sponsorKey: [String] = []
    @Flag(help: "Wait until it is final.")
    var wait = false
    @Option(help: ArgumentHelp("Write a draft with the signatures made so far to this file, instead of submitting.", valueName: "file"))
    var draft: String?
    @OptionGroup var options: OpeningOptions
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var node: NodeOptions

    func validate() throws {
        guard opening.isEmpty != options.ownerKey.isEmpty else {
            throw ValidationError("Give either --opening, or --sponsor and --owner-key.")
        }
        guard !opening.isEmpty || sponsor != nil else { throw ValidationError("Give --sponsor with --owner-key.") }
        guard !sponsorKey.isEmpty || draft != nil else { throw ValidationError("Give --sponsor-key, or --draft for others to sign.") }
    }

    func run() async throws {
        let client = try node.client()
        let chainspec = client.chainspec
        let openings = try prepareOpenings(chainspec)
        let prepared = try reporting { try TransactionFactory(chainspec: chainspec).open(openings) }
        let addresses = openings.map { chainspec.address(of: $0.account) }
        try await SubmissionFlow(client: client, passphrase: passphrase, output: node.output).run(
            prepared, keys: sponsorKey, wait: wait, draft: draft,
            extra: [JSON.Member(key: "addresses", value: .array(addresses.map { .string($0) }))],
            words: addresses.map { "opens \($0)" }.joined(separator: "\n"))
    }

    private func prepareOpenings(_ chainspec: Chainspec) throws(Failure) -> [PreparedOpening] {
        if let sponsor, opening.isEmpty {
            return [try options.prepare(sponsor: try chainspec.institution(sponsor), chainspec, passphrase)]
        }
        var openings: [PreparedOpening] = []
        for path in opening {
            let bytes = try Files.read(path, maximumByteCount: PreparedOpening.maximumByteCount)
            do {
                openings.append(try PreparedOpening(json: bytes, chainspec: chainspec))
            } catch {
                throw .input("\(path): \(error)")
            }
        }
        return openings
    }
}

struct AccountShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows an account: balances, status, keys.",
        discussion: """
            By default the node proves the account's state, and the proof is checked here. As of an earlier height it is the node's word.

            EXAMPLE:
              coffer account show cofdev1…
              coffer account show first-bank --height 7
            """)

    @Argument(help: ArgumentHelp("The account, or the name of an institution.", valueName: "address"))
    var address: String
    @Option(help: "Show it as it was after the block of this height, by the node's word.")
    var height: UInt64?
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let client = try node.client()
        let chainspec = client.chainspec
        let id = try chainspec.account(address)
        if let height {
            let state = try await reporting { try await client.account(id, height: height) }
            return show(
                state.kind, state.status, state.balances, state.institution, state.policy, chainspec, id,
                "at height \(state.height), not proved")
        }
        let proof = try await reporting { try await client.balanceProof(of: id) }
        guard !node.output.json else { return print(proof.account.json(chainspec: chainspec).text(.pretty)) }
        show(
            proof.account.kind, proof.account.status, Array(proof.account.balances), proof.account.institution,
            proof.account.kind == .liability ? nil : proof.account.policy, chainspec, id,
            "at height \(proof.header.height), proved")
    }

    private func show(
        _ kind: AccountKind, _ status: AccountStatus, _ balances: [Balance], _ institution: InstitutionIndex, _ policy: KeyPolicy?,
        _ chainspec: Chainspec,
        _ id: AccountID, _ source: String
    ) {
        let amounts = balances.map { balance -> (String, JSON) in
            let units = kind.isHolder ? balance.posted : balance.outstanding
            let text = chainspec.money(units, balance.asset)
            return (
                text,
                ["asset": .string(chainspec.assets[Int(balance.asset)].code), kind.isHolder ? "posted" : "outstanding": .string(text)]
            )
        }
        let name = chainspec.institutions[Int(institution)].name
        node.output.show(
            [
                "address": .string(chainspec.address(of: id)), "kind": .string(kind.name), "status": .string(status.name),
                "institution": .string(name), "balances": .array(amounts.map(\.1)),
            ],
            """
            address      \(chainspec.address(of: id))
            kind         \(kind.name)
            status       \(status.name)
            institution  \(name)
            \(kind.isHolder ? "balance    " : "outstanding")  \(amounts.isEmpty ? "nothing" : amounts.map(\.0).joined(separator: ", "))
            \(Self.words(policy))
            (\(source))
            """)
    }
}

extension AccountShowCommand {
    /// The keys, and what it takes to sign.
    private static func words(_ policy: KeyPolicy?) -> String {
        guard let policy else { return "keys         none: nobody can sign for it" }
        let keys = policy.keys.enumerated().map { position, entry in
            "key \(position)        \(entry.key.scheme.name) \(Hexadecimal.encode(entry.key.bytes)), weight \(entry.weight)"
        }
        return (keys + ["threshold    \(policy.threshold)"]).joined(separator: "\n")
    }
}

struct AccountRotateKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-keys", abstract: "Gives an account other keys; its address stays.",
        discussion: """
            Signed by the present keys; each new key proves that it is held.

            EXAMPLE:
              coffer account rotate-keys cofdev1… --key old.key --new-key new.key --wait
            """)

    @Argument(help: ArgumentHelp("The account, or the name of an institution.", valueName: "address"))
    var address: String
    @Option(
        help: ArgumentHelp(
            "A present key file. May be repeated; not at all with --draft, when a custody signer has the keys.", valueName: "file"))
    var key: [String] = []
    @Option(help: ArgumentHelp("A new key file. May be repeated.", valueName: "file"))
    var newKey: [String] = []
    @Option(help: ArgumentHelp("The proof of one new key that a custody signer has, instead of --new-key.", valueName: "file"))
    var newProof: String?
    @Option(help: ArgumentHelp("How many of the new keys must sign; default: all.", valueName: "count"))
    var threshold: UInt16?
    @Flag(help: "Wait until it is final.")
    var wait = false
    @Option(help: ArgumentHelp("Write a draft with the signatures made so far to this file, instead of submitting.", valueName: "file"))
    var draft: String?
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var node: NodeOptions

    func validate() throws {
        guard newKey.isEmpty != (newProof == nil) else { throw ValidationError("Give --new-key or --new-proof.") }
        guard !key.isEmpty || draft != nil else { throw ValidationError("Give --key, or --draft for others to sign.") }
    }

    func run() async throws {
        let client = try node.client()
        let chainspec = client.chainspec
        let account = try chainspec.account(address)
        if let newProof {
            let proof = try KeyProof.read(newProof, chainspec)
            guard proof.account == account else { throw Failure.input("\(newProof) is for another account. Have one made for this one.") }
            let prepared = try reporting {
                try TransactionFactory(chainspec: chainspec).rotateKeys(
                    of: account, to: KeyPolicy(single: proof.publicKey), possession: [proof.signature])
            }
            return try await SubmissionFlow(client: client, passphrase: passphrase, output: node.output).run(
                prepared, keys: key, wait: wait, draft: draft, words: "rotates the keys of \(chainspec.address(of: account))")
        }
        let policy = try KeyFiles.policy(newKey, threshold: threshold)
        let message = policy.possessionMessage(network: chainspec.network, account: account)
        var proofs: [PublicKey: Bytes64] = [:]
        for path in newKey {
            let key = try passphrase.accountKey(at: path, for: chainspec)
            proofs[key.publicKey] = try reporting { try key.sign(message) }
        }
        let possession = policy.keys.compactMap { proofs[$0.key] }
        guard possession.count == policy.keys.count else { throw Failure.input("A key file changed while it was read. Try again.") }
        let prepared = try reporting {
            try TransactionFactory(chainspec: chainspec).rotateKeys(of: account, to: policy, possession: possession)
        }
        try await SubmissionFlow(client: client, passphrase: passphrase, output: node.output).run(
            prepared, keys: key, wait: wait, draft: draft, words: "rotates the keys of \(chainspec.address(of: account))")
    }
}

extension AccountStatus: ExpressibleByArgument {
    public init?(argument: String) {
        guard let status = Self.allCases.first(where: { $0.name == argument }) else { return nil }
        self = status
    }

    public static var allValueStrings: [String] { allCases.map(\.name) }
}

struct AccountSetStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set-status", abstract: "Freezes, unfreezes or closes an account.",
        discussion: """
            Signed by the institution that answers for the account.

            EXAMPLE:
              coffer account set-status cofdev1… debitsFrozen --institution wallet-operator --key operator.key --wait
            """)

    @Argument(help: ArgumentHelp("The account.", valueName: "address"))
    var address: String
    @Argument(help: "The new status.")
    var status: AccountStatus
    @Option(help: ArgumentHelp("The institution that answers for the account.", valueName: "name"))
    var institution: String
    @Option(help: ArgumentHelp("A key file of the institution. May be repeated.", valueName: "file"))
    var key: [String]
    @Flag(help: "Wait until it is final.")
    var wait = false
    @Option(help: ArgumentHelp("Write a draft with the signatures made so far to this file, instead of submitting.", valueName: "file"))
    var draft: String?
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let client = try node.client()
        let chainspec = client.chainspec
        let account = try chainspec.account(address)
        let institution = try chainspec.institution(institution)
        let prepared = try reporting {
            try TransactionFactory(chainspec: chainspec).setStatus(of: account, to: status, institution: institution)
        }
        try await SubmissionFlow(client: client, passphrase: passphrase, output: node.output).run(
            prepared, keys: key, wait: wait, draft: draft, words: "sets the status of \(chainspec.address(of: account)) to \(status.name)")
    }
}
