import ArgumentParser
import Foundation
import Ledger

/// The tool of wallet operators and bank staff.
@main
struct Coffer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coffer",
        abstract: "Keys, accounts, payments, receipts and exports of a Coffer ledger.",
        discussion: """
            Commands that read addresses or amounts need the network's chain specification: --chainspec, or chainspec.json or
            chainspec/development.json under the current directory.

            Exit codes: 0 done; 1 refused by the ledger, or not found; 2 wrong use, an unreadable file or a wrong passphrase; 3 the node
            cannot be reached or believed.

            EXAMPLE:
              coffer transfer --from cofdev1… --to cofdev1… --asset EUR --amount 12.34 --key my.key --wait
            """,
        version: "0.1.0",
        subcommands: [
            KeyCommand.self, NetworkCommand.self, AddressCommand.self, AccountCommand.self, AssetCommand.self, TransferCommand.self,
            IssueCommand.self,
            RedeemCommand.self, TxCommand.self, StatementCommand.self, ReceiptCommand.self, ProofCommand.self, HistoryCommand.self,
            SupplyCommand.self, CheckpointCommand.self, ExportCommand.self, PolicyCommand.self, CustodyCommand.self,
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
        } catch let code as ExitCode {
            // The result is printed, and is not a failure of the command.
            Foundation.exit(code.rawValue)
        } catch {
            // Help and version requests come here too, and are no failure.
            let code = exitCode(for: error)
            if code.isSuccess {
                print(fullMessage(for: error))
                Foundation.exit(0)
            }
            let isUsage = code.rawValue == EX_USAGE
            let text = isUsage ? fullMessage(for: error) : "\(error)"
            Failure(code: isUsage ? "wrongUse" : "failed", text, exitCode: 2).printAndExit(json: isJSON)
        }
    }
}
