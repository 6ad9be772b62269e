import ArgumentParser
import Cryptography
import Custody
import Ledger

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Makes, takes over, assigns, retires and destroys keys, while the signer does not run.",
        subcommands: [
            GenerateCommand.self, ImportCommand.self, DeriveCommand.self, ListCommand.self, ProveCommand.self, AssignCommand.self,
            RetireCommand.self,
            DestroyCommand.self, TokenCommand.self,
        ])
}

/// What a key is for.
struct UseOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The account that the key signs for: an address, or an institution's name.", valueName: "account"))
    var account: String?
    @Option(help: ArgumentHelp("The key's position in the account's key policy.", valueName: "number"))
    var position: UInt8 = 0

    func use(_ chainspec: Chainspec) throws -> KeyUse {
        guard let account else { return .unassigned }
        if let index = chainspec.institutionIndex(name: account) {
            return .account(chainspec.institutionAccount(index), position: position)
        }
        do {
            return .account(try chainspec.parseAddress(account), position: position)
        } catch {
            throw Failure.input("\(account): \(error)")
        }
    }
}

/// A vault that is open for a ceremony's step.
struct Ceremony: ~Copyable {
    let chainspec: Chainspec
    var vault: UnsealedVault
    var log: CeremonyLog

    init(_ options: VaultOptions, _ unsealing: UnsealOptions) throws {
        let chainspec = try options.readChainspec()
        // First, so that nobody is asked for a passphrase in vain.
        let log = try CeremonyLog(options.paths, chainspec)
        let vault = try UnsealedVault(options.paths, network: chainspec.network, key: unsealing.key(options.paths, chainspec))
        self.init(chainspec: chainspec, vault: vault, log: log)
    }

    private init(chainspec: Chainspec, vault: consuming UnsealedVault, log: CeremonyLog) {
        self.chainspec = chainspec
        self.vault = vault
        self.log = log
    }
}

extension OutputOptions {
    func show(_ record: CustodyKeyRecord, _ chainspec: Chainspec) {
        show(record.json(chainspec), "\(record.name)  \(record.publicKey)\n  \(record.home.words); use: \(record.use.words(chainspec))")
    }
}

struct GenerateCommand: ParsableCommand {
    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case bip340, ecdsa, validator, master
    }

    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Makes a key in the vault, or in a token.",
        discussion: """
            A key in a token never leaves it; it signs with ECDSA. Of a master key, customers' keys are derived (coffer-signer key derive).

            EXAMPLE:
              coffer-signer key generate treasury --vault vault --account first-bank
              coffer-signer key generate treasury-hsm --vault vault --pkcs11-module /usr/lib/softhsm/libsofthsm2.so --pkcs11-token treasury
            """)

    @Argument(help: "The key's name: 1 to 64 of a-z, 0-9 and -.")
    var name: String
    @Option(help: "bip340, ecdsa, validator or master.")
    var kind: Kind = .bip340
    @OptionGroup var use: UseOptions
    @OptionGroup var token: TokenOptions
    @OptionGroup var vault: VaultOptions
    @OptionGroup var unsealing: UnsealOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        var ceremony = try Ceremony(vault, unsealing)
        let use = try use.use(ceremony.chainspec)
        let record: CustodyKeyRecord
        if let place = try token.place() {
            record = try ceremony.vault.generateInToken(name, place, use: use, &ceremony.log, at: WallClock.now())
        } else {
            let kind: VaultItemKind =
                switch kind {
                case .bip340: .bip340
                case .ecdsa: .ecdsa
                case .validator: .validator
                case .master: .master
                }
            record = try ceremony.vault.generate(name, kind, use: use, &ceremony.log, at: WallClock.now())
        }
        output.show(record, ceremony.chainspec)
    }
}

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Takes the key of a key file over.",
        discussion: """
            The file stays as it is: destroy it, and every copy of it, when the vault is to be the only place of the key.

            EXAMPLE:
              coffer-signer key import treasury first-bank.key --vault vault --account first-bank --key-passphrase-file first-bank.passphrase
            """)

    @Argument(help: "The key's name: 1 to 64 of a-z, 0-9 and -.")
    var name: String
    @Argument(help: ArgumentHelp("The key file.", valueName: "file"))
    var file: String
    @Option(help: ArgumentHelp("A file with the key file's passphrase; without it, a prompt asks.", valueName: "file"))
    var keyPassphraseFile: String?
    @OptionGroup var use: UseOptions
    @OptionGroup var vault: VaultOptions
    @OptionGroup var unsealing: UnsealOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        var ceremony = try Ceremony(vault, unsealing)
        let use = try use.use(ceremony.chainspec)
        let keyFile: KeyFile
        do {
            keyFile = try KeyFile.read(at: file)
        } catch {
            throw Failure.input("\(file): \(error)")
        }
        guard ceremony.chainspec.isDevelopment || !keyFile.isDevelopment else {
            throw Failure.input("\(file) is a published development key, and this is not a development network. Use a key of your own.")
        }
        let record: CustodyKeyRecord
        if let keyPassphraseFile {
            let words = try KeyFile.readPassphrase(at: keyPassphraseFile, isDevelopment: keyFile.isDevelopment)
            record = try ceremony.vault.take(keyFile, passphrase: words, as: name, use: use, &ceremony.log, at: WallClock.now())
        } else {
            let words = try Terminal.readSecret(prompt: "Passphrase of \(file): ")
            record = try ceremony.vault.take(keyFile, passphrase: words, as: name, use: use, &ceremony.log, at: WallClock.now())
        }
        output.show(record, ceremony.chainspec)
    }
}

