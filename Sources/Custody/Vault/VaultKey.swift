public import Cryptography

/// The key that seals a vault's root secret, what it is found again by, and officers' shares of it, where it has any.
public struct VaultKey: ~Copyable {
    public let sealing: VaultSealing
    public let shares: [SecretShare]
    let secret: SecretBytes

    private init(_ sealing: VaultSealing, _ secret: consuming SecretBytes, shares: [SecretShare] = []) {
        self.sealing = sealing
        self.secret = secret
        self.shares = shares
    }

    /// For a new vault, by a passphrase.
    public static func make(passphrase: borrowing SecretBytes, cost: KeyFileCost) throws(VaultError) -> VaultKey {
        let salt = Randomness.bytes(PasswordHash.saltByteCount)
        return VaultKey(.passphrase(cost, salt: salt), try derive(passphrase, salt: salt, cost: cost))
    }

    /// For a new vault, random: any `threshold` of `count` shares give it.
    public static func make(threshold: Int, count: Int) throws(VaultError) -> VaultKey {
        let key = SecretBytes(randomCount: VaultFile.keyByteCount)
        let shares: [SecretShare]
        do throws(SecretSharingError) {
            shares = try SecretSharing.split(key, threshold: threshold, count: count)
        } catch {
            throw .share(error.description)
        }
        return VaultKey(.shares(threshold: UInt8(threshold), count: UInt8(count), set: shares[0].setIdentifier), key, shares: shares)
    }

    /// Of a vault that a passphrase seals. Takes as long as the vault's cost says.
    public static func find(_ sealing: VaultSealing, passphrase: borrowing SecretBytes) throws(VaultError) -> VaultKey {
        guard case .passphrase(let cost, let salt) = sealing else { throw .wrongSealing }
        return VaultKey(sealing, try derive(passphrase, salt: salt, cost: cost))
    }

    /// Of a vault that shares seal.
    public static func find(_ sealing: VaultSealing, shares: [SecretShare]) throws(VaultError) -> VaultKey {
        guard case .shares(_, _, let set) = sealing, shares.allSatisfy({ $0.setIdentifier == set }) else { throw .wrongSealing }
        do throws(SecretSharingError) {
            return VaultKey(sealing, try SecretSharing.combine(shares))
        } catch {
            throw .share(error.description)
        }
    }

    private static func derive(_ passphrase: borrowing SecretBytes, salt: [UInt8], cost: KeyFileCost) throws(VaultError) -> SecretBytes {
        do throws(KeyFileError) {
            try KeyFileFormat.check(passphrase: passphrase)
            try cost.check(isDevelopment: true)
            return try KeyFile.encryptionKey(passphrase, salt: salt, cost: cost)
        } catch {
            throw .passphrase(error)
        }
    }
}
