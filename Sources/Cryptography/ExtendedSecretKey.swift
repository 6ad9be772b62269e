internal import CSecp256k1
internal import CSodium

/// A secret key of secp256k1 from which others are derived (BIP32), so that one seed is the backup of them all.
///
/// Secret key and chain code live in `SecretBytes` and are wiped when the value ends.
public struct ExtendedSecretKey: ~Copyable, Sendable {
    /// How many bytes a seed may have.
    public static let seedByteCounts = 16...64
    /// The greatest depth that BIP32's encodings have room for.
    public static let maximumDepth = 255
    private static let halfByteCount = 32

    /// The secret key (32 bytes, big-endian), then the chain code (32 bytes).
    private let material: SecretBytes
    /// The public key of this level, in the compressed form that derivation uses.
    public let publicKey: PublicKey
    /// How many levels below the master key.
    public let depth: Int

    /// The master key of `seed`, 16 to 64 bytes.
    public init(seed: borrowing SecretBytes) throws(DerivationError) {
        guard Self.seedByteCounts.contains(seed.count) else { throw .seedLength(byteCount: seed.count) }
        try self.init(material: Self.authenticate(seed.span, key: Array("Bitcoin seed".utf8).span), depth: 0)
    }

    /// The key with these parts: a secret key and a chain code of 32 bytes each.
    package init(material: consuming SecretBytes, depth: Int) throws(DerivationError) {
        precondition(material.count == 2 * Self.halfByteCount, "a secret key and a chain code have 32 bytes each")
        precondition((0...Self.maximumDepth).contains(depth), "a depth fits in a byte")
        guard let publicKey = Self.publicKey(of: material) else { throw .unusableKey }
        self.init(material: material, publicKey: publicKey, depth: depth)
    }

    private init(material: consuming SecretBytes, publicKey: PublicKey, depth: Int) {
        self.material = material
        self.publicKey = publicKey
        self.depth = depth
    }

    /// What enters the derivation of children beside the key. It is not for the public: together with the public key and the
    /// secret of one child that is not hardened, it gives this secret key.
    public var chainCode: Bytes32 {
        Bytes32(copying: material.span.extracting(Self.halfByteCount..<2 * Self.halfByteCount))
    }

    /// The child with this index, hardened from 2^31 on.
    public borrowing func child(_ index: UInt32) throws(DerivationError) -> ExtendedSecretKey {
        guard depth < Self.maximumDepth else { throw .tooDeep }
        let message = SecretBytes(count: 37) { message in
            if index >= DerivationPath.firstHardenedIndex {
                message.store(material.span.extracting(0..<Self.halfByteCount), at: 1)
            } else {
                message.store(publicKey.bytes.span, at: 0)
            }
            message.store(bigEndian: index, at: 33)
        }
        let tweak = Self.authenticate(message.span, key: material.span.extracting(Self.halfByteCount..<2 * Self.halfByteCount))
        var isUsable = false
        let child = SecretBytes(count: 2 * Self.halfByteCount) { child in
            child.store(material.span.extracting(0..<Self.halfByteCount), at: 0)
            child.store(tweak.span.extracting(Self.halfByteCount..<2 * Self.halfByteCount), at: Self.halfByteCount)
            isUsable = unsafe child.withUnsafeMutableBufferPointer { child in
                unsafe tweak.span.withUnsafeBufferPointer { tweak in
                    unsafe secp256k1_ec_seckey_tweak_add(Curve.context, child.baseAddress!, tweak.baseAddress!) == 1
                }
            }
        }
        guard isUsable else { throw .unusableKey }
        return try ExtendedSecretKey(material: child, depth: depth + 1)
    }

    /// The key at the end of `path`, which begins at this one.
    public borrowing func derive(_ path: DerivationPath) throws(DerivationError) -> ExtendedSecretKey {
        var key = ExtendedSecretKey(material: SecretBytes(copying: material.span), publicKey: publicKey, depth: depth)
        for index in path.indices { key = try key.child(index) }
        return key
    }

    /// The key of this level as one that signs.
    public borrowing func secretKey(scheme: SignatureScheme) throws(KeyError) -> SecretKey {
        try SecretKey(scheme: scheme, copying: material.span.extracting(0..<Self.halfByteCount))
    }

    /// HMAC-SHA-512 (RFC 2104) of `message`. libsodium's state lies in secret memory too: it is made of the key.
    private static func authenticate(_ message: Span<UInt8>, key: Span<UInt8>) -> SecretBytes {
        SecretBytes(count: Int(crypto_auth_hmacsha512_BYTES)) { output in
            _ = SecretBytes(count: MemoryLayout<crypto_auth_hmacsha512_state>.size) { scratch in
                unsafe scratch.withUnsafeMutableBytes { scratch in
                    let state = unsafe scratch.baseAddress!.assumingMemoryBound(to: crypto_auth_hmacsha512_state.self)
                    _ = unsafe key.withUnsafeBufferPointer { unsafe crypto_auth_hmacsha512_init(state, $0.baseAddress!, $0.count) }
                    _ = unsafe message.withUnsafeBufferPointer {
                        unsafe crypto_auth_hmacsha512_update(state, $0.baseAddress!, UInt64($0.count))
                    }
                    _ = unsafe output.withUnsafeMutableBufferPointer { unsafe crypto_auth_hmacsha512_final(state, $0.baseAddress!) }
                }
            }
        }
    }

    /// The public key, or nil if the secret key is zero or not below the group order.
    private static func publicKey(of material: borrowing SecretBytes) -> PublicKey? {
        var point = secp256k1_pubkey()
        let isInRange = unsafe material.span.withUnsafeBufferPointer { secret in
            unsafe secp256k1_ec_pubkey_create(Curve.context, &point, secret.baseAddress!) == 1
        }
        guard isInRange else { return nil }
        var encoded = [UInt8](repeating: 0, count: SignatureScheme.ecdsa.publicKeyByteCount)
        var count = encoded.count
        var output = encoded.mutableSpan
        let result = unsafe output.withUnsafeMutableBufferPointer { output in
            unsafe secp256k1_ec_pubkey_serialize(
                Curve.context, output.baseAddress!, &count, &point, UInt32(SECP256K1_EC_COMPRESSED))
        }
        precondition(result == 1 && count == encoded.count, "a compressed public key has 33 bytes")
        do {
            return try PublicKey(scheme: .ecdsa, bytes: encoded)
        } catch {
            preconditionFailure("libsecp256k1 wrote a compressed key that is none: \(error)")
        }
    }
}

/// Why no key was derived.
public enum DerivationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A seed that has fewer than 16 bytes or more than 64.
    case seedLength(byteCount: Int)
    /// A child of a key that is 255 levels deep.
    case tooDeep
    /// A key that is zero or not below the group order. It comes once in 2^127 derivations.
    case unusableKey

    /// What happened, why, and what to do next.
    public var description: String {
        switch self {
        case .seedLength(let count):
            "A seed of \(count) bytes gives no master key: it has 16 to 64. Check where it came from, or make one of 32 random bytes."
        case .tooDeep:
            "The key is \(ExtendedSecretKey.maximumDepth) levels below its master and can have no children. Derive from one above it."
        case .unusableKey:
            "What was derived is zero or not below the order of secp256k1. Take the next index, or for a master key another seed."
        }
    }
}
