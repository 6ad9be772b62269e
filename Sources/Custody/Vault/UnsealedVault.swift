public import Cryptography
public import Ledger

/// A vault whose root secret is at hand: what a key ceremony works on. Wiped when the value ends.
public struct UnsealedVault: ~Copyable {
    public let paths: VaultPaths
    public private(set) var file: VaultFile
    let root: SecretBytes

    static let logKeyName = "log"
    static let pinName = "token-pin"

    /// Makes a vault in an empty directory: its files, a log that begins with the first policy, nothing signed.
    ///
    /// Throws `file` with `alreadyExists` where there is a vault.
    public static func create(
        _ paths: VaultPaths, chainspec: Chainspec, policy: Policy, key: borrowing VaultKey, at time: TimeMilliseconds
    ) throws(VaultError) -> UnsealedVault {
        let root = SecretBytes(randomCount: VaultFile.keyByteCount)
        var file = try VaultFile(network: chainspec.network, sealing: key.sealing, key: key.secret, root: root)
        let seed = SecretBytes(randomCount: VaultItemKind.logKey.byteCount)
        try file.add(logKeyName, .logKey, seed, root: root)
        let publicKey: Ed25519PublicKey
        do throws(KeyError) {
            publicKey = try Ed25519SecretKey(seed: SecretBytes(copying: seed.span)).publicKey
        } catch {
            throw .secret(error)
        }
        do throws(PrivateFileError) {
            guard PrivateFile.presence(at: paths.vault) == .nothing, PrivateFile.presence(at: paths.log) == .nothing else {
                throw PrivateFileError.alreadyExists(path: paths.vault)
            }
            _ = try HeaderGuard(paths.guardian, creating: true)
        } catch {
            throw .file(error)
        }
        var ledger = try CeremonyLog(paths, chainspec, creating: true)
        try ledger.add(.opened(network: chainspec.network, logKey: publicKey), at: time)
        try ledger.add(.policy(policy.bytes, request: nil), at: time)
        // The vault comes last: where there is one, there is all that it needs.
        do throws(PrivateFileError) {
            try PrivateFile.create(paths.vault, file.bytes.span)
        } catch {
            throw .file(error)
        }
        return UnsealedVault(paths: paths, file: file, root: root)
    }

    private init(paths: VaultPaths, file: VaultFile, root: consuming SecretBytes) {
        self.paths = paths
        self.file = file
        self.root = root
    }

    /// Opens a vault with what the passphrase or the shares give.
    public init(_ paths: VaultPaths, network: NetworkID, key: borrowing VaultKey) throws(VaultError) {
        let file = try VaultFile.read(paths, network: network)
        let root = try file.openRoot(key: key.secret)
        self.init(paths: paths, file: file, root: root)
    }

    // MARK: Keys

    /// Makes a key in the vault.
    public mutating func generate(
        _ name: String, _ kind: VaultItemKind, use: KeyUse, _ ledger: inout CeremonyLog, at time: TimeMilliseconds
    ) throws(VaultError) -> CustodyKeyRecord {
        try insert(name, kind, SecretBytes(randomCount: kind.byteCount), use: use, &ledger, at: time)
    }

    /// Takes over the key of a key file.
    public mutating func take(
        _ keyFile: KeyFile, passphrase: borrowing SecretBytes, as name: String, use: KeyUse, _ ledger: inout CeremonyLog,
        at time: TimeMilliseconds
    ) throws(VaultError) -> CustodyKeyRecord {
        let kind: VaultItemKind
        switch keyFile.kind {
        case .bip340: kind = .bip340
        case .ecdsa: kind = .ecdsa
        case .validator: kind = .validator
        case .witness: throw .secret(.secretKeyRange)
        }
        let secret: SecretBytes
        do throws(KeyFileError) {
            secret = try keyFile.secret(passphrase: passphrase)
        } catch {
            throw .passphrase(error)
        }
        return try insert(name, kind, secret, use: use, &ledger, at: time)
    }

