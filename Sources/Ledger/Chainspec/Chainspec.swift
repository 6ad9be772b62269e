public import Cryptography

/// What an institution may do (`docs/spec/chainspec.md`).
public enum InstitutionKind: UInt8, Sendable, CaseIterable {
    case authority = 1
    case bank = 2
    case `operator` = 3
    case auditor = 4
}

/// A registered legal entity.
public struct Institution: Hashable, Sendable {
    public let name: String
    public let kind: InstitutionKind
    public let policy: KeyPolicy

    public init(name: String, kind: InstitutionKind, policy: KeyPolicy) {
        self.name = name
        self.kind = kind
        self.policy = policy
    }
}

/// A currency on the ledger.
public struct Asset: Hashable, Sendable {
    /// A bank that issues the asset, and the most it may have outstanding, in minor units.
    public struct Issuer: Hashable, Sendable {
        public let bank: InstitutionIndex
        public let quota: UInt64

        public init(bank: InstitutionIndex, quota: UInt64) {
            self.bank = bank
            self.quota = quota
        }
    }

    public static let maximumDecimals: UInt8 = 8

    public let code: String
    public let decimals: UInt8
    public let authority: InstitutionIndex
    /// Ascending by bank.
    public let issuers: [Issuer]

    public init(code: String, decimals: UInt8, authority: InstitutionIndex, issuers: [Issuer]) {
        self.code = code
        self.decimals = decimals
        self.authority = authority
        self.issuers = issuers
    }
}

/// A party that executes and attests blocks.
public struct Validator: Hashable, Sendable {
    public let name: String
    public let institution: InstitutionIndex
    /// A BIP 340 key.
    public let blockKey: PublicKey
    public let checkpointKey: Ed25519PublicKey

    public init(name: String, institution: InstitutionIndex, blockKey: PublicKey, checkpointKey: Ed25519PublicKey) {
        self.name = name
        self.institution = institution
        self.blockKey = blockKey
        self.checkpointKey = checkpointKey
    }
}

/// The description of a network (`docs/spec/chainspec.md`). A value of this type has passed every check of that page.
public struct Chainspec: Hashable, Sendable {
    /// From which height a version of the rules is in force.
    public struct RulesVersion: Hashable, Sendable {
        public let fromHeight: UInt64
        public let version: UInt16

        public init(fromHeight: UInt64, version: UInt16) {
            self.fromHeight = fromHeight
            self.version = version
        }
    }

    public static let version: UInt8 = 1
    public static let maximumInstitutionCount = 64
    public static let maximumAssetCount = 64
    public static let maximumValidatorCount = 64
    /// The rules versions this program knows.
    public static let knownRules: Set<UInt16> = [1]

    public let isDevelopment: Bool
    public let name: String
    public let addressPrefix: String
    public let genesisTime: TimeMilliseconds
    public let institutions: [Institution]
    public let assets: [Asset]
    public let validators: [Validator]
    public let quorum: UInt16
    public let rules: [RulesVersion]
    /// The hash of the canonical bytes.
    public let network: NetworkID

    public init(
        isDevelopment: Bool, name: String, addressPrefix: String, genesisTime: TimeMilliseconds,
        institutions: [Institution], assets: [Asset], validators: [Validator], quorum: UInt16, rules: [RulesVersion]
    ) throws(ChainspecError) {
        self.isDevelopment = isDevelopment
        self.name = name
        self.addressPrefix = addressPrefix
        self.genesisTime = genesisTime
        self.institutions = institutions
        self.assets = assets
        self.validators = validators
        self.quorum = quorum
        self.rules = rules
        try Self.check(
            name: name, addressPrefix: addressPrefix, institutions: institutions, assets: assets,
            validators: validators, quorum: quorum, rules: rules)
        var writer = ByteWriter(reservingCapacity: 1_024)
        Self.write(
            isDevelopment: isDevelopment, name: name, addressPrefix: addressPrefix, genesisTime: genesisTime,
            institutions: institutions, assets: assets, validators: validators, quorum: quorum, rules: rules,
            to: &writer)
        network = NetworkID(Tag.network.hash(writer.bytes))
    }
}

extension Chainspec {
    /// The rules version in force at a height.
    public func rulesVersion(at height: UInt64) -> UInt16 {
        rules.last { $0.fromHeight <= height }?.version ?? rules[0].version
    }

    /// The account that represents an institution.
    public func institutionAccount(_ institution: InstitutionIndex) -> AccountID {
        var writer = ByteWriter(reservingCapacity: 34)
        writer.write(network.bytes)
        writer.write(institution)
        return AccountID(Tag.institution.hash(writer.bytes))
    }

    /// The liability account of an asset and an issuing bank.
    public func liabilityAccount(asset: AssetIndex, bank: InstitutionIndex) -> AccountID {
        var writer = ByteWriter(reservingCapacity: 36)
        writer.write(network.bytes)
        writer.write(asset)
        writer.write(bank)
        return AccountID(Tag.liability.hash(writer.bytes))
    }

    /// The position of the asset with a code.
    public func assetIndex(code: String) -> AssetIndex? {
        assets.firstIndex { $0.code.utf8.elementsEqual(code.utf8) }.map(AssetIndex.init)
    }

    /// The position of the institution with a name.
    public func institutionIndex(name: String) -> InstitutionIndex? {
        institutions.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }.map(InstitutionIndex.init)
    }

    /// The asset at a position, if the network has it.
    public func asset(_ index: AssetIndex) -> Asset? {
        Int(index) < assets.count ? assets[Int(index)] : nil
    }

    /// Whether the network has an asset at a position.
    public func hasAsset(_ index: AssetIndex) -> Bool { Int(index) < assets.count }

    /// The address of an account on this network.
    public func address(of account: AccountID) -> String {
        Bech32m.encode(prefix: addressPrefix, payload: account.bytes.bytes)
    }
}
