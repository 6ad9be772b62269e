public import Cryptography
public import Ledger

/// One record of the signing log: its number, its time, what happened (`docs/spec/custody-log.md` section 3).
public struct LogRecord: Hashable, Sendable {
    public static let version: UInt8 = 1
    public static let maximumByteCount = SigningRequest.maximumByteCount + 65_536
    private static let tag = TaggedHash(tag: "coffer/custody-log/v1")

    /// How many records were before it.
    public let number: UInt64
    public let time: TimeMilliseconds
    public let entry: LogEntry

    public init(number: UInt64, time: TimeMilliseconds, entry: LogEntry) {
        self.number = number
        self.time = time
        self.entry = entry
    }

    public var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 512 + entry.contentByteCount)
        writer.write(Self.version)
        writer.write(number)
        writer.write(time)
        entry.write(to: &writer)
        return writer.bytes
    }

    /// Decodes exactly one record.
    public init(decoding bytes: [UInt8]) throws(DecodingError) {
        guard bytes.count <= Self.maximumByteCount else { throw .tooLarge }
        var reader = ByteReader(bytes.span)
        guard try reader.readUInt8() == Self.version else { throw .unknownVersion }
        number = try reader.readUInt64()
        time = try reader.readUInt64()
        guard time <= Timestamp.maximumMilliseconds else { throw .countOutOfRange }
        entry = try LogEntry(from: &reader)
        try reader.finish()
    }

    /// The chain's next hash: `tagged("coffer/custody-log/v1", previous ‖ record)`.
    public static func chain(_ previous: Bytes32, _ record: [UInt8]) -> Bytes32 {
        var hasher = tag.hasher()
        hasher.update(previous)
        hasher.update(record)
        return hasher.finalize()
    }
}

extension LogEntry {
    /// About how many bytes an entry has beyond a few hundred.
    fileprivate var contentByteCount: Int {
        switch self {
        case .policy(let bytes, _): bytes.count
        case .requested(let request, _, _): request.bytes.count
        case .signed(_, let lists): lists.reduce(0) { $0 + 2 + 68 * $1.count }
        default: 0
        }
    }

    /// The number that stands for the kind of entry.
    private enum Code: UInt8 {
        case opened = 1
        case policy, keyAdded, keyAssigned, keyEnded, requested, approved, rejected, signed, attested, checkpointSigned, refused, unsealed
        case sealed, raised, checkpoint, proved
    }

    func write(to writer: inout ByteWriter) {
        switch self {
        case .opened(let network, let logKey):
            writer.write(code: Code.opened)
            writer.write(network.bytes)
            writer.write(logKey.bytes)
        case .policy(let bytes, let request):
            writer.write(code: Code.policy)
            writer.write(request?.bytes ?? .zero)
            writer.write(UInt32(bytes.count))
            writer.write(bytes: bytes)
        case .keyAdded(let record):
            writer.write(code: Code.keyAdded)
            record.write(to: &writer)
        case .keyAssigned(let name, let use):
            writer.write(code: Code.keyAssigned)
            writer.write(text: name)
            use.write(to: &writer)
        case .keyEnded(let name, let end):
            writer.write(code: Code.keyEnded)
            writer.write(text: name)
            writer.write(end.rawValue)
        case .requested(let request, let authentication, let decision):
            writer.write(code: Code.requested)
            authentication.write(to: &writer)
            decision.write(to: &writer)
            writer.write(UInt32(request.bytes.count))
            writer.write(bytes: request.bytes)
        case .approved(let approval, let decision):
            writer.write(code: Code.approved)
            approval.write(to: &writer)
            decision.write(to: &writer)
        case .rejected(let approval):
            writer.write(code: Code.rejected)
            approval.write(to: &writer)
        case .signed(let request, let signatures):
            writer.write(code: Code.signed)
            writer.write(request.bytes)
            writer.write(signatures)
        case .attested(let header, let key, let signature):
            writer.write(code: Code.attested)
            writer.write(bytes: header.bytes)
            writer.write(text: key)
            writer.write(signature)
        case .checkpointSigned(let checkpoint, let key, let signature):
            writer.write(code: Code.checkpointSigned)
            writer.write(checkpoint.network.bytes)
            writer.write(checkpoint.size)
            writer.write(checkpoint.root)
            writer.write(text: key)
            writer.write(signature)
        case .refused(let refusal):
            writer.write(code: Code.refused)
            refusal.write(to: &writer)
        case .unsealed(let user):
            writer.write(code: Code.unsealed)
            writer.write(user)
        case .sealed(let user):
            writer.write(code: Code.sealed)
            writer.write(user)
        case .raised(let height, let hash, let user):
            writer.write(code: Code.raised)
            writer.write(height)
            writer.write(hash.bytes)
            writer.write(user)
        case .checkpoint(let signature):
            writer.write(code: Code.checkpoint)
            writer.write(signature)
        case .proved(let key, let account, let signature):
            writer.write(code: Code.proved)
            writer.write(text: key)
            writer.write(account.bytes)
            writer.write(signature)
        }
    }

