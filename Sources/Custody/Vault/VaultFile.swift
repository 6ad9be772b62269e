public import Cryptography
public import Ledger

/// How a vault's root secret is sealed.
public enum VaultSealing: Hashable, Sendable {
    /// By a passphrase, through Argon2id.
    case passphrase(KeyFileCost, salt: [UInt8])
    /// By `threshold` of `count` shares of a random key.
    case shares(threshold: UInt8, count: UInt8, set: UInt64)

    fileprivate func write(to writer: inout ByteWriter) {
        switch self {
        case .passphrase(let cost, let salt):
            writer.write(1 as UInt8)
            writer.write(cost.operations)
            writer.write(cost.memoryKibibytes)
            writer.write(bytes: salt)
        case .shares(let threshold, let count, let set):
            writer.write(2 as UInt8)
            writer.write(threshold)
            writer.write(count)
            writer.write(set)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(DecodingError) {
        switch try reader.readUInt8() {
        case 1:
            let cost = KeyFileCost(operations: try reader.readUInt32(), memoryKibibytes: try reader.readUInt32())
            self = .passphrase(cost, salt: try reader.readBytes(PasswordHash.saltByteCount))
        case 2:
            self = .shares(threshold: try reader.readUInt8(), count: try reader.readUInt8(), set: try reader.readUInt64())
        default: throw .unknownKind
        }
    }
}

/// What a sealed item of a vault is.
public enum VaultItemKind: UInt8, Sendable {
    /// The Ed25519 seed that signs the log's checkpoints.
    case logKey = 1
    case bip340 = 2
    case ecdsa = 3
    /// Block-signing secret, then checkpoint seed.
    case validator = 4
    /// A BIP32 seed of 64 bytes.
    case master = 5
    /// The PIN of a token, padded.
    case pin = 6

    var byteCount: Int {
        switch self {
        case .logKey, .bip340, .ecdsa: 32
        case .validator, .master, .pin: 64
        }
    }
}

/// A vault: secrets, each sealed under a root secret, which is sealed itself (`docs/spec/custody-keys.md` section 2).
///
/// A value of this type is well-formed; whether it is authentic is known once it was unsealed.
public struct VaultFile: Sendable {
    static let magic = Array("coffer vault v1\n".utf8)
    public static let maximumByteCount = 16_777_216
    public static let maximumItemCount = 65_535
    static let keyByteCount = XChaCha20Poly1305.keyByteCount

    /// Something sealed.
    struct Box: Sendable {
        let nonce: [UInt8]
        let sealed: [UInt8]
    }

    struct Item: Sendable {
        let name: String
        let kind: VaultItemKind
        let box: Box
    }

    public let network: NetworkID
    public let sealing: VaultSealing
    let root: Box
    /// Ascending by name.
    private(set) var items: [Item]
    /// Nothing, sealed with all that stands before it: so that no item goes missing unseen.
    private var closing: Box

    /// A vault with one item, sealed under `key`: 32 bytes that the passphrase or the shares give.
    init(
        network: NetworkID, sealing: VaultSealing, key: borrowing SecretBytes, root: borrowing SecretBytes
    ) throws(VaultError) {
        self.network = network
        self.sealing = sealing
        let nonce = Randomness.bytes(XChaCha20Poly1305.nonceByteCount)
        self.root = Box(nonce: nonce, sealed: try Self.seal(root, Self.rootData(network, sealing), nonce, key))
        items = []
        closing = Box(nonce: [], sealed: [])
        try close(root)
    }

    private static func rootData(_ network: NetworkID, _ sealing: VaultSealing) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 96)
        writer.write(bytes: magic)
        writer.write(network.bytes)
        sealing.write(to: &writer)
        return writer.bytes
    }

