import Cryptography
import Ledger

/// A development network of one bank, one wallet operator and one validator, whose keys follow from the seed.
struct BenchNetwork: Sendable {
    static let asset: AssetIndex = 0
    /// 2026-01-01T00:00:00Z.
    private static let genesisTime: TimeMilliseconds = 1_767_225_600_000
    private static let bankIndex: InstitutionIndex = 1
    private static let operatorIndex: InstitutionIndex = 2

    let chainspec: Chainspec
    let keys: BenchKeys
    let bank: AccountID
    let sponsor: AccountID

    init(seed: UInt64) throws {
        keys = BenchKeys(seed: seed)
        let kinds: [(String, InstitutionKind)] = [("authority", .authority), ("bank", .bank), ("operator", .operator)]
        var institutions: [Institution] = []
        for (name, kind) in kinds {
            let key = try keys.secretKey(name, 0)
            institutions.append(Institution(name: name, kind: kind, policy: KeyPolicy(single: key.publicKey)))
        }
        let validator = Validator(
            name: "validator", institution: Self.bankIndex, blockKey: try keys.secretKey("validator", 0).publicKey,
            checkpointKey: try keys.checkpoint().publicKey)
        let asset = Asset(code: "EUR", decimals: 2, authority: 0, issuers: [Asset.Issuer(bank: Self.bankIndex, quota: .max)])
        chainspec = try Chainspec(
            isDevelopment: true, name: "bench", addressPrefix: "cofbench", genesisTime: Self.genesisTime, institutions: institutions,
            assets: [asset], validators: [validator], quorum: 1, rules: [Chainspec.RulesVersion(fromHeight: 0, version: 1)])
        bank = chainspec.institutionAccount(Self.bankIndex)
        sponsor = chainspec.institutionAccount(Self.operatorIndex)
    }

    /// The accounts that genesis has; those opened come after them.
    var genesisAccountCount: Int { Int(chainspec.genesisHeader.accountCount) }

    /// The header's one attestation.
    func attestations(of header: BlockHeader) throws -> [Attestation] {
        let signature = try keys.secretKey("validator", 0).sign(header.attestationMessage, auxiliary: .zero)
        return [Attestation(validator: 0, signature: signature)]
    }

    /// The opening of the `number`th account, with its proof of possession.
    func opening(_ number: Int) throws -> Opening {
        let key = try keys.account(number)
        let policy = KeyPolicy(single: key.publicKey)
        let salt = Bytes16(high: keys.seed, low: UInt64(number))
        let plan = Opening(kind: .walletHeld, tier: 1, salt: salt, policy: policy, possession: [])
        let id = plan.accountID(network: chainspec.network, sponsor: sponsor)
        let proof = try sign(policy.possessionMessage(network: chainspec.network, account: id), with: key)
        return Opening(kind: .walletHeld, tier: 1, salt: salt, policy: policy, possession: [proof])
    }

    /// A transaction that one account signs; `nonce` is used once on the network.
    func transaction(
        _ step: TransactionBuilder.Step, nonce: Bytes16, expiry: TimeMilliseconds, signer: AccountID, key: borrowing SecretKey
    ) throws -> SignedTransaction {
        let content = try TransactionBuilder(network: chainspec.network, expiry: expiry, nonce: nonce, steps: [step]).build()
        guard let position = content.accounts.firstIndex(of: signer) else { throw BenchFailure("a signer that no step names") }
        let signature = TransactionSignature(
            account: AccountPosition(position), key: 0, scheme: .bip340, signature: try sign(content.signingHash, with: key))
        return try SignedTransaction(content, signatures: [signature])
    }

    /// A signature that is not verified here: every one of them is where it is used.
    private func sign(_ message: Bytes32, with key: borrowing SecretKey) throws -> Bytes64 {
        guard let signature = key.signSchnorr(message.span, .zero) else { throw BenchFailure("a key did not sign") }
        return signature
    }
}
