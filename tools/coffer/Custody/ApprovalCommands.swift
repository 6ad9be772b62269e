import ArgumentParser
import Client
import Cryptography
import Custody
import Foundation
import Ledger

struct CustodyShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows what a request that waits would do, read from its own bytes.",
        discussion: """
            EXAMPLE:
              coffer custody show 6ad1856c… --socket run/signer
            """)

    @Argument(help: "The request's id.")
    var id: String
    @Flag(help: "Show every payment of a large request, not what they come to and the first of them.")
    var all = false
    @OptionGroup var signer: SignerOptions

    func run() throws {
        let chainspec = try signer.network.read()
        let request = try signer.request(id)
        signer.output.show(request.json(chainspec), request.lines(chainspec, all: all).joined(separator: "\n"))
    }
}

/// Who approves.
struct ApprovalOptions: ParsableArguments {
    @Argument(help: "The request's id.")
    var id: String
    @Option(help: ArgumentHelp("The member of the policy who approves.", valueName: "name"))
    var member: String
    @Option(help: ArgumentHelp("The member's key file.", valueName: "file"))
    var key: String
    @Option(help: ArgumentHelp("Until when the word counts; default: when the request lapses.", valueName: "time"))
    var expiry: String?
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var signer: SignerOptions

    /// Shows the request, signs the word on it, and gives it to the signer.
    func send(_ verdict: Approval.Verdict) throws {
        let chainspec = try signer.network.read()
        let request = try signer.request(id)
        if !signer.output.json { print(request.lines(chainspec).joined(separator: "\n")) }
        let expires = try expiry.map { text in try reporting { try Timestamp.parse(text) } } ?? request.expiry
        // Of the request's own policy: under another one it is not decided any more.
        let hash = Approval.signingHash(request: request.id, policy: request.policy, member: member, verdict: verdict, expiry: expires)
        let secret = try passphrase.accountKey(at: key, for: chainspec)
        let signature = try reporting { try secret.sign(hash) }
        let approval = Approval(
            request: request.id, policy: request.policy, member: member, verdict: verdict, expiry: expires, signature: signature)
        signer.show(try signer.answer(WireFrame(.approval, body: approval.bytes)), [])
    }
}

struct CustodyApproveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Approves a request with one's own key.",
        discussion: """
            What is approved is shown, read from the request's own bytes. Nobody approves their own request.

            EXAMPLE:
              coffer custody approve 6ad1856c… --member risk-officer --key risk-officer.key --socket run/signer
            """)

    @OptionGroup var options: ApprovalOptions

    func run() throws { try options.send(.approve) }
}

struct CustodyRejectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject", abstract: "Ends a request that waits; whoever made it may too.",
        discussion: """
            EXAMPLE:
              coffer custody reject 6ad1856c… --member risk-officer --key risk-officer.key --socket run/signer
            """)

    @OptionGroup var options: ApprovalOptions

    func run() throws { try options.send(.reject) }
}

extension SignerOptions {
    /// A request that waits; its bytes have the id that was asked for, whatever the signer says.
    func request(_ text: String) throws(Failure) -> SigningRequest {
        guard let id = RequestID(hex: text) else { throw .input("\(text) is no request's id, which is 64 lowercase hexadecimal digits.") }
        let bytes = try ask(WireFrame(.show, body: id.bytes.bytes))
        let request: SigningRequest
        do throws(DecodingError) {
            request = try SigningRequest(decoding: bytes)
        } catch {
            throw Failure(
                code: "malformedAnswer", "The signer's answer cannot be read: \(error). Use programs of one release.", exitCode: 3)
        }
        guard request.id == id else {
            throw Failure(
                code: "malformedAnswer", "The signer shows another request than the one asked for. Do not approve it.", exitCode: 3)
        }
        return request
    }
}

extension SigningRequest {
    func lines(_ chainspec: Chainspec, all: Bool = false) -> [String] {
        ["request \(id)", "by \(initiator), until \(Timestamp.format(expiry))" + (purpose.isEmpty ? "" : ": \(purpose)")]
            + (all ? words(chainspec) : shortWords(chainspec)).map { "  \($0)" }
    }

    func json(_ chainspec: Chainspec) -> JSON {
        [
            "request": .string(id.hex), "initiator": .string(initiator), "purpose": .string(purpose), "policy": .string(policy.hex),
            "expiry": .string(Timestamp.format(expiry)), "does": .array(words(chainspec).map { .string($0) }),
        ]
    }
}
