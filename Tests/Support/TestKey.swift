public import Cryptography
public import Ledger

/// A secp256k1 key that anyone can derive from its name, as the published development keys are: for tests and development networks only.
///
/// The secret is `tagged("coffer/development-key/v1", name)`. It is derived afresh for every signature, because a `SecretKey` is not copyable.
public struct TestKey: Hashable, Sendable {
    public let name: String
    public let publicKey: PublicKey

    public var scheme: SignatureScheme { publicKey.scheme }

    public init(_ name: String, _ scheme: SignatureScheme = .bip340) {
        self.name = name
        publicKey = Self.derive(name, scheme).publicKey
    }

    public func secretKey() -> SecretKey { Self.derive(name, scheme) }

    /// The signature made with 32 zero bytes of auxiliary randomness: always the same for the same message.
    public func sign(_ message: Bytes32) -> Bytes64 {
        do {
            return try secretKey().sign(message, auxiliary: .zero)
        } catch {
            preconditionFailure("test key \(name): \(error)")
        }
    }

    static let derivation = TaggedHash(tag: "coffer/development-key/v1")

    static func secret(_ name: String) -> SecretBytes {
        SecretBytes(copying: derivation.hash(Array(name.utf8)).span)
    }

    private static func derive(_ name: String, _ scheme: SignatureScheme) -> SecretKey {
        do {
            return try SecretKey(scheme: scheme, secret: secret(name))
        } catch {
            preconditionFailure("test key \(name): \(error)")
        }
    }
}

/// A key policy together with the test keys that satisfy it.
public struct TestPolicy: Hashable, Sendable {
    public let policy: KeyPolicy
    /// In the order of the policy.
    public let keys: [TestKey]

    /// A weighted threshold; the keys may come in any order.
    public init(threshold: UInt16, _ weightedKeys: [(key: TestKey, weight: UInt8)]) {
        let sorted = weightedKeys.sorted { $0.key.publicKey < $1.key.publicKey }
        keys = sorted.map(\.key)
        do {
            policy = try KeyPolicy(
                threshold: threshold, keys: sorted.map { KeyPolicy.WeightedKey(key: $0.key.publicKey, weight: $0.weight) })
        } catch {
            preconditionFailure("test policy: \(error)")
        }
    }

    /// One key that suffices alone.
    public init(_ key: TestKey) {
        self.init(threshold: 1, [(key, 1)])
    }

    /// The proofs of possession for an account that is to have this policy, in the policy's order.
    public func possession(network: NetworkID, account: AccountID) -> [Bytes64] {
        let message = policy.possessionMessage(network: network, account: account)
        return keys.map { $0.sign(message) }
    }
}

/// The Ed25519 key that signs checkpoints, derived from its name in the same way.
public func testCheckpointKey(_ name: String) -> Ed25519SecretKey {
    do {
        return try Ed25519SecretKey(seed: TestKey.secret(name))
    } catch {
        preconditionFailure("test checkpoint key \(name): \(error)")
    }
}
