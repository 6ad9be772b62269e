import ArgumentParser
import Client
import Cryptography
import Custody
import Foundation
import Ledger

struct CustodyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "custody", abstract: "Asks a custody signer on this machine: requests, approvals, sealing, its log.",
        discussion: """
            The signer (coffer-signer) holds the keys and obeys a policy. What needs approvals waits until officers approve it with their own
            keys; then whoever asked asks again, with the same request file, and has the signatures.

            EXAMPLE:
              coffer custody request issue.json --initiator treasurer-1 --key treasurer-1.key --request issue.request --socket run/signer
              coffer custody approve 6ad1856c… --member risk-officer --key risk-officer.key --socket run/signer
              coffer custody request issue.json --request issue.request --socket run/signer
            """,
        subcommands: [
            CustodyStatusCommand.self, CustodyUnsealCommand.self, CustodySealCommand.self, CustodyRequestCommand.self,
            CustodyBulkCommand.self, CustodyPolicyCommand.self, CustodyWaitingCommand.self, CustodyShowCommand.self,
            CustodyApproveCommand.self, CustodyRejectCommand.self, CustodyLogCommand.self, CustodyRaiseCommand.self,
        ])
}

/// Which signer is talked to.
struct SignerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The signer's socket.", valueName: "path"))
    var socket: String
    @Option(help: ArgumentHelp("The user that the signer must run as.", valueName: "uid"))
    var signerUser: UInt32?
    @OptionGroup var network: NetworkOptions
    @OptionGroup var output: OutputOptions

    /// Asks the signer; an answer's body.
    func ask(_ frame: borrowing WireFrame) throws(Failure) -> [UInt8] {
        let client: WireClient
        do throws(UnixSocketError) {
            client = try WireClient(socket, user: signerUser)
        } catch {
            throw Failure(
                code: "unreachable", "The signer at \(socket) cannot be reached: \(error) Is coffer-signer serve running?", exitCode: 3)
        }
        do throws(WireClient.Failure) {
            return try client.ask(frame)
        } catch {
            switch error {
            case .refused(let refusal): throw Failure(code: refusal.code, refusal.text, exitCode: 1)
            case .broken(let error): throw Failure(code: "unreachable", "The conversation with the signer broke: \(error)", exitCode: 3)
            }
        }
    }

    /// The answer to a request or an approval.
    func answer(_ frame: borrowing WireFrame) throws(Failure) -> RequestAnswer {
        let body = try ask(frame)
        do throws(DecodingError) {
            return try RequestAnswer(decoding: body)
        } catch {
            throw Failure(
                code: "malformedAnswer", "The signer's answer cannot be read: \(error). Use programs of one release.", exitCode: 3)
        }
    }

    func json(_ frame: borrowing WireFrame) throws(Failure) -> JSON {
        let body = try ask(frame)
        do throws(JSONError) {
            return try JSON.parse(body, maximumBytes: WireType.answer.maximumByteCount)
        } catch {
            throw Failure(
                code: "malformedAnswer", "The signer's answer cannot be read: \(error). Use programs of one release.", exitCode: 3)
        }
    }
}

struct CustodyStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows whether the signer is sealed, its policy, its keys, and how far its log is.",
        discussion: """
            EXAMPLE:
              coffer custody status --socket run/signer
            """)

    @OptionGroup var signer: SignerOptions

    func run() throws {
        let json = try signer.json(WireFrame(.status))
        signer.output.show(json, json.text(.pretty))
    }
}

