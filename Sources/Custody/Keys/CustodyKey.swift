internal import Cryptography

/// A key that signs what custody decided, wherever its secret is: in memory, in a token, with a cloud's key service.
///
/// Outside of custody nobody calls it: it is handed what was decoded, decided and recorded, as the 32 bytes that this comes to.
protocol CustodyKey: Sendable {
    var publicKey: PublicKey { get }
    /// A signature of 32 bytes, with a low S, verified before it is returned. Blocks until it is made. `auxiliary` is the auxiliary
    /// randomness of BIP340, fresh for each signature; other schemes ignore it.
    func sign(_ message: Bytes32, auxiliary: Bytes32) throws(CustodyKeyError) -> Bytes64
}

extension CustodyKey {
    func sign(_ message: Bytes32) throws(CustodyKeyError) -> Bytes64 { try sign(message, auxiliary: Randomness.bytes32()) }
}

/// Why a key did not sign. Nothing was signed.
struct CustodyKeyError: Error, Equatable, Sendable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A key whose secret is in memory.
final class MemoryKey: CustodyKey {
    private let key: SecretKey
    var publicKey: PublicKey { key.publicKey }

    init(_ key: consuming SecretKey) {
        self.key = key
    }

    func sign(_ message: Bytes32, auxiliary: Bytes32) throws(CustodyKeyError) -> Bytes64 {
        do throws(KeyError) {
            return try key.sign(message, auxiliary: auxiliary)
        } catch {
            throw CustodyKeyError(error.description)
        }
    }
}

/// The keys of an unsealed vault. When nobody holds it any more, its secrets are wiped.
final class KeyRing: Sendable {
    let logKey: Ed25519SecretKey
    let keys: [String: any CustodyKey]
    /// Of validators, by the name of the key.
    let checkpointKeys: [String: CheckpointKey]

    init(logKey: consuming Ed25519SecretKey, keys: [String: any CustodyKey], checkpointKeys: [String: CheckpointKey]) {
        self.logKey = logKey
        self.keys = keys
        self.checkpointKeys = checkpointKeys
    }
}

/// Signs checkpoints of the chain.
final class CheckpointKey: Sendable {
    let key: Ed25519SecretKey

    init(_ key: consuming Ed25519SecretKey) {
        self.key = key
    }
}
