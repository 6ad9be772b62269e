/// The proof that a signature was checked and is good. Only this module can make one.
public struct VerifiedSignature: Sendable, Hashable {
    /// The key that signed.
    public let key: PublicKey
    /// What it signed.
    public let message: Bytes32
    private let own: OwnParsing

    /// The key as the check had to parse it, worth keeping; nil when it was given the parsed key.
    public var newlyParsed: ParsedPublicKey? {
        switch own {
        case .none: nil
        case .key(let parsed): parsed
        }
    }

    /// Apart, since nearly every check is given its key parsed.
    private enum OwnParsing: Sendable {
        case none
        indirect case key(ParsedPublicKey)
    }

    internal init(key: PublicKey, message: Bytes32, newlyParsed: ParsedPublicKey? = nil) {
        self.key = key
        self.message = message
        own = newlyParsed.map { .key($0) } ?? .none
    }

    /// By what was proved, not by what the proof took.
    public static func == (left: VerifiedSignature, right: VerifiedSignature) -> Bool {
        left.key == right.key && left.message == right.message
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(key)
        hasher.combine(message)
    }
}

/// A signature that is still to be checked.
public struct SignatureCheck: Sendable {
    /// The key that is said to have signed, parsed where somebody had it so.
    private let claimed: Claimed
    /// The 32-byte hash that is said to be signed.
    public let message: Bytes32
    /// The signature: R || s for BIP340, R || S for ECDSA.
    public let signature: Bytes64

    private enum Claimed: Sendable {
        case encoded(PublicKey)
        case parsed(ParsedPublicKey)
    }

    /// The key that is said to have signed.
    public var key: PublicKey {
        switch claimed {
        case .encoded(let key): key
        case .parsed(let parsed): parsed.key
        }
    }

    /// The claim that `key` signed `message` with `signature`.
    public init(key: PublicKey, message: Bytes32, signature: Bytes64) {
        claimed = .encoded(key)
        self.message = message
        self.signature = signature
    }

    /// The same of a key that was parsed before, which saves the check a sixth of its time.
    public init(key: ParsedPublicKey, message: Bytes32, signature: Bytes64) {
        claimed = .parsed(key)
        self.message = message
        self.signature = signature
    }

    /// The proof that the signature is good; nil if it is not, or if the key is not on the curve.
    public func verify() -> VerifiedSignature? {
        switch claimed {
        case .parsed(let parsed): return parsed.verify(signature, message: message)
        case .encoded(let key):
            do throws(KeyError) {
                let parsed = try key.parsed()
                guard parsed.verify(signature, message: message) != nil else { return nil }
                return VerifiedSignature(key: key, message: message, newlyParsed: parsed)
            } catch {
                return nil
            }
        }
    }

    /// The same with `key` already parsed. Nil if `parsed` is another key.
    public func verify(with parsed: ParsedPublicKey) -> VerifiedSignature? {
        guard parsed.key == key else { return nil }
        return parsed.verify(signature, message: message)
    }
}
