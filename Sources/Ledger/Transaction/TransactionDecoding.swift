import Cryptography

extension Transaction {
    init(from reader: inout ByteReader) throws(DecodingError) {
        guard try reader.readUInt8() == Self.version else { throw .unknownVersion }
        network = NetworkID(try reader.readBytes32())
        expiry = try reader.readUInt64()
        nonce = try reader.readBytes16()
        memoCommitment = try reader.readBytes32()
        accounts = try Self.readAccounts(from: &reader)
        operations = try Self.readOperations(from: &reader)
        try checkLimits()
    }

    private static func readAccounts(from reader: inout ByteReader) throws(DecodingError) -> [AccountID] {
        let count = Int(try reader.readUInt16())
        guard (1...maximumAccountCount).contains(count) else { throw .countOutOfRange }
        guard reader.remaining >= count * 32 else { throw .truncated }
        var accounts: [AccountID] = []
        accounts.reserveCapacity(count)
        for _ in 0..<count {
            let account = AccountID(try reader.readBytes32())
            if let last = accounts.last, last >= account { throw .unsortedAccounts }
            accounts.append(account)
        }
        return accounts
    }

    private static func readOperations(from reader: inout ByteReader) throws(DecodingError) -> [Operation] {
        let count = Int(try reader.readUInt8())
        guard (1...maximumOperationCount).contains(count) else { throw .countOutOfRange }
        var operations: [Operation] = []
        operations.reserveCapacity(count)
        for _ in 0..<count { operations.append(try Operation(from: &reader)) }
        return operations
    }

    /// The limits that span operations. Every legal form is within them, whoever builds it.
    func checkLimits() throws(DecodingError) {
        var legs = 0
        var openings = 0
        for operation in operations {
            switch operation {
            case .transfer(let transfer): legs += transfer.legs.count
            case .openAccounts(let open): openings += open.openings.count
            case .issue, .redeem, .rotateKeys, .setStatus: break
            }
        }
        guard legs <= Self.maximumLegCount, openings <= Self.maximumOpeningCount else { throw .countOutOfRange }
    }

    /// That every position is within the account list, and every account is referred to.
    func checkAccounts(signatures: [TransactionSignature]) throws(DecodingError) {
        var isUsed = [Bool](repeating: false, count: accounts.count)
        var isInRange = true
        func use(_ position: AccountPosition) {
            if Int(position) < isUsed.count { isUsed[Int(position)] = true } else { isInRange = false }
        }
        for operation in operations { operation.forEachAccount(use) }
        for signature in signatures { use(signature.account) }
        guard isInRange else { throw .accountOutOfRange }
        guard isUsed.allSatisfy({ $0 }) else { throw .unusedAccount }
    }
}

extension Operation {
    init(from reader: inout ByteReader) throws(DecodingError) {
        guard let code = Code(rawValue: try reader.readUInt8()) else { throw .unknownOperation }
        switch code {
        case .openAccounts: self = .openAccounts(try OpenAccounts(from: &reader))
        case .transfer: self = .transfer(try Transfer(from: &reader))
        case .issue:
            self = .issue(
                Issue(
                    bank: try reader.readUInt16(), to: try reader.readUInt16(),
                    asset: try reader.readUInt16(), amount: try reader.readAmount()))
        case .redeem:
            self = .redeem(
                Redeem(
                    bank: try reader.readUInt16(), from: try reader.readUInt16(),
                    asset: try reader.readUInt16(), amount: try reader.readAmount()))
        case .rotateKeys:
            let account = try reader.readUInt16()
            let policy = try KeyPolicy(from: &reader)
            self = .rotateKeys(
                RotateKeys(account: account, policy: policy, possession: try policy.readPossession(from: &reader)))
        case .setStatus:
            let account = try reader.readUInt16()
            guard let status = AccountStatus(rawValue: try reader.readUInt8()) else { throw .unknownStatus }
            self = .setStatus(SetStatus(account: account, status: status))
        }
    }
}

extension OpenAccounts {
    fileprivate init(from reader: inout ByteReader) throws(DecodingError) {
        sponsor = try reader.readUInt16()
        let count = Int(try reader.readUInt16())
        guard (1...Transaction.maximumOpeningCount).contains(count) else { throw .countOutOfRange }
        var openings: [Opening] = []
        for _ in 0..<count { openings.append(try Opening(from: &reader)) }
        self.openings = openings
    }
}

extension Opening {
    fileprivate init(from reader: inout ByteReader) throws(DecodingError) {
        guard let kind = AccountKind(rawValue: try reader.readUInt8()), kind == .bankIssued || kind == .walletHeld
        else { throw .unknownKind }
        self.kind = kind
        tier = try reader.readUInt8()
        salt = try reader.readBytes16()
        policy = try KeyPolicy(from: &reader)
        possession = try policy.readPossession(from: &reader)
    }
}

extension Transfer {
    fileprivate init(from reader: inout ByteReader) throws(DecodingError) {
        let count = Int(try reader.readUInt16())
        guard (1...Transaction.maximumLegCount).contains(count) else { throw .countOutOfRange }
        var legs: [Leg] = []
        legs.reserveCapacity(count)
        for _ in 0..<count {
            let leg = Leg(
                from: try reader.readUInt16(), to: try reader.readUInt16(),
                asset: try reader.readUInt16(), amount: try reader.readAmount())
            guard leg.from != leg.to else { throw .selfTransfer }
            legs.append(leg)
        }
        self.legs = legs
    }
}

extension KeyPolicy {
    fileprivate func readPossession(from reader: inout ByteReader) throws(DecodingError) -> [Bytes64] {
        var signatures: [Bytes64] = []
        signatures.reserveCapacity(keys.count)
        for entry in keys { signatures.append(try entry.key.scheme.readSignature(from: &reader)) }
        return signatures
    }
}

extension ByteReader {
    fileprivate mutating func readAmount() throws(DecodingError) -> UInt64 {
        let amount = try readUInt64()
        guard amount > 0 else { throw .zeroAmount }
        return amount
    }
}

extension TransactionSignature {
    init(from reader: inout ByteReader) throws(DecodingError) {
        account = try reader.readUInt16()
        key = try reader.readUInt8()
        scheme = try SignatureScheme(from: &reader)
        signature = try scheme.readSignature(from: &reader)
    }
}
