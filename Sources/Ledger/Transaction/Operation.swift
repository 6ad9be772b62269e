public import Cryptography

/// A position in a transaction's account list.
public typealias AccountPosition = UInt16

/// One step of a transaction (`docs/spec/transaction.md` section 2).
public enum Operation: Hashable, Sendable {
    case openAccounts(OpenAccounts)
    case transfer(Transfer)
    case issue(Issue)
    case redeem(Redeem)
    /// Kept apart: a policy is large, and every transaction would take its room.
    indirect case rotateKeys(RotateKeys)
    case setStatus(SetStatus)
}

/// Opens 1 to 256 accounts that the sponsor answers for.
public struct OpenAccounts: Hashable, Sendable {
    public let sponsor: AccountPosition
    public let openings: [Opening]

    public init(sponsor: AccountPosition, openings: [Opening]) {
        self.sponsor = sponsor
        self.openings = openings
    }
}

/// One account to open.
public struct Opening: Hashable, Sendable {
    /// `bankIssued` or `walletHeld`; nothing else can be opened.
    public let kind: AccountKind
    public let tier: UInt8
    public let salt: Bytes16
    public let policy: KeyPolicy
    /// One signature per key of the policy, in its order.
    public let possession: [Bytes64]

    public init(kind: AccountKind, tier: UInt8, salt: Bytes16, policy: KeyPolicy, possession: [Bytes64]) {
        precondition(kind == .bankIssued || kind == .walletHeld, "only accounts of these kinds are opened")
        self.kind = kind
        self.tier = tier
        self.salt = salt
        self.policy = policy
        self.possession = possession
    }

    /// The id the account will have (`docs/spec/transaction.md` section 2).
    public func accountID(network: NetworkID, sponsor: AccountID) -> AccountID {
        var writer = ByteWriter(reservingCapacity: 160)
        writer.write(network.bytes)
        writer.write(kind.rawValue)
        writer.write(sponsor.bytes)
        writer.write(salt)
        policy.write(to: &writer)
        return AccountID(Tag.account.hash(writer.bytes))
    }
}

/// Moves money: every leg or none.
public struct Transfer: Hashable, Sendable {
    public struct Leg: Hashable, Sendable {
        public let from: AccountPosition
        public let to: AccountPosition
        public let asset: AssetIndex
        /// Minor units, at least 1.
        public let amount: UInt64

        public init(from: AccountPosition, to: AccountPosition, asset: AssetIndex, amount: UInt64) {
            self.from = from
            self.to = to
            self.asset = asset
            self.amount = amount
        }
    }

    public let legs: PackedList<Leg>

    public init(legs: [Leg]) {
        self.legs = PackedList(legs)
    }
}

/// A bank brings money into being against its liability account.
public struct Issue: Hashable, Sendable {
    public let bank: AccountPosition
    public let to: AccountPosition
    public let asset: AssetIndex
    /// Minor units, at least 1.
    public let amount: UInt64

    public init(bank: AccountPosition, to: AccountPosition, asset: AssetIndex, amount: UInt64) {
        self.bank = bank
        self.to = to
        self.asset = asset
        self.amount = amount
    }
}

/// A holder returns money to a bank, which thereby owes less.
public struct Redeem: Hashable, Sendable {
    public let bank: AccountPosition
    public let from: AccountPosition
    public let asset: AssetIndex
    /// Minor units, at least 1.
    public let amount: UInt64

    public init(bank: AccountPosition, from: AccountPosition, asset: AssetIndex, amount: UInt64) {
        self.bank = bank
        self.from = from
        self.asset = asset
        self.amount = amount
    }
}

/// Replaces an account's key policy.
public struct RotateKeys: Hashable, Sendable {
    public let account: AccountPosition
    public let policy: KeyPolicy
    /// One signature per key of the new policy, in its order.
    public let possession: [Bytes64]

    public init(account: AccountPosition, policy: KeyPolicy, possession: [Bytes64]) {
        self.account = account
        self.policy = policy
        self.possession = possession
    }
}

/// Freezes, unfreezes or closes an account.
public struct SetStatus: Hashable, Sendable {
    public let account: AccountPosition
    public let status: AccountStatus

    public init(account: AccountPosition, status: AccountStatus) {
        self.account = account
        self.status = status
    }
}

extension Operation {
    /// The positions of the accounts the operation names, with repetitions.
    package func forEachAccount(_ body: (AccountPosition) -> Void) {
        switch self {
        case .openAccounts(let operation): body(operation.sponsor)
        case .transfer(let operation):
            for leg in operation.legs {
                body(leg.from)
                body(leg.to)
            }
        case .issue(let operation):
            body(operation.bank)
            body(operation.to)
        case .redeem(let operation):
            body(operation.bank)
            body(operation.from)
        case .rotateKeys(let operation): body(operation.account)
        case .setStatus(let operation): body(operation.account)
        }
    }
}