struct CustodyUnsealCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unseal", abstract: "Gives the signer the vault's passphrase, or an officer's share.",
        discussion: """
            Each officer gives a share, in any order; with the last that is needed the keys are in the signer's memory.

            EXAMPLE:
              coffer custody unseal --secret-file shares/1 --socket run/signer
            """)

    @Option(help: ArgumentHelp("A file with the passphrase or the share; without it, a prompt asks.", valueName: "file"))
    var secretFile: String?
    @OptionGroup var signer: SignerOptions

    func run() throws {
        let body: [UInt8]
        if let secretFile {
            do {
                let secret = try KeyFile.readPassphrase(at: secretFile, isDevelopment: false)
                body = try signer.ask(WireFrame(.unseal, secret: secret))
            } catch {
                throw (error as? Failure) ?? Failure.input("\(secretFile): \(error)")
            }
        } else {
            let secret = try Terminal.readSecret(prompt: "Passphrase of the vault, or a share: ")
            body = try signer.ask(WireFrame(.unseal, secret: secret))
        }
        let json = try reporting { try JSON.parse(body, maximumBytes: 1_024) }
        var missing: UInt64 = 0
        if case .object(let members) = json, case .number(let count)? = members.first(where: { $0.key == "missingShares" })?.value {
            missing = count
        }
        signer.output.show(json, missing == 0 ? "unsealed" : "\(missing) more \(missing == 1 ? "share is" : "shares are") needed")
    }
}

struct CustodySealCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seal", abstract: "Has the signer forget its keys until it is unsealed again.",
        discussion: """
            EXAMPLE:
              coffer custody seal --socket run/signer
            """)

    @OptionGroup var signer: SignerOptions

    func run() throws {
        _ = try signer.ask(WireFrame(.seal))
        signer.output.show(["state": "sealed"], "sealed")
    }
}

struct CustodyWaitingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "waiting", abstract: "Lists the requests that wait for approvals.",
        discussion: """
            EXAMPLE:
              coffer custody waiting --socket run/signer
            """)

    @OptionGroup var signer: SignerOptions

    func run() throws {
        let json = try signer.json(WireFrame(.waiting))
        guard case .array(let requests) = json, !requests.isEmpty else { return signer.output.show(json, "nothing waits") }
        signer.output.show(json, json.text(.pretty))
    }
}

struct CustodyLogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Copies the signing log, signed as it is now, to a file.",
        discussion: """
            Anybody checks the copy with coffer-verify signing-log.

            EXAMPLE:
              coffer custody log --out signing.log --socket run/signer
            """)

    @Option(help: ArgumentHelp("Where to write, where nothing is yet.", valueName: "file"))
    var out: String
    @OptionGroup var signer: SignerOptions

    func run() throws {
        try Files.create(out, "")
        let handle: FileHandle
        do {
            handle = try FileHandle(forWritingTo: URL(filePath: out))
        } catch {
            throw Failure.input("\(out) cannot be written: \(error.localizedDescription)")
        }
        var byteCount: UInt64 = 0
        while true {
            var writer = ByteWriter()
            writer.write(byteCount)
            let piece = try signer.ask(WireFrame(.log, body: writer.bytes))
            guard !piece.isEmpty else { break }
            do {
                try handle.write(contentsOf: Data(piece))
            } catch {
                throw Failure.input("\(out) cannot be written: \(error.localizedDescription)")
            }
            byteCount += UInt64(piece.count)
        }
        signer.output.show(["file": .string(out), "bytes": .number(byteCount)], "wrote \(out), \(byteCount) bytes")
    }
}

struct CustodyRaiseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "raise", abstract: "Raises the signer's record of headers to a certified header of the chain.",
        discussion: """
            For a vault that was restored from a backup, or took over: it signs no header at or below this one. Be certain that no other
            copy of the vault signs any more. The header is one of a receipt: the proof of any transaction in the chain's last block.

            EXAMPLE:
              coffer custody raise --receipt receipt.json --socket run/signer
            """)

    @Option(help: ArgumentHelp("A receipt (JSON), whose header is certified.", valueName: "file"))
    var receipt: String
    @OptionGroup var signer: SignerOptions

    func run() throws {
        let chainspec = try signer.network.read()
        let bytes = try Files.read(receipt, maximumByteCount: Receipt.maximumJSONByteCount)
        let certified = try reporting { try Receipt(json: bytes) }
        let header = certified.header
        let body = header.bytes + certified.attestations.wireBytes
        _ = try signer.ask(WireFrame(.tip, body: body))
        signer.output.show(
            ["height": .number(header.height), "hash": .string(header.hash.hex), "network": .string(chainspec.network.hex)],
            "raised to block \(header.height), \(header.hash)")
    }
}
