public import Cryptography

/// The public keys of the published development keys (`keys/README.md`), whose secrets everybody has.
///
/// No node starts a network that is not a development network while one of them is in its chain specification.
public enum DevelopmentKeys {
    /// The key of an institution or a wallet, under the name that its secret is derived from.
    public struct AccountKey: Hashable, Sendable {
        public let name: String
        public let key: PublicKey
    }

    /// The two keys of a validator.
    public struct ValidatorKeys: Hashable, Sendable {
        public let name: String
        public let blockKey: PublicKey
        public let checkpointKey: Ed25519PublicKey
    }

    /// The keys of institutions, then those of two wallets.
    public static let accounts = [
        account("central-bank", .bip340, "3bea0aab6d4c568e1baec5a501f470e2c337e6f45d4c1172dcddc37268f334f0"),
        account("first-bank", .bip340, "cbec95aa9c5ef5642cde3cd32fda5f953f2f5ffb46f4d69eb17343a31675ab41"),
        account("second-bank", .ecdsa, "02899c93c8747357bff0dd3b2c6ee6266a9a4493cf73a3a5fb1745833c520329a0"),
        account("wallet-operator", .bip340, "1ae927201ef6ee2a4224663dcda3e2081c80df0a7708d30512288075ba6a5965"),
        account("auditor", .bip340, "7ea6a0c1de4d6019fab57d2b9f601d184a7b6f080a73f3196fb1978f15b77e06"),
        account("alice", .bip340, "c6bd0773c8ec71b7a0b549a343f5e5978a98c375c76aa436afb5d0a11034ece8"),
        account("bob", .bip340, "7526d50a6b4ba426b81937d5801c2c41050330d1316182ac3f5ecdcd0415e7fc"),
    ]

    /// The keys of validators.
    public static let validators = [
        validator(
            "validator-1", block: "c6d673a4d4f0d0c111872651023f3ce64d7a912f751742841534192c43b58bf1",
            checkpoint: "48ea2d55446519568f1df5fe0d1463a03a5a5deba39ff049186daf32286f4164"),
        validator(
            "validator-2", block: "fae35345c5741cc1eb3c2f1c2b1c32bb5fd341837a37e2af91a6e21b257b0238",
            checkpoint: "c69ec27f8517f9a79a3fe61495861e0e64562369cf5d3ffe20f1a1a6cc03eaa3"),
        validator(
            "validator-3", block: "9e5fbf00a25314f1e85ff568cb9d420f79165d8ca98ff7c80d0caba5ae455dfa",
            checkpoint: "631a0a6123f3ce421c32dbfcde907f7add4d50be7a78665480e93f95f1e20b96"),
    ]

    /// Whether the secret of a key is published. A secret serves both schemes, so the key is recognised under either of them.
    public static func contains(_ key: PublicKey) -> Bool {
        coordinates.contains(key.coordinate)
    }

    /// Whether the secret of a checkpoint key is published.
    public static func contains(_ key: Ed25519PublicKey) -> Bool {
        validators.contains { $0.checkpointKey == key }
    }

    private static let coordinates = Set(
        accounts.map(\.key.coordinate) + validators.map(\.blockKey.coordinate))

    private static func account(_ name: String, _ scheme: SignatureScheme, _ hex: String) -> AccountKey {
        AccountKey(name: name, key: publicKey(scheme, hex))
    }

    private static func validator(_ name: String, block: String, checkpoint: String) -> ValidatorKeys {
        guard let checkpointKey = Bytes32(hex: checkpoint) else {
            preconditionFailure("the list of development keys is misspelt at \(name)")
        }
        return ValidatorKeys(
            name: name, blockKey: publicKey(.bip340, block), checkpointKey: Ed25519PublicKey(bytes: checkpointKey))
    }

    private static func publicKey(_ scheme: SignatureScheme, _ hex: String) -> PublicKey {
        guard let bytes = Hexadecimal.decode(hex) else {
            preconditionFailure("the list of development keys is misspelt at \(hex)")
        }
        do throws(KeyError) {
            return try PublicKey(scheme: scheme, bytes: bytes)
        } catch {
            preconditionFailure("the list of development keys is misspelt at \(hex): \(error)")
        }
    }
}

extension Chainspec {
    /// The first field of the JSON form that holds a published development key; nil if there is none, and on a development network,
    /// where they belong.
    public func developmentKeyInUse() -> String? {
        guard !isDevelopment else { return nil }
        for (position, institution) in institutions.enumerated() {
            for (key, entry) in institution.policy.keys.enumerated() where DevelopmentKeys.contains(entry.key) {
                return "institutions[\(position)].policy.keys[\(key)].key"
            }
        }
        for (position, validator) in validators.enumerated() {
            if DevelopmentKeys.contains(validator.blockKey) { return "validators[\(position)].blockKey" }
            if DevelopmentKeys.contains(validator.checkpointKey) { return "validators[\(position)].checkpointKey" }
        }
        return nil
    }
}
