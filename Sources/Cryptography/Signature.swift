/// The proof that a signature was checked and is good. Only this module can make one.
public struct VerifiedSignature: Sendable, Hashable {
    /// The key that signed.
    public let key: PublicKey
    /// What it signed.
    public let message: Bytes32

    internal init(key: PublicKey, message: Bytes32) {
        self.key = key
        self.message = message
    }
}

/// A signature that is still to be checked.
public struct SignatureCheck: Sendable, Hashable {
    /// The key that is said to have signed.
    public let key: PublicKey
    /// The 32-byte hash that is said to be signed.
    public let message: Bytes32
    /// The signature: R || s for BIP340, R || S for ECDSA.
    public let signature: Bytes64

    /// The claim that `key` signed `message` with `signature`.
    public init(key: PublicKey, message: Bytes32, signature: Bytes64) {
        self.key = key
        self.message = message
        self.signature = signature
    }

    /// The proof that the signature is good; nil if it is not, or if the key is not on the curve.
    ///
    /// For a key that is used often, keep its `ParsedPublicKey` and call `verify(with:)`.
    public func verify() -> VerifiedSignature? {
        do throws(KeyError) {
            return verify(with: try key.parsed())
        } catch {
            return nil
        }
    }

    /// The same with `key` already parsed. Nil if `parsed` is another key.
    public func verify(with parsed: ParsedPublicKey) -> VerifiedSignature? {
        guard parsed.key == key else { return nil }
        return parsed.verify(signature, message: message)
    }
}