    mutating func insert(
        _ name: String, _ kind: VaultItemKind, _ secret: borrowing SecretBytes, use: KeyUse, _ ledger: inout CeremonyLog,
        at time: TimeMilliseconds
    ) throws(VaultError) -> CustodyKeyRecord {
        try Self.check(name: name)
        let publicKey = try VaultKeys.publicKey(kind, secret)
        var use = use
        if kind == .master { use = .master }
        if kind == .validator { use = try VaultKeys.validatorUse(secret, ledger.state.chainspec) }
        let record = CustodyKeyRecord(name: name, publicKey: publicKey, home: .vault, use: use)
        try file.add(name, kind, secret, root: root)
        // The secret is durable before anybody hears of its public key.
        try save()
        try ledger.add(.keyAdded(record), at: time)
        return record
    }

    /// Adds a key that is derived from a master key of the vault.
    public mutating func derive(
        _ name: String, from master: String, _ path: String, use: KeyUse, _ ledger: inout CeremonyLog, at time: TimeMilliseconds
    ) throws(VaultError) -> CustodyKeyRecord {
        try Self.check(name: name)
        guard let record = ledger.state.keys[master], record.isActive, record.use == .master else { throw .notAMaster(master) }
        let seed = try file.open(try VaultKeys.item(master, file), root: root)
        let publicKey = try VaultKeys.derive(seed, path, .bip340).publicKey
        let derived = CustodyKeyRecord(name: name, publicKey: publicKey, home: .derived(master: master, path: path), use: use)
        try ledger.add(.keyAdded(derived), at: time)
        return derived
    }

    /// Makes a key in a token, which it never leaves. The vault keeps the token's PIN.
    public mutating func generateInToken(
        _ name: String, _ place: TokenPlace, use: KeyUse, _ ledger: inout CeremonyLog, at time: TimeMilliseconds
    ) throws(VaultError) -> CustodyKeyRecord {
        try Self.check(name: name)
        guard ledger.state.keys[name] == nil else { throw .itemExists(name) }
        let token = try token(place)
        let publicKey: PublicKey
        do throws(PKCS11Error) {
            publicKey = try token.generate(label: name)
        } catch {
            throw .token(error)
        }
        let record = CustodyKeyRecord(name: name, publicKey: publicKey, home: .token(label: name), use: use)
        try ledger.add(.keyAdded(record), at: time)
        return record
    }

    private func token(_ place: TokenPlace) throws(VaultError) -> PKCS11Token {
        guard let item = file.items.first(where: { $0.name == Self.pinName }) else { throw .noPIN }
        let pin = PaddedPIN.unpad(try file.open(item, root: root))
        do throws(PKCS11Error) {
            return try PKCS11Token(module: place.module, label: place.label, pin: pin)
        } catch {
            throw .token(error)
        }
    }

    /// The proof that a key is held, for an account that it alone is to control. Of a key in a token, the place of the token is given.
    public func prove(
        _ name: String, for account: AccountID, in place: TokenPlace?, _ ledger: inout CeremonyLog, at time: TimeMilliseconds
    ) throws(VaultError) -> Bytes64 {
        guard let record = ledger.state.keys[name], record.isActive, record.use != .master else { throw .unknownKey(name) }
        var token: PKCS11Token?
        if case .token = record.home {
            guard let place else { throw .tokenNeeded(name) }
            token = try self.token(place)
        }
        let ring = try VaultKeys.ring(file, root: root, records: [record], token: token)
        guard let key = ring.keys[name] else { throw .unknownKey(name) }
        let message = KeyPolicy(single: record.publicKey).possessionMessage(network: ledger.state.chainspec.network, account: account)
        let proof: Bytes64
        do throws(CustodyKeyError) {
            proof = try key.sign(message)
        } catch {
            throw .keyFailed(error.description)
        }
        try ledger.add(.proved(key: name, account, proof), at: time)
        return proof
    }