    private func itemData(_ name: String, _ kind: VaultItemKind) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 128)
        writer.write(network.bytes)
        writer.write(text: name)
        writer.write(kind.rawValue)
        return writer.bytes
    }

    static func seal(
        _ secret: borrowing SecretBytes, _ data: [UInt8], _ nonce: [UInt8], _ key: borrowing SecretBytes
    ) throws(VaultError) -> [UInt8] {
        do throws(EncryptionError) {
            return try XChaCha20Poly1305.seal(secret, associatedData: data, nonce: nonce, key: key)
        } catch {
            throw .encryption(error)
        }
    }

    /// The root secret. Throws `wrongKey` for another passphrase, other shares, or a changed file.
    func openRoot(key: borrowing SecretBytes) throws(VaultError) -> SecretBytes {
        do throws(EncryptionError) {
            let root = try XChaCha20Poly1305.open(
                self.root.sealed, associatedData: Self.rootData(network, sealing), nonce: self.root.nonce, key: key)
            _ = try XChaCha20Poly1305.open(closing.sealed, associatedData: unclosedBytes, nonce: closing.nonce, key: root)
            return root
        } catch {
            throw .wrongKey
        }
    }

    /// An item's secret. Throws `wrongKey` for a changed file.
    func open(_ item: Item, root: borrowing SecretBytes) throws(VaultError) -> SecretBytes {
        let secret: SecretBytes
        do throws(EncryptionError) {
            secret = try XChaCha20Poly1305.open(
                item.box.sealed, associatedData: itemData(item.name, item.kind), nonce: item.box.nonce, key: root)
        } catch {
            throw .wrongKey
        }
        guard secret.count == item.kind.byteCount else { throw .wrongKey }
        return secret
    }

    /// Puts a secret in, in place of nothing. Throws `itemExists`.
    mutating func add(
        _ name: String, _ kind: VaultItemKind, _ secret: borrowing SecretBytes, root: borrowing SecretBytes
    ) throws(VaultError) {
        guard !items.contains(where: { $0.name == name }) else { throw .itemExists(name) }
        guard items.count < Self.maximumItemCount else { throw .tooManyItems }
        let nonce = Randomness.bytes(XChaCha20Poly1305.nonceByteCount)
        items.append(Item(name: name, kind: kind, box: Box(nonce: nonce, sealed: try Self.seal(secret, itemData(name, kind), nonce, root))))
        items.sort { $0.name < $1.name }
        try close(root)
    }

    /// Takes a secret out, for good.
    mutating func remove(_ name: String, root: borrowing SecretBytes) throws(VaultError) {
        items.removeAll { $0.name == name }
        try close(root)
    }

    private mutating func close(_ root: borrowing SecretBytes) throws(VaultError) {
        let nonce = Randomness.bytes(XChaCha20Poly1305.nonceByteCount)
        closing = Box(nonce: nonce, sealed: try Self.seal(SecretBytes(count: 0), unclosedBytes, nonce, root))
    }

    private var unclosedBytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 1_024)
        writer.write(bytes: Self.rootData(network, sealing))
        writer.write(bytes: root.nonce + root.sealed)
        writer.write(UInt16(items.count))
        for item in items {
            writer.write(text: item.name)
            writer.write(item.kind.rawValue)
            writer.write(bytes: item.box.nonce + item.box.sealed)
        }
        return writer.bytes
    }

    public var bytes: [UInt8] { unclosedBytes + closing.nonce + closing.sealed }

    /// Decodes exactly one vault.
    public init(decoding bytes: [UInt8]) throws(VaultError) {
        guard bytes.starts(with: Self.magic) else { throw .notAVault }
        do throws(DecodingError) {
            var reader = ByteReader(bytes.span)
            _ = try reader.readBytes(Self.magic.count)
            network = NetworkID(try reader.readBytes32())
            sealing = try VaultSealing(from: &reader)
            root = try Self.readBox(&reader, secretByteCount: Self.keyByteCount)
            var items: [Item] = []
            for _ in 0..<Int(try reader.readUInt16()) {
                let name = try reader.readName()
                guard let kind = VaultItemKind(rawValue: try reader.readUInt8()) else { throw .unknownKind }
                if let last = items.last, last.name >= name { throw .unsortedKeys }
                items.append(Item(name: name, kind: kind, box: try Self.readBox(&reader, secretByteCount: kind.byteCount)))
            }
            self.items = items
            closing = try Self.readBox(&reader, secretByteCount: 0)
            try reader.finish()
        } catch {
            throw .malformed(error)
        }
    }

    private static func readBox(_ reader: inout ByteReader, secretByteCount: Int) throws(DecodingError) -> Box {
        let nonce = try reader.readBytes(XChaCha20Poly1305.nonceByteCount)
        return Box(nonce: nonce, sealed: try reader.readBytes(secretByteCount + XChaCha20Poly1305.tagByteCount))
    }
}

