public import Cryptography

public enum DevelopmentKeys {
    public static func contains(_ key: PublicKey) -> Bool { false }
    public static func contains(_ key: Ed25519PublicKey) -> Bool { false }
}
extension Chainspec { public func developmentKeyInUse() -> String? { nil } }