    /// Destroys a key's secret, for good; of a key in a token, the place of the token is given.
    public mutating func destroy(
        _ name: String, in place: TokenPlace?, _ ledger: inout CeremonyLog, at time: TimeMilliseconds
    ) throws(VaultError) {
        guard let record = ledger.state.keys[name], record.end != .destroyed else { throw .unknownKey(name) }
        if case .token(let label) = record.home {
            guard let place else { throw .tokenNeeded(name) }
            let token = try token(place)
            // The log first: what it says is gone is not used again, even if the token fails now.
            try ledger.add(.keyEnded(name: name, .destroyed), at: time)
            do throws(PKCS11Error) {
                return try token.destroy(label: label)
            } catch {
                throw .token(error)
            }
        }
        try ledger.add(.keyEnded(name: name, .destroyed), at: time)
        guard record.home == .vault else { return }
        try file.remove(name, root: root)
        try save()
    }

    private static func check(name: String) throws(VaultError) {
        guard CustodyText.isName(Array(name.utf8)), name != logKeyName, name != pinName else { throw .name(name) }
    }

    /// Keeps the PIN of a token, so that unsealing the vault opens the token too.
    public mutating func keepPIN(_ pin: borrowing SecretBytes) throws(VaultError) {
        try file.remove(Self.pinName, root: root)
        try file.add(Self.pinName, .pin, try PaddedPIN.pad(pin), root: root)
        try save()
    }

    private func save() throws(VaultError) {
        do throws(PrivateFileError) {
            try PrivateFile.replace(paths.vault, file.bytes.span)
        } catch {
            throw .file(error)
        }
    }
}

extension VaultFile {
    /// Reads the vault of a directory.
    public static func read(_ paths: VaultPaths, network: NetworkID) throws(VaultError) -> VaultFile {
        let bytes: [UInt8]
        do throws(PrivateFileError) {
            let contents = try PrivateFile.read(paths.vault, maximumByteCount: maximumByteCount)
            try contents.requirePrivate()
            bytes = [UInt8](copying: contents.bytes.span)
        } catch {
            throw .file(error)
        }
        let file = try VaultFile(decoding: bytes)
        guard file.network == network else { throw .wrongNetwork(file.network) }
        return file
    }
}

/// The log while a key ceremony adds to it, by the one process that holds the vault.
public struct CeremonyLog {
    public private(set) var state: CustodyState
    private let log: SigningLog
    private let lock: FileLock

    public init(_ paths: VaultPaths, _ chainspec: Chainspec) throws(VaultError) {
        try self.init(paths, chainspec, creating: false)
    }

    init(_ paths: VaultPaths, _ chainspec: Chainspec, creating: Bool) throws(VaultError) {
        do throws(PrivateFileError) {
            lock = try FileLock(paths.lock)
        } catch {
            throw .file(error)
        }
        var state = CustodyState(chainspec)
        do throws(CustodyStoreError) {
            log = try SigningLog.open(paths.log, creating: creating) { record, bytes throws(LogFault) in
                try state.apply(record, bytes: bytes, checking: false)
            }
        } catch {
            throw .store(error)
        }
        // A log that was cut to nothing is no log of a vault.
        guard creating || state.policy != nil else { throw .store(.log(LogFault(record: 0, .damaged))) }
        self.state = state
    }

    /// Adds a record; it is durable when this returns.
    public mutating func add(_ entry: LogEntry, at time: TimeMilliseconds) throws(VaultError) {
        let record = state.record(entry, at: time)
        let bytes = record.bytes
        do throws(LogFault) {
            try state.apply(record, bytes: bytes, checking: false)
        } catch {
            throw .store(.log(error))
        }
        do throws(CustodyStoreError) {
            try log.waitUntilDurable(log.append(LogFrames.frame(bytes, head: state.head)))
        } catch {
            throw .store(error)
        }
    }
}
