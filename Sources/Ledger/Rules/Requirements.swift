public import Cryptography

/// The signature checks that decide whether a transaction is verified: those of its envelope, then its proofs of possession.
public struct SignatureRequirements: Sendable {
    public let envelope: [SignatureCheck]
    let content: Transaction

    init(envelope: [SignatureCheck], content: Transaction) {
        self.envelope = envelope
        self.content = content
    }

    /// The proofs of possession. They follow from the content alone, so no change of the state makes other ones of them; check them
    /// after the envelope, for there may be thousands, and anybody can write them.
    public var possession: [PossessionCheck] { content.possessionChecks }

    /// A proof of possession and where it stands.
    public struct PossessionCheck: Sendable {
        public let check: SignatureCheck
        public let place: Refusal.Place
    }

    /// All checks, in the order in which their failures are reported.
    public var checks: [SignatureCheck] { envelope + possession.map(\.check) }
}

extension LedgerState {
    /// Rules 1 to 11: what the envelope and the state say of a transaction before its signatures are checked, and which
    /// checks remain. `time` is the time of the block it is for.
    public borrowing func requirements(
        of transaction: SignedTransaction, at time: TimeMilliseconds
    ) throws(Refusal) -> SignatureRequirements {
        let content = transaction.content
        try checkEnvelope(transaction, at: time)
        let accounts = try resolveAccounts(content)
        try checkAssets(content)
        let authorities = try requiredAuthorities(content, accounts)
        let envelope = try envelopeChecks(transaction, accounts, authorities)
        return SignatureRequirements(envelope: envelope, content: content)
    }

    private borrowing func checkEnvelope(
        _ transaction: SignedTransaction, at time: TimeMilliseconds
    ) throws(Refusal) {
        let content = transaction.content
        guard content.network == chainspec.network else { throw Refusal(.wrongNetwork) }
        guard time < content.expiry else { throw Refusal(.expired) }
        guard content.expiry - time <= Transaction.maximumLifetimeMilliseconds else { throw Refusal(.expiryTooFar) }
        guard !replayWindow.contains(transaction.id, expiry: content.expiry) else { throw Refusal(.alreadyApplied) }
    }

    /// The accounts of the account list, as positions in `accounts`.
    borrowing func resolveAccounts(_ content: Transaction) throws(Refusal) -> [Int] {
        var resolved: [Int] = []
        resolved.reserveCapacity(content.accounts.count)
        for (position, id) in content.accounts.enumerated() {
            guard let index = indexes[id] else { throw Refusal(.unknownAccount, at: .account(position)) }
            resolved.append(index)
        }
        return resolved
    }

    private borrowing func checkAssets(_ content: Transaction) throws(Refusal) {
        for (position, operation) in content.operations.enumerated() {
            switch operation {
            case .transfer(let transfer):
                for (item, leg) in transfer.legs.enumerated() where chainspec.asset(leg.asset) == nil {
                    throw Refusal(.unknownAsset, at: .operation(position, item: item))
                }
            case .issue(let issue):
                guard chainspec.asset(issue.asset) != nil else {
                    throw Refusal(.unknownAsset, at: .operation(position, item: 0))
                }
            case .redeem(let redeem):
                guard chainspec.asset(redeem.asset) != nil else {
                    throw Refusal(.unknownAsset, at: .operation(position, item: 0))
                }
            case .openAccounts, .rotateKeys, .setStatus: break
            }
        }
    }

    private borrowing func envelopeChecks(
        _ transaction: SignedTransaction, _ accounts: [Int], _ authorities: [Int]
    ) throws(Refusal) -> [SignatureCheck] {
        var checks: [SignatureCheck] = []
        checks.reserveCapacity(transaction.signatures.count)
        for (position, signature) in transaction.signatures.enumerated() {
            let account = accounts[Int(signature.account)]
            guard authorities.contains(sorted: account) else {
                throw Refusal(.unneededSignature, at: .signature(position))
            }
        }
        var weights = [UInt32](repeating: 0, count: authorities.count)
        for (position, signature) in transaction.signatures.enumerated() {
            let account = accounts[Int(signature.account)]
            let keys = self.accounts[account].policy.keys
            guard Int(signature.key) < keys.count, keys[Int(signature.key)].key.scheme == signature.scheme else {
                throw Refusal(.unknownKey, at: .signature(position))
            }
            let entry = keys[Int(signature.key)]
            weights[authorities.lowerBound(of: account)] += UInt32(entry.weight)
            checks.append(
                SignatureCheck(key: entry.key, message: transaction.signingHash, signature: signature.signature))
        }
        // The earliest in the account list is reported, not the earliest opened.
        var missing: Int?
        for (authority, weight) in zip(authorities, weights) where weight < self.accounts[authority].policy.threshold {
            let position = transaction.content.accounts.position(of: self.accounts[authority].id)
            missing = min(missing ?? position, position)
        }
        if let missing { throw Refusal(.missingSignature, at: .account(missing)) }
        return checks
    }
}

extension Transaction {
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

extension [AccountID] {
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

extension [Int] {
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
