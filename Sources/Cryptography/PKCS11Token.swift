internal import CPKCS11
internal import CSecp256k1
internal import Synchronization

/// Keys of secp256k1 in a PKCS#11 token, which sign with ECDSA there and never leave it.
///
/// One object for a token in a process: when the token goes away, the library is closed, and opened anew by the next call, so that a token
/// that comes back is used again without a restart. Calls wait for each other.
public final class PKCS11Token: Sendable {
    /// The object identifier 1.3.132.0.10, secp256k1, in DER.
    private static let curve: [UInt8] = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a]
    /// Keys that are looked at.
    private static let maximumKeyCount = 4_096

    public let label: String
    private let module: PKCS11Module
    private let pin: SecretBytes
    /// The session, while there is one.
    private let session = Mutex<CK_SESSION_HANDLE?>(nil)

    /// Loads the library at `module` and logs in to the token with this label.
    public init(module: String, label: String, pin: consuming SecretBytes) throws(PKCS11Error) {
        self.module = try PKCS11Module(path: module)
        self.label = label
        self.pin = pin
        try connected { _ throws(PKCS11Error) in }
    }

    deinit { module.finalize() }

    /// Runs `body` in a session. When it fails for more than a wrong label, the next call opens everything anew.
    private func connected<Value>(_ body: (CK_SESSION_HANDLE) throws(PKCS11Error) -> sending Value) throws(PKCS11Error) -> Value {
        let result: Result<Value, PKCS11Error> = session.withLock { session in
            do throws(PKCS11Error) {
                if let open = session { return .success(try body(open)) }
                try module.initialize()
                let open = try module.openSession(try module.slot(label: label))
                try module.logIn(open, pin: pin)
                session = open
                return .success(try body(open))
            } catch {
                if error.endsSession {
                    module.finalize()
                    session = nil
                }
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The keys of secp256k1 in the token, by their labels.
    public func keys() throws(PKCS11Error) -> [(label: String, publicKey: PublicKey)] {
        try connected { session throws(PKCS11Error) in
            let objects = try module.find(
                session, [.number(UInt(CKA_CLASS), UInt(CKO_PUBLIC_KEY)), PKCS11Attribute(type: UInt(CKA_EC_PARAMS), bytes: Self.curve)],
                maximumCount: Self.maximumKeyCount)
            var keys: [(label: String, publicKey: PublicKey)] = []
            for object in objects {
                guard let name = try module.attribute(session, object, UInt(CKA_LABEL)) else { continue }
                keys.append((String(decoding: name, as: UTF8.self), try publicKey(session, object)))
            }
            return keys.sorted { $0.label < $1.label }
        }
    }

    /// Makes a key that never leaves the token. Throws `labelTaken`.
    public func generate(label: String) throws(PKCS11Error) -> PublicKey {
        try connected { session throws(PKCS11Error) in
            let known = try module.find(session, [.text(UInt(CKA_LABEL), label)], maximumCount: 1)
            guard known.isEmpty else { throw .labelTaken(label) }
            let common = [PKCS11Attribute.flag(UInt(CKA_TOKEN), true), .text(UInt(CKA_LABEL), label), .text(UInt(CKA_ID), label)]
            let made = try module.generateKeyPair(
                session,
                publicKey: common + [PKCS11Attribute(type: UInt(CKA_EC_PARAMS), bytes: Self.curve), .flag(UInt(CKA_VERIFY), true)],
                privateKey: common + [
                    .flag(UInt(CKA_PRIVATE), true), .flag(UInt(CKA_SENSITIVE), true), .flag(UInt(CKA_EXTRACTABLE), false),
                    .flag(UInt(CKA_SIGN), true),
                ])
            try requireKept(session, made.privateKey, label)
            return try publicKey(session, made.publicKey)
        }
    }

    /// The public key with a label.
    public func publicKey(label: String) throws(PKCS11Error) -> PublicKey {
        try connected { session throws(PKCS11Error) in
            try publicKey(session, try find(session, label, UInt(CKO_PUBLIC_KEY)))
        }
    }

    /// Signs 32 bytes. The signature has a low S and was verified; one that does not verify is an error.
    public func sign(_ message: Bytes32, label: String) throws(PKCS11Error) -> Bytes64 {
        try connected { session throws(PKCS11Error) in
            let key = try find(session, label, UInt(CKO_PRIVATE_KEY))
            try requireKept(session, key, label)
            let publicKey = try publicKey(session, try find(session, label, UInt(CKO_PUBLIC_KEY)))
            guard let signature = (try module.sign(session, key, message)).normalizedLowS else {
                throw .unexpected("the token's signature is none")
            }
            guard SignatureCheck(key: publicKey, message: message, signature: signature).verify() != nil else {
                throw .unexpected("the token's signature does not verify with the token's public key")
            }
            return signature
        }
    }

    /// Destroys a key, for good.
    public func destroy(label: String) throws(PKCS11Error) {
        try connected { session throws(PKCS11Error) in
            try module.destroy(session, try find(session, label, UInt(CKO_PRIVATE_KEY)))
            try module.destroy(session, try find(session, label, UInt(CKO_PUBLIC_KEY)))
        }
    }

    private func find(_ session: CK_SESSION_HANDLE, _ label: String, _ kind: UInt) throws(PKCS11Error) -> PKCS11Module.Handle {
        let found = try module.find(session, [.number(UInt(CKA_CLASS), kind), .text(UInt(CKA_LABEL), label)], maximumCount: 2)
        guard let key = found.first else { throw .noKey(label: label) }
        guard found.count == 1 else { throw .labelTaken(label) }
        return key
    }

    /// That a private key cannot leave the token, and never could.
    private func requireKept(_ session: CK_SESSION_HANDLE, _ key: PKCS11Module.Handle, _ label: String) throws(PKCS11Error) {
        guard try module.attribute(session, key, UInt(CKA_SENSITIVE)) == [1],
            try module.attribute(session, key, UInt(CKA_EXTRACTABLE)) == [0],
            try module.attribute(session, key, UInt(CKA_NEVER_EXTRACTABLE)) == [1]
        else { throw .extractable(label: label) }
    }

    private func publicKey(_ session: CK_SESSION_HANDLE, _ object: PKCS11Module.Handle) throws(PKCS11Error) -> PublicKey {
        guard var point = try module.attribute(session, object, UInt(CKA_EC_POINT)) else { throw .unexpected("a public key has no point") }
        // As the standard has it: wrapped in a DER octet string. Some tokens give it bare.
        if point.count == 67, point[0] == 0x04, point[1] == 65 { point.removeFirst(2) }
        guard let key = PublicKey(uncompressed: point) else { throw .unexpected("a public key is no point of secp256k1") }
        return key
    }
}

extension PublicKey {
    /// The ECDSA key of a point in its uncompressed form; nil when it is not on the curve.
    init?(uncompressed bytes: [UInt8]) {
        guard bytes.count == 65 else { return nil }
        var point = secp256k1_pubkey()
        guard unsafe secp256k1_ec_pubkey_parse(Curve.context, &point, bytes, bytes.count) == 1 else { return nil }
        var encoded = [UInt8](repeating: 0, count: 33)
        var count = encoded.count
        guard unsafe secp256k1_ec_pubkey_serialize(Curve.context, &encoded, &count, &point, UInt32(SECP256K1_EC_COMPRESSED)) == 1 else {
            return nil
        }
        do throws(KeyError) {
            try self.init(scheme: .ecdsa, bytes: encoded)
        } catch {
            return nil
        }
    }
}

extension Bytes64 {
    /// An ECDSA signature with the lower of its two values of S; nil when it is none.
    var normalizedLowS: Bytes64? {
        var parsed = secp256k1_ecdsa_signature()
        guard unsafe secp256k1_ecdsa_signature_parse_compact(Curve.context, &parsed, bytes) == 1 else { return nil }
        var normalized = secp256k1_ecdsa_signature()
        _ = unsafe secp256k1_ecdsa_signature_normalize(Curve.context, &normalized, &parsed)
        var output = [UInt8](repeating: 0, count: 64)
        guard unsafe secp256k1_ecdsa_signature_serialize_compact(Curve.context, &output, &normalized) == 1 else { return nil }
        return Bytes64(output)
    }
}

/// Why a token did not do what it was asked.
public indirect enum PKCS11Error: Error, Hashable, Sendable, CustomStringConvertible {
    case module(path: String, reason: String)
    case noToken(label: String)
    case wrongPIN(isLocked: Bool)
    case noKey(label: String)
    case labelTaken(String)
    case extractable(label: String)
    /// A call of the library failed, with its return value.
    case call(String, code: UInt)
    case unexpected(String)

    /// Whether the session is not to be used again.
    var endsSession: Bool {
        switch self {
        // A key that is not there may be that of a token that went and came back.
        case .module, .noToken, .wrongPIN, .call, .unexpected, .noKey: true
        case .labelTaken, .extractable: false
        }
    }

    /// What happened, why, and what to do.
    public var description: String {
        switch self {
        case .module(let path, let reason): "The PKCS#11 library \(path) cannot be used: \(reason). Check the path."
        case .noToken(let label): "No token has the label \(label). Connect it; it is looked for again with the next call."
        case .wrongPIN(let isLocked):
            isLocked ? "The token's PIN is locked after wrong tries. Have its security officer reset it." : "The token's PIN is wrong."
        case .noKey(let label): "The token has no key \(label)."
        case .labelTaken(let label): "The token has an object \(label) already, or several. Choose another label."
        case .extractable(let label): "The key \(label) can leave its token, or could once, so it is not used. Generate it anew."
        case .call(let call, let code):
            "The token failed in \(call) with code 0x\(String(code, radix: 16)). It may be gone; it is looked for again with the next call."
        case .unexpected(let what): "What the token does is not to be relied on: \(what)."
        }
    }
}
