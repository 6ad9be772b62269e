import Cryptography
public import Ledger

/// A development network made in code, with everyone's keys: one authority, two banks, one wallet operator, one auditor; EUR (two
/// decimals, both banks) and JPY (no decimals, the first bank); `validators` validators, of whom `quorum` make a block final.
///
/// Everything about it is derived from names, so two networks with the same parameters are equal.
public struct TestNetwork: Sendable {
    public static let eur: AssetIndex = 0
    public static let jpy: AssetIndex = 1
    /// 2026-01-01T00:00:00Z.
    public static let genesisTime: TimeMilliseconds = 1_767_225_600_000

    public let chainspec: Chainspec
    public let authority: TestAccount
    /// Issues EUR and JPY.
    public let bankA: TestAccount
    /// Issues EUR.
    public let bankB: TestAccount
    public let walletOperator: TestAccount
    public let auditor: TestAccount
    /// The keys with which the validators sign blocks, in their order.
    public let blockKeys: [TestKey]

    public var network: NetworkID { chainspec.network }

    /// Quotas are in minor units: EUR of the first and second bank, JPY of the first.
    public init(
        validators: Int = 1, quorum: UInt16 = 1, eurQuotaA: UInt64 = 1_000_000_000_00, eurQuotaB: UInt64 = 500_000_00,
        jpyQuota: UInt64 = 1_000_000_000, genesisTime: TimeMilliseconds = Self.genesisTime, name: String = "test"
    ) {
        let members: [(name: String, kind: InstitutionKind)] = [
            ("authority", .authority), ("bank-a", .bank), ("bank-b", .bank), ("operator", .operator), ("auditor", .auditor),
        ]
        let policies = members.map { TestPolicy(TestKey($0.name)) }
        let assets = [
            Asset(
                code: "EUR", decimals: 2, authority: 0,
                issuers: [Asset.Issuer(bank: 1, quota: eurQuotaA), Asset.Issuer(bank: 2, quota: eurQuotaB)]),
            Asset(code: "JPY", decimals: 0, authority: 0, issuers: [Asset.Issuer(bank: 1, quota: jpyQuota)]),
        ]
        do {
            chainspec = try Chainspec(
                isDevelopment: true, name: name, addressPrefix: "coffertest", genesisTime: genesisTime,
                institutions: zip(members, policies).map { Institution(name: $0.name, kind: $0.kind, policy: $1.policy) },
                assets: assets, validators: (0..<validators).map(Self.validator), quorum: quorum,
                rules: [Chainspec.RulesVersion(fromHeight: 0, version: 1)])
        } catch {
            preconditionFailure("\(error)")
        }
        blockKeys = (0..<validators).map(Self.blockKey)
        let accounts = Self.accounts(of: policies, on: chainspec)
        (authority, bankA, bankB) = (accounts[0], accounts[1], accounts[2])
        (walletOperator, auditor) = (accounts[3], accounts[4])
    }

    /// The network of `chainspec/two-banks.json`, whose keys are the published development keys: EUR of both banks, USD of the second.
    public static func twoBanks() throws -> TestNetwork {
        try TestNetwork(twoBanks: Chainspec(json: ProjectFiles.read("chainspec/two-banks.json")))
    }

    private init(twoBanks chainspec: Chainspec) {
        self.chainspec = chainspec
        let policies = chainspec.institutions.map { TestPolicy(TestKey($0.name, $0.policy.keys[0].key.scheme)) }
        blockKeys = chainspec.validators.map { TestKey("\($0.name)/block") }
        precondition(policies.map(\.policy) == chainspec.institutions.map(\.policy), "the keys are derived from the names")
        precondition(blockKeys.map(\.publicKey) == chainspec.validators.map(\.blockKey), "the keys are derived from the names")
        let accounts = Self.accounts(of: policies, on: chainspec)
        (authority, bankA, bankB) = (accounts[0], accounts[1], accounts[2])
        (walletOperator, auditor) = (accounts[3], accounts[4])
    }

    private static func accounts(of policies: [TestPolicy], on chainspec: Chainspec) -> [TestAccount] {
        policies.enumerated().map { TestAccount(id: chainspec.institutionAccount(InstitutionIndex($0)), keys: $1) }
    }

    private static func validator(_ position: Int) -> Validator {
        Validator(
            name: "validator-\(position)", institution: position % 2 == 0 ? 1 : 2, blockKey: blockKey(position).publicKey,
            checkpointKey: testCheckpointKey("validator-\(position)-checkpoint").publicKey)
    }

    /// The key with which the validator at a position of a network made in code signs blocks. Its checkpoint key is `testCheckpointKey("validator-N-checkpoint")`.
    public static func blockKey(_ position: Int) -> TestKey { TestKey("validator-\(position)-block") }

    /// An account to be opened: by the wallet operator, held by one key of the account's name, unless said otherwise.
    public func account(
        _ name: String, kind: AccountKind = .walletHeld, sponsor: TestAccount? = nil, keys: TestPolicy? = nil, tier: UInt8 = 1
    ) -> TestAccount {
        let keys = keys ?? TestPolicy(TestKey(name))
        let sponsor = sponsor ?? (kind == .bankIssued ? bankA : walletOperator)
        let salt = Self.bytes16("salt", name)
        let opening = Opening(kind: kind, tier: tier, salt: salt, policy: keys.policy, possession: [])
        return TestAccount(
            id: opening.accountID(network: network, sponsor: sponsor.id), keys: keys,
            plan: TestAccount.Plan(kind: kind, sponsor: sponsor.id, salt: salt, tier: tier))
    }

    /// The attestations of a header by some validators, by default the first `quorum` of them. A position past the last validator signs with
    /// a key of its own, for tests of what must be refused.
    public func attestations(of header: BlockHeader, by validators: [Int]? = nil) -> [Attestation] {
        (validators ?? Array(0..<Int(chainspec.quorum))).map {
            let key = $0 < blockKeys.count ? blockKeys[$0] : Self.blockKey($0)
            return Attestation(validator: ValidatorIndex($0), signature: key.sign(header.attestationMessage))
        }
    }

    static func bytes16(_ purpose: String, _ name: String) -> Bytes16 {
        let hash = SHA256.hash(Array("coffer test \(purpose) \(name)".utf8))
        var reader = ByteReader(hash.span)
        do {
            return try reader.readBytes16()
        } catch {
            preconditionFailure("a hash has 16 bytes")
        }
    }
}
