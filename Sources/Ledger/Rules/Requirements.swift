public import Cryptography

/// The signature checks that decide whether a transaction is verified: those of its envelope, then its proofs of possession.
public struct SignatureRequirements: Sendable {
    public let envelope: CompactList<SignatureCheck>
    /// Whose requirements they are.
    let transaction: TransactionID
    let resolved: ResolvedTransaction
    private let proofs: Proofs

    /// Where proofs of possession come from. Kept apart, since nearly every transaction has none.
    private enum Proofs: Sendable {
        case none
        indirect case of(Transaction)
    }

    init(envelope: CompactList<SignatureCheck>, of transaction: SignedTransaction, _ resolved: ResolvedTransaction) {
        self.envelope = envelope
        self.transaction = transaction.id
        self.resolved = resolved
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

    /// All checks, in the order in which their failures are reported.
    public var checks: [SignatureCheck] { Array(envelope) + possession.map(\.check) }

    /// How many checks there are.
    public var checkCount: Int {
        switch proofs {
        case .none: envelope.count
        case .of(let content): envelope.count + content.proofCount
        }
    }

    /// Appends all checks to a list, in their order.
    public func append(to list: inout [SignatureCheck]) {
        for check in envelope { list.append(check) }
        for proof in possession { list.append(proof.check) }
    }
}

/// The accounts of a transaction, found in the state.
///
/// As long as accounts with the same ids stand at these positions, rules 4 to 9 give what they gave: they go by an account's kind and
/// institution, which its id commits to.
struct ResolvedTransaction: Sendable {
    /// Positions of the accounts of the account list, in its order.
    let accounts: CompactList<Int>
    /// Positions of those whose authority is used, ascending.
    let authorities: CompactList<Int>
}

extension LedgerState {
    /// Rules 1 to 11: what the envelope and the state say of a transaction before its signatures are checked, and which
    /// checks remain. `time` is the time of the block it is for.
    public borrowing func requirements(
        of transaction: SignedTransaction, at time: TimeMilliseconds
    ) throws(Refusal) -> SignatureRequirements {
        let resolved = try resolve(transaction, at: time)
        var checks: CompactList<SignatureCheck> = []
        let signatures = transaction.signatures
        for position in 0..<signatures.count {
            let signature = signatures[position]
            checks.append(
                SignatureCheck(
                    key: key(of: signature, resolved), message: transaction.signingHash, signature: signature.signature))
        }
        return SignatureRequirements(envelope: checks, of: transaction, resolved)
    }

    /// Rules 1 to 11, without making the checks that remain.
    borrowing func resolve(
        _ transaction: SignedTransaction, at time: TimeMilliseconds
    ) throws(Refusal) -> ResolvedTransaction {
        try checkEnvelope(transaction, at: time)
        let accounts = try resolveAccounts(transaction)
        try checkAssets(transaction)
        let authorities = try requiredAuthorities(transaction, accounts)
        let resolved = ResolvedTransaction(accounts: accounts, authorities: authorities)
        try checkSigners(transaction, resolved)
        return resolved
    }

    /// Rules 1 to 11 for a transaction that was resolved before, in this state or an earlier one.
    borrowing func resolve(
        _ transaction: VerifiedTransaction, at time: TimeMilliseconds
    ) throws(Refusal) -> ResolvedTransaction {
        guard stillResolves(transaction) else { return try resolve(transaction.signed, at: time) }
        try checkEnvelope(transaction.signed, at: time)
        try checkSigners(transaction.signed, transaction.resolved)
        return transaction.resolved
    }

    private borrowing func stillResolves(_ transaction: VerifiedTransaction) -> Bool {
        let ids = transaction.signed.content.accounts
        for number in 0..<ids.count {
            let position = transaction.resolved.accounts[number]
            guard position < accounts.count, accounts[position].id == ids[number] else { return false }
        }
        return true
    }

    /// The key that a signature names; rule 10 has found it.
    borrowing func key(of signature: TransactionSignature, _ resolved: ResolvedTransaction) -> PublicKey {
        accounts[resolved.accounts[Int(signature.account)]].policy.keys[Int(signature.key)].key
    }

    private borrowing func checkEnvelope(
        _ transaction: SignedTransaction, at time: TimeMilliseconds
    ) throws(Refusal) {
        let expiry = transaction.content.expiry
        guard transaction.content.network == chainspec.network else { throw Refusal(.wrongNetwork) }
        guard time < expiry else { throw Refusal(.expired) }
        guard expiry - time <= Transaction.maximumLifetimeMilliseconds else { throw Refusal(.expiryTooFar) }
        guard !replayWindow.contains(transaction.id, expiry: expiry) else { throw Refusal(.alreadyApplied) }
    }

