public import Cryptography

/// The secret keys of an unlocked key file. Take the key out with `switch consume`.
@frozen
public enum UnlockedKey: ~Copyable, Sendable {
    /// The key of an account or institution.
    case account(SecretKey)
    /// The keys of a validator.
    case validator(ValidatorKeys)
    /// The key of a witness.
    case witness(Ed25519SecretKey)

    /// The public key of the account key, or of the validator's block-signing key; nil for a witness.
    public var publicKey: PublicKey? {
        switch self {
        case .account(let key): key.publicKey
        case .validator(let keys): keys.blockKey.publicKey
        case .witness: nil
        }
    }
}

/// The two keys of a validator.
@frozen
public struct ValidatorKeys: ~Copyable, Sendable {
    /// Attests block headers, with BIP340.
    public let blockKey: SecretKey
    /// Signs checkpoints.
    public let checkpointKey: Ed25519SecretKey
}

extension KeyFile {
    /// Decrypts the file. Takes as long as `cost` says.
    ///
    /// The public keys are derived again from the secret and compared with those that the file states.
    public func unlock(passphrase: borrowing SecretBytes) throws(KeyFileError) -> UnlockedKey {
        let secret = try decrypt(passphrase: passphrase)
        let unlocked = try Self.keys(kind: kind, secret: secret)
        let checkpoint = Self.checkpointPublicKey(of: unlocked)
        guard unlocked.publicKey == publicKey, checkpoint == checkpointPublicKey else { throw .publicKeyMismatch }
        return unlocked
    }

    private func decrypt(passphrase: borrowing SecretBytes) throws(KeyFileError) -> SecretBytes {
        let key = try Self.encryptionKey(passphrase, salt: salt, cost: cost)
        do throws(EncryptionError) {
            return try XChaCha20Poly1305.open(sealed, associatedData: associatedData, nonce: nonce, key: key)
        } catch {
            throw .wrongPassphrase
        }
    }

    /// The secret itself, for a vault that takes the key over. Checked as `unlock` does.
    func secret(passphrase: borrowing SecretBytes) throws(KeyFileError) -> SecretBytes {
        _ = try unlock(passphrase: passphrase)
        return try decrypt(passphrase: passphrase)
    }

    /// Encrypts `secret`. Salt and nonce must be fresh random bytes, except in published examples.
    package static func seal(
        kind: KeyFileKind, secret: borrowing SecretBytes, passphrase: borrowing SecretBytes, isDevelopment: Bool,
        cost: KeyFileCost, salt: [UInt8], nonce: [UInt8]
    ) throws(KeyFileError) -> KeyFile {
        try KeyFileFormat.check(passphrase: passphrase)
        try cost.check(isDevelopment: isDevelopment)
        let keys = try keys(kind: kind, secret: secret)
        let draft = KeyFile(
            kind: kind, isDevelopment: isDevelopment, cost: cost, publicKey: keys.publicKey,
            checkpointPublicKey: checkpointPublicKey(of: keys), salt: salt, nonce: nonce, sealed: [])
        let key = try encryptionKey(passphrase, salt: salt, cost: cost)
        do throws(EncryptionError) {
            let sealed = try XChaCha20Poly1305.seal(
                secret, associatedData: draft.associatedData, nonce: nonce, key: key)
            return KeyFile(
                kind: kind, isDevelopment: isDevelopment, cost: cost, publicKey: draft.publicKey,
                checkpointPublicKey: draft.checkpointPublicKey, salt: salt, nonce: nonce, sealed: sealed)
        } catch {
            preconditionFailure("key and nonce have the lengths that encryption needs: \(error)")
        }
    }

    static func encryptionKey(
        _ passphrase: borrowing SecretBytes, salt: [UInt8], cost: KeyFileCost
    ) throws(KeyFileError) -> SecretBytes {
        do throws(PasswordHashError) {
            return try PasswordHash.argon2id(
                password: passphrase, salt: salt, operations: UInt64(cost.operations),
                memoryBytes: Int(cost.memoryKibibytes) << 10, outputCount: XChaCha20Poly1305.keyByteCount)
        } catch {
            throw .passwordHash(error)
        }
    }

    static func keys(
        kind: KeyFileKind, secret: borrowing SecretBytes
    ) throws(KeyFileError) -> UnlockedKey {
        guard secret.count == kind.secretByteCount else {
            throw .secretLength(kind, actual: secret.count)
        }
        do throws(KeyError) {
            let first = SecretBytes(copying: secret.span.extracting(0..<32))
            guard let scheme = kind.scheme else { return .witness(try Ed25519SecretKey(seed: first)) }
            let signingKey = try SecretKey(scheme: scheme, secret: first)
            guard kind == .validator else { return .account(signingKey) }
            let checkpointKey = try Ed25519SecretKey(
                seed: SecretBytes(copying: secret.span.extracting(32..<64)))
            return .validator(ValidatorKeys(blockKey: signingKey, checkpointKey: checkpointKey))
        } catch {
            throw .secretKey(error)
        }
    }

    private static func checkpointPublicKey(of unlocked: borrowing UnlockedKey) -> Ed25519PublicKey? {
        switch unlocked {
        case .account: nil
        case .validator(let keys): keys.checkpointKey.publicKey
        case .witness(let key): key.publicKey
        }
    }
}
