public import ArgumentParser
public import Cryptography
import Custody
import Ledger

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Makes and shows key files.", subcommands: [KeyNewCommand.self, KeyShowCommand.self])
}

extension SignatureScheme: ExpressibleByArgument {
    public init?(argument: String) {
        guard let scheme = Self.allCases.first(where: { $0.name == argument }) else { return nil }
        self = scheme
    }

    public static var allValueStrings: [String] { allCases.map(\.name) }
}

struct KeyNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Makes a key and writes it to an encrypted file.",
        discussion: """
            The file is encrypted with a passphrase and readable by you alone. Without the passphrase the key is lost: keep a copy of the
            file and of the passphrase, in different places.

            EXAMPLE:
              coffer key new --out my.key
              coffer key new --out validator.key --validator
            """)

    @Option(help: ArgumentHelp("Where to write the key file.", valueName: "file"))
    var out: String
    @Option(help: "bip340 (default) for software, ecdsa for what hardware modules sign with.")
    var scheme: SignatureScheme?
    @Flag(help: "Make a validator's keys: a block key and a checkpoint key.")
    var validator = false
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard !validator || scheme != .ecdsa else { throw ValidationError("A validator's block key is a bip340 key: leave out --scheme.") }
    }

    func run() throws {
        let kind = validator ? KeyFileKind.validator : KeyFileKind(scheme: scheme ?? .bip340)
        let secret = SecretBytes(randomCount: kind.secretByteCount)
        let file = try reporting {
            if let path = passphrase.passphraseFile {
                let words = try KeyFile.readPassphrase(at: path, isDevelopment: false)
                return try KeyFile.create(at: out, kind: kind, secret: secret, passphrase: words)
            }
            let words = try Self.askTwice(out)
            return try KeyFile.create(at: out, kind: kind, secret: secret, passphrase: words)
        }
        output.show(file.json(at: out), "wrote \(out)\n\(file.words)")
    }

    private static func askTwice(_ path: String) throws -> SecretBytes {
        let first = try Terminal.readSecret(prompt: "Passphrase for \(path): ")
        let second = try Terminal.readSecret(prompt: "The same again: ")
        guard first.isEqual(to: second) else { throw Failure.input("The two passphrases differ. Nothing was written; try again.") }
        return first
    }
}

struct KeyShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows what a key file says of its key, without the passphrase.",
        discussion: """
            EXAMPLE:
              coffer key show keys/development/alice.key
            """)

    @Argument(help: ArgumentHelp("The key file.", valueName: "file"))
    var file: String
    @OptionGroup var output: OutputOptions

    func run() throws {
        let read: KeyFile
        do {
            read = try KeyFile.read(at: file)
        } catch {
            throw Failure(code: "keyFile", "\(file): \(error)", exitCode: 2)
        }
        output.show(read.json(at: file), read.words)
    }
}

extension KeyFile {
    fileprivate var kindName: String {
        switch kind {
        case .bip340: "bip340"
        case .ecdsa: "ecdsa"
        case .validator: "validator"
        case .witness: "witness"
        }
    }

    fileprivate func json(at path: String) -> JSON {
        var members = [
            JSON.Member(key: "file", value: .string(path)),
            JSON.Member(key: "kind", value: .string(kindName)),
            JSON.Member(key: "development", value: .boolean(isDevelopment)),
        ]
        if let publicKey {
            members.insert(JSON.Member(key: "publicKey", value: .string(Hexadecimal.encode(publicKey.bytes))), at: 2)
        }
        if let checkpointPublicKey {
            members.append(JSON.Member(key: "checkpointKey", value: .string(checkpointPublicKey.bytes.hex)))
        }
        return .object(members)
    }

    fileprivate var words: String {
        var lines = ["kind            \(kindName)"]
        if let publicKey { lines.append("public key      \(Hexadecimal.encode(publicKey.bytes))") }
        if let checkpointPublicKey { lines.append("checkpoint key  \(checkpointPublicKey.bytes.hex)") }
        if isDevelopment { lines.append("development key: published, refused outside development networks") }
        return lines.joined(separator: "\n")
    }
}