    init(from reader: inout ByteReader) throws(DecodingError) {
        guard let code = Code(rawValue: try reader.readUInt8()) else { throw .unknownKind }
        switch code {
        case .opened:
            self = .opened(
                network: NetworkID(try reader.readBytes32()), logKey: Ed25519PublicKey(bytes: try reader.readBytes32()))
        case .policy:
            let request = try reader.readBytes32()
            let count = Int(try reader.readUInt32())
            guard count <= Policy.maximumByteCount else { throw .tooLarge }
            self = .policy(try reader.readBytes(count), request: request == .zero ? nil : RequestID(request))
        case .keyAdded: self = .keyAdded(try CustodyKeyRecord(from: &reader))
        case .keyAssigned: self = .keyAssigned(name: try reader.readName(), use: try KeyUse(from: &reader))
        case .keyEnded:
            let name = try reader.readName()
            guard let end = KeyEnd(rawValue: try reader.readUInt8()) else { throw .unknownKind }
            self = .keyEnded(name: name, end)
        case .requested:
            let authentication = try Authentication(from: &reader)
            let decision = try PolicyDecision(from: &reader)
            let count = Int(try reader.readUInt32())
            guard count <= SigningRequest.maximumByteCount else { throw .tooLarge }
            self = .requested(try SigningRequest(decoding: try reader.readBytes(count)), authentication, decision)
        case .approved: self = .approved(try Approval(from: &reader), try PolicyDecision(from: &reader))
        case .rejected: self = .rejected(try Approval(from: &reader))
        case .signed: self = .signed(RequestID(try reader.readBytes32()), try reader.readSignatureLists())
        case .attested:
            let header = try BlockHeader(decoding: try reader.readBytes(BlockHeader.byteCount))
            self = .attested(header, key: try reader.readName(), try reader.readBytes64())
        case .checkpointSigned:
            let checkpoint = Checkpoint(
                network: NetworkID(try reader.readBytes32()), size: try reader.readUInt64(), root: try reader.readBytes32())
            self = .checkpointSigned(checkpoint, key: try reader.readName(), try reader.readBytes64())
        case .refused: self = .refused(try LoggedRefusal(from: &reader))
        case .unsealed: self = .unsealed(user: try reader.readUInt32())
        case .sealed: self = .sealed(user: try reader.readUInt32())
        case .raised:
            self = .raised(
                height: try reader.readUInt64(), hash: BlockHash(try reader.readBytes32()), user: try reader.readUInt32())
        case .checkpoint: self = .checkpoint(try reader.readBytes64())
        case .proved: self = .proved(key: try reader.readName(), AccountID(try reader.readBytes32()), try reader.readBytes64())
        }
    }
}
