/// Why a key cannot be made or used.
public enum KeyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A public key whose byte count is not its scheme's.
    case publicKeyLength(SignatureScheme, actual: Int)
    /// A compressed key that begins with neither 0x02 nor 0x03.
    case publicKeyPrefix(UInt8)
    /// Bytes that name no point of the curve.
    case notOnCurve(PublicKey)
    /// A secret key whose byte count is not 32.
    case secretKeyLength(actual: Int)
    /// A secret key that is zero or not below the group order.
    case secretKeyRange
    /// A signature that did not verify with its own key, and was therefore not released.
    case signingFailed

    /// What happened, why, and what to do next.
    public var description: String {
        switch self {
        case .publicKeyLength(let scheme, let actual):
            "A \(scheme) public key has \(scheme.publicKeyByteCount) bytes, this one has \(actual). Check that the key and its scheme belong together."
        case .publicKeyPrefix(let byte):
            "An ecdsa public key begins with 02 or 03, this one with \(Hexadecimal.encode([byte])). Use the 33-byte compressed form."
        case .notOnCurve(let key):
            "The public key \(key) is not a point of secp256k1, so nothing can be signed with it. Check that it was copied whole."
        case .secretKeyLength(let actual):
            "A secret key has 32 bytes, this one has \(actual). Check where it came from."
        case .secretKeyRange:
            "The secret key is zero or not below the order of secp256k1. Generate another one."
        case .signingFailed:
            "The signature just made does not verify, so it was not released. Suspect the machine's memory or processor; do not retry on it."
        }
    }
}
