internal import CSodium

/// A public key of Ed25519 (RFC 8032), which signs checkpoints.
public struct Ed25519PublicKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The encoded point. Any 32 bytes are accepted here; bytes that are no point, or one of small order, verify nothing.
    public let bytes: Bytes32

    /// The key with this encoding; nothing is checked yet.
    public init(bytes: Bytes32) {
        self.bytes = bytes
    }

    /// 64 hexadecimal digits.
    public var description: String { bytes.hex }

    /// Whether `signature` is this key's signature of `message`.
    ///
    /// Refused as well: an S that is not below the group order, and points (R or this key) of small order or not
    /// canonically encoded. So a third party cannot turn one good signature into another.
    public func verify(_ signature: Bytes64, message: [UInt8]) -> Bool {
        Sodium.start()
        return unsafe signature.span.withUnsafeBufferPointer { signature in
            unsafe bytes.span.withUnsafeBufferPointer { key in
                unsafe message.span.withUnsafeBufferPointer { message in
                    unsafe crypto_sign_ed25519_verify_detached(
                        signature.baseAddress!, message.baseAddress, UInt64(message.count), key.baseAddress!) == 0
                }
            }
        }
    }

    /// By encoded bytes.
    public static func < (left: Ed25519PublicKey, right: Ed25519PublicKey) -> Bool {
        left.bytes < right.bytes
    }
}

/// A secret key of Ed25519 (RFC 8032), in secret memory.
public struct Ed25519SecretKey: ~Copyable, Sendable {
    /// How many bytes the seed has that everything else is derived from.
    public static let seedByteCount = 32

    /// The seed followed by the public key: the form in which libsodium signs.
    private let expanded: SecretBytes
    /// The key that verifies what this one signs.
    public let publicKey: Ed25519PublicKey

    /// The key derived from a 32-byte seed.
    public init(seed: consuming SecretBytes) throws(KeyError) {
        guard seed.count == Self.seedByteCount else { throw KeyError.secretKeyLength(actual: seed.count) }
        Sodium.start()
        var publicBytes = Bytes32.zero
        var derived = false
        let material = SecretBytes(count: Int(crypto_sign_ed25519_SECRETKEYBYTES)) { secret in
            var publicOutput = publicBytes.storage.mutableSpan
            derived = unsafe secret.withUnsafeMutableBufferPointer { secret in
                unsafe publicOutput.withUnsafeMutableBufferPointer { publicOutput in
                    unsafe seed.span.withUnsafeBufferPointer { seed in
                        unsafe crypto_sign_ed25519_seed_keypair(
                            publicOutput.baseAddress!, secret.baseAddress!, seed.baseAddress!) == 0
                    }
                }
            }
        }
        guard derived else { throw KeyError.signingFailed }
        expanded = material
        publicKey = Ed25519PublicKey(bytes: publicBytes)
    }

    /// A fresh random key.
    public static func generate() throws(KeyError) -> Ed25519SecretKey {
        try Ed25519SecretKey(seed: SecretBytes(randomCount: seedByteCount))
    }

    /// The signature of `message`, verified before it is returned.
    public borrowing func sign(_ message: [UInt8]) throws(KeyError) -> Bytes64 {
        var signature = Bytes64.zero
        var output = signature.storage.mutableSpan
        let result = unsafe output.withUnsafeMutableBufferPointer { output in
            unsafe expanded.span.withUnsafeBufferPointer { secret in
                unsafe message.span.withUnsafeBufferPointer { message in
                    unsafe crypto_sign_ed25519_detached(
                        output.baseAddress!, nil, message.baseAddress, UInt64(message.count), secret.baseAddress!)
                }
            }
        }
        guard result == 0, publicKey.verify(signature, message: message) else { throw KeyError.signingFailed }
        return signature
    }
}
