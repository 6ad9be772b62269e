import ArgumentParser
import Cryptography
import Custody
import Ledger

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Makes and shows witness keys.", subcommands: [KeyNewCommand.self, KeyShowCommand.self])
}

struct KeyNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Makes a witness's key and writes it to an encrypted file.",
        discussion: """
            Give the line that is printed to everybody who is to rely on this witness. One key is one witness: never run two with it.

            EXAMPLE:
              coffer-witness key new --out witness.key --name bank.example/witness
            """)

    @Option(help: ArgumentHelp("Where to write the key file.", valueName: "file"))
    var out: String
    @Option(help: ArgumentHelp("The witness's name, best a domain and path of yours without a scheme.", valueName: "name"))
    var name: String
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        // A name that cannot be is found before a key is made for it.
        let seed = SecretBytes(randomCount: KeyFileKind.witness.secretByteCount)
        do {
            let publicKey = try Ed25519SecretKey(seed: SecretBytes(copying: seed.span)).publicKey
            let witness = try WitnessKey(name: name, key: publicKey)
            try passphrase.ask(toMake: out) { (words) throws(KeyFileError) in
                _ = try KeyFile.create(at: out, kind: .witness, secret: seed, passphrase: words)
            }
            output.show(["file": .string(out), "witness": .string(witness.text)], "wrote \(out)\n\(witness.text)")
        } catch {
            throw (error as? Failure) ?? Failure.input("\(error)")
        }
    }
}

struct KeyShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows the public key of a witness's key file, without the passphrase.",
        discussion: """
            EXAMPLE:
              coffer-witness key show witness.key --name bank.example/witness
            """)

    @Argument(help: ArgumentHelp("The key file.", valueName: "file"))
    var file: String
    @Option(help: ArgumentHelp("The witness's name.", valueName: "name"))
    var name: String
    @OptionGroup var output: OutputOptions

    func run() throws {
        let witness = try WitnessKeyFile(file).named(name)
        output.show(["file": .string(file), "witness": .string(witness.text)], witness.text)
    }
}

/// Where the passphrase of the key file comes from: never from arguments or the environment.
struct PassphraseOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A file with the passphrase of the key file; without it, a prompt asks.", valueName: "file"))
    var passphraseFile: String?

    /// Gives `body` the passphrase for a new file; a prompt asks twice.
    func ask(toMake path: String, _ body: (borrowing SecretBytes) throws(KeyFileError) -> Void) throws {
        if let passphraseFile {
            let words = try KeyFile.readPassphrase(at: passphraseFile, isDevelopment: false)
            return try body(words)
        }
        let first = try Terminal.readSecret(prompt: "Passphrase for \(path): ")
        let second = try Terminal.readSecret(prompt: "The same again: ")
        guard first.isEqual(to: second) else { throw Failure.input("The two passphrases differ. Nothing was written; try again.") }
        try body(first)
    }
}

/// A key file of kind witness, not unlocked.
struct WitnessKeyFile {
    let path: String
    let file: KeyFile
    let publicKey: Ed25519PublicKey

    init(_ path: String) throws(Failure) {
        do {
            file = try KeyFile.read(at: path)
        } catch {
            throw .input("\(path): \(error)")
        }
        guard file.kind == .witness, let key = file.checkpointPublicKey else {
            throw .input("\(path) holds a key of kind \(file.kind), not a witness's. Make one with coffer-witness key new.")
        }
        publicKey = key
        self.path = path
    }

    func named(_ name: String) throws(Failure) -> WitnessKey {
        do {
            return try WitnessKey(name: name, key: publicKey)
        } catch {
            throw .input("--name: \(error).")
        }
    }

    /// The secret key.
    func unlock(_ passphrase: PassphraseOptions) throws(Failure) -> Ed25519SecretKey {
        let unlocked: UnlockedKey
        do {
            if let words = passphrase.passphraseFile {
                unlocked = try file.unlock(passphrase: KeyFile.readPassphrase(at: words, isDevelopment: file.isDevelopment))
            } else {
                unlocked = try file.unlock(passphrase: Terminal.readSecret(prompt: "Passphrase of \(path): "))
            }
        } catch {
            throw .input("\(path): \(error)")
        }
        switch consume unlocked {
        case .witness(let key): return key
        case .account: throw .input("\(path) does not hold a witness's key.")
        case .validator: throw .input("\(path) does not hold a witness's key.")
        }
    }
}
