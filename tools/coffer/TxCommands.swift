import ArgumentParser
import Client
import Cryptography
import Ledger

struct TxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tx", abstract: "Builds, signs, submits, shows and decodes transactions in separate steps.",
        discussion: """
            A draft is a JSON file that passes from hand to hand: built where the node can be reached, signed where the keys are,
            submitted by anybody.

            EXAMPLE:
              coffer tx build transfer --from cofdev1… --to cofdev1… --asset EUR --amount 12.34 --out draft.json
              coffer tx sign draft.json --key my.key
              coffer tx submit draft.json --wait
            """,
        subcommands: [TxBuildCommand.self, TxSignCommand.self, TxSubmitCommand.self, TxShowCommand.self, TxDecodeCommand.self])
}

/// What a draft is to do.
enum BuildKind: String, ExpressibleByArgument, CaseIterable {
    case transfer, issue, redeem
    case setStatus = "set-status"
}

struct TxBuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Writes an unsigned draft.",
        discussion: """
            With --offline the node is not asked for the signers' key policies; then tx sign needs --account.

            EXAMPLE:
              coffer tx build transfer --from cofdev1… --to cofdev1… --asset EUR --amount 12.34 --out draft.json
              coffer tx build set-status --from cofdev1… --institution first-bank --status frozen --out draft.json
            """)

    @Argument(help: "What it does.")
    var kind: BuildKind
    @Option(help: ArgumentHelp("The paying account; for set-status, the account concerned.", valueName: "address"))
    var from: String?
    @Option(help: ArgumentHelp("The receiving account.", valueName: "address"))
    var to: String?
    @Option(help: ArgumentHelp("The bank of an issue or redeem.", valueName: "name"))
    var bank: String?
    @Option(help: ArgumentHelp("The institution that answers for the account of a set-status.", valueName: "name"))
    var institution: String?
    @Option(help: "The new status of a set-status.")
    var status: AccountStatus?
    @Option(help: ArgumentHelp("The asset.", valueName: "code"))
    var asset: String?
    @Option(help: "The amount, such as 12.34.")
    var amount: String?
    @Option(help: ArgumentHelp("Text for statements; it never enters a block.", valueName: "text"))
    var reference: String?
    @Option(help: ArgumentHelp("Until when it may be applied; default: an hour from now, at most 24 hours.", valueName: "time"))
    var expiry: String?
    @Option(help: ArgumentHelp("Where to write the draft.", valueName: "file"))
    var out: String
    @Flag(help: "Do not ask the node for key policies.")
    var offline = false
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let client = try node.client()
        let chainspec = client.chainspec
        var prepared = try prepare(chainspec)
        if !offline { try await reporting { try await client.findPolicies(for: &prepared) } }
        let json = prepared.json(chainspec: chainspec)
        try Files.create(out, json.text(.pretty) + "\n")
        node.output.show(
            json,
            "wrote \(out)\ntransaction  \(prepared.id)\nsigning hash \(prepared.draft.content.signingHash)\nSign it with: coffer tx sign \(out) --key …"
        )
    }

    private func prepare(_ chainspec: Chainspec) throws(Failure) -> PreparedTransaction {
        let factory = TransactionFactory(chainspec: chainspec)
        let expiry = try expiryTime()
        if kind == .setStatus {
            let account = try chainspec.account(try required(from, "--from"))
            let institution = try chainspec.institution(try required(institution, "--institution"))
            let status = try required(status, "--status")
            return try reporting { try factory.setStatus(of: account, to: status, institution: institution, expiry: expiry) }
        }
        let asset = try chainspec.asset(try required(asset, "--asset"))
        let units = try chainspec.amount(try required(amount, "--amount"), of: asset)
        switch kind {
        case .transfer, .setStatus:
            let payer = try chainspec.account(try required(from, "--from"))
            let payee = try chainspec.account(try required(to, "--to"))
            return try reporting {
                try factory.transfer(amount: units, asset: asset, from: payer, to: payee, reference: reference, expiry: expiry)
            }
        case .issue:
            let bank = try chainspec.institution(try required(bank, "--bank"))
            let payee = try chainspec.account(try required(to, "--to"))
            return try reporting {
                try factory.issue(amount: units, asset: asset, bank: bank, to: payee, reference: reference, expiry: expiry)
            }
        case .redeem:
            let bank = try chainspec.institution(try required(bank, "--bank"))
            let payer = try chainspec.account(try required(from, "--from"))
            return try reporting {
                try factory.redeem(amount: units, asset: asset, from: payer, bank: bank, reference: reference, expiry: expiry)
            }
        }
    }

    private func required<Value>(_ value: Value?, _ option: String) throws(Failure) -> Value {
        guard let value else { throw Failure(code: "wrongUse", "tx build \(kind.rawValue) needs \(option).", exitCode: 2) }
        return value
    }

    private func expiryTime() throws(Failure) -> TimeMilliseconds? {
        guard let expiry else { return nil }
        do {
            return try Timestamp.parse(expiry)
        } catch {
            throw .input("--expiry \(expiry): \(error.message)")
        }
    }
}

