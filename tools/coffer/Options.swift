import ArgumentParser
import Client
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

/// Which network is meant.
struct NetworkOptions: ParsableArguments {
    static let defaultPaths = ["chainspec.json", "chainspec/development.json"]

    @Option(help: ArgumentHelp("The network's chain specification (JSON).", valueName: "file"))
    var chainspec: String?

    /// Reads the chain specification, from the places named in the help where no option says otherwise.
    func read() throws(Failure) -> Chainspec {
        let found = chainspec ?? Self.defaultPaths.first { FileManager.default.fileExists(atPath: $0) }
        guard let path = found else {
            throw .input(
                "This command needs the network's chain specification: give --chainspec FILE. There is no \(Self.defaultPaths.joined(separator: " or ")) under the current directory either."
            )
        }
        let bytes = try Files.read(path, maximumByteCount: Chainspec.maximumJSONByteCount)
        do {
            return try Chainspec(json: bytes)
        } catch {
            throw .input("\(path): \(error)")
        }
    }
}

/// Which node is talked to, and how the result is printed.
struct NodeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The node's address.", valueName: "url"))
    var node = "http://127.0.0.1:8420"

    @OptionGroup var network: NetworkOptions
    @OptionGroup var output: OutputOptions

    func client() throws(Failure) -> NodeClient {
        let chainspec = try network.read()
        return try reporting { try NodeClient(url: node, chainspec: chainspec) }
    }
}

/// Where the passphrases of key files come from: never from arguments or the environment.
struct PassphraseOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A file with the passphrase of the key files given; without it, a prompt asks.", valueName: "file"))
    var passphraseFile: String?

    /// Reads and unlocks the key file of an account. Anyone can sign with a development key, so other networks get none.
    func accountKey(at path: String, for chainspec: Chainspec) throws(Failure) -> SecretKey {
        do {
            let file = try KeyFile.read(at: path)
            guard chainspec.isDevelopment || !(file.isDevelopment || file.publicKey.map(DevelopmentKeys.contains) == true) else {
                throw Failure.input(
                    "\(path) is a published development key, and \(chainspec.name) is not a development network. Use a key of your own.")
            }
            let unlocked = try unlock(file, path)
            switch consume unlocked {
            case .account(let key): return key
            case .validator:
                throw Failure.input(
                    "\(path) holds a validator's keys, which sign blocks and never transactions. Give the key file of an account.")
            case .witness:
                throw Failure.input(
                    "\(path) holds a witness's key, which signs checkpoints and never transactions. Give the key file of an account.")
            }
        } catch {
            throw (error as? Failure) ?? Failure(code: "keyFile", "\(path): \(error)", exitCode: 2)
        }
    }

    private func unlock(_ file: KeyFile, _ path: String) throws -> UnlockedKey {
        if let passphraseFile {
            let passphrase = try KeyFile.readPassphrase(at: passphraseFile, isDevelopment: file.isDevelopment)
            return try file.unlock(passphrase: passphrase)
        }
        let passphrase = try Terminal.readSecret(prompt: "Passphrase of \(path): ")
        return try file.unlock(passphrase: passphrase)
    }
}

/// Reading and writing files, with limits.
enum Files {
    static func read(_ path: String, maximumByteCount: Int) throws(Failure) -> [UInt8] {
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            let bytes = try handle.read(upToCount: maximumByteCount + 1) ?? Data()
            guard bytes.count <= maximumByteCount else {
                throw Failure.input("\(path) is larger than \(maximumByteCount) bytes, more than any such file. Check the path.")
            }
            return [UInt8](bytes)
        } catch {
            throw (error as? Failure) ?? .input("\(path) cannot be read: \(error.localizedDescription)")
        }
    }

    /// Writes a file that is not there yet: what exists is never replaced.
    static func create(_ path: String, _ text: String) throws(Failure) {
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .withoutOverwriting)
        } catch {
            let exists = FileManager.default.fileExists(atPath: path)
            throw .input(
                exists
                    ? "\(path) exists already. Give another name, or move it away."
                    : "\(path) cannot be written: \(error.localizedDescription)")
        }
    }

    /// Writes a file, in place of an earlier one: for drafts that pass from hand to hand.
    static func write(_ path: String, _ text: String) throws(Failure) {
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw .input("\(path) cannot be written: \(error.localizedDescription)")
        }
    }
}
