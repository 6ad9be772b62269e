import ArgumentParser
import Foundation
import Ledger

/// The witness: cosigns checkpoints that continue what it cosigned before, and nothing else (`docs/spec/witness.md`).
@main
struct CofferWitness: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coffer-witness",
        abstract: "Cosigns the checkpoints of Coffer networks, so that nobody can be shown a history of his own.",
        discussion: """
            A witness signs a checkpoint only when a quorum of the network's validators signed it and it continues, by proof, the latest
            one that the witness signed. Make a key, make a data directory for it once, and serve.

            Exit codes: 0 done, or ended as asked; 1 the data directory does not hold what it must; 2 wrong use, or an unreadable file.

            EXAMPLE:
              coffer-witness key new --out witness.key --name bank.example/witness
              coffer-witness init --data witness --key witness.key --name bank.example/witness
              coffer-witness serve --data witness --key witness.key --chainspec chainspec/development.json
            """,
        version: "0.1.0",
        subcommands: [KeyCommand.self, InitCommand.self, ServeCommand.self, StatusCommand.self])

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

    /// The data directory is not as this witness left it.
    static func state(_ message: String) -> Failure { Failure(code: "witnessState", message: message, exitCode: 1) }

    /// Says it in words, or as JSON, on standard error.
    func printAndExit(json isJSON: Bool) -> Never {
        let object: JSON = ["error": ["code": .string(code), "detail": .string(message)]]
        let text = isJSON ? object.text() : "coffer-witness: \(message)"
        FileHandle.standardError.write(Data((text + "\n").utf8))
        Foundation.exit(exitCode)
    }
}

/// How results are printed.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print the result as JSON.")
    var json = false

    /// Prints a result: as JSON, or in words.
    func show(_ value: JSON, _ words: String) {
        print(json ? value.text(.pretty) : words)
    }
}