struct TxSignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: "Adds a signature to a draft, without a node.",
        discussion: """
            Look at what you sign: coffer tx decode draft.json.

            EXAMPLE:
              coffer tx sign draft.json --key my.key
              coffer tx sign draft.json --key my.key --account cofdev1…
            """)

    @Argument(help: ArgumentHelp("The draft; the signature is added to it.", valueName: "file"))
    var draft: String
    @Option(help: ArgumentHelp("The key file to sign with.", valueName: "file"))
    var key: String
    @Option(
        help: ArgumentHelp(
            "The account signed for, controlled by this single key; needed where the draft has no key policies.", valueName: "address"))
    var account: String?
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let chainspec = try network.read()
        var prepared = try Draft.read(draft, chainspec)
        let secret = try passphrase.accountKey(at: key, for: chainspec)
        var signed: [AccountID] = []
        if let account {
            let id = try chainspec.account(account)
            guard prepared.signers.contains(id) else {
                throw Failure.input("\(account) is not an account that must sign this transaction. Leave its signature out.")
            }
            guard !prepared.draft.signatures.contains(where: { prepared.draft.content.account(at: $0.account) == id }) else {
                throw Failure.input(
                    "Somebody has signed for \(account) already. Where an account has several keys, build the draft where the node can be reached, so that it holds the key policy; then leave out --account."
                )
            }
            try reporting { try prepared.sign(with: secret, for: id, policy: KeyPolicy(single: secret.publicKey)) }
            signed = [id]
        } else {
            signed = try reporting { try prepared.sign(with: secret) }
        }
        guard !signed.isEmpty else {
            throw Failure.input(
                "No account that must sign has this key in its policy, as far as the draft knows. Build the draft where the node can be reached, or give --account."
            )
        }
        let json = prepared.json(chainspec: chainspec)
        try Files.write(draft, json.text(.pretty) + "\n")
        let missing = prepared.missing.map { "still to sign: \(chainspec.address(of: $0.account))" }
        let next = missing.isEmpty ? ["complete: coffer tx submit \(draft)"] : missing
        output.show(json, (signed.map { "signed for \(chainspec.address(of: $0))" } + next).joined(separator: "\n"))
    }
}

struct TxSubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Submits a signed draft. Submitting it again is safe.",
        discussion: """
            EXAMPLE:
              coffer tx submit draft.json --wait
            """)

    @Argument(help: ArgumentHelp("The draft.", valueName: "file"))
    var draft: String
    @Flag(help: "Wait until it is final.")
    var wait = false
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let client = try node.client()
        let prepared = try Draft.read(draft, client.chainspec)
        let flow = SubmissionFlow(client: client, passphrase: PassphraseOptions(), output: node.output)
        let status = try await flow.submit(prepared, wait: wait)
        try flow.show(status, waited: wait, words: "submitted")
    }
}

struct TxShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows what the node knows of a transaction.",
        discussion: """
            EXAMPLE:
              coffer tx show 6ad1856c…
            """)

    @Argument(help: "The transaction's id.")
    var id: String
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let client = try node.client()
        let id = try transactionID(id)
        let record = try await reporting { try await client.status(of: id) }
        guard case .object(var members) = record.status.json else { preconditionFailure("a status is an object") }
        var lines = [record.status.words]
        if let transaction = record.transaction {
            let content = TransactionDraft(transaction).json(chainspec: client.chainspec)
            members.append(JSON.Member(key: "transaction", value: content))
            lines.append(content.text(.pretty))
        }
        if let memo = record.memo {
            members.append(JSON.Member(key: "memo", value: memo.json))
            lines.append("reference: \(memo.text)")
        }
        node.output.show(.object(members), lines.joined(separator: "\n"))
    }
}

struct TxDecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode", abstract: "Shows what a draft or canonical bytes in hexadecimal say, without a node.",
        discussion: """
            EXAMPLE:
              coffer tx decode draft.json
            """)

    @Argument(help: ArgumentHelp("A draft, or a file with canonical bytes in hexadecimal.", valueName: "file"))
    var file: String
    @OptionGroup var network: NetworkOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let chainspec = try network.read()
        let (draft, memo) = try Draft.decode(file, chainspec)
        var members = [
            JSON.Member(key: "id", value: .string(draft.content.id.hex)),
            JSON.Member(key: "signingHash", value: .string(draft.content.signingHash.hex)),
            JSON.Member(key: "transaction", value: draft.json(chainspec: chainspec)),
        ]
        if let memo { members.append(JSON.Member(key: "memo", value: memo.json)) }
        output.show(.object(members), JSON.object(members).text(.pretty))
    }
}

/// Drafts in files.
enum Draft {
    static func read(_ path: String, _ chainspec: Chainspec) throws(Failure) -> PreparedTransaction {
        let bytes = try Files.read(path, maximumByteCount: PreparedTransaction.maximumByteCount)
        do {
            return try PreparedTransaction(json: bytes, chainspec: chainspec)
        } catch {
            throw Failure(code: error.code, "\(path): \(error)", exitCode: 2)
        }
    }

    /// A draft, or canonical bytes in hexadecimal.
    static func decode(_ path: String, _ chainspec: Chainspec) throws(Failure) -> (TransactionDraft, Memo?) {
        let bytes = try Files.read(path, maximumByteCount: PreparedTransaction.maximumByteCount)
        let text = String(decoding: bytes, as: UTF8.self)
        guard let encoded = Hexadecimal.decode(text.filter { !$0.isWhitespace }), !encoded.isEmpty else {
            let prepared = try read(path, chainspec)
            return (prepared.draft, prepared.memo)
        }
        do {
            return (TransactionDraft(try SignedTransaction(decoding: encoded)), nil)
        } catch {
            throw Failure(code: error.rawValue, "\(path): \(error)", exitCode: 2)
        }
    }
}
