internal import CSecp256k1

/// How a key signs. The raw value is the byte that encodings use.
public enum SignatureScheme: UInt8, Sendable, CaseIterable, Comparable {
    /// BIP340 Schnorr signatures, with 32-byte x-only public keys.
    case bip340 = 1
    /// ECDSA with low S, as 64 bytes R || S, with 33-byte compressed public keys (SEC 1).
    case ecdsa = 2

    /// How many bytes a public key of this scheme has.
    public var publicKeyByteCount: Int {
        switch self {
        case .bip340: 32
        case .ecdsa: 33
        }
    }

    /// Whether `signature` is an encoding that this scheme admits, as far as can be told without curve work:
    /// an ECDSA signature must have a low S, so that nobody but the signer can make a second one of it.
    public func admits(_ signature: Bytes64) -> Bool {
        switch self {
        case .bip340: true
        case .ecdsa: signature.isLowS
        }
    }

    /// By raw value: the order in which keys of different schemes are sorted.
    public static func < (left: SignatureScheme, right: SignatureScheme) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// A public key as it is encoded: a scheme and its bytes, of the right length, not yet known to be on the curve.
///
/// Keys are ordered by scheme, then by bytes.
public struct PublicKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// How the key signs.
    public let scheme: SignatureScheme
    /// 2 or 3 before the coordinate of an ECDSA key, 0 (and not encoded) for BIP340.
    private let parity: UInt8
    /// The x coordinate: for BIP340 the whole encoding, for ECDSA the bytes after the first.
    public let coordinate: Bytes32

    /// Checks the length, and that an ECDSA key begins with 0x02 or 0x03. Membership of the curve is checked by `parsed()`.
    public init(scheme: SignatureScheme, copying bytes: Span<UInt8>) throws(KeyError) {
        guard bytes.count == scheme.publicKeyByteCount else {
            throw KeyError.publicKeyLength(scheme, actual: bytes.count)
        }
        self.scheme = scheme
        switch scheme {
        case .bip340:
            parity = 0
            coordinate = Bytes32(copying: bytes)
        case .ecdsa:
            guard bytes[0] == 0x02 || bytes[0] == 0x03 else { throw KeyError.publicKeyPrefix(bytes[0]) }
            parity = bytes[0]
            coordinate = Bytes32(copying: bytes.extracting(1..<33))
        }
    }

    /// Checks the length, and that an ECDSA key begins with 0x02 or 0x03. Membership of the curve is checked by `parsed()`.
    public init(scheme: SignatureScheme, bytes: some Collection<UInt8>) throws(KeyError) {
        try self.init(scheme: scheme, copying: Array(bytes).span)
    }

    /// The encoding without the scheme: 32 bytes for BIP340, 33 for ECDSA.
    public var bytes: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(scheme.publicKeyByteCount)
        append(to: &output)
        return output
    }

    /// The byte before the coordinate in the encoding: 2 or 3 for ECDSA; nil for BIP340, whose encoding has none.
    public var prefix: UInt8? { scheme == .ecdsa ? parity : nil }

    /// Appends `bytes` to `output`.
    public func append(to output: inout [UInt8]) {
        if scheme == .ecdsa { output.append(parity) }
        let source = coordinate.span
        for index in source.indices { output.append(source[index]) }
    }

    /// The scheme's name and the bytes in hexadecimal, such as `bip340:79be…`.
    public var description: String { "\(scheme):\(Hexadecimal.encode(bytes))" }

    /// The key as a point of the curve. Throws `KeyError.notOnCurve` if the bytes name none.
    public func parsed() throws(KeyError) -> ParsedPublicKey {
        try ParsedPublicKey(self)
    }

    /// By scheme, then by encoded bytes.
    public static func < (left: PublicKey, right: PublicKey) -> Bool {
        if left.scheme != right.scheme { return left.scheme < right.scheme }
        if left.parity != right.parity { return left.parity < right.parity }
        return left.coordinate < right.coordinate
    }
}

/// A public key that is known to be on the curve, kept in the form that verification needs.
///
/// Parsing costs about a sixth of a verification, so it is worth keeping for a key that is used again.
public struct ParsedPublicKey: Sendable {
    private enum Point: Sendable {
        case xOnly(secp256k1_xonly_pubkey)
        case full(secp256k1_pubkey)
    }

    /// The key as it is encoded.
    public let key: PublicKey
    private let point: Point

    fileprivate init(_ key: PublicKey) throws(KeyError) {
        self.key = key
        switch key.scheme {
        case .bip340:
            var parsed = secp256k1_xonly_pubkey()
            let result = unsafe key.coordinate.span.withUnsafeBufferPointer { buffer in
                unsafe secp256k1_xonly_pubkey_parse(Curve.context, &parsed, buffer.baseAddress!)
            }
            guard result == 1 else { throw KeyError.notOnCurve(key) }
            point = .xOnly(parsed)
        case .ecdsa:
            var parsed = secp256k1_pubkey()
            let encoded = key.bytes
            let result = unsafe encoded.span.withUnsafeBufferPointer { buffer in
                unsafe secp256k1_ec_pubkey_parse(Curve.context, &parsed, buffer.baseAddress!, buffer.count)
            }
            guard result == 1 else { throw KeyError.notOnCurve(key) }
            point = .full(parsed)
        }
    }

    /// The proof that `signature` is this key's signature of `message`, or nil if it is not.
    ///
    /// A high-S ECDSA signature is not: see `SignatureScheme.admits(_:)`.
    public func verify(_ signature: Bytes64, message: Bytes32) -> VerifiedSignature? {
        let valid =
            switch point {
            case .xOnly(let parsed): Self.verifySchnorr(parsed, signature, message.span)
            case .full(let parsed): Self.verifyECDSA(parsed, signature, message)
            }
        return valid ? VerifiedSignature(key: key, message: message) : nil
    }

    /// Whether `signature` is this BIP340 key's signature of a message of any length, as BIP340's vectors have them.
    /// Everything the project signs is a 32-byte hash, so no proof comes of it.
    package func isSchnorrSignature(_ signature: Bytes64, of message: Span<UInt8>) -> Bool {
        guard case .xOnly(let parsed) = point else { return false }
        return Self.verifySchnorr(parsed, signature, message)
    }

    private static func verifySchnorr(
        _ point: secp256k1_xonly_pubkey, _ signature: Bytes64, _ message: Span<UInt8>
    ) -> Bool {
        var point = point
        return unsafe signature.span.withUnsafeBufferPointer { signature in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe secp256k1_schnorrsig_verify(
                    Curve.context, signature.baseAddress!, message.baseAddress, message.count, &point) == 1
            }
        }
    }

    private static func verifyECDSA(_ point: secp256k1_pubkey, _ signature: Bytes64, _ message: Bytes32) -> Bool {
        var point = point
        var parsed = secp256k1_ecdsa_signature()
        let wellFormed = unsafe signature.span.withUnsafeBufferPointer { buffer in
            unsafe secp256k1_ecdsa_signature_parse_compact(Curve.context, &parsed, buffer.baseAddress!)
        }
        guard wellFormed == 1 else { return false }
        // 1 says that S was high. libsecp256k1's verification refuses it too; this does not rely on that.
        guard unsafe secp256k1_ecdsa_signature_normalize(Curve.context, nil, &parsed) == 0 else { return false }
        return unsafe message.span.withUnsafeBufferPointer { message in
            unsafe secp256k1_ecdsa_verify(Curve.context, &parsed, message.baseAddress!, &point) == 1
        }
    }
}