/// Why a vault was not made, read or unsealed.
public indirect enum VaultError: Error, Equatable, Sendable, CustomStringConvertible {
    case notAVault
    case malformed(DecodingError)
    case wrongNetwork(NetworkID)
    /// Another passphrase, other shares, or a changed file: which of them cannot be told.
    case wrongKey
    case wrongSealing
    case share(String)
    case otherShare
    case shareTwice
    case itemExists(String)
    case tooManyItems
    case unknownKey(String)
    case passphrase(KeyFileError)
    case secret(KeyError)
    case encryption(EncryptionError)
    case file(PrivateFileError)
    case store(CustodyStoreError)
    case name(String)
    case path(DerivationPathError)
    case derivation(DerivationError)
    case notAMaster(String)
    case token(PKCS11Error)
    case noPIN
    case tokenNeeded(String)
    case keyFailed(String)
    case backup(String)
    case pinLength
    case notAValidator
    case refused(CustodyRefusal)

    /// What happened, why, and what to do.
    public var description: String {
        switch self {
        case .notAVault: "This is no vault. Check the path."
        case .malformed(let error): "The vault is damaged: \(error.description). Restore it from a backup."
        case .wrongNetwork(let network): "The vault is of network \(network). Give that network's chain specification."
        case .wrongKey: "The vault was not unsealed: the passphrase or a share is wrong, or the file was changed. Try again, then a backup."
        case .wrongSealing: "The vault is not sealed in this way. coffer custody status says how it is."
        case .share(let reason): reason
        case .otherShare: "The share is of another vault, or of an earlier sealing. Give one that was made with this vault."
        case .shareTwice: "This share was given already. Give another officer's."
        case .itemExists(let name): "The vault has a key \(name). Choose another name."
        case .tooManyItems: "The vault is full: it has \(VaultFile.maximumItemCount) keys."
        case .unknownKey(let name): "The vault has no key \(name). coffer-signer key list says which it has."
        case .passphrase(let error): error.description
        case .secret(let error): error.description
        case .encryption(let error): error.description
        case .file(let error): error.description
        case .store(let error): error.description
        case .refused(let refusal): refusal.description
        case .name(let name): "\(name) is no name for a key: 1 to 64 of a-z, 0-9 and -, but not log or token-pin."
        case .path(let error): error.description
        case .derivation(let error): error.description
        case .notAMaster(let name): "\(name) is no master key. Make one with coffer-signer key generate NAME --kind master."
        case .token(let error): error.description
        case .noPIN: "The vault does not keep a token's PIN. Give it with coffer-signer key token."
        case .tokenNeeded(let name): "\(name) is in a token. Say which with --pkcs11-module and --pkcs11-token."
        case .keyFailed(let reason): reason
        case .backup(let reason): reason
        case .pinLength: "A PIN has 1 to \(PaddedPIN.maximumByteCount) bytes."
        case .notAValidator: "No validator of the chain specification has these keys. Give the key file of one of them."
        }
    }
}
