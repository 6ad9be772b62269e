public import Ledger

extension RequestAnswer {
    /// The body of an answer (`docs/spec/custody-wire.md` section 4).
    public var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 256)
        switch self {
        case .signed(let id, let signatures):
            writer.write(1 as UInt8)
            writer.write(id.bytes)
            writer.write(signatures)
        case .waiting(let id, let decision):
            writer.write(2 as UInt8)
            writer.write(id.bytes)
            decision.write(to: &writer)
        case .inForce(let id, let policy):
            writer.write(3 as UInt8)
            writer.write(id.bytes)
            writer.write(policy)
        case .rejected(let id):
            writer.write(4 as UInt8)
            writer.write(id.bytes)
        }
        return writer.bytes
    }

    public init(decoding bytes: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(bytes.span)
        let kind = try reader.readUInt8()
        let id = RequestID(try reader.readBytes32())
        switch kind {
        case 1: self = .signed(id, try reader.readSignatureLists())
        case 2: self = .waiting(id, try PolicyDecision(from: &reader))
        case 3: self = .inForce(id, policy: try reader.readBytes32())
        case 4: self = .rejected(id)
        default: throw .unknownKind
        }
        try reader.finish()
    }
}
