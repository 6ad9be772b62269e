import Cryptography

extension Transaction {
    /// Decodes the content that `buffer` begins with.
    init(decoding buffer: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(buffer.span)
        guard try reader.readUInt8() == Self.version else { throw .unknownVersion }
        // Network, expiry, nonce and memo commitment: any bytes will do.
        _ = try reader.readSpan(32 + 8 + 16 + 32)
        let accountCount = try Self.checkAccountList(&reader)
        let operationCount = try Self.checkOperations(&reader, in: buffer)
        self.init(in: buffer, contentByteCount: reader.offset, accountCount: accountCount, operationCount: operationCount)
    }

    /// Decodes exactly one content without signatures, as signers are shown it. Accounts that only sign are in its list and nowhere else, so
    /// that every account is used is known only once it is signed.
    public init(content bytes: [UInt8]) throws(DecodingError) {
        guard bytes.count <= Self.maximumByteCount else { throw .tooLarge }
        try self.init(decoding: bytes)
        guard contentByteCount == bytes.count else { throw .trailingBytes }
        var positions = UsedPositions(count: accounts.count)
        for operation in operations { operation.forEachAccount { positions.use($0) } }
        guard positions.areInRange else { throw .accountOutOfRange }
    }

    private static func checkAccountList(_ reader: inout ByteReader) throws(DecodingError) -> Int {
        let count = Int(try reader.readUInt16())
        guard (1...maximumAccountCount).contains(count) else { throw .countOutOfRange }
        guard reader.remaining >= count * 32 else { throw .truncated }
        var last: AccountID?
        for _ in 0..<count {
            let account = AccountID(try reader.readBytes32())
            if let last, last >= account { throw .unsortedAccounts }
            last = account
        }
        return count
    }

    private static func checkOperations(_ reader: inout ByteReader, in buffer: [UInt8]) throws(DecodingError) -> Int {
        let count = Int(try reader.readUInt8())
        guard (1...maximumOperationCount).contains(count) else { throw .countOutOfRange }
        var limits = SpanningLimits()
        for _ in 0..<count { limits.add(try Operation(from: &reader, in: buffer, isChecked: false)) }
        guard limits.areKept else { throw .countOutOfRange }
        return count
    }

    /// That every position is within the account list, and every account is referred to.
    func checkAccounts(signatures: PackedList<TransactionSignature>) throws(DecodingError) {
        var positions = UsedPositions(count: accounts.count)
        for operation in operations { operation.forEachAccount { positions.use($0) } }
        for position in 0..<signatures.count { positions.use(signatures[position].account) }
        guard positions.areInRange else { throw .accountOutOfRange }
        guard positions.areAllUsed else { throw .unusedAccount }
    }
}

/// The limits that span operations.
struct SpanningLimits {
    private var legs = 0
    private var openings = 0

    mutating func add(_ operation: Operation) {
        switch operation {
        case .transfer(let transfer): legs += transfer.legs.count
        case .openAccounts(let open): openings += open.openings.count
        case .issue, .redeem, .rotateKeys, .setStatus: break
        }
    }

    var areKept: Bool { legs <= Transaction.maximumLegCount && openings <= Transaction.maximumOpeningCount }
}

/// Which positions of an account list are referred to: a bit each, the first 64 of them without an allocation.
private struct UsedPositions {
    let count: Int
    private(set) var areInRange = true
    private var first: UInt64 = 0
    private var rest: [Bool]

    init(count: Int) {
        self.count = count
        rest = count > 64 ? [Bool](repeating: false, count: count - 64) : []
    }

    var areAllUsed: Bool {
        first == (count >= 64 ? .max : (1 << UInt64(count)) - 1) && rest.allSatisfy { $0 }
    }

    mutating func use(_ position: AccountPosition) {
        let position = Int(position)
        guard position < count else { return areInRange = false }
        if position < 64 { first |= 1 << UInt64(position) } else { rest[position - 64] = true }
    }
}

extension Operation {
    /// Reads an operation; `buffer` holds what `reader` reads. Legs that were checked before are not looked at again.
    init(from reader: inout ByteReader, in buffer: [UInt8], isChecked: Bool) throws(DecodingError) {
        guard let code = Code(rawValue: try reader.readUInt8()) else { throw .unknownOperation }
        switch code {
        case .openAccounts: self = .openAccounts(try OpenAccounts(from: &reader))
        case .transfer: self = .transfer(try Transfer(from: &reader, in: buffer, isChecked: isChecked))
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
    fileprivate init(from reader: inout ByteReader, in buffer: [UInt8], isChecked: Bool) throws(DecodingError) {
        let count = Int(try reader.readUInt16())
        guard (1...Transaction.maximumLegCount).contains(count) else { throw .countOutOfRange }
        let start = reader.offset
        if isChecked {
            _ = try reader.readSpan(count * Leg.packedByteCount)
        } else {
            for _ in 0..<count { try Self.checkLeg(&reader) }
        }
        legs = PackedList(in: buffer, at: start, count: count)
    }

    private static func checkLeg(_ reader: inout ByteReader) throws(DecodingError) {
        let from = try reader.readUInt16()
        let to = try reader.readUInt16()
        _ = try reader.readUInt16()
        _ = try reader.readAmount()
        guard from != to else { throw .selfTransfer }
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
