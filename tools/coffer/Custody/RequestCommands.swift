import ArgumentParser
import Client
import Cryptography
import Custody
import Foundation
import Ledger

/// Who asks, and until when.
struct RequestOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The member of the policy who asks.", valueName: "name"))
    var initiator: String?
    @Option(help: ArgumentHelp("The key file of the person who asks; a service gives none and is known by its user.", valueName: "file"))
    var key: String?
    @Option(help: "What it is for, in a line that officers read.")
    var purpose = ""
    @Option(help: ArgumentHelp("When the request lapses if it still waits; default: in 24 hours.", valueName: "time"))
    var expiry: String?
    @Option(help: ArgumentHelp("The request's file: made when it is not there, asked for again when it is.", valueName: "file"))
    var request: String
    @OptionGroup var passphrase: PassphraseOptions

    private static let lifetimeMilliseconds: TimeMilliseconds = 86_400_000
    static let maximumByteCount = SigningRequest.maximumByteCount + 65

    /// The body of the question, from the request's file, or made and written there.
    func body(
        _ content: @autoclosure () throws(Failure) -> SigningRequest.Content, _ signer: SignerOptions, _ chainspec: Chainspec
    ) throws(Failure) -> (body: [UInt8], request: SigningRequest) {
        if FileManager.default.fileExists(atPath: request) {
            let body = try Files.read(request, maximumByteCount: Self.maximumByteCount)
            return (body, try Self.decode(body, request))
        }
        guard let initiator else { throw .input("\(request) is not there. Give --initiator to make it.") }
        let made = try make(content(), by: initiator, signer, chainspec)
        var body: [UInt8] = [0]
        if let key {
            let secret = try passphrase.accountKey(at: key, for: chainspec)
            body = try reporting { [1] + (try secret.sign(made.signingHash)).bytes }
        }
        body += made.bytes
        do {
            try Data(body).write(to: URL(filePath: request), options: .withoutOverwriting)
        } catch {
            throw .input("\(request) cannot be written: \(error.localizedDescription)")
        }
        return (body, made)
    }

    private func make(
        _ content: SigningRequest.Content, by initiator: String, _ signer: SignerOptions, _ chainspec: Chainspec
    ) throws(Failure) -> SigningRequest {
        let expires: TimeMilliseconds
        if let expiry {
            expires = try reporting { try Timestamp.parse(expiry) }
        } else {
            expires = WallClock.now() + Self.lifetimeMilliseconds
        }
        let policy = try Self.policy(signer)
        return try reporting {
            try SigningRequest(
                network: chainspec.network, policy: policy, initiator: initiator, expiry: expires,
                nonce: Bytes16(Randomness.bytes(16)) ?? Bytes16(high: 0, low: 0), purpose: purpose, content: content)
        }
    }

    /// The policy that the signer says is in force; another signs nothing that was made under it.
    static func policy(_ signer: SignerOptions) throws(Failure) -> Bytes32 {
        guard case .object(let members) = try signer.json(WireFrame(.status)),
            case .string(let hex)? = members.first(where: { $0.key == "policy" })?.value, let policy = Bytes32(hex: hex)
        else { throw Failure(code: "malformedAnswer", "The signer does not say which policy is in force.", exitCode: 3) }
        return policy
    }

    private static func decode(_ body: [UInt8], _ path: String) throws(Failure) -> SigningRequest {
        let start = body.first == 1 ? 65 : 1
        guard body.count > start, body[0] <= 1 else { throw .input("\(path) is no request's file. Check the path.") }
        do throws(DecodingError) {
            return try SigningRequest(decoding: Array(body[start...]))
        } catch {
            throw .input("\(path) is no request's file: \(error).")
        }
    }
}

