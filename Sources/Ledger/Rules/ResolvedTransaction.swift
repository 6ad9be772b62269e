public import Cryptography

/// The accounts of a transaction, found in the state, and what remains to be checked of it.
///
/// As long as accounts with the same ids stand at these positions, rules 4 to 9 give what they gave: they go by an account's kind and
/// institution, which its id commits to.
public struct ResolvedTransaction: Sendable {
    /// Which transaction it is.
    let id: TransactionID
    /// Positions of the accounts of the account list, in its order.
    let accounts: PositionList
    /// Positions of those whose authority is used, ascending.
    let authorities: PositionList
    /// How many signatures the envelope has.
    public internal(set) var signatureCount: Int
    private let proofs: Proofs

    /// Where proofs of possession come from. Kept apart, since nearly every transaction has none.
    private enum Proofs: Sendable {
        case none
        indirect case of(Transaction)
    }

    init(of transaction: SignedTransaction, accounts: PositionList, authorities: PositionList) {
        id = transaction.id
        self.accounts = accounts
        self.authorities = authorities
        signatureCount = transaction.signatures.count
        proofs = transaction.content.hasProofsOfPossession ? .of(transaction.content) : .none
    }

    /// The proofs of possession. They follow from the content alone, so no change of the state makes other ones of them; check them
    /// after the envelope, for there may be thousands, and anybody can write them.
    public var possession: [PossessionCheck] {
        switch proofs {
        case .none: []
        case .of(let content): content.possessionChecks
        }
    }

    /// A proof of possession and where it stands.
    public struct PossessionCheck: Sendable {
        public let check: SignatureCheck
        public let place: Refusal.Place
    }

    /// How many checks there are: those of the envelope, then the proofs of possession.
    public var checkCount: Int {
        switch proofs {
        case .none: signatureCount
        case .of(let content): signatureCount + content.proofCount
        }
    }
}

/// A resolved transaction with the checks of its envelope.
public struct SignatureRequirements: Sendable {
    /// Per signature of the envelope, in its order.
    public let envelope: [SignatureCheck]
    public let resolved: ResolvedTransaction

    /// All checks, in the order in which their failures are reported.
    public var checks: [SignatureCheck] { envelope + resolved.possession.map(\.check) }
}

extension Transaction {
    fileprivate var hasProofsOfPossession: Bool {
        operations.contains {
            switch $0 {
            case .openAccounts, .rotateKeys: true
            case .transfer, .issue, .redeem, .setStatus: false
            }
        }
    }

    /// How many proofs of possession there are.
    fileprivate var proofCount: Int {
        operations.reduce(0) { count, operation in
            switch operation {
            case .openAccounts(let open): open.openings.reduce(count) { $0 + $1.possession.count }
            case .rotateKeys(let rotate): count + rotate.possession.count
            case .transfer, .issue, .redeem, .setStatus: count
            }
        }
    }

    fileprivate var possessionChecks: [ResolvedTransaction.PossessionCheck] {
        var checks: [ResolvedTransaction.PossessionCheck] = []
        func add(_ policy: KeyPolicy, _ signatures: [Bytes64], of account: AccountID, at place: Refusal.Place) {
            let message = policy.possessionMessage(network: network, account: account)
            for (entry, signature) in zip(policy.keys, signatures) {
                let check = SignatureCheck(key: entry.key, message: message, signature: signature)
                checks.append(ResolvedTransaction.PossessionCheck(check: check, place: place))
            }
        }
        for (position, operation) in operations.enumerated() {
            switch operation {
            case .openAccounts(let open):
                for (item, opening) in open.openings.enumerated() {
                    let id = opening.accountID(network: network, sponsor: account(at: open.sponsor))
                    add(opening.policy, opening.possession, of: id, at: .operation(position, item: item))
                }
            case .rotateKeys(let rotate):
                add(
                    rotate.policy, rotate.possession, of: account(at: rotate.account),
                    at: .operation(position, item: 0))
            case .transfer, .issue, .redeem, .setStatus: break
            }
        }
        return checks
    }
}