struct DeriveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "derive", abstract: "Derives a customer's key from a master key (BIP32).",
        discussion: """
            EXAMPLE:
              coffer-signer key derive customer-7 --master customers --path "m/44'/0'/7'" --vault vault
            """)

    @Argument(help: "The key's name: 1 to 64 of a-z, 0-9 and -.")
    var name: String
    @Option(help: ArgumentHelp("The master key's name.", valueName: "name"))
    var master: String
    @Option(help: "The path, such as m/44'/0'/7'.")
    var path: String
    @OptionGroup var use: UseOptions
    @OptionGroup var vault: VaultOptions
    @OptionGroup var unsealing: UnsealOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        var ceremony = try Ceremony(vault, unsealing)
        let use = try use.use(ceremony.chainspec)
        let record = try ceremony.vault.derive(name, from: master, path, use: use, &ceremony.log, at: WallClock.now())
        output.show(record, ceremony.chainspec)
    }
}

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the keys, without opening the vault.",
        discussion: """
            EXAMPLE:
              coffer-signer key list --vault vault
            """)

    @OptionGroup var vault: VaultOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let chainspec = try vault.readChainspec()
        let log = try CeremonyLog(vault.paths, chainspec)
        let keys = log.state.keys.values.sorted { $0.name < $1.name }
        let lines = keys.map { key in
            let state = key.end.map { $0 == .retired ? "retired" : "destroyed" } ?? "active"
            return "\(key.name)  \(state)  \(key.publicKey)\n  \(key.home.words); use: \(key.use.words(chainspec))"
        }
        output.show(.array(keys.map { $0.json(chainspec) }), lines.isEmpty ? "no keys" : lines.joined(separator: "\n"))
    }
}

struct ProveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove", abstract: "Proves that a key is held, for an account that it alone is to control.",
        discussion: """
            Opening an account with this key, and rotating an account's keys to it, take the proof.

            EXAMPLE:
              coffer account prepare --sponsor first-bank --kind bank-issued --owner-public-key bip340:… --out opening.json
              coffer-signer key prove customer-7 --account cofdev1… --out customer-7.proof --vault vault
              coffer account prove opening.json --proof customer-7.proof
            """)

    @Argument(help: "The key's name.")
    var name: String
    @Option(help: ArgumentHelp("The account's address.", valueName: "address"))
    var account: String
    @Option(help: ArgumentHelp("Where to write the proof, where nothing is yet.", valueName: "file"))
    var out: String
    @OptionGroup var token: TokenOptions
    @OptionGroup var vault: VaultOptions
    @OptionGroup var unsealing: UnsealOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        var ceremony = try Ceremony(vault, unsealing)
        let id: AccountID
        do {
            id = try ceremony.chainspec.parseAddress(account)
        } catch {
            throw Failure.input("\(account): \(error)")
        }
        let proof = try ceremony.vault.prove(name, for: id, in: try token.place(), &ceremony.log, at: WallClock.now())
        guard let key = ceremony.log.state.keys[name]?.publicKey else { throw VaultError.unknownKey(name) }
        let json: JSON = [
            "format": "coffer-key-proof/v1", "account": .string(account), "scheme": .string("\(key.scheme)"),
            "publicKey": .string(Hexadecimal.encode(key.bytes)), "signature": .string(proof.hex),
        ]
        do {
            try PrivateFile.create(out, Array((json.text(.pretty) + "\n").utf8).span)
        } catch {
            throw Failure.input("\(error)")
        }
        output.show(json, "wrote \(out): \(name) is held, for \(account)")
    }
}

