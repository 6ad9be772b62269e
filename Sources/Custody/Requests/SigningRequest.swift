public import Cryptography
public import Ledger

/// The id of a request: `tagged("coffer/custody-request/v1", request)`.
public struct RequestID: Identifier {
    public let bytes: Bytes32
    public init(_ bytes: Bytes32) { self.bytes = bytes }
}

/// What a member of a policy asks custody to sign (`docs/spec/custody-log.md` section 2): transactions together, or a change of policy.
public struct SigningRequest: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        /// 1 to `maximumTransactionCount`, signed together or not at all.
        case transactions([Transaction])
        /// The bytes of the policy file that is to be in force.
        case policy([UInt8])
    }

    public static let version: UInt8 = 1
    public static let maximumByteCount = 8_000_000
    public static let maximumTransactionCount = 1_024
    /// That one request comes to, so that its record and its answer have room for them.
    public static let maximumSignatureCount = 65_536
    /// In Unicode scalars.
    public static let maximumPurposeCharacterCount = 140
    /// How far ahead an expiry may be: 31 days.
    public static let maximumLifetimeMilliseconds: UInt64 = 31 * 86_400_000
    private static let tag = TaggedHash(tag: "coffer/custody-request/v1")
    private static let signatureTag = TaggedHash(tag: "coffer/custody-request-signature/v1")

    public let network: NetworkID
    /// The policy that it was made under: no other decides it.
    public let policy: Bytes32
    /// The member who asks.
    public let initiator: String
    /// When it lapses if it still waits.
    public let expiry: TimeMilliseconds
    public let nonce: Bytes16
    /// What it is for, in a line that officers read; may be empty.
    public let purpose: String
    public let content: Content
    /// The canonical bytes.
    public let bytes: [UInt8]
    public let id: RequestID

    /// Throws what decoding the result would throw.
    public init(
        network: NetworkID, policy: Bytes32, initiator: String, expiry: TimeMilliseconds, nonce: Bytes16, purpose: String, content: Content
    ) throws(DecodingError) {
        var writer = ByteWriter(reservingCapacity: 512)
        writer.write(Self.version)
        writer.write(network.bytes)
        writer.write(policy)
        guard initiator.utf8.count <= CustodyText.maximumNameByteCount else { throw .malformedText }
        writer.write(text: initiator)
        writer.write(expiry)
        writer.write(nonce)
        guard purpose.utf8.count <= Int(UInt16.max) else { throw .malformedText }
        writer.write(longText: purpose)
        Self.write(content, to: &writer)
        try self.init(decoding: writer.bytes)
    }

    private static func write(_ content: Content, to writer: inout ByteWriter) {
        switch content {
        case .transactions(let transactions):
            writer.write(1 as UInt8)
            writer.write(UInt16(clamping: transactions.count))
            for transaction in transactions {
                let bytes = transaction.contentBytes
                writer.write(UInt32(bytes.count))
                writer.write(bytes: bytes)
            }
        case .policy(let bytes):
            writer.write(2 as UInt8)
            writer.write(UInt32(clamping: bytes.count))
            writer.write(bytes: bytes)
        }
    }

    /// Decodes exactly one request.
    public init(decoding bytes: [UInt8]) throws(DecodingError) {
        guard bytes.count <= Self.maximumByteCount else { throw .tooLarge }
        var reader = ByteReader(bytes.span)
        guard try reader.readUInt8() == Self.version else { throw .unknownVersion }
        network = NetworkID(try reader.readBytes32())
        policy = try reader.readBytes32()
        initiator = try reader.readName()
        expiry = try reader.readUInt64()
        guard expiry <= Timestamp.maximumMilliseconds else { throw .countOutOfRange }
        nonce = try reader.readBytes16()
        purpose = try reader.readLongText(maximumCharacterCount: Self.maximumPurposeCharacterCount)
        switch try reader.readUInt8() {
        case 1: content = .transactions(try Self.readTransactions(&reader, network))
        case 2:
            let count = Int(try reader.readUInt32())
            guard count <= Policy.maximumByteCount else { throw .tooLarge }
            content = .policy(try reader.readBytes(count))
        default: throw .unknownKind
        }
        try reader.finish()
        self.bytes = bytes
        id = RequestID(Self.tag.hash(bytes))
    }

    private static func readTransactions(_ reader: inout ByteReader, _ network: NetworkID) throws(DecodingError) -> [Transaction] {
        let count = Int(try reader.readUInt16())
        guard (1...maximumTransactionCount).contains(count) else { throw .countOutOfRange }
        var transactions: [Transaction] = []
        for _ in 0..<count {
            let byteCount = Int(try reader.readUInt32())
            guard byteCount <= Transaction.maximumByteCount else { throw .tooLarge }
            transactions.append(try Transaction(content: try reader.readBytes(byteCount)))
        }
        return transactions
    }

    /// What it would do, in order.
    public var facts: [Fact] {
        switch content {
        case .transactions(let transactions): Fact.facts(of: transactions)
        case .policy: [.policyChange]
        }
    }

    public var transactions: [Transaction] {
        if case .transactions(let transactions) = content { transactions } else { [] }
    }

    /// What a person who asks signs: `tagged("coffer/custody-request-signature/v1", id)`.
    public var signingHash: Bytes32 { Self.signatureTag.hash(id.bytes.span) }

    public static func == (left: Self, right: Self) -> Bool { left.bytes == right.bytes }
    public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

