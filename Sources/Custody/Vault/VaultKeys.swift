public import Cryptography
internal import Ledger

/// Keys made of a vault's secrets.
enum VaultKeys {
    /// The public key of a secret of this kind; of a master, that of its BIP32 root.
    static func publicKey(_ kind: VaultItemKind, _ secret: borrowing SecretBytes) throws(VaultError) -> PublicKey {
        if kind == .master {
            do throws(DerivationError) {
                return try ExtendedSecretKey(seed: secret).publicKey
            } catch {
                throw .derivation(error)
            }
        }
        return try signingKey(kind, secret).publicKey
    }

    /// Which validator's a key is.
    static func validatorUse(_ secret: borrowing SecretBytes, _ chainspec: Chainspec) throws(VaultError) -> KeyUse {
        let block = try publicKey(.validator, secret)
        let checkpoint: Ed25519PublicKey
        do throws(KeyError) {
            checkpoint = try Ed25519SecretKey(seed: SecretBytes(copying: secret.span.extracting(32..<64))).publicKey
        } catch {
            throw .secret(error)
        }
        let position = chainspec.validators.firstIndex { $0.blockKey == block && $0.checkpointKey == checkpoint }
        guard let position else { throw .notAValidator }
        return .validator(ValidatorIndex(position), checkpointKey: checkpoint)
    }

    /// All keys of the log that are active and whose secret is here, or derives from one that is, or is in the token.
    static func ring(
        _ file: VaultFile, root: borrowing SecretBytes, records: [CustodyKeyRecord], token: (any TokenKeys)?
    ) throws(VaultError) -> KeyRing {
        var keys: [String: any CustodyKey] = [:]
        var checkpointKeys: [String: CheckpointKey] = [:]
        for record in records where record.isActive && record.use != .master {
            switch record.home {
            case .vault:
                let item = try item(record.name, file)
                let secret = try file.open(item, root: root)
                keys[record.name] = MemoryKey(try signingKey(item.kind, secret))
                if item.kind == .validator { checkpointKeys[record.name] = CheckpointKey(try checkpointKey(secret)) }
            case .derived(let master, let path):
                let secret = try file.open(try item(master, file), root: root)
                keys[record.name] = MemoryKey(try derive(secret, path, record.publicKey.scheme))
            case .token(let label): keys[record.name] = TokenKey(label: label, publicKey: record.publicKey, token: token)
            }
        }
        let seed = try file.open(try item(UnsealedVault.logKeyName, file), root: root)
        do throws(KeyError) {
            return KeyRing(logKey: try Ed25519SecretKey(seed: seed), keys: keys, checkpointKeys: checkpointKeys)
        } catch {
            throw .secret(error)
        }
    }

    static func item(_ name: String, _ file: VaultFile) throws(VaultError) -> VaultFile.Item {
        guard let item = file.items.first(where: { $0.name == name }) else { throw .unknownKey(name) }
        return item
    }

    static func signingKey(_ kind: VaultItemKind, _ secret: borrowing SecretBytes) throws(VaultError) -> SecretKey {
        do throws(KeyError) {
            return try SecretKey(
                scheme: kind == .ecdsa ? .ecdsa : .bip340, secret: SecretBytes(copying: secret.span.extracting(0..<32)))
        } catch {
            throw .secret(error)
        }
    }

    private static func checkpointKey(_ secret: borrowing SecretBytes) throws(VaultError) -> Ed25519SecretKey {
        do throws(KeyError) {
            return try Ed25519SecretKey(seed: SecretBytes(copying: secret.span.extracting(32..<64)))
        } catch {
            throw .secret(error)
        }
    }

    static func derive(_ seed: borrowing SecretBytes, _ path: String, _ scheme: SignatureScheme) throws(VaultError) -> SecretKey {
        let steps: DerivationPath
        do throws(DerivationPathError) {
            steps = try DerivationPath(path)
        } catch {
            throw .path(error)
        }
        do throws(DerivationError) {
            let child = try ExtendedSecretKey(seed: seed).derive(steps)
            do throws(KeyError) {
                return try child.secretKey(scheme: scheme)
            } catch {
                throw DerivationError.unusableKey
            }
        } catch {
            throw .derivation(error)
        }
    }
}

/// The keys of a PKCS#11 token, as custody uses them.
public protocol TokenKeys: Sendable {
    func sign(_ message: Bytes32, label: String) throws(PKCS11Error) -> Bytes64
}

extension PKCS11Token: TokenKeys {}

/// A key whose secret never leaves its token.
final class TokenKey: CustodyKey {
    let label: String
    let publicKey: PublicKey
    private let token: (any TokenKeys)?

    init(label: String, publicKey: PublicKey, token: (any TokenKeys)?) {
        self.label = label
        self.publicKey = publicKey
        self.token = token
    }

    func sign(_ message: Bytes32, auxiliary: Bytes32) throws(CustodyKeyError) -> Bytes64 {
        guard let token else {
            throw CustodyKeyError("It is in a token, and none is configured. Start coffer-signer with --pkcs11-module and --pkcs11-token.")
        }
        do throws(PKCS11Error) {
            return try token.sign(message, label: label)
        } catch {
            throw CustodyKeyError(error.description)
        }
    }
}

/// PINs of different lengths in one length, so that the vault does not show it: a length byte, the PIN, zeros.
enum PaddedPIN {
    static let maximumByteCount = 63

    static func pad(_ pin: borrowing SecretBytes) throws(VaultError) -> SecretBytes {
        guard (1...maximumByteCount).contains(pin.count) else { throw .pinLength }
        let source = pin.span
        return SecretBytes(count: maximumByteCount + 1) { bytes in
            bytes[0] = UInt8(source.count)
            for index in source.indices { bytes[index + 1] = source[index] }
        }
    }

    static func unpad(_ padded: borrowing SecretBytes) -> SecretBytes {
        let count = min(Int(padded.span[0]), maximumByteCount)
        return SecretBytes(copying: padded.span.extracting(1..<1 + count))
    }
}
