import ArgumentParser
import Foundation
import Ledger

/// The node's daemon.
@main
struct Cofferd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cofferd",
        abstract: "Runs a Coffer node: takes transactions over HTTP, makes them durable and final, proves what it holds.",
        discussion: """
            Validators' keys are in a custody signer (--signer). On a development network they may be in key files of kind validator: give
            --node-key once for each validator this node signs for. SIGTERM ends the
            node after what it admitted is final.

            Exit codes: 0 ended as asked; 1 --check found something that does not hold; 2 it could not start.

            EXAMPLE:
              cofferd --chainspec chainspec/development.json --data /var/lib/coffer \\
                --node-key keys/development/validator-1.key --passphrase-file keys/development/passphrase
              cofferd --chainspec chainspec/development.json --data /var/lib/coffer \\
                --node-key keys/development/validator-1.key --passphrase-file keys/development/passphrase \\
                --witness http://127.0.0.1:8430=bank.example/witness+HASH+KEY
              cofferd --check --chainspec chainspec/development.json --data /var/lib/coffer

            MORE COMMANDS, each with --help:
              cofferd prune      drops the bodies of old blocks, once they are in archives
              cofferd rebuild    makes a data directory from archives and an export
            """,
        version: "0.1.0")

    @Option(help: ArgumentHelp("The network's chain specification (JSON).", valueName: "file"))
    var chainspec: String

    @Option(help: ArgumentHelp("The data directory; it is made when it is not there.", valueName: "directory"))
    var data: String

    @Option(help: ArgumentHelp("Where to listen: a loopback address and a port.", valueName: "host:port"))
    var listen = ListenAddress.standard.description

    @Option(help: ArgumentHelp("Threads that check signatures; default: one per core.", valueName: "count"))
    var workers = ProcessInfo.processInfo.activeProcessorCount

    @Option(name: .customLong("node-key"), help: ArgumentHelp("A validator's key file. May be repeated.", valueName: "file"))
    var nodeKeys: [String] = []

    @Option(help: ArgumentHelp("The socket of a custody signer that has the validators' keys; instead of --node-key.", valueName: "path"))
    var signer: String?

    @Option(help: ArgumentHelp("The user that the custody signer must run as.", valueName: "uid"))
    var signerUser: UInt32?

    @Option(
        name: .customLong("passphrase-file"),
        help: ArgumentHelp("A file with the passphrase of the node keys; without it, a prompt asks.", valueName: "file"))
    var passphraseFile: String?

    @Option(
        name: .customLong("witness"),
        help: ArgumentHelp(
            "A witness that is to cosign checkpoints: its address, an equals sign and its key. May be repeated.", valueName: "url=key"))
    var witnesses: [WitnessAddress] = []

    @Flag(help: "Check everything in the data directory, and end.")
    var check = false

    @Option(help: ArgumentHelp("With --check: where the archives of pruned blocks are.", valueName: "directory"))
    var archives: String?

    @OptionGroup(title: "Limits") var settings: Settings

    func validate() throws {
        guard (1...256).contains(workers) else { throw ValidationError("--workers must be 1 to 256.") }
        guard check || archives == nil else { throw ValidationError("--archives goes with --check.") }
        guard check || !nodeKeys.isEmpty || signer != nil else {
            throw ValidationError("Give --node-key or --signer: without a validator's key this node could make no block final.")
        }
        guard nodeKeys.isEmpty || signer == nil else {
            throw ValidationError("Give --node-key or --signer, not both: a key is in one place.")
        }
        guard signer != nil || signerUser == nil else { throw ValidationError("--signer-user goes with --signer.") }
        guard witnesses.count <= WitnessAddress.maximumCount else {
            throw ValidationError("--witness can be given \(WitnessAddress.maximumCount) times.")
        }
        guard Set(witnesses.map(\.witness.key)).count == witnesses.count else {
            throw ValidationError("--witness: two have the same key; one of them is enough.")
        }
        do {
            _ = try ListenAddress(parsing: listen)
        } catch {
            throw ValidationError("--listen: \(error).")
        }
    }

    func run() async throws {
        if check {
            try DataCheck(command: self).run()
        } else {
            try await Daemon(command: self).run()
        }
    }

    static func main() async {
        do {
            let arguments = Array(CommandLine.arguments.dropFirst())
            // Without the options that the daemon itself requires.
            switch arguments.first {
            case "prune": return try runOffline(PruneCommand.self, arguments)
            case "rebuild": return try runOffline(RebuildCommand.self, arguments)
            default: break
            }
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as StartFailure {
            FileHandle.standardError.write(Data("cofferd: \(failure.message)\n".utf8))
            Foundation.exit(failure.exitCode)
        } catch {
            // Help and version requests come here too, and are no failure.
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if code.isSuccess { print(text) } else { FileHandle.standardError.write(Data((text + "\n").utf8)) }
            Foundation.exit(code.isSuccess ? 0 : 2)
        }
    }

    private static func runOffline<Command: ParsableCommand>(_ type: Command.Type, _ arguments: [String]) throws {
        do {
            var command = try type.parseAsRoot(Array(arguments.dropFirst()))
            try command.run()
        } catch let failure as StartFailure {
            throw failure
        } catch {
            let code = type.exitCode(for: error)
            let text = type.fullMessage(for: error)
            guard code.isSuccess else { throw StartFailure(text) }
            print(text)
        }
    }

    func readChainspec() throws(StartFailure) -> Chainspec { try Self.readChainspec(chainspec) }

    /// The chain specification, which a node that is not a development one refuses with development keys.
    static func readChainspec(_ chainspec: String) throws(StartFailure) -> Chainspec {
        let bytes: [UInt8]
        do {
            bytes = [UInt8](try Data(contentsOf: URL(filePath: chainspec)))
        } catch {
            throw StartFailure("The chain specification \(chainspec) cannot be read: \(error.localizedDescription)")
        }
        let read: Chainspec
        do {
            read = try Chainspec(json: bytes)
        } catch {
            throw StartFailure("\(chainspec): \(error)")
        }
        if let field = read.developmentKeyInUse() {
            throw StartFailure(
                "\(chainspec): \(field) is a published development key, and this is not a development network. Anyone can sign with it: use keys of your own."
            )
        }
        return read
    }
}

/// Why the daemon did not start, or what a check found.
struct StartFailure: Error {
    let message: String
    let exitCode: Int32

    init(_ message: String, exitCode: Int32 = 2) {
        self.message = message
        self.exitCode = exitCode
    }
}
