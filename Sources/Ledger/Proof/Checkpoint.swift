public import Cryptography

/// The size and root of the history tree: what validators sign in a checkpoint (`docs/spec/checkpoint.md`).
public struct Checkpoint: Hashable, Sendable {
    public let network: NetworkID
    /// The number of headers: the latest height and one, so at least 1.
    public let size: UInt64
    public let root: Bytes32

    public init(network: NetworkID, size: UInt64, root: Bytes32) {
        self.network = network
        self.size = size
        self.root = root
    }

    static let originPrefix = "coffer/"

    /// The first line, and the name under which validators sign.
    public var origin: String { Self.originPrefix + network.hex }

    /// The three lines that are signed.
    public var signedText: String {
        "\(origin)\n\(size)\n\(Base64.encode(root.bytes))\n"
    }

    /// Signs as the validator whose checkpoint key this is.
    public func sign(with key: borrowing Ed25519SecretKey) throws(KeyError) -> CheckpointSignature {
        signature(try key.sign(Array(signedText.utf8)), by: key.publicKey)
    }

    /// The line of a signature that was made elsewhere, such as by a custody signer.
    public func signature(_ signature: Bytes64, by key: Ed25519PublicKey) -> CheckpointSignature {
        CheckpointSignature(
            keyName: origin,
            blob: CheckpointSignature.keyID(name: origin, type: CheckpointSignature.ed25519, key: key) + signature.bytes)
    }
}

/// A signature line of a checkpoint, by a validator or by a witness.
public struct CheckpointSignature: Hashable, Sendable {
    static let keyIDByteCount = 4
    /// The byte that stands for Ed25519 in key ids.
    static let ed25519: UInt8 = 0x01

    /// Who signed. Validators sign under the checkpoint's origin, witnesses under names of their own.
    public let keyName: String
    /// The key id, then the signature; a witness's may have any form after the id.
    public let blob: [UInt8]

    init(keyName: String, blob: [UInt8]) {
        self.keyName = keyName
        self.blob = blob
    }

    /// The first four bytes of `SHA256(name ‖ 0x0A ‖ type ‖ key)` (C2SP signed-note).
    static func keyID(name: String, type: UInt8, key: Ed25519PublicKey) -> [UInt8] {
        var hasher = SHA256()
        hasher.update(Array(name.utf8))
        hasher.update(UInt8(ascii: "\n"))
        hasher.update(type)
        hasher.update(key.bytes)
        return Array(hasher.finalize().bytes.prefix(keyIDByteCount))
    }

    /// Whether the line says that this key signed under this name.
    func claims(_ key: Ed25519PublicKey, name: String) -> Bool {
        keyName == name && blob.starts(with: Self.keyID(name: name, type: Self.ed25519, key: key))
    }

    func isSignature(by key: Ed25519PublicKey, of text: String) -> Bool {
        guard let signature = Bytes64(blob.dropFirst(Self.keyIDByteCount)) else { return false }
        return key.verify(signature, message: Array(text.utf8))
    }
}

/// A checkpoint with its signatures, read but not checked (`docs/spec/checkpoint.md` section 1).
public struct SignedCheckpoint: Hashable, Sendable {
    /// A longer text is refused unread.
    public static let maximumByteCount = 65_536
    /// Every validator's signature and as many witnesses' again, and more.
    public static let maximumSignatureCount = 256

    public let checkpoint: Checkpoint
    /// In the order of the lines.
    public let signatures: [CheckpointSignature]

    public init(_ checkpoint: Checkpoint, signatures: [CheckpointSignature]) {
        self.checkpoint = checkpoint
        self.signatures = signatures
    }

    /// Checks the signatures (`docs/spec/checkpoint.md` section 2): lines of witnesses are ignored, every line of a validator must be
    /// valid, and `quorum` different validators must have signed.
    public func verify(against chainspec: Chainspec) throws(ProofError) {
        guard checkpoint.network == chainspec.network else {
            throw .wrongNetworkOfCheckpoint(checkpoint.network, expected: chainspec.network)
        }
        var signers: Set<Ed25519PublicKey> = []
        let name = checkpoint.origin
        let text = checkpoint.signedText
        for line in signatures {
            // Key ids are short: two validators may have the same one.
            let claimed = chainspec.validators.filter { line.claims($0.checkpointKey, name: name) }
            guard let first = claimed.first else { continue }
            guard let signer = claimed.first(where: { line.isSignature(by: $0.checkpointKey, of: text) }) else {
                throw .invalidCheckpointSignature(validator: first.name)
            }
            signers.insert(signer.checkpointKey)
        }
        guard signers.count >= Int(chainspec.quorum) else {
            throw .tooFewCheckpointSignatures(count: signers.count, quorum: chainspec.quorum)
        }
    }
}
