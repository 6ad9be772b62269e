import ArgumentParser
import Client
import Cryptography
import Foundation
import Ledger

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Copies the chain into an archive for auditors; run again, it goes on where it stopped.",
        discussion: """
            EXAMPLE:
              coffer export --out export
              coffer-verify chain export --chainspec chainspec/development.json
            """)

    @Option(help: ArgumentHelp("The archive's directory.", valueName: "directory"))
    var out: String
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let client = try node.client()
        let isTerminal = isatty(STDERR_FILENO) == 1
        let summary = try await reporting {
            try await Exporter(from: client, to: out).run { progress in
                guard isTerminal else { return }
                let share = progress.targetHeight == 0 ? 100 : progress.height * 100 / progress.targetHeight
                FileHandle.standardError.write(Data("\r\(share)%  block \(progress.height) of \(progress.targetHeight)   ".utf8))
            }
        }
        if isTerminal { FileHandle.standardError.write(Data("\r\(String(repeating: " ", count: 60))\r".utf8)) }
        node.output.show(
            [
                "directory": .string(out), "height": .number(summary.height), "addedBlocks": .number(summary.addedBlockCount),
                "bytes": .number(summary.byteCount), "checkpointRoot": .string(summary.checkpoint.checkpoint.root.hex),
            ],
            "exported blocks 1 to \(summary.height) into \(out) (\(summary.addedBlockCount) new, \(summary.byteCount) bytes)")
    }
}