/// How whoever asks is known.
public enum Authentication: Hashable, Sendable {
    /// A person, by a signature.
    case signature(Bytes64)
    /// A service, by the user that the kernel says its process runs as.
    case user(UInt32)
}

/// One person's word on a request: yes or no, under one policy, until a time.
public struct Approval: Hashable, Sendable {
    public enum Verdict: UInt8, Sendable {
        case approve = 1
        /// Ends the request.
        case reject = 2
    }

    private static let tag = TaggedHash(tag: "coffer/custody-approval/v1")

    public let request: RequestID
    /// The policy in force, as the person knows it.
    public let policy: Bytes32
    public let member: String
    public let verdict: Verdict
    /// After which it counts no more.
    public let expiry: TimeMilliseconds
    /// Of `signingHash`.
    public let signature: Bytes64

    public init(request: RequestID, policy: Bytes32, member: String, verdict: Verdict, expiry: TimeMilliseconds, signature: Bytes64) {
        self.request = request
        self.policy = policy
        self.member = member
        self.verdict = verdict
        self.expiry = expiry
        self.signature = signature
    }

    /// What the person signs: `tagged("coffer/custody-approval/v1", all fields but the signature)`.
    public static func signingHash(
        request: RequestID, policy: Bytes32, member: String, verdict: Verdict, expiry: TimeMilliseconds
    ) -> Bytes32 {
        var writer = ByteWriter(reservingCapacity: 160)
        write(request: request, policy: policy, member: member, verdict: verdict, expiry: expiry, to: &writer)
        return tag.hash(writer.span)
    }

    public var signingHash: Bytes32 {
        Self.signingHash(request: request, policy: policy, member: member, verdict: verdict, expiry: expiry)
    }

    private static func write(
        request: RequestID, policy: Bytes32, member: String, verdict: Verdict, expiry: TimeMilliseconds, to writer: inout ByteWriter
    ) {
        precondition(member.utf8.count <= CustodyText.maximumNameByteCount, "a member's name is checked by its policy")
        writer.write(request.bytes)
        writer.write(policy)
        writer.write(text: member)
        writer.write(verdict.rawValue)
        writer.write(expiry)
    }

    func write(to writer: inout ByteWriter) {
        Self.write(request: request, policy: policy, member: member, verdict: verdict, expiry: expiry, to: &writer)
        writer.write(signature)
    }

    public var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 256)
        write(to: &writer)
        return writer.bytes
    }

    init(from reader: inout ByteReader) throws(DecodingError) {
        request = RequestID(try reader.readBytes32())
        policy = try reader.readBytes32()
        member = try reader.readName()
        guard let verdict = Verdict(rawValue: try reader.readUInt8()) else { throw .unknownKind }
        self.verdict = verdict
        expiry = try reader.readUInt64()
        signature = try reader.readBytes64()
    }

    /// Decodes exactly one.
    public init(decoding bytes: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(bytes.span)
        try self.init(from: &reader)
        try reader.finish()
    }
}
