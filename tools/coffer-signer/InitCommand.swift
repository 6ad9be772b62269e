import ArgumentParser
import Cryptography
import Custody
import Foundation
import Ledger

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Makes a vault: the beginning of a key ceremony.",
        discussion: """
            The vault is sealed by a passphrase, or by shares of a random key, one for each officer, of which a number together open it.
            The policy is the first that is in force; every later one takes a request that the one before it allows.

            Shares are written to files in the directory given. Hand each to its officer and delete it: whoever has enough of them has the
            vault.

            EXAMPLE:
              coffer-signer init --vault vault --policy policy/development.yaml --shares 2/3 --shares-out shares
              coffer-signer init --vault vault --policy policy/development.yaml --passphrase-file vault.passphrase
            """)

    @OptionGroup var vault: VaultOptions
    @Option(help: ArgumentHelp("The first policy (YAML).", valueName: "file"))
    var policy: String
    @Option(help: ArgumentHelp("Seal by shares: how many of how many, such as 2/3.", valueName: "k/n"))
    var shares: String?
    @Option(help: ArgumentHelp("The directory for the shares, which is made.", valueName: "directory"))
    var sharesOut: String?
    @Option(help: ArgumentHelp("Seal by the passphrase in this file; without it and --shares, a prompt asks.", valueName: "file"))
    var passphraseFile: String?
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (shares == nil) == (sharesOut == nil) else { throw ValidationError("--shares and --shares-out go together.") }
        guard shares == nil || passphraseFile == nil else { throw ValidationError("Give --shares or --passphrase-file, not both.") }
        if shares != nil { _ = try numbers() }
    }

    private func numbers() throws -> (threshold: Int, count: Int) {
        let parts = (shares ?? "").split(separator: "/").map { Int($0) }
        guard parts.count == 2, let threshold = parts[0], let count = parts[1], (2...count).contains(threshold),
            count <= SecretSharing.maximumShareCount
        else { throw ValidationError("--shares is such as 2/3: 2 to all of them, and at most \(SecretSharing.maximumShareCount).") }
        return (threshold, count)
    }

    func run() throws {
        let chainspec = try vault.readChainspec()
        let policy = try readPolicy(chainspec)
        do {
            try FileManager.default.createDirectory(
                atPath: vault.vault, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure.input("\(vault.vault) cannot be made. Check the path and its permissions.")
        }
        let key = try makeKey()
        _ = try UnsealedVault.create(vault.paths, chainspec: chainspec, policy: policy, key: key, at: WallClock.now())
        var files: [String] = []
        if let sharesOut { files = try write(key.shares, to: sharesOut) }
        let lines = ["made \(vault.vault), under policy \(policy.name), revision \(policy.revision), hash \(policy.hash.hex)"]
        output.show(
            ["vault": .string(vault.vault), "policy": .string(policy.hash.hex), "shares": .array(files.map { .string($0) })],
            (lines + files.map { "share \($0)" }).joined(separator: "\n"))
    }

    private func readPolicy(_ chainspec: Chainspec) throws -> Policy {
        let bytes = try Files.read(policy, maximumByteCount: Policy.maximumByteCount)
        do throws(PolicyFaults) {
            return try Policy(yaml: bytes, chainspec: chainspec)
        } catch {
            throw Failure.input(error.faults.map { "\(policy):\($0.line): \($0.reason)" }.joined(separator: "\n"))
        }
    }

    private func makeKey() throws -> VaultKey {
        if shares != nil {
            let (threshold, count) = try numbers()
            return try VaultKey.make(threshold: threshold, count: count)
        }
        if let passphraseFile {
            let words = try UnsealOptions.readPassphrase(passphraseFile)
            return try VaultKey.make(passphrase: words, cost: .standard)
        }
        let first = try Terminal.readSecret(prompt: "Passphrase for the vault: ")
        let second = try Terminal.readSecret(prompt: "The same again: ")
        guard first.isEqual(to: second) else { throw Failure.input("The two passphrases differ. Nothing was written; try again.") }
        return try VaultKey.make(passphrase: first, cost: .standard)
    }

    private func write(_ shares: [SecretShare], to directory: String) throws -> [String] {
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            var files: [String] = []
            for share in shares {
                let path = "\(directory)/\(share.number)"
                let text = share.text()
                try PrivateFile.create(path, text.span)
                files.append(path)
            }
            return files
        } catch {
            throw Failure.input("The shares were not all written: \(error). Remove \(vault.vault) and make the vault again.")
        }
    }
}
