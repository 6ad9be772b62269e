public import Cryptography
public import Ledger

/// An account as of a block. Whether anything proves it depends on where it came from.
public struct AccountState: Hashable, Sendable {
    public let id: AccountID
    public let index: AccountIndex
    public let kind: AccountKind
    public let status: AccountStatus
    public let tier: UInt8
    /// The institution that answers for the account.
    public let institution: InstitutionIndex
    public let openedHeight: UInt64
    /// Nil for a liability account, which no key can sign for.
    public let policy: KeyPolicy?
    public let entryCount: UInt64
    public let entryHash: Bytes32
    /// Ascending by asset.
    public let balances: [Balance]
    /// The block after which the account was so.
    public let height: UInt64

    /// The balance in an asset; all zero when the account never had any.
    public func balance(of asset: AssetIndex) -> Balance {
        balances.first { $0.asset == asset } ?? Balance(asset: asset)
    }
}

extension AccountState {
    /// The state that a balance proof proves, once it is verified.
    public init(_ account: Account, height: UInt64) {
        id = account.id
        index = account.index
        kind = account.kind
        status = account.status
        tier = account.tier
        institution = account.institution
        openedHeight = account.openedHeight
        policy = account.kind == .liability ? nil : account.policy
        entryCount = account.entryCount
        entryHash = account.entryHash
        balances = Array(account.balances)
        self.height = height
    }

    /// Reads an account (`docs/spec/http.md` section 2), which must be the one that was asked for.
    init(_ field: JSONField, of expected: AccountID, chainspec: Chainspec) throws(JSONError) {
        var fields = try field.object()
        let addressField = try fields.field("address", expecting: "an address")
        let idField = try fields.field("id", expecting: "the account's id")
        id = AccountID(try idField.bytes32())
        guard try addressField.account(on: chainspec) == expected, id == expected else {
            throw addressField.refused("must be that of the account asked for")
        }
        index = try fields.integer("index")
        kind = try fields.field("kind").choice(among: AccountKind.allCases, name: \.name)
        status = try fields.field("status").choice(among: AccountStatus.allCases, name: \.name)
        tier = try fields.integer("tier", as: UInt8.self)
        institution = try fields.field("institution").institution(on: chainspec)
        openedHeight = try fields.integer("openedHeight")
        let policyField = try fields.field("policy", expecting: "a key policy")
        policy = if kind == .liability { nil } else { try KeyPolicy(json: policyField) }
        entryCount = try fields.integer("entryCount")
        entryHash = try fields.field("entryHash").bytes32()
        height = try fields.integer("height")
        let balancesField = try fields.field("balances", expecting: "an array")
        try fields.finish()
        var balances: [Balance] = []
        for element in try balancesField.array(maximumCount: Account.maximumBalanceCount) {
            balances.append(try Balance(element, of: kind, chainspec: chainspec))
        }
        guard zip(balances, balances.dropFirst()).allSatisfy({ $0.asset < $1.asset }) else {
            throw balancesField.refused("must have each asset once, in the order of the chain specification")
        }
        self.balances = balances
    }
}

extension Balance {
    /// Reads a balance. The figures that follow from others must follow from them.
    fileprivate init(_ field: JSONField, of kind: AccountKind, chainspec: Chainspec) throws(JSONError) {
        var fields = try field.object()
        let asset = try fields.field("asset").asset(on: chainspec)
        let decimals = chainspec.assets[Int(asset)].decimals
        let creditsPosted = try fields.counter("creditsPosted", decimals: decimals)
        let debitsPosted = try fields.counter("debitsPosted", decimals: decimals)
        guard kind.isHolder else {
            let outstanding = try fields.counter("outstanding", decimals: decimals)
            try fields.finish()
            guard Self.difference(debitsPosted, creditsPosted) == outstanding else { throw Self.contradiction(field) }
            self.init(asset: asset, creditsPosted: creditsPosted, debitsPosted: debitsPosted)
            return
        }
        let creditsPending = try fields.counter("pendingCredits", decimals: decimals)
        let debitsPending = try fields.counter("pendingDebits", decimals: decimals)
        let posted = try fields.counter("posted", decimals: decimals)
        let available = try fields.counter("available", decimals: decimals)
        try fields.finish()
        guard Self.difference(creditsPosted, debitsPosted) == posted,
            Self.difference(posted, debitsPending) == available
        else { throw Self.contradiction(field) }
        self.init(
            asset: asset, creditsPosted: creditsPosted, debitsPosted: debitsPosted, creditsPending: creditsPending,
            debitsPending: debitsPending)
    }

    private static func difference(_ minuend: UInt128, _ subtrahend: UInt128) -> UInt128? {
        minuend >= subtrahend ? minuend - subtrahend : nil
    }

    private static func contradiction(_ field: JSONField) -> JSONError {
        field.refused("has figures that contradict each other")
    }
}