    /// The accounts of the account list, as positions in `accounts`.
    private borrowing func resolveAccounts(_ transaction: SignedTransaction) throws(Refusal) -> CompactList<Int> {
        let accounts = transaction.content.accounts
        guard accounts.count > 2 else {
            var resolved: CompactList<Int> = []
            for position in 0..<accounts.count { resolved.append(try resolve(accounts[position], at: position)) }
            return resolved
        }
        var resolved: [Int] = []
        resolved.reserveCapacity(accounts.count)
        for position in 0..<accounts.count { resolved.append(try resolve(accounts[position], at: position)) }
        return CompactList(resolved)
    }

    private borrowing func resolve(_ id: AccountID, at position: Int) throws(Refusal) -> Int {
        guard let index = self.position(of: id) else { throw Refusal(.unknownAccount, at: .account(position)) }
        return index
    }

    private borrowing func checkAssets(_ transaction: SignedTransaction) throws(Refusal) {
        var position = 0
        for operation in transaction.content.operations {
            defer { position += 1 }
            switch operation {
            case .transfer(let transfer):
                for item in 0..<transfer.legs.count where !chainspec.hasAsset(transfer.legs[item].asset) {
                    throw Refusal(.unknownAsset, at: .operation(position, item: item))
                }
            case .issue(let issue):
                guard chainspec.hasAsset(issue.asset) else {
                    throw Refusal(.unknownAsset, at: .operation(position, item: 0))
                }
            case .redeem(let redeem):
                guard chainspec.hasAsset(redeem.asset) else {
                    throw Refusal(.unknownAsset, at: .operation(position, item: 0))
                }
            case .openAccounts, .rotateKeys, .setStatus: break
            }
        }
    }

    private borrowing func checkSigners(
        _ transaction: SignedTransaction, _ resolved: ResolvedTransaction
    ) throws(Refusal) {
        let authorities = resolved.authorities
        let signatures = transaction.signatures
        for position in 0..<signatures.count {
            let signature = signatures[position]
            guard authorities.contains(sorted: resolved.accounts[Int(signature.account)]) else {
                throw Refusal(.unneededSignature, at: .signature(position))
            }
        }
        var weights = CompactList(repeating: UInt32(0), count: authorities.count)
        for position in 0..<signatures.count {
            let signature = signatures[position]
            let account = resolved.accounts[Int(signature.account)]
            guard let weight = accounts[account].policy.weight(of: signature) else {
                throw Refusal(.unknownKey, at: .signature(position))
            }
            weights[authorities.lowerBound(of: account)] += UInt32(weight)
        }
        // The earliest in the account list is reported, not the earliest opened.
        var missing: Int?
        for number in 0..<authorities.count {
            let authority = authorities[number]
            guard weights[number] < self.accounts[authority].policy.threshold else { continue }
            let position = transaction.content.accounts.position(of: self.accounts[authority].id)
            missing = min(missing ?? position, position)
        }
        if let missing { throw Refusal(.missingSignature, at: .account(missing)) }
    }
}

extension KeyPolicy {
    /// What the key that a signature names counts; nil when the policy has no such key of the signature's scheme.
    fileprivate func weight(of signature: TransactionSignature) -> UInt8? {
        guard Int(signature.key) < keys.count else { return nil }
        let entry = keys[Int(signature.key)]
        return entry.key.scheme == signature.scheme ? entry.weight : nil
    }
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

    fileprivate var possessionChecks: [SignatureRequirements.PossessionCheck] {
        var checks: [SignatureRequirements.PossessionCheck] = []
        func add(_ policy: KeyPolicy, _ signatures: [Bytes64], of account: AccountID, at place: Refusal.Place) {
            let message = policy.possessionMessage(network: network, account: account)
            for (entry, signature) in zip(policy.keys, signatures) {
                let check = SignatureCheck(key: entry.key, message: message, signature: signature)
                checks.append(SignatureRequirements.PossessionCheck(check: check, place: place))
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

extension PackedList<AccountID> {
    /// Where an account stands in an account list, which ascends; the list's end for one that is not in it.
    fileprivate func position(of account: AccountID) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < account { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low] == account ? low : count
    }
}

extension CompactList<Int> {
    func lowerBound(of value: Int) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func contains(sorted value: Int) -> Bool {
        let position = lowerBound(of: value)
        return position < count && self[position] == value
    }
}