struct AssignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assign", abstract: "Says which account a key signs for.",
        discussion: """
            After keys were rotated on the ledger, the new key is assigned and the old one retired.

            EXAMPLE:
              coffer-signer key assign treasury-2 --account cofdev1… --vault vault
            """)

    @Argument(help: "The key's name.")
    var name: String
    @OptionGroup var use: UseOptions
    @OptionGroup var vault: VaultOptions
    @OptionGroup var unsealing: UnsealOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        var ceremony = try Ceremony(vault, unsealing)
        guard let record = ceremony.log.state.keys[name], record.isActive else { throw VaultError.unknownKey(name) }
        guard record.use != .master else {
            throw Failure.input("\(name) is a master key, which signs nothing itself. Derive a key from it.")
        }
        try ceremony.log.add(.keyAssigned(name: name, use: try use.use(ceremony.chainspec)), at: WallClock.now())
        guard let changed = ceremony.log.state.keys[name] else { return }
        output.show(changed, ceremony.chainspec)
    }
}

struct RetireCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire", abstract: "Keeps a key, and signs nothing more with it.",
        discussion: """
            EXAMPLE:
              coffer-signer key retire treasury-1 --vault vault
            """)

    @Argument(help: "The key's name.")
    var name: String
    @OptionGroup var vault: VaultOptions
    @OptionGroup var unsealing: UnsealOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        var ceremony = try Ceremony(vault, unsealing)
        guard ceremony.log.state.keys[name]?.isActive == true else { throw VaultError.unknownKey(name) }
        try ceremony.log.add(.keyEnded(name: name, .retired), at: WallClock.now())
        output.show(["retired": .string(name)], "retired \(name)")
    }
}

struct DestroyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destroy", abstract: "Destroys a key's secret, for good.",
        discussion: """
            What an account with this key alone has is lost with it. Backups made before still have the key. The name is given twice.

            EXAMPLE:
              coffer-signer key destroy treasury-1 --confirm treasury-1 --vault vault
            """)

    @Argument(help: "The key's name.")
    var name: String
    @Option(help: ArgumentHelp("The key's name again.", valueName: "name"))
    var confirm: String
    @OptionGroup var token: TokenOptions
    @OptionGroup var vault: VaultOptions
    @OptionGroup var unsealing: UnsealOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard confirm == name else { throw ValidationError("--confirm must repeat the key's name. Nothing was destroyed.") }
    }

    func run() throws {
        var ceremony = try Ceremony(vault, unsealing)
        try ceremony.vault.destroy(name, in: try token.place(), &ceremony.log, at: WallClock.now())
        output.show(["destroyed": .string(name)], "destroyed \(name)")
    }
}

/// Which token.
struct TokenOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The PKCS#11 library of a token.", valueName: "file"))
    var pkcs11Module: String?
    @Option(help: ArgumentHelp("The token's label.", valueName: "label"))
    var pkcs11Token: String?

    func validate() throws {
        guard (pkcs11Module == nil) == (pkcs11Token == nil) else {
            throw ValidationError("--pkcs11-module and --pkcs11-token go together.")
        }
    }

    func place() throws -> TokenPlace? {
        guard let pkcs11Module, let pkcs11Token else { return nil }
        return TokenPlace(module: pkcs11Module, label: pkcs11Token)
    }
}

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Keeps a token's PIN in the vault, so that unsealing opens the token too.",
        discussion: """
            EXAMPLE:
              coffer-signer key token --pin-file token.pin --vault vault
            """)

    @Option(help: ArgumentHelp("A file with the PIN; without it, a prompt asks.", valueName: "file"))
    var pinFile: String?
    @OptionGroup var vault: VaultOptions
    @OptionGroup var unsealing: UnsealOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        var ceremony = try Ceremony(vault, unsealing)
        if let pinFile {
            let pin = try UnsealOptions.readPassphrase(pinFile)
            try ceremony.vault.keepPIN(pin)
        } else {
            let pin = try Terminal.readSecret(prompt: "PIN of the token: ")
            try ceremony.vault.keepPIN(pin)
        }
        output.show(["kept": "pin"], "the vault keeps the token's PIN")
    }
}
