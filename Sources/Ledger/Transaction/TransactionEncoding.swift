import Cryptography

extension Transaction {
    /// Encodes a content, and passes it through the decoder, which holds the limits and the order of errors.
    ///
    /// `operations` are within the limits on operations, legs and openings, which counts in the encoding rely on.
    init(
        network: NetworkID, expiry: TimeMilliseconds, nonce: Bytes16, memoCommitment: Bytes32, accounts: [AccountID],
        operations: [Operation]
    ) throws(DecodingError) {
        var writer = ByteWriter(reservingCapacity: 256)
        writer.write(Self.version)
        writer.write(network.bytes)
        writer.write(expiry)
        writer.write(nonce)
        writer.write(memoCommitment)
        writer.write(UInt16(accounts.count))
        for account in accounts { writer.write(account.bytes) }
        writer.write(UInt8(operations.count))
        for operation in operations { operation.write(to: &writer) }
        guard writer.count <= Self.maximumByteCount else { throw .tooLarge }
        try self.init(decoding: writer.bytes)
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
            operation.legs.write(to: &writer)
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
