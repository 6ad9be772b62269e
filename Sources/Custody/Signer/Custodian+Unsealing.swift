public import Cryptography
internal import Ledger
internal import Synchronization

/// Where a PKCS#11 token is.
public struct TokenPlace: Hashable, Sendable {
    /// The path of the library.
    public let module: String
    public let label: String

    public init(module: String, label: String) {
        self.module = module
        self.label = label
    }
}

/// How far unsealing has got.
public enum UnsealProgress: Hashable, Sendable {
    case unsealed
    /// So many more shares are needed.
    case needsShares(Int)
}

/// Shares that were given since the last try.
final class ShareCollection: Sendable {
    private let shares = Mutex<[SecretShare]>([])

    /// Adds a share; all of them once they are enough, which empties the collection.
    func add(_ share: SecretShare, to sealing: VaultSealing) throws(VaultError) -> (enough: [SecretShare]?, missing: Int) {
        guard case .shares(let threshold, _, let set) = sealing else { throw .wrongSealing }
        guard share.setIdentifier == set, share.threshold == threshold else { throw .otherShare }
        let collected: [SecretShare]? = shares.withLock { shares in
            guard !shares.contains(where: { $0.number == share.number }) else { return nil }
            shares.append(share)
            defer { if shares.count >= Int(threshold) { shares = [] } }
            return shares
        }
        guard let collected else { throw .shareTwice }
        let missing = max(0, Int(threshold) - collected.count)
        return (missing == 0 ? collected : nil, missing)
    }
}

extension Custodian {
    /// How the vault is sealed.
    public func sealing() throws(VaultError) -> VaultSealing { try VaultFile.read(paths, network: chainspec.network).sealing }

    /// Takes the passphrase, or one officer's share (its text); with what was missing, the keys are in memory.
    @available(*, noasync)
    public func unseal(_ secret: borrowing SecretBytes, user: UInt32) throws(VaultError) -> UnsealProgress {
        let file = try VaultFile.read(paths, network: chainspec.network)
        if case .passphrase = file.sealing {
            try unseal(file, VaultKey.find(file.sealing, passphrase: secret), user: user)
            return .unsealed
        }
        let share: SecretShare
        do throws(SecretShareError) {
            share = try SecretShare(text: secret.span)
        } catch {
            throw .share(error.description)
        }
        let (enough, missing) = try shares.add(share, to: file.sealing)
        guard let enough else { return .needsShares(missing) }
        try unseal(file, VaultKey.find(file.sealing, shares: enough), user: user)
        return .unsealed
    }

    private func unseal(_ file: VaultFile, _ key: borrowing VaultKey, user: UInt32) throws(VaultError) {
        let root = try file.openRoot(key: key.secret)
        do throws(CustodyRefusal) {
            let records = try locked { inner, _ throws(CustodyRefusal) in Array(inner.state.keys.values) }
            let ring = try ring(file, root, records)
            try unseal(with: ring, user: user)
        } catch {
            throw .refused(error)
        }
    }

    private func ring(_ file: VaultFile, _ root: borrowing SecretBytes, _ records: [CustodyKeyRecord]) throws(CustodyRefusal) -> KeyRing {
        do throws(VaultError) {
            var token: LazyToken?
            if let place = tokenPlace, let item = file.items.first(where: { $0.name == UnsealedVault.pinName }) {
                token = LazyToken(place, pin: PaddedPIN.unpad(try file.open(item, root: root)))
            }
            return try VaultKeys.ring(file, root: root, records: records, token: token)
        } catch {
            throw .keyUnavailable(name: "vault", reason: error.description)
        }
    }
}

/// A token that need not be there yet.
final class LazyToken: TokenKeys {
    private let place: TokenPlace
    private let pin: SecretBytes
    private let token = Mutex<PKCS11Token?>(nil)

    init(_ place: TokenPlace, pin: consuming SecretBytes) {
        self.place = place
        self.pin = pin
    }

    func sign(_ message: Bytes32, label: String) throws(PKCS11Error) -> Bytes64 {
        if let open = token.withLock({ $0 }) { return try open.sign(message, label: label) }
        let copy = pin.withBytes { SecretBytes(copying: $0) }
        let opened = try PKCS11Token(module: place.module, label: place.label, pin: copy)
        // Opened twice at a time, the first is used.
        let kept = token.withLock { token in
            token = token ?? opened
            return token ?? opened
        }
        return try kept.sign(message, label: label)
    }
}
