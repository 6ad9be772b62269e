public import Cryptography

extension LedgerState {
    /// Rules 1 to 11: what the envelope and the state say of a transaction before its signatures are checked, and which
    /// checks remain. `time` is the time of the block it is for.
    public borrowing func requirements(
        of transaction: SignedTransaction, at time: TimeMilliseconds
    ) throws(Refusal) -> SignatureRequirements {
        let resolved = try resolve(transaction, at: time)
        var checks: [SignatureCheck] = []
        checks.reserveCapacity(resolved.signatureCount)
        appendEnvelopeChecks(of: transaction, resolved, to: &checks)
        return SignatureRequirements(envelope: checks, resolved: resolved)
    }

    /// Rules 1 to 11.
    borrowing func resolve(
        _ transaction: SignedTransaction, at time: TimeMilliseconds
    ) throws(Refusal) -> ResolvedTransaction {
        try checkEnvelope(transaction, at: time)
        try checkNotApplied(transaction)
        return try resolveContent(transaction)
    }

    /// Rules 1 to 11 without 4, whether it was applied before: for a transaction of a block whose turn is still to come. That is found out
    /// when it is applied, and costs a look at memory that is not likely to be near.
    public borrowing func resolveAhead(
        _ transaction: SignedTransaction, at time: TimeMilliseconds
    ) throws(Refusal) -> ResolvedTransaction {
        try checkEnvelope(transaction, at: time)
        return try resolveContent(transaction)
    }

    private borrowing func resolveContent(_ transaction: SignedTransaction) throws(Refusal) -> ResolvedTransaction {
        let accounts = try resolveAccounts(transaction)
        try checkAssets(transaction)
        let authorities = try requiredAuthorities(transaction, accounts)
        let resolved = ResolvedTransaction(of: transaction, accounts: accounts, authorities: authorities)
        try checkSigners(transaction, resolved)
        return resolved
    }

    /// Appends the checks of the envelope's signatures, in their order, to a list.
    public borrowing func appendEnvelopeChecks(
        of transaction: SignedTransaction, _ resolved: ResolvedTransaction, to checks: inout [SignatureCheck]
    ) {
        let signatures = transaction.signatures
        for position in 0..<signatures.count {
            let signature = signatures[position]
            let account = resolved.accounts[Int(signature.account)]
            let key = key(of: signature, resolved)
            let message = transaction.signingHash
            if let parsed = parsedKeys.find(key, of: account, number: Int(signature.key)) {
                checks.append(SignatureCheck(key: parsed, message: message, signature: signature.signature))
            } else {
                checks.append(SignatureCheck(key: key, message: message, signature: signature.signature))
            }
        }
    }

    /// Rules 1 to 11 for a transaction that was resolved before, in this state or an earlier one.
    borrowing func resolve(
        _ transaction: VerifiedTransaction, at time: TimeMilliseconds
    ) throws(Refusal) -> ResolvedTransaction {
        guard stillResolves(transaction) else { return try resolve(transaction.signed, at: time) }
        try checkEnvelope(transaction.signed, at: time)
        try checkNotApplied(transaction.signed)
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
    }

    private borrowing func checkNotApplied(_ transaction: SignedTransaction) throws(Refusal) {
        let isApplied = replayWindow.contains(transaction.id, expiry: transaction.content.expiry)
        guard !isApplied else { throw Refusal(.alreadyApplied) }
    }

    /// The accounts of the account list, as positions in `accounts`.
    private borrowing func resolveAccounts(_ transaction: SignedTransaction) throws(Refusal) -> PositionList {
        let accounts = transaction.content.accounts
        var resolved = PositionList()
        for position in 0..<accounts.count { resolved.append(try resolve(accounts[position], at: position)) }
        return resolved
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
