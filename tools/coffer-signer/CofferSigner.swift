import ArgumentParser
import Custody
import Foundation
import Ledger

/// The signer: holds custody keys, and signs what its policy permits and its log explains (`docs/spec/custody-log.md`).
@main
struct CofferSigner: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coffer-signer",
        abstract: "Holds a bank's keys, and signs what its policy permits.",
        discussion: """
            A vault is a directory with sealed keys, the signing log and the record of signed headers. It is made once, in a key ceremony;
            then the signer serves it on a socket of this machine, sealed until officers unseal it (coffer custody unseal).

            Exit codes: 0 done, or ended as asked; 1 the vault is not as it must be; 2 wrong use, or an unreadable file.

            EXAMPLE:
              coffer-signer init --vault vault --policy policy/development.yaml --shares 2/3 --shares-out shares
              coffer-signer key generate treasury --vault vault --account first-bank --share-file shares/1 --share-file shares/2
              coffer-signer serve --vault vault --socket run/signer
            """,
        version: "0.1.0",
        subcommands: [
            InitCommand.self, KeyCommand.self, ServeCommand.self, BackupCommand.self, RestoreCommand.self,
        ])

    static func main() async {
        let isJSON = CommandLine.arguments.contains("--json")
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            failure.printAndExit(json: isJSON)
        } catch let error as VaultError {
            Failure(error).printAndExit(json: isJSON)
        } catch {
            // Help and version requests come here too, and are no failure.
            let code = exitCode(for: error)
            guard !code.isSuccess else {
                print(fullMessage(for: error))
                Foundation.exit(0)
            }
            Failure.input(fullMessage(for: error)).printAndExit(json: isJSON)
        }
    }
}

/// How a command ended when it did not do what it was asked.
struct Failure: Error {
    let code: String
    let message: String
    let exitCode: Int32

    /// A file, an option or a passphrase is at fault.
    static func input(_ message: String) -> Failure { Failure(code: "input", message: message, exitCode: 2) }

    init(code: String, message: String, exitCode: Int32) {
        self.code = code
        self.message = message
        self.exitCode = exitCode
    }

    init(_ error: VaultError) {
        switch error {
        case .malformed, .store(.log): self.init(code: "vault", message: error.description, exitCode: 1)
        default: self = .input(error.description)
        }
    }

    /// Says it in words, or as JSON, on standard error.
    func printAndExit(json isJSON: Bool) -> Never {
        let object: JSON = ["error": ["code": .string(code), "detail": .string(message)]]
        let text = isJSON ? object.text() : "coffer-signer: \(message)"
        FileHandle.standardError.write(Data((text + "\n").utf8))
        Foundation.exit(exitCode)
    }
}
