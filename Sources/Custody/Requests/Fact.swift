public import Ledger

/// One thing that a request would do, which a policy decides by itself (`docs/spec/custody-policy.md` section 1).
public struct Fact: Hashable, Sendable {
    /// What is done.
    public enum Kind: String, Sendable, CaseIterable {
        case transfer, issue, redeem, openAccounts, rotateKeys, setStatus, policyChange

        /// Whether facts of this kind move money.
        public var hasAmount: Bool {
            switch self {
            case .transfer, .issue, .redeem: true
            case .openAccounts, .rotateKeys, .setStatus, .policyChange: false
            }
        }

        /// Whether facts of this kind name an account that money goes to.
        public var hasDestination: Bool { hasAmount }

        /// Whether facts of this kind name an account: all but a change of policy.
        public var hasSource: Bool { self != .policyChange }
    }

    public let kind: Kind
    /// Asset and minor units, where money moves.
    public let money: Money?
    /// Who pays, or the account that is acted on: an issue's liability comes from the bank, an opening from its sponsor.
    public let source: AccountID?
    /// Who is paid.
    public let destination: AccountID?

    /// An amount in minor units of an asset.
    public struct Money: Hashable, Sendable {
        public let asset: AssetIndex
        public let amount: UInt64

        public init(asset: AssetIndex, amount: UInt64) {
            self.asset = asset
            self.amount = amount
        }
    }

    private init(_ kind: Kind, money: Money? = nil, source: AccountID? = nil, destination: AccountID? = nil) {
        self.kind = kind
        self.money = money
        self.source = source
        self.destination = destination
    }

    /// A change of the policy itself.
    public static let policyChange = Fact(.policyChange)

    /// The facts of transactions that are asked for together, in their order: one for each leg, and for each other operation.
    public static func facts(of transactions: [Transaction]) -> [Fact] {
        var facts: [Fact] = []
        for transaction in transactions {
            for operation in transaction.operations { append(operation, of: transaction, to: &facts) }
        }
        return facts
    }

    private static func append(_ operation: Operation, of transaction: Transaction, to facts: inout [Fact]) {
        func account(_ position: AccountPosition) -> AccountID { transaction.account(at: position) }
        switch operation {
        case .transfer(let transfer):
            for leg in transfer.legs {
                facts.append(
                    Fact(
                        .transfer, money: Money(asset: leg.asset, amount: leg.amount), source: account(leg.from),
                        destination: account(leg.to)))
            }
        case .issue(let issue):
            let money = Money(asset: issue.asset, amount: issue.amount)
            facts.append(Fact(.issue, money: money, source: account(issue.bank), destination: account(issue.to)))
        case .redeem(let redeem):
            let money = Money(asset: redeem.asset, amount: redeem.amount)
            facts.append(Fact(.redeem, money: money, source: account(redeem.from), destination: account(redeem.bank)))
        case .openAccounts(let opening): facts.append(Fact(.openAccounts, source: account(opening.sponsor)))
        case .rotateKeys(let rotation): facts.append(Fact(.rotateKeys, source: account(rotation.account)))
        case .setStatus(let change): facts.append(Fact(.setStatus, source: account(change.account)))
        }
    }
}
