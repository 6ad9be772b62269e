public import Cryptography

/// The encrypted key file (docs/spec/keyfile.md): what can be read of it without the passphrase.
///
/// A value of this type is well-formed and canonical: `text` gives back exactly the bytes it was decoded from. Whether
/// it is authentic is known only once it is unlocked, so `publicKey` and `isDevelopment` are claims until then.
public struct KeyFile: Hashable, Sendable {
    /// What the file holds.
    public let kind: KeyFileKind
    /// Whether the file is marked as a development key, which must be refused outside development networks.
    public let isDevelopment: Bool
    /// What deriving the encryption key costs.
    public let cost: KeyFileCost
    /// The public key of the account key, or of a validator's block-signing key; nil for a witness.
    public let publicKey: PublicKey?
    /// The public key of a validator's checkpoint key, or of a witness's; nil for accounts.
    public let checkpointPublicKey: Ed25519PublicKey?

    let salt: [UInt8]
    let nonce: [UInt8]
    /// The ciphertext and its tag.
    let sealed: [UInt8]

    /// Encrypts `secret` into a new file at `path`, with mode 0600.
    ///
    /// - Parameters:
    ///   - path: where nothing is yet; what is there is never replaced.
    ///   - kind: what `secret` is.
    ///   - secret: `kind.secretByteCount` bytes.
    ///   - passphrase: 1 to `KeyFileFormat.maximumPassphraseByteCount` bytes.
    ///   - isDevelopment: marks the key as refused outside development networks.
    ///   - cost: nil for the standard cost, or the development cost for a development key.
    /// - Returns: the file as it was written.
    @discardableResult
    public static func create(
        at path: String, kind: KeyFileKind, secret: borrowing SecretBytes, passphrase: borrowing SecretBytes,
        isDevelopment: Bool = false, cost: KeyFileCost? = nil
    ) throws(KeyFileError) -> KeyFile {
        let file = try seal(
            kind: kind, secret: secret, passphrase: passphrase, isDevelopment: isDevelopment,
            cost: cost ?? (isDevelopment ? .development : .standard),
            salt: Randomness.bytes(PasswordHash.saltByteCount),
            nonce: Randomness.bytes(XChaCha20Poly1305.nonceByteCount))
        do throws(PrivateFileError) {
            try PrivateFile.create(path, Array(file.text.utf8).span)
        } catch {
            throw .file(error)
        }
        return file
    }

    /// Reads the file at `path`, without the passphrase.
    ///
    /// It must be a regular file that belongs to this user and grants nothing to others; a development key may be
    /// readable by anyone, since it is published.
    public static func read(at path: String) throws(KeyFileError) -> KeyFile {
        let contents = try readFile(path, maximumByteCount: KeyFileFormat.maximumByteCount)
        let file = try KeyFile(decoding: contents.bytes.span)
        if !file.isDevelopment { try requirePrivate(contents) }
        return file
    }

    /// Reads a passphrase from the file at `path`: its bytes, without one newline at the end.
    ///
    /// The file must be private like a key file, unless it is for a development key.
    public static func readPassphrase(at path: String, isDevelopment: Bool) throws(KeyFileError) -> SecretBytes {
        let contents = try readFile(path, maximumByteCount: KeyFileFormat.maximumPassphraseByteCount + 1)
        if !isDevelopment { try requirePrivate(contents) }
        let bytes = contents.bytes.span
        let endsInNewline = bytes.count > 0 && bytes[bytes.count - 1] == UInt8(ascii: "\n")
        let passphrase = SecretBytes(copying: bytes.extracting(0..<(endsInNewline ? bytes.count - 1 : bytes.count)))
        try KeyFileFormat.check(passphrase: passphrase)
        return passphrase
    }

    private static func readFile(
        _ path: String, maximumByteCount: Int
    ) throws(KeyFileError) -> PrivateFile.Contents {
        do throws(PrivateFileError) {
            return try PrivateFile.read(path, maximumByteCount: maximumByteCount)
        } catch {
            throw .file(error)
        }
    }

    private static func requirePrivate(_ contents: borrowing PrivateFile.Contents) throws(KeyFileError) {
        do throws(PrivateFileError) {
            try contents.requirePrivate()
        } catch {
            throw .file(error)
        }
    }
}

/// What a key file holds. The raw value is the byte of the format.
public enum KeyFileKind: UInt8, Sendable, CaseIterable {
    /// A BIP340 key of an account or institution.
    case bip340 = 1
    /// An ECDSA key of an account or institution.
    case ecdsa = 2
    /// The two keys of a validator: BIP340 for blocks, then Ed25519 for checkpoints.
    case validator = 3
    /// The Ed25519 key with which a witness cosigns checkpoints.
    case witness = 4

    /// The kind for an account key of `scheme`.
    public init(scheme: SignatureScheme) {
        switch scheme {
        case .bip340: self = .bip340
        case .ecdsa: self = .ecdsa
        }
    }

    /// The scheme of the account key or of the block-signing key; nil for a witness, which has neither.
    public var scheme: SignatureScheme? {
        switch self {
        case .bip340, .validator: .bip340
        case .ecdsa: .ecdsa
        case .witness: nil
        }
    }

    /// Whether there is an Ed25519 key among the keys.
    var hasCheckpointKey: Bool { self == .validator || self == .witness }

    /// How many bytes the secret has: 32, or 64 for a validator (block-signing secret, then checkpoint seed).
    public var secretByteCount: Int { self == .validator ? 64 : 32 }

    /// How many bytes the public keys have together.
    var publicByteCount: Int { (scheme?.publicKeyByteCount ?? 0) + (hasCheckpointKey ? Bytes32.byteCount : 0) }
}

/// What one guess at a passphrase costs: the parameters of Argon2id.
public struct KeyFileCost: Hashable, Sendable {
    /// Passes over the memory.
    public let operations: UInt32
    /// Memory, in KiB.
    public let memoryKibibytes: UInt32

    /// A cost; whether it is allowed is checked when it is used.
    public init(operations: UInt32, memoryKibibytes: UInt32) {
        self.operations = operations
        self.memoryKibibytes = memoryKibibytes
    }

    /// 3 passes over 64 MiB: the default, and the least that is accepted of a key that is not a development key.
    public static let standard = KeyFileCost(operations: 3, memoryKibibytes: 64 << 10)
    /// 1 pass over 8 MiB: the default, and the least, of a development key.
    public static let development = KeyFileCost(operations: 1, memoryKibibytes: 8 << 10)
    /// 16 passes over 1 GiB: the most that is accepted, so that opening a file from a stranger cannot exhaust the machine.
    public static let maximum = KeyFileCost(operations: 16, memoryKibibytes: 1 << 20)

    /// Throws unless both parameters lie between the least that the kind of key allows and `maximum`.
    func check(isDevelopment: Bool) throws(KeyFileError) {
        let minimum = isDevelopment ? Self.development : Self.standard
        guard operations >= minimum.operations, memoryKibibytes >= minimum.memoryKibibytes else {
            throw .costTooLow(self, minimum: minimum)
        }
        guard operations <= Self.maximum.operations, memoryKibibytes <= Self.maximum.memoryKibibytes else {
            throw .costTooHigh(self)
        }
    }
}
