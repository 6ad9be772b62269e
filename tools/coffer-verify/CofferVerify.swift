import ArgumentParser
import Foundation
import Ledger

/// The auditor's program: checks files offline, against a chain specification and nothing else.
@main
struct CofferVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coffer-verify",
        abstract: "Checks receipts, balances, statements, supply, checkpoints and whole exports offline, trusting nobody.",
        discussion: """
            Everything is checked against a chain specification that you have from a source you trust.

            Exit codes: 0 all holds; 1 something does not hold, and is named; 2 unreadable input or wrong use.

            EXAMPLE:
              coffer-verify receipt payment.receipt --chainspec chainspec/development.json
            """,
        version: "0.1.0",
        subcommands: [
            ReceiptCommand.self, BalanceCommand.self, HistoryCommand.self, SupplyCommand.self, CheckpointCommand.self, ChainCommand.self,
            SelfTestCommand.self,
            SnapshotCommand.self, EvidenceCommand.self, SigningLogCommand.self,
        ])

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let verdict as Verdict {
            verdict.printAndExit()
        } catch {
            // Help and version requests come here too, and are no failure.
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if code.isSuccess { print(text) } else { FileHandle.standardError.write(Data((text + "\n").utf8)) }
            Foundation.exit(code.isSuccess ? 0 : 2)
        }
    }
}

/// What every command takes.
struct CommonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The network's chain specification (JSON).", valueName: "file"))
    var chainspec: String

    @Flag(help: "Print the result as JSON.")
    var json = false

    @Option(help: ArgumentHelp("Threads that check signatures; default: one per core.", valueName: "count"))
    var workers = ProcessInfo.processInfo.activeProcessorCount

    func validate() throws {
        guard (1...256).contains(workers) else { throw ValidationError("--workers must be 1 to 256.") }
    }

    func readChainspec() throws -> Chainspec {
        let bytes = try InputFile.read(chainspec, maximumByteCount: Chainspec.maximumJSONByteCount, json: json)
        do {
            return try Chainspec(json: bytes)
        } catch {
            throw Verdict.unreadable(code: "chainspec", "\(chainspec): \(error)", json: json)
        }
    }
}
