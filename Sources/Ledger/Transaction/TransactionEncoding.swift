import Cryptography

extension Transaction {
    func writeContent(to writer: inout ByteWriter) {
        writer.write(Self.version)
        writer.write(network.bytes)
        writer.write(expiry)
        writer.write(nonce)
        writer.write(memoCommitment)
        writer.write(UInt16(accounts.count))
        for account in accounts { writer.write(account.bytes) }
        writer.write(UInt8(operations.count))
        for operation in operations { operation.write(to: &writer) }
    }
}

extension Operation {
    /// The operation types of `docs/spec/transaction.md` section 2.
    enum Code: UInt8 {
        case openAccounts = 1
        case transfer = 2
        case issue = 3
        case redeem = 4
        case rotateKeys = 5
        case setStatus = 6
    }

    func write(to writer: inout ByteWriter) {
        switch self {
        case .openAccounts(let operation):
            writer.write(Code.openAccounts.rawValue)
            writer.write(operation.sponsor)
            writer.write(UInt16(operation.openings.count))
            for opening in operation.openings { opening.write(to: &writer) }
        case .transfer(let operation):
            writer.write(Code.transfer.rawValue)
            writer.write(UInt16(operation.legs.count))
            for leg in operation.legs {
                writer.write(leg.from)
                writer.write(leg.to)
                writer.write(leg.asset)
                writer.write(leg.amount)
            }
        case .issue(let operation):
            writer.write(Code.issue.rawValue)
            writer.write(operation.bank)
            writer.write(operation.to)
            writer.write(operation.asset)
            writer.write(operation.amount)
        case .redeem(let operation):
            writer.write(Code.redeem.rawValue)
            writer.write(operation.bank)
            writer.write(operation.from)
            writer.write(operation.asset)
            writer.write(operation.amount)
        case .rotateKeys(let operation):
            writer.write(Code.rotateKeys.rawValue)
            writer.write(operation.account)
            operation.policy.write(to: &writer)
            for signature in operation.possession { writer.write(signature) }
        case .setStatus(let operation):
            writer.write(Code.setStatus.rawValue)
            writer.write(operation.account)
            writer.write(operation.status.rawValue)
        }
    }
}

extension Opening {
    func write(to writer: inout ByteWriter) {
        writer.write(kind.rawValue)
        writer.write(tier)
        writer.write(salt)
        policy.write(to: &writer)
        for signature in possession { writer.write(signature) }
    }
}

extension TransactionSignature {
    func write(to writer: inout ByteWriter) {
        writer.write(account)
        writer.write(key)
        writer.write(scheme.rawValue)
        writer.write(signature)
    }
}
