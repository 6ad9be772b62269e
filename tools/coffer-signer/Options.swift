import ArgumentParser
import Cryptography
import Custody
import Foundation
import Ledger

/// How results are printed.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print the result as JSON.")
    var json = false

    /// Prints a result: as JSON, or in words.
    func show(_ value: JSON, _ words: String) {
        print(json ? value.text(.pretty) : words)
    }
}

/// Which vault, of which network.
struct VaultOptions: ParsableArguments {
    static let defaultPaths = ["chainspec.json", "chainspec/development.json"]

    @Option(help: ArgumentHelp("The vault's directory.", valueName: "directory"))
    var vault: String
    @Option(help: ArgumentHelp("The network's chain specification (JSON).", valueName: "file"))
    var chainspec: String?

    var paths: VaultPaths { VaultPaths(vault) }

    /// Reads the chain specification, from the usual places where no option says otherwise.
    func readChainspec() throws -> Chainspec {
        guard let path = chainspec ?? Self.defaultPaths.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw Failure.input("Give the network's chain specification with --chainspec FILE.")
        }
        let chainspec: Chainspec
        do {
            chainspec = try Chainspec(json: Files.read(path, maximumByteCount: Chainspec.maximumJSONByteCount))
        } catch {
            throw (error as? Failure) ?? Failure.input("\(path): \(error)")
        }
        if let field = chainspec.developmentKeyInUse() {
            throw Failure.input("\(path): \(field) is a published development key, and this is not a development network.")
        }
        return chainspec
    }
}

/// How a vault is opened: never by arguments or the environment.
struct UnsealOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A file with the vault's passphrase; without it, a prompt asks.", valueName: "file"))
    var passphraseFile: String?
    @Option(help: ArgumentHelp("A file with an officer's share. Repeated for as many as are needed.", valueName: "file"))
    var shareFile: [String] = []

    /// The key of the vault at these paths.
    func key(_ paths: VaultPaths, _ chainspec: Chainspec) throws -> VaultKey {
        try key(sealing: VaultFile.read(paths, network: chainspec.network).sealing)
    }

    /// The key of what is sealed in this way.
    func key(sealing: VaultSealing) throws -> VaultKey {
        switch sealing {
        case .passphrase:
            if let passphraseFile {
                let words = try Self.readPassphrase(passphraseFile)
                return try VaultKey.find(sealing, passphrase: words)
            }
            let words = try Terminal.readSecret(prompt: "Passphrase of the vault: ")
            return try VaultKey.find(sealing, passphrase: words)
        case .shares(let threshold, _, _):
            guard !shareFile.isEmpty else { throw Failure.input("The vault is sealed by shares: give --share-file \(threshold) times.") }
            return try VaultKey.find(sealing, shares: shareFile.map(Self.readShare))
        }
    }

    static func readPassphrase(_ path: String) throws -> SecretBytes {
        do {
            return try KeyFile.readPassphrase(at: path, isDevelopment: false)
        } catch {
            throw Failure.input("\(path): \(error)")
        }
    }

    private static func readShare(_ path: String) throws -> SecretShare {
        do {
            let contents = try PrivateFile.read(path, maximumByteCount: SecretShare.maximumCharacterCount + 1)
            try contents.requirePrivate()
            let bytes = contents.bytes.span
            let endsInNewline = bytes.count > 0 && bytes[bytes.count - 1] == UInt8(ascii: "\n")
            return try SecretShare(text: bytes.extracting(0..<(endsInNewline ? bytes.count - 1 : bytes.count)))
        } catch {
            throw Failure.input("\(path): \(error)")
        }
    }
}

/// Reading files, with limits.
enum Files {
    static func read(_ path: String, maximumByteCount: Int) throws -> [UInt8] {
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            let bytes = try handle.read(upToCount: maximumByteCount + 1) ?? Data()
            guard bytes.count <= maximumByteCount else {
                throw Failure.input("\(path) is larger than \(maximumByteCount) bytes, more than any such file. Check the path.")
            }
            return [UInt8](bytes)
        } catch {
            throw (error as? Failure) ?? Failure.input("\(path) cannot be read. Check the path and its permissions.")
        }
    }
}

enum WallClock {
    static func now() -> TimeMilliseconds { UInt64(max(0, Date().timeIntervalSince1970 * 1_000)) }
}
