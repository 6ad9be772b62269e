public import Cryptography

/// Builds a transaction's content from account ids, and derives the account list from what is used.
public struct TransactionBuilder: Sendable {
    /// An operation that names accounts by their ids.
    public enum Step: Sendable {
        case openAccounts(sponsor: AccountID, openings: [Opening])
        case transfer([Leg])
        case issue(bank: AccountID, to: AccountID, asset: AssetIndex, amount: UInt64)
        case redeem(bank: AccountID, from: AccountID, asset: AssetIndex, amount: UInt64)
        case rotateKeys(account: AccountID, policy: KeyPolicy, possession: [Bytes64])
        case setStatus(account: AccountID, status: AccountStatus)
    }

    /// A leg of a transfer, with account ids; `amount` in minor units.
    public struct Leg: Sendable {
        public let from: AccountID
        public let to: AccountID
        public let asset: AssetIndex
        public let amount: UInt64

        public init(from: AccountID, to: AccountID, asset: AssetIndex, amount: UInt64) {
            self.from = from
            self.to = to
            self.asset = asset
            self.amount = amount
        }
    }

    public var network: NetworkID
    public var expiry: TimeMilliseconds
    public var nonce: Bytes16
    public var memoCommitment: Bytes32
    public var steps: [Step]
    /// Accounts that sign but that no step names, such as the responsible institution of a `setStatus`.
    public var furtherSigners: [AccountID]

    public init(
        network: NetworkID, expiry: TimeMilliseconds, nonce: Bytes16, memoCommitment: Bytes32 = .zero,
        steps: [Step], furtherSigners: [AccountID] = []
    ) {
        self.network = network
        self.expiry = expiry
        self.nonce = nonce
        self.memoCommitment = memoCommitment
        self.steps = steps
        self.furtherSigners = furtherSigners
    }

    /// The content. Throws what decoding it would throw: `countOutOfRange` (also for proofs of possession that are not one per key),
    /// `zeroAmount`, `selfTransfer`, `highS`, `tooLarge`.
    public func build() throws(DecodingError) -> Transaction {
        guard steps.allSatisfy(\.hasOneProofPerKey) else { throw .countOutOfRange }
        let accounts = Set(steps.flatMap(\.accounts) + furtherSigners).sorted()
        guard (1...Transaction.maximumAccountCount).contains(accounts.count) else { throw .countOutOfRange }
        var positions: [AccountID: AccountPosition] = [:]
        for (position, account) in accounts.enumerated() { positions[account] = AccountPosition(position) }
        let operations = steps.map { $0.operation(positions) }
        guard (1...Transaction.maximumOperationCount).contains(operations.count) else { throw .countOutOfRange }
        var limits = SpanningLimits()
        for operation in operations { limits.add(operation) }
        guard limits.areKept else { throw .countOutOfRange }
        return try Transaction(
            network: network, expiry: expiry, nonce: nonce, memoCommitment: memoCommitment, accounts: accounts, operations: operations)
    }
}

extension TransactionBuilder.Step {
    /// The encoding has no count of proofs: it takes one per key of the policy.
    fileprivate var hasOneProofPerKey: Bool {
        switch self {
        case .openAccounts(_, let openings): openings.allSatisfy { $0.possession.count == $0.policy.keys.count }
        case .rotateKeys(_, let policy, let possession): possession.count == policy.keys.count
        case .transfer, .issue, .redeem, .setStatus: true
        }
    }

    fileprivate var accounts: [AccountID] {
        switch self {
        case .openAccounts(let sponsor, _): [sponsor]
        case .transfer(let legs): legs.flatMap { [$0.from, $0.to] }
        case .issue(let bank, let to, _, _): [bank, to]
        case .redeem(let bank, let from, _, _): [bank, from]
        case .rotateKeys(let account, _, _): [account]
        case .setStatus(let account, _): [account]
        }
    }

    fileprivate func operation(_ positions: [AccountID: AccountPosition]) -> Operation {
        func position(_ account: AccountID) -> AccountPosition {
            guard let position = positions[account] else { preconditionFailure("every named account has a position") }
            return position
        }
        switch self {
        case .openAccounts(let sponsor, let openings):
            return .openAccounts(OpenAccounts(sponsor: position(sponsor), openings: openings))
        case .transfer(let legs):
            return .transfer(
                Transfer(
                    legs: legs.map {
                        Transfer.Leg(from: position($0.from), to: position($0.to), asset: $0.asset, amount: $0.amount)
                    }))
        case .issue(let bank, let to, let asset, let amount):
            return .issue(Issue(bank: position(bank), to: position(to), asset: asset, amount: amount))
        case .redeem(let bank, let from, let asset, let amount):
            return .redeem(Redeem(bank: position(bank), from: position(from), asset: asset, amount: amount))
        case .rotateKeys(let account, let policy, let possession):
            return .rotateKeys(RotateKeys(account: position(account), policy: policy, possession: possession))
        case .setStatus(let account, let status):
            return .setStatus(SetStatus(account: position(account), status: status))
        }
    }
}
