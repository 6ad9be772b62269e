import Cryptography
import Custody
import Ledger

/// Key policies made from key files, which show their public keys without a passphrase.
enum KeyFiles {
    /// A policy over the keys of the files, each with weight 1.
    static func policy(_ paths: [String], threshold: UInt16?) throws(Failure) -> KeyPolicy {
        var keys: [KeyPolicy.WeightedKey] = []
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
