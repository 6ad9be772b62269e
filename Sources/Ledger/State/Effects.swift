import Cryptography

/// What a transaction does to one account: an entry of `docs/spec/state-tree.md` section 3, before it is known where the transaction
/// stands and which index the account has.
///
/// A transaction says all of this by itself, so whoever has the blocks can follow an account without executing anything: the effects
/// of a transaction, in order, are its entries.
public struct Effect: Hashable, Sendable {
    /// Whose entry it is.
    public enum Subject: Hashable, Sendable {
        /// An account of the transaction's list.
        case account(AccountPosition)
        /// The liability account of the effect's asset and a bank of the list.
        case liability(bank: AccountPosition)
        /// The account that the opening at (`operation`, `item`) makes, for a sponsor of the list.
        case opening(sponsor: AccountPosition)
    }

    public let kind: Entry.Kind
    /// Position of the operation in the transaction.
    public let operation: UInt16
    /// Position of the leg or opening in the operation, else 0.
    public let item: UInt16
    /// `Entry.noAsset` for an effect that moves no money.
    public let asset: AssetIndex
    /// Minor units; 0 for an effect that moves no money.
    public let amount: UInt64
    public let subject: Subject

    /// The entry, once its place is known.
    public func entry(at location: TransactionLocation, id: TransactionID) -> Entry {
        Entry(
            height: location.height, transaction: location.position, operation: operation, item: item, kind: kind, asset: asset,
            amount: amount, id: id)
    }
}

extension Transaction {
    /// What the transaction does, in the order in which executing it writes entries (`docs/spec/rules.md` section 4).
    public var effects: [Effect] {
        var effects: [Effect] = []
        effects.reserveCapacity(2)
        for (position, operation) in operations.enumerated() {
            let number = UInt16(position)
            switch operation {
            case .openAccounts(let open):
                for item in open.openings.indices {
                    effects.append(
                        Effect(
                            kind: .opened, operation: number, item: UInt16(item), asset: Entry.noAsset, amount: 0,
                            subject: .opening(sponsor: open.sponsor)))
                }
            case .transfer(let transfer):
                for (item, leg) in transfer.legs.enumerated() {
                    effects.appendMovement(
                        leg.amount, of: leg.asset, from: .account(leg.from), to: .account(leg.to), at: number, item: UInt16(item))
                }
            case .issue(let issue):
                effects.appendMovement(
                    issue.amount, of: issue.asset, from: .liability(bank: issue.bank), to: .account(issue.to), at: number)
            case .redeem(let redeem):
                effects.appendMovement(
                    redeem.amount, of: redeem.asset, from: .account(redeem.from), to: .liability(bank: redeem.bank), at: number)
            case .rotateKeys(let rotate): effects.append(Effect(.keysRotated, of: rotate.account, at: number))
            case .setStatus(let setStatus): effects.append(Effect(.statusSet, of: setStatus.account, at: number))
            }
        }
        return effects
    }

}

/// A transaction of a final block, read once so that each of its effects can be followed: its operations stand one after the other in its
/// bytes, and an operation can have thousands of effects.
public struct FollowedTransaction: Sendable {
    public let signed: SignedTransaction
    /// What it does, in order.
    public let effects: [Effect]
    private let operations: [Operation]

    public init(_ signed: SignedTransaction) {
        self.signed = signed
        operations = Array(signed.content.operations)
        effects = signed.content.effects
    }

    /// The operation that has one of the effects.
    func operation(of effect: Effect) -> Operation { operations[Int(effect.operation)] }
}

extension Effect {
    fileprivate init(_ kind: Entry.Kind, of account: AccountPosition, at operation: UInt16) {
        self.init(
            kind: kind, operation: operation, item: 0, asset: Entry.noAsset, amount: 0, subject: .account(account))
    }
}

extension [Effect] {
    /// Every movement is a debit, then a credit of the same size.
    fileprivate mutating func appendMovement(
        _ amount: UInt64, of asset: AssetIndex, from debtor: Effect.Subject, to creditor: Effect.Subject, at operation: UInt16,
        item: UInt16 = 0
    ) {
        append(Effect(kind: .debit, operation: operation, item: item, asset: asset, amount: amount, subject: debtor))
        append(Effect(kind: .credit, operation: operation, item: item, asset: asset, amount: amount, subject: creditor))
    }
}

extension Account {
    /// The account that an opening makes, before its first entry. Nil when the effect opens none.
    public init?(
        opening effect: Effect, of transaction: FollowedTransaction, index: AccountIndex, institution: InstitutionIndex, height: UInt64
    ) {
        guard case .opening(let sponsor) = effect.subject, case .openAccounts(let open) = transaction.operation(of: effect) else {
            return nil
        }
        let content = transaction.signed.content
        let opening = open.openings[Int(effect.item)]
        self.init(
            index: index, id: opening.accountID(network: content.network, sponsor: content.account(at: sponsor)), kind: opening.kind,
            tier: opening.tier, institution: institution, openedHeight: height, policy: opening.policy)
    }

    /// Follows one effect of a transaction that is known to be right, because it is in a final block: counters, policy or status, and
    /// the entry chain.
    ///
    /// Throws `negativeBalance` when the counters cannot take the effect: the account is not as the transaction found it.
    public mutating func apply(
        _ effect: Effect, of transaction: FollowedTransaction, at location: TransactionLocation
    ) throws(DecodingError) {
        switch (effect.kind, transaction.operation(of: effect)) {
        case (.debit, _):
            try move(effect) {
                $0.debitsPosted
            } set: {
                $0.debitsPosted = $1
            }
        case (.credit, _):
            try move(effect) {
                $0.creditsPosted
            } set: {
                $0.creditsPosted = $1
            }
        case (.keysRotated, .rotateKeys(let rotate)): policy = rotate.policy
        case (.statusSet, .setStatus(let setStatus)): status = setStatus.status
        default: break
        }
        entryHash = effect.entry(at: location, id: transaction.signed.id).hash(after: entryHash)
        entryCount += 1
    }

    private mutating func move(
        _ effect: Effect, _ get: (Balance) -> UInt128, set: (inout Balance, UInt128) -> Void
    ) throws(DecodingError) {
        let slot = balances.firstIndex { $0.asset >= effect.asset } ?? balances.count
        if slot == balances.count || balances[slot].asset != effect.asset {
            guard balances.count < Self.maximumBalanceCount else { throw .countOutOfRange }
            balances.insert(Balance(asset: effect.asset), at: slot)
        }
        var balance = balances[slot]
        let (sum, overflow) = get(balance).addingReportingOverflow(UInt128(effect.amount))
        set(&balance, sum)
        guard !overflow, balance.isPossible(for: kind) else { throw .negativeBalance }
        balances[slot] = balance
    }
}

extension TransactionID {
    /// The id of the transaction whose content (all of its canonical bytes before the signatures) is given, without decoding it.
    public init(hashing content: Span<UInt8>) {
        self.init(Tag.transaction.hash(content))
    }
}
