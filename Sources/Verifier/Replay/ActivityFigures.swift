public import Ledger

/// What blocks did, counted.
public struct ActivityFigures: PeriodFigure {
    /// Of one asset: how often money moved, and how much, in minor units.
    public struct OfAsset: Hashable, Sendable {
        /// Legs of transfers.
        public internal(set) var transfers: UInt64 = 0
        public internal(set) var transferred: UInt128 = 0
        public internal(set) var issues: UInt64 = 0
        public internal(set) var issued: UInt128 = 0
        public internal(set) var redemptions: UInt64 = 0
        public internal(set) var redeemed: UInt128 = 0
    }

    public internal(set) var blocks: UInt64 = 0
    public internal(set) var transactions: UInt64 = 0
    public internal(set) var accountsOpened: UInt64 = 0
    public internal(set) var keyRotations: UInt64 = 0
    public internal(set) var statusChanges: UInt64 = 0
    /// In the order of the chain specification.
    public internal(set) var assets: [OfAsset]

    init(assetCount: Int) {
        assets = [OfAsset](repeating: OfAsset(), count: assetCount)
    }

    /// Legs of transfers, in all assets.
    public var transfers: UInt64 { assets.reduce(0) { $0 + $1.transfers } }

    public mutating func absorb(_ later: ActivityFigures) {
        blocks += later.blocks
        transactions += later.transactions
        accountsOpened += later.accountsOpened
        keyRotations += later.keyRotations
        statusChanges += later.statusChanges
        for position in assets.indices { assets[position].absorb(later.assets[position]) }
    }

    mutating func count(_ kind: Movement.Kind, _ amount: UInt64, of asset: AssetIndex) {
        // 2^64 movements of 2^64 units each do not overflow a sum.
        switch kind {
        case .transfer:
            assets[Int(asset)].transfers += 1
            assets[Int(asset)].transferred += UInt128(amount)
        case .issue:
            assets[Int(asset)].issues += 1
            assets[Int(asset)].issued += UInt128(amount)
        case .redeem:
            assets[Int(asset)].redemptions += 1
            assets[Int(asset)].redeemed += UInt128(amount)
        }
    }
}

extension ActivityFigures.OfAsset {
    fileprivate mutating func absorb(_ later: Self) {
        transfers += later.transfers
        transferred += later.transferred
        issues += later.issues
        issued += later.issued
        redemptions += later.redemptions
        redeemed += later.redeemed
    }
}

/// What every issuing bank owes at a period's end, in minor units, in the order of `ChainFigures.issuers`.
public struct OutstandingFigures: PeriodFigure {
    public internal(set) var units: [UInt128]

    public mutating func absorb(_ later: OutstandingFigures) { self = later }
}

/// Money that went from one account to another.
public struct Movement: Sendable {
    /// Why it went.
    public enum Kind: Sendable {
        case transfer
        case issue
        case redeem
    }

    /// A party of it.
    public struct Party: Sendable {
        public let id: AccountID
        public let kind: AccountKind
        public let institution: InstitutionIndex
    }

    public let kind: Kind
    /// The debit's entry: place, asset and amount.
    public let entry: Entry
    public let time: TimeMilliseconds
    public let debtor: Party
    public let creditor: Party
}

/// The largest movements of one asset, largest first; of equal ones the earlier.
public struct LargestMovements: Sendable {
    /// So many are kept of every asset.
    public static let maximumCount = 20

    public private(set) var movements: [Movement] = []

    /// Whether a movement of this size belongs among them.
    func takes(_ amount: UInt64) -> Bool {
        guard movements.count == Self.maximumCount, let last = movements.last else { return true }
        return amount > last.entry.amount
    }

    mutating func add(_ movement: Movement) {
        let place = movements.firstIndex { $0.entry.amount < movement.entry.amount } ?? movements.count
        movements.insert(movement, at: place)
        if movements.count > Self.maximumCount { movements.removeLast() }
    }
}
