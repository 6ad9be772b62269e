internal import CSecp256k1

/// A secret key of secp256k1 and the scheme it signs with.
///
/// The secret lives in `SecretBytes`, is never handed out, and is wiped when the value ends.
public struct SecretKey: ~Copyable, Sendable {
    private static let secretByteCount = 32
    private static let keyPairByteCount = MemoryLayout<secp256k1_keypair>.size

    /// The secret scalar (32 bytes), then libsecp256k1's key pair, kept so that signing need not derive it again.
    private let material: SecretBytes
    /// The key that verifies what this one signs.
    public let publicKey: PublicKey
    private let parsedPublicKey: ParsedPublicKey

    /// The scheme this key signs with.
    public var scheme: SignatureScheme { publicKey.scheme }

    /// A fresh random key.
    public static func generate(scheme: SignatureScheme) throws(KeyError) -> SecretKey {
        // 32 random bytes are out of range once in 2^128: then the error is thrown, never a biased key made.
        try SecretKey(scheme: scheme, secret: SecretBytes(randomCount: secretByteCount))
    }

    /// The key with this secret: 32 bytes, big-endian, above zero and below the group order.
    public init(scheme: SignatureScheme, secret: consuming SecretBytes) throws(KeyError) {
        try self.init(scheme: scheme, copying: secret.span)
    }

    /// The same from bytes that the caller goes on to own.
    internal init(scheme: SignatureScheme, copying secret: Span<UInt8>) throws(KeyError) {
        guard secret.count == Self.secretByteCount else { throw KeyError.secretKeyLength(actual: secret.count) }
        var valid = false
        let material = SecretBytes(count: Self.secretByteCount + Self.keyPairByteCount) { bytes in
            for index in secret.indices { bytes[index] = secret[index] }
            valid = unsafe bytes.withUnsafeMutableBytes { buffer in
                let start = buffer.baseAddress!
                let pair = unsafe (start + Self.secretByteCount).assumingMemoryBound(to: secp256k1_keypair.self)
                return unsafe secp256k1_keypair_create(Curve.context, pair, start.assumingMemoryBound(to: UInt8.self)) == 1
            }
        }
        guard valid else { throw KeyError.secretKeyRange }
        let publicKey = try Self.publicKey(scheme: scheme, of: material)
        self.parsedPublicKey = try publicKey.parsed()
        self.publicKey = publicKey
        self.material = material
    }

    /// Signs `message`: BIP340 with fresh auxiliary randomness, or ECDSA with the nonce of RFC 6979 and a low S.
    ///
    /// The signature is verified before it is returned; one that does not verify is `KeyError.signingFailed`.
    public borrowing func sign(_ message: Bytes32) throws(KeyError) -> Bytes64 {
        try sign(message, auxiliary: Randomness.bytes32())
    }

    /// Signs `message` deterministically. `auxiliary` is the auxiliary randomness of BIP340; ECDSA takes none and ignores it.
    public borrowing func sign(_ message: Bytes32, auxiliary: Bytes32) throws(KeyError) -> Bytes64 {
        let signature =
            switch scheme {
            case .bip340: signSchnorr(message.span, auxiliary)
            case .ecdsa: signECDSA(message)
            }
        guard let signature, parsedPublicKey.verify(signature, message: message) != nil else {
            throw KeyError.signingFailed
        }
        return signature
    }

    /// Signs a message of any length with BIP340, as its vectors have them; nil if the key is not of that scheme.
    package borrowing func signSchnorr(_ message: Span<UInt8>, _ auxiliary: Bytes32) -> Bytes64? {
        guard scheme == .bip340 else { return nil }
        var signature = Bytes64.zero
        var output = signature.storage.mutableSpan
        let result = unsafe output.withUnsafeMutableBufferPointer { output in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe auxiliary.span.withUnsafeBytes { auxiliary in
                    unsafe withKeyPair { pair in
                        var parameters = unsafe secp256k1_schnorrsig_extraparams(
                            magic: (0xda, 0x6f, 0xb3, 0x8c), noncefp: nil,
                            ndata: UnsafeMutableRawPointer(mutating: auxiliary.baseAddress))
                        return unsafe secp256k1_schnorrsig_sign_custom(
                            Curve.context, output.baseAddress!, message.baseAddress, message.count, pair, &parameters)
                    }
                }
            }
        }
        return result == 1 ? signature : nil
    }

    private borrowing func signECDSA(_ message: Bytes32) -> Bytes64? {
        var parsed = secp256k1_ecdsa_signature()
        let result = unsafe message.span.withUnsafeBufferPointer { message in
            unsafe material.span.withUnsafeBufferPointer { secret in
                unsafe secp256k1_ecdsa_sign(Curve.context, &parsed, message.baseAddress!, secret.baseAddress!, nil, nil)
            }
        }
        guard result == 1 else { return nil }
        // libsecp256k1 already makes low S only; the answer (whether anything changed) is of no interest.
        var normalized = secp256k1_ecdsa_signature()
        _ = unsafe secp256k1_ecdsa_signature_normalize(Curve.context, &normalized, &parsed)
        var signature = Bytes64.zero
        var output = signature.storage.mutableSpan
        let serialized = unsafe output.withUnsafeMutableBufferPointer { output in
            unsafe secp256k1_ecdsa_signature_serialize_compact(Curve.context, output.baseAddress!, &normalized)
        }
        return serialized == 1 ? signature : nil
    }

    @unsafe
    private borrowing func withKeyPair(_ body: (UnsafePointer<secp256k1_keypair>) -> Int32) -> Int32 {
        unsafe Self.withKeyPair(of: material, body)
    }

    @unsafe
    private static func withKeyPair(
        of material: borrowing SecretBytes, _ body: (UnsafePointer<secp256k1_keypair>) -> Int32
    ) -> Int32 {
        unsafe material.span.withUnsafeBytes { buffer in
            let pair = unsafe buffer.baseAddress! + secretByteCount
            return unsafe body(pair.assumingMemoryBound(to: secp256k1_keypair.self))
        }
    }

    private static func publicKey(
        scheme: SignatureScheme, of material: borrowing SecretBytes
    ) throws(KeyError) -> PublicKey {
        var point = secp256k1_pubkey()
        guard unsafe withKeyPair(of: material, { unsafe secp256k1_keypair_pub(Curve.context, &point, $0) }) == 1 else {
            throw KeyError.secretKeyRange
        }
        var encoded = [UInt8](repeating: 0, count: 33)
        var count = encoded.count
        var output = encoded.mutableSpan
        let result = unsafe output.withUnsafeMutableBufferPointer { output in
            unsafe secp256k1_ec_pubkey_serialize(
                Curve.context, output.baseAddress!, &count, &point, UInt32(SECP256K1_EC_COMPRESSED))
        }
        precondition(result == 1 && count == 33, "a compressed public key has 33 bytes")
        // An x-only key (BIP340) is the compressed encoding without its first byte.
        return try PublicKey(scheme: scheme, bytes: scheme == .ecdsa ? encoded[...] : encoded[1...])
    }
}