extension SignerOptions {
    /// Says what became of a request.
    func show(_ answer: RequestAnswer, _ words: [String], files: [String] = []) {
        switch answer {
        case .signed(let id, _):
            output.show(
                ["request": .string(id.hex), "outcome": "signed", "files": .array(files.map { .string($0) })],
                (["request \(id)", "signed"] + files.map { "complete: coffer tx submit \($0)" }).joined(separator: "\n"))
        case .waiting(let id, let decision):
            var missing: [JSON] = []
            var lines: [String] = []
            if case .needs(_, let requirements) = decision {
                missing = requirements.map { ["group": .string($0.group), "count": .number(UInt64($0.count))] }
                lines = requirements.map { "waits for \($0.count) of \($0.group)" }
            }
            output.show(
                ["request": .string(id.hex), "outcome": "waiting", "missing": .array(missing)],
                (["request \(id)"] + words.map { "  \($0)" } + lines + ["approve it with: coffer custody approve \(id) --member … --key …"])
                    .joined(separator: "\n"))
        case .inForce(let id, let policy):
            output.show(
                ["request": .string(id.hex), "outcome": "inForce", "policy": .string(policy.hex)],
                "request \(id)\npolicy \(policy) is in force")
        case .rejected(let id): output.show(["request": .string(id.hex), "outcome": "rejected"], "request \(id)\nrejected")
        }
    }
}

struct CustodyRequestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request", abstract: "Asks for signatures of drafts, together.",
        discussion: """
            Signed at once when the policy allows it; the signatures are put into the drafts. Else it waits for approvals: ask again with the
            same drafts and request file to have the signatures.

            Exit codes: 0 signed, or waiting for approvals; 1 refused; 2 wrong use or an unreadable file; 3 the signer cannot be reached.

            EXAMPLE:
              coffer custody request payment.json --initiator payments --request payment.request --socket run/signer
            """)

    @Argument(help: ArgumentHelp("Drafts, as coffer tx build makes them.", valueName: "draft"))
    var drafts: [String]
    @OptionGroup var options: RequestOptions
    @OptionGroup var signer: SignerOptions

    func run() throws {
        let chainspec = try signer.network.read()
        var prepared: [PreparedTransaction] = []
        for path in drafts { prepared.append(try Draft.read(path, chainspec)) }
        let contents = prepared.map(\.draft.content)
        let (body, request) = try options.body(.transactions(contents), signer, chainspec)
        guard request.content == .transactions(contents) else {
            throw Failure.input("\(options.request) asks for other transactions than these drafts. Give those that it was made for.")
        }
        let answer = try signer.answer(WireFrame(.request, body: body))
        if case .signed(_, let signatures) = answer {
            for (position, path) in drafts.enumerated() where position < signatures.count {
                for signature in signatures[position] { prepared[position].add(signature) }
                try Files.write(path, prepared[position].json(chainspec: chainspec).text(.pretty) + "\n")
            }
        }
        signer.show(answer, request.shortWords(chainspec), files: drafts)
    }
}

