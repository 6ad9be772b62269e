public import Cryptography

/// What an account is (`docs/spec/state-tree.md` section 2).
public enum AccountKind: UInt8, Sendable, CaseIterable {
    case institution = 0
    case bankIssued = 1
    case walletHeld = 2
    case liability = 3

    /// Whether its balance is money somebody holds, rather than what a bank owes.
    public var isHolder: Bool { self != .liability }
}

/// What an account may do (`docs/spec/transaction.md` section 2).
public enum AccountStatus: UInt8, Sendable, CaseIterable {
    case active = 0
    case debitsFrozen = 1
    case creditsFrozen = 2
    case frozen = 3
    case closed = 4

    public var refusesDebits: Bool { self == .debitsFrozen || self == .frozen }
    public var refusesCredits: Bool { self == .creditsFrozen || self == .frozen }
}

/// The four counters of an account in an asset, in minor units. They only grow.
public struct Balance: Hashable, Sendable {
    public let asset: AssetIndex
    public internal(set) var creditsPosted: UInt128
    public internal(set) var debitsPosted: UInt128
    public internal(set) var creditsPending: UInt128
    public internal(set) var debitsPending: UInt128

    public init(
        asset: AssetIndex, creditsPosted: UInt128 = 0, debitsPosted: UInt128 = 0, creditsPending: UInt128 = 0,
        debitsPending: UInt128 = 0
    ) {
        self.asset = asset
        self.creditsPosted = creditsPosted
        self.debitsPosted = debitsPosted
        self.creditsPending = creditsPending
        self.debitsPending = debitsPending
    }

    /// creditsPosted − debitsPosted of a holder; what is there, pending or not.
    public var posted: UInt128 { creditsPosted - debitsPosted }

    /// creditsPosted − debitsPosted − debitsPending of a holder.
    public var available: UInt128 { creditsPosted - debitsPosted - debitsPending }

    /// debitsPosted − creditsPosted of a liability account: what the bank owes.
    public var outstanding: UInt128 { debitsPosted - creditsPosted }

    /// Whether none of the differences above that an account of this kind has is negative. Every decoded account's balances pass.
    func isPossible(for kind: AccountKind) -> Bool {
        guard kind.isHolder else { return creditsPosted <= debitsPosted }
        let (spent, overflow) = debitsPosted.addingReportingOverflow(debitsPending)
        return !overflow && spent <= creditsPosted
    }
}

/// An account: a leaf of the state tree (`docs/spec/state-tree.md` section 2).
public struct Account: Hashable, Sendable {
    public static let version: UInt8 = 1
    public static let maximumBalanceCount = 64

    public let index: AccountIndex
    public let id: AccountID
    public let kind: AccountKind
    public let tier: UInt8
    /// The institution that answers for the account.
    public let institution: InstitutionIndex
    public let openedHeight: UInt64
    public internal(set) var status: AccountStatus
    public internal(set) var policy: KeyPolicy
    public internal(set) var entryCount: UInt64
    public internal(set) var entryHash: Bytes32
    /// Ascending by asset.
    public internal(set) var balances: CompactList<Balance>

    public init(
        index: AccountIndex, id: AccountID, kind: AccountKind, tier: UInt8 = 0, institution: InstitutionIndex,
        openedHeight: UInt64, status: AccountStatus = .active, policy: KeyPolicy, entryCount: UInt64 = 0,
        entryHash: Bytes32 = .zero, balances: [Balance] = []
    ) {
        self.index = index
        self.id = id
        self.kind = kind
        self.tier = tier
        self.institution = institution
        self.openedHeight = openedHeight
        self.status = status
        self.policy = policy
        self.entryCount = entryCount
        self.entryHash = entryHash
        self.balances = CompactList(balances)
    }

    /// The balance in an asset; all zero when the account never had any.
    public func balance(of asset: AssetIndex) -> Balance {
        for position in 0..<balances.count where balances[position].asset == asset { return balances[position] }
        return Balance(asset: asset)
    }

    /// The account's hash as a leaf of the state tree.
    public var leaf: Bytes32 {
        var writer = ByteWriter(reservingCapacity: 256)
        return leaf(with: &writer)
    }

    /// The same, in the room of a writer that is used again and again.
    func leaf(with writer: inout ByteWriter) -> Bytes32 {
        writer.removeAll()
        write(to: &writer)
        return MerkleHash.leaf(writer.span)
    }
}

extension Account {
    /// Decodes exactly one account.
    public init(decoding bytes: [UInt8]) throws(DecodingError) {
        try self.init(decoding: bytes.span)
    }

    /// Decodes exactly one account.
    public init(decoding bytes: Span<UInt8>) throws(DecodingError) {
        var reader = ByteReader(bytes)
        guard try reader.readUInt8() == Self.version else { throw .unknownVersion }
        guard let kind = AccountKind(rawValue: try reader.readUInt8()) else { throw .unknownKind }
        guard let status = AccountStatus(rawValue: try reader.readUInt8()) else { throw .unknownStatus }
        self.kind = kind
        self.status = status
        tier = try reader.readUInt8()
        institution = try reader.readUInt16()
        index = try reader.readUInt64()
        id = AccountID(try reader.readBytes32())
        openedHeight = try reader.readUInt64()
        policy = try kind == .liability ? KeyPolicy(readingNoneFrom: &reader) : KeyPolicy(from: &reader)
        entryCount = try reader.readUInt64()
        entryHash = try reader.readBytes32()
        balances = try Self.readBalances(of: kind, from: &reader)
        try reader.finish()
    }

    private static func readBalances(
        of kind: AccountKind, from reader: inout ByteReader
    ) throws(DecodingError) -> CompactList<Balance> {
        let count = Int(try reader.readUInt16())
        guard count <= maximumBalanceCount else { throw .countOutOfRange }
        return try CompactList(reading: count, from: &reader) { (reader, last) throws(DecodingError) in
            let balance = Balance(
                asset: try reader.readUInt16(), creditsPosted: try reader.readUInt128(),
                debitsPosted: try reader.readUInt128(), creditsPending: try reader.readUInt128(),
                debitsPending: try reader.readUInt128())
            guard balance.isPossible(for: kind) else { throw .negativeBalance }
            if let last, last.asset >= balance.asset { throw .unsortedBalances }
            return balance
        }
    }

    /// The canonical bytes.
    public var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 256)
        write(to: &writer)
        return writer.bytes
    }

    /// Writes the canonical bytes.
    public func write(to writer: inout ByteWriter) {
        writer.write(Self.version)
        writer.write(kind.rawValue)
        writer.write(status.rawValue)
        writer.write(tier)
        writer.write(institution)
        writer.write(index)
        writer.write(id.bytes)
        writer.write(openedHeight)
        policy.write(to: &writer)
        writer.write(entryCount)
        writer.write(entryHash)
        writer.write(UInt16(balances.count))
        for position in 0..<balances.count {
            let balance = balances[position]
            writer.write(balance.asset)
            writer.write(balance.creditsPosted)
            writer.write(balance.debitsPosted)
            writer.write(balance.creditsPending)
            writer.write(balance.debitsPending)
        }
    }
}

extension KeyPolicy {
    /// The policy of a liability account is encoded as threshold 0 and no keys.
    fileprivate init(readingNoneFrom reader: inout ByteReader) throws(DecodingError) {
        guard try reader.readUInt16() == 0, try reader.readUInt8() == 0 else { throw .countOutOfRange }
        self = .none
    }
}
