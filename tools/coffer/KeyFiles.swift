import Cryptography
import Custody
import Ledger

extension KeyFiles {
    /// A public key such as `bip340:` and its hexadecimal digits.
    static func publicKey(_ text: String) throws(Failure) -> PublicKey {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let scheme = SignatureScheme.allCases.first { "\($0)" == parts[0] }
        guard parts.count == 2, let scheme, let bytes = Hexadecimal.decode(String(parts[1])) else {
            throw .input("\(text) is not a public key such as bip340: or ecdsa: and its hexadecimal digits.")
        }
        return try reporting { try PublicKey(scheme: scheme, bytes: bytes) }
    }
}

/// The proof that a custody signer has a key, for an account that it alone is to control.
struct KeyProof {
    static let format = "coffer-key-proof/v1"

    let account: AccountID
    let publicKey: PublicKey
    let signature: Bytes64

    static func read(_ path: String, _ chainspec: Chainspec) throws(Failure) -> KeyProof {
        let bytes = try Files.read(path, maximumByteCount: 4_096)
        do {
            var fields = try JSONField(JSON.parse(bytes, maximumBytes: 4_096)).object()
            guard try fields.string("format") == format else { throw Failure.input("\(path) is no key proof. Check the path.") }
            let account = try chainspec.account(try fields.string("account"))
            let publicKey = try KeyFiles.publicKey("\(try fields.string("scheme")):\(try fields.string("publicKey"))")
            guard let signature = Bytes64(hex: try fields.string("signature")) else {
                throw Failure.input("\(path) is no key proof: its signature is not 64 bytes in hexadecimal.")
            }
            try fields.finish()
            return KeyProof(account: account, publicKey: publicKey, signature: signature)
        } catch {
            throw (error as? Failure) ?? .input("\(path): \(error)")
        }
    }
}

/// Key policies made from key files, which show their public keys without a passphrase.
enum KeyFiles {
    /// A policy over the keys of the files, and public keys as texts, each with weight 1.
    static func policy(_ paths: [String], publicKeys: [String] = [], threshold: UInt16?) throws(Failure) -> KeyPolicy {
        var keys: [KeyPolicy.WeightedKey] = []
        for text in publicKeys { keys.append(KeyPolicy.WeightedKey(key: try publicKey(text), weight: 1)) }
        for path in paths {
            do {
                let file = try KeyFile.read(at: path)
                guard file.kind != .validator, let publicKey = file.publicKey else {
                    throw Failure.input("\(path) holds the key of a \(file.kind), which no account can have. Give an account's key file.")
                }
                keys.append(KeyPolicy.WeightedKey(key: publicKey, weight: 1))
            } catch {
                throw (error as? Failure) ?? Failure(code: "keyFile", "\(path): \(error)", exitCode: 2)
            }
        }
        do {
            return try KeyPolicy(threshold: threshold ?? UInt16(keys.count), keys: keys)
        } catch {
            throw .input(
                "The keys do not make a key policy: \(error). Give 1 to 16 different keys, and a threshold of at most their number.")
        }
    }
}