struct CustodyBulkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bulk", abstract: "Asks for a payroll or other bulk file as one request.",
        discussion: """
            The file is CSV, or ISO 20022 pain.001.001.09; every row is checked before anybody is asked, and every fault is named with its
            row. The directory given gets a draft for each transaction, and the request; run the same again to have the signatures.

            EXAMPLE:
              coffer custody bulk payroll.csv --from first-bank --initiator treasurer-1 --key treasurer-1.key --out payroll --socket run/signer
            """)

    @Argument(help: ArgumentHelp("The bulk file.", valueName: "file"))
    var file: String
    @Option(help: ArgumentHelp("The account that pays: an address, or an institution's name.", valueName: "account"))
    var from: String
    @Option(help: ArgumentHelp("The directory of the drafts and the request.", valueName: "directory"))
    var out: String
    @Option(help: ArgumentHelp("The member of the policy who asks.", valueName: "name"))
    var initiator: String
    @Option(help: ArgumentHelp("The key file of the person who asks; a service gives none and is known by its user.", valueName: "file"))
    var key: String?
    @Option(help: "What it is for, in a line that officers read.")
    var purpose = ""
    @Option(help: ArgumentHelp("Until when the payments may be applied: at most 24 hours ahead; default: in 23 hours.", valueName: "time"))
    var expiry: String?
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var signer: SignerOptions

    private static let lifetimeMilliseconds: TimeMilliseconds = 23 * 3_600_000

    func run() throws {
        let chainspec = try signer.network.read()
        let request = "\(out)/request"
        var files: [String]
        if FileManager.default.fileExists(atPath: request) {
            files = try existing()
        } else {
            files = try prepare(chainspec)
        }
        var arguments = files + ["--initiator", initiator, "--purpose", purpose, "--request", request, "--socket", signer.socket]
        if let key { arguments += ["--key", key] }
        if let file = passphrase.passphraseFile { arguments += ["--passphrase-file", file] }
        if let chainspec = signer.network.chainspec { arguments += ["--chainspec", chainspec] }
        if let user = signer.signerUser { arguments += ["--signer-user", "\(user)"] }
        if signer.output.json { arguments.append("--json") }
        try CustodyRequestCommand.parse(arguments).run()
    }

    private func prepare(_ chainspec: Chainspec) throws -> [String] {
        let bytes = try Files.read(file, maximumByteCount: BulkFile.maximumByteCount)
        let context = BulkContext(chainspec: chainspec, debtor: try chainspec.account(from), time: WallClock.now())
        let bulk: BulkFile
        do throws(BulkFaults) {
            bulk = try BulkFile(bytes: bytes, context: context)
        } catch {
            throw Failure(code: "bulkRefused", "\(file):\n\(error)", exitCode: 1)
        }
        let expires = try expiry.map { text in try reporting { try Timestamp.parse(text) } } ?? WallClock.now() + Self.lifetimeMilliseconds
        let plan = BulkPlan(network: chainspec.network, expiry: expires, seed: Randomness.bytes32())
        let transactions = try reporting { try bulk.transactions(plan) }
        do {
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        } catch {
            throw Failure.input("\(out) cannot be made. Check the path and its permissions.")
        }
        for total in bulk.totals where !signer.output.json {
            print("\(total.rowCount) payments, \(chainspec.money(total.amount, total.asset))")
        }
        var files: [String] = []
        for (number, transaction) in transactions.enumerated() {
            let path = "\(out)/\(number + 1).json"
            let prepared = PreparedTransaction(transaction.transaction, memo: transaction.memo)
            try Files.create(path, prepared.json(chainspec: chainspec).text(.pretty) + "\n")
            files.append(path)
        }
        return files
    }

    /// The drafts of an earlier run, in their order.
    private func existing() throws -> [String] {
        var files: [String] = []
        while FileManager.default.fileExists(atPath: "\(out)/\(files.count + 1).json") { files.append("\(out)/\(files.count + 1).json") }
        guard !files.isEmpty else { throw Failure.input("\(out) has a request and no drafts. Give the directory of one run.") }
        return files
    }
}

struct CustodyPolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Asks for another policy to be put in force.",
        discussion: """
            The policy in force decides who must approve it. Look at what it would change first: coffer policy replay.

            EXAMPLE:
              coffer custody policy new-policy.yaml --initiator risk-officer --key risk-officer.key --request policy.request --socket run/signer
            """)

    @Argument(help: ArgumentHelp("The policy file (YAML).", valueName: "file"))
    var file: String
    @OptionGroup var options: RequestOptions
    @OptionGroup var signer: SignerOptions

    func run() throws {
        let chainspec = try signer.network.read()
        let policy = try PolicyCommand.read(file, chainspec)
        let (body, request) = try options.body(.policy(policy.bytes), signer, chainspec)
        guard request.content == .policy(policy.bytes) else {
            throw Failure.input("\(options.request) asks for something else than \(file). Give the file that it was made for.")
        }
        signer.show(try signer.answer(WireFrame(.request, body: body)), request.shortWords(chainspec))
    }
}
