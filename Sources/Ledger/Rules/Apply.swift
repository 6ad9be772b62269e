import Cryptography

/// Where a transaction is applied.
public struct BlockContext: Sendable {
    public let height: UInt64
    public let time: TimeMilliseconds

    public init(height: UInt64, time: TimeMilliseconds) {
        self.height = height
        self.time = time
    }
}

/// The operation being applied: what its entries say of their place.
struct OperationContext {
    let height: UInt64
    let transaction: UInt32
    var operation: Int
    let id: TransactionID

    func entry(_ kind: Entry.Kind, item: Int = 0, asset: AssetIndex = Entry.noAsset, amount: UInt64 = 0) -> Entry {
        Entry(
            height: height, transaction: transaction, operation: UInt16(operation), item: UInt16(item), kind: kind,
            asset: asset, amount: amount, id: id)
    }

    func refusal(_ reason: Refusal.Reason, item: Int = 0) -> Refusal {
        Refusal(reason, at: .operation(operation, item: item))
    }
}

extension LedgerState {
    /// Applies a transaction at `position` of a block, whole or not at all (`docs/spec/rules.md` sections 3 and 4).
    ///
    /// Rules 1 to 11 are evaluated again, for the state may have changed since the signatures were checked. Where keys were rotated
    /// in between, the signatures concerned are checked anew on this thread.
    public mutating func apply(
        _ transaction: VerifiedTransaction, at position: UInt32, in block: BlockContext
    ) throws(Refusal) {
        let resolved = try resolve(transaction, at: block.time)
        try checkRotatedKeys(transaction, resolved)
        let start = savepoint
        do {
            try applyOperations(of: transaction.signed, resolved.accounts, at: position, in: block)
        } catch {
            rollBack(to: start)
            throw error
        }
        keepParsedKeys(of: transaction, resolved)
        let expiry = transaction.signed.content.expiry
        replayWindow.insert(transaction.signed.id, expiry: expiry)
        undoLog.append(.applied(transaction.signed.id, expiry: expiry))
    }

    /// Checks anew, on this thread, what no longer fits: signatures whose keys were rotated since. Proofs of possession do not depend on
    /// the state, so those held stay good.
    ///
    /// Throws `invalidSignature` for the first that does not hold by the present key.
    private borrowing func checkRotatedKeys(
        _ transaction: VerifiedTransaction, _ resolved: ResolvedTransaction
    ) throws(Refusal) {
        let signed = transaction.signed
        let signatures = signed.signatures
        for position in 0..<signatures.count {
            let signature = signatures[position]
            let key = key(of: signature, resolved)
            guard transaction.signers[position] != key else { continue }
            let check = SignatureCheck(key: key, message: signed.signingHash, signature: signature.signature)
            guard check.verify() != nil else { throw Refusal(.invalidSignature, at: .signature(position)) }
        }
    }

    /// Keeps what had to be parsed for the check. A key that was replaced since is not looked for, so where it is put does not matter.
    private mutating func keepParsedKeys(of transaction: VerifiedTransaction, _ resolved: ResolvedTransaction) {
        for parsed in transaction.newlyParsed {
            let signatures = transaction.signed.signatures
            for position in 0..<signatures.count where transaction.signers[position] == parsed.key {
                parsedKeys.insert(
                    parsed, of: resolved.accounts[Int(signatures[position].account)], number: Int(signatures[position].key),
                    accountCount: accounts.count)
            }
        }
    }

    mutating func applyOperations(
        of transaction: SignedTransaction, _ accounts: PositionList, at position: UInt32, in block: BlockContext
    ) throws(Refusal) {
        var context = OperationContext(height: block.height, transaction: position, operation: 0, id: transaction.id)
        for operation in transaction.content.operations {
            defer { context.operation += 1 }
            switch operation {
            case .openAccounts(let open): try apply(open, sponsor: accounts[Int(open.sponsor)], context)
            case .transfer(let transfer): try apply(transfer, accounts, context)
            case .issue(let issue):
                try apply(issue, bank: accounts[Int(issue.bank)], to: accounts[Int(issue.to)], context)
            case .redeem(let redeem):
                try apply(redeem, bank: accounts[Int(redeem.bank)], from: accounts[Int(redeem.from)], context)
            case .rotateKeys(let rotate): try apply(rotate, account: accounts[Int(rotate.account)], context)
            case .setStatus(let setStatus): try apply(setStatus, account: accounts[Int(setStatus.account)], context)
            }
        }
    }
}
