import ArgumentParser
import Cryptography
import Custody
import Foundation
import Ledger

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Writes the vault, its log and its record of headers to one encrypted file.",
        discussion: """
            The file is opened with what opens the vault. The signer may go on meanwhile. Keys in a token are not in it: tokens have their
            own backups.

            EXAMPLE:
              coffer-signer backup --out vault-2026-11-30.backup --vault vault
            """)

    @Option(help: ArgumentHelp("Where to write, where nothing is yet.", valueName: "file"))
    var out: String
    @OptionGroup var vault: VaultOptions
    @OptionGroup var unsealing: UnsealOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let chainspec = try vault.readChainspec()
        let unsealed = try UnsealedVault(vault.paths, network: chainspec.network, key: unsealing.key(vault.paths, chainspec))
        let byteCount = try unsealed.backUp(to: out)
        output.show(["file": .string(out), "bytes": .number(UInt64(byteCount))], "wrote \(out), \(byteCount) bytes")
    }
}

struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Makes a vault from a backup, and replays its log.",
        discussion: """
            The log is replayed as an auditor does: every decision, every signature. A vault that is older than the chain signs no header
            until it was raised to the chain's tip (coffer custody raise).

            EXAMPLE:
              coffer-signer restore vault-2026-11-30.backup --vault vault
            """)

    @Argument(help: ArgumentHelp("The backup.", valueName: "file"))
    var file: String
    @OptionGroup var vault: VaultOptions
    @OptionGroup var unsealing: UnsealOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let chainspec = try vault.readChainspec()
        let backup = try VaultBackup(reading: file, network: chainspec.network)
        do {
            try FileManager.default.createDirectory(
                atPath: vault.vault, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure.input("\(vault.vault) cannot be made. Check the path and its permissions.")
        }
        let state = try backup.restore(to: vault.paths, chainspec: chainspec, key: unsealing.key(sealing: backup.sealing))
        output.show(
            ["vault": .string(vault.vault), "logRecords": .number(state.count), "logHead": .string(state.head.hex)],
            "restored \(vault.vault): \(state.count) records, \(state.keys.count) keys; the log holds")
    }
}
