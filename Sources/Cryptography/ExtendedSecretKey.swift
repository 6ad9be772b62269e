internal import CSecp256k1
internal import CSodium

/// A path of BIP32, such as `m/44'/0'/7`: an apostrophe marks a step that only the secret key can take.
public struct DerivationPath: Hashable, Sendable, CustomStringConvertible {
    public static let maximumStepCount = 16
    /// From here on an index is hardened.
    public static let hardened: UInt32 = 1 << 31

    public let steps: [UInt32]

    /// Reads the one way in which a path is written; nil for anything else.
    public init?(_ text: String) {
        var parts = text.split(separator: "/", omittingEmptySubsequences: false)[...]
        guard parts.popFirst() == "m", parts.count <= Self.maximumStepCount else { return nil }
        var steps: [UInt32] = []
        for part in parts {
            let isHardened = part.hasSuffix("'")
            let digits = isHardened ? part.dropLast() : part
            guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let index = UInt32(digits),
                index < Self.hardened
            else { return nil }
            steps.append(isHardened ? index | Self.hardened : index)
        }
        self.steps = steps
        guard description == text else { return nil }
    }

    public var description: String {
        (["m"] + steps.map { $0 >= Self.hardened ? "\($0 - Self.hardened)'" : "\($0)" }).joined(separator: "/")
    }
}

/// A secret key from which others are derived (BIP32): many customers' keys from one backup.
public struct ExtendedSecretKey: ~Copyable, Sendable {
    /// The secret scalar (32 bytes), then the chain code (32 bytes).
    let material: SecretBytes

    /// The root of a seed of 16 to 64 bytes. Throws `secretKeyRange` for one seed in 2^127.
    public init(seed: borrowing SecretBytes) throws(KeyError) {
        guard (16...64).contains(seed.count) else { throw .secretKeyLength(actual: seed.count) }
        try self.init(Self.authenticate(seed.span, key: Array("Bitcoin seed".utf8).span))
    }

    private init(_ material: consuming SecretBytes) throws(KeyError) {
        let isValid = unsafe material.span.withUnsafeBufferPointer { bytes in
            unsafe secp256k1_ec_seckey_verify(Curve.context, bytes.baseAddress!) == 1
        }
        guard isValid else { throw .secretKeyRange }
        self.material = material
    }

    /// HMAC-SHA512.
    private static func authenticate(_ message: Span<UInt8>, key: Span<UInt8>) -> SecretBytes {
        Sodium.start()
        return SecretBytes(count: 64) { output in
            var state = crypto_auth_hmacsha512_state()
            _ = unsafe key.withUnsafeBufferPointer { unsafe crypto_auth_hmacsha512_init(&state, $0.baseAddress!, $0.count) }
            _ = unsafe message.withUnsafeBufferPointer { unsafe crypto_auth_hmacsha512_update(&state, $0.baseAddress!, UInt64($0.count)) }
            _ = unsafe output.withUnsafeMutableBufferPointer { unsafe crypto_auth_hmacsha512_final(&state, $0.baseAddress!) }
            unsafe withUnsafeMutableBytes(of: &state) { unsafe sodium_memzero($0.baseAddress!, $0.count) }
        }
    }

    /// The key at an index; from `DerivationPath.hardened` on, one that the public key alone does not lead to.
    ///
    /// Throws `secretKeyRange` for one index in 2^127, which then is to be left out.
    public borrowing func child(_ index: UInt32) throws(KeyError) -> ExtendedSecretKey {
        let publicKey = index >= DerivationPath.hardened ? [] : try secretKey(scheme: .ecdsa).publicKey.bytes
        let message = SecretBytes(count: 37) { bytes in
            // Hardened: a zero byte and the secret; else the public key; then the index.
            for position in publicKey.indices { bytes[position] = publicKey[position] }
            if publicKey.isEmpty { for position in 0..<32 { bytes[position + 1] = material.span[position] } }
            for position in 0..<4 { bytes[33 + position] = UInt8(truncatingIfNeeded: index >> UInt32(24 - 8 * position)) }
        }
        let tweak = Self.authenticate(message.span, key: material.span.extracting(32..<64))
        var isValid = false
        let next = SecretBytes(count: 64) { bytes in
            for position in 0..<32 {
                bytes[position] = material.span[position]
                bytes[position + 32] = tweak.span[position + 32]
            }
            isValid = unsafe bytes.withUnsafeMutableBufferPointer { secret in
                unsafe tweak.span.withUnsafeBufferPointer { tweak in
                    unsafe secp256k1_ec_seckey_tweak_add(Curve.context, secret.baseAddress!, tweak.baseAddress!) == 1
                }
            }
        }
        guard isValid else { throw .secretKeyRange }
        return try ExtendedSecretKey(next)
    }

    /// The key at a path from here.
    public consuming func derive(_ path: DerivationPath) throws(KeyError) -> ExtendedSecretKey {
        var key = self
        for step in path.steps { key = try key.child(step) }
        return key
    }

    /// The key itself, to sign with.
    public borrowing func secretKey(scheme: SignatureScheme) throws(KeyError) -> SecretKey {
        try SecretKey(scheme: scheme, copying: material.span.extracting(0..<32))
    }
}
