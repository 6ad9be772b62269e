import Cryptography
import Ledger

extension [UInt8]: RecordValue {
    init(payload: [UInt8]) { self = payload }
    var payload: [UInt8] { self }
}

extension UInt64: RecordValue {
    init(payload: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(payload.span)
        self = try reader.readUInt64()
        try reader.finish()
    }

    var payload: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 16)
        writer.write(self)
        return writer.bytes
    }
}

extension TransactionLocation: RecordValue {
    init(payload: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(payload.span)
        try self.init(from: &reader)
        try reader.finish()
    }

    var payload: [UInt8] { bytes }
}

extension CertifiedHeader: RecordValue {
    /// The header, then the attestations as in `docs/spec/block.md` section 2.
    init(payload: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(payload.span)
        let header = try BlockHeader(decoding: try reader.readBytes(BlockHeader.byteCount))
        let count = Int(try reader.readUInt16())
        guard count <= Attestation.maximumCount else { throw .countOutOfRange }
        var attestations: [Attestation] = []
        for _ in 0..<count {
            attestations.append(Attestation(validator: try reader.readUInt16(), signature: try reader.readBytes64()))
        }
        try reader.finish()
        self.init(header: header, attestations: attestations)
    }

    var payload: [UInt8] {
        var writer = ByteWriter(reservingCapacity: BlockHeader.byteCount + 2 + attestations.count * 66)
        writer.write(bytes: header.bytes)
        writer.write(UInt16(attestations.count))
        for attestation in attestations {
            writer.write(attestation.validator)
            writer.write(attestation.signature)
        }
        return writer.bytes
    }
}

extension Account: RecordValue {
    init(payload: [UInt8]) throws(DecodingError) { try self.init(decoding: payload) }
    var payload: [UInt8] { bytes }
}

extension SupplyRecord: RecordValue {
    init(payload: [UInt8]) throws(DecodingError) { try self.init(decoding: payload) }
    var payload: [UInt8] { bytes }
}

extension Memo: RecordValue {
    init(payload: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(payload.span)
        let salt = try reader.readBytes16()
        guard let text = String(validating: try reader.readBytes(reader.remaining), as: UTF8.self) else { throw .malformedText }
        guard let memo = Memo(salt: salt, text: text) else { throw .tooLarge }
        self = memo
    }

    var payload: [UInt8] { salt.bytes + Array(text.utf8) }
}

/// An account as the last block left it.
struct AccountRow: RecordValue {
    /// The height of the account's last entry; 0 when it has none.
    let lastHeight: UInt64
    let account: Account

    init(lastHeight: UInt64, account: Account) {
        self.lastHeight = lastHeight
        self.account = account
    }

    init(payload: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(payload.span)
        lastHeight = try reader.readUInt64()
        account = try Account(decoding: payload.span.extracting(reader.offset..<payload.count))
    }

    var payload: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 256)
        writer.write(lastHeight)
        writer.write(bytes: account.bytes)
        return writer.bytes
    }
}

/// An entry and the way to the one before it.
struct EntryRow: RecordValue {
    let entry: Entry
    /// The height of the account's previous entry; 0 for the first one.
    let previousHeight: UInt64

    init(entry: Entry, previousHeight: UInt64) {
        self.entry = entry
        self.previousHeight = previousHeight
    }

    init(payload: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(payload.span)
        entry = try Entry(decoding: try reader.readBytes(Entry.byteCount))
        previousHeight = try reader.readUInt64()
        try reader.finish()
    }

    var payload: [UInt8] {
        var writer = ByteWriter(reservingCapacity: Entry.byteCount + 16)
        writer.write(bytes: entry.bytes)
        writer.write(previousHeight)
        return writer.bytes
    }
}

/// Whose data directory it is, and how it is laid out.
struct FormatRecord: RecordValue, Equatable {
    /// The layout that this program reads and writes (`docs/decisions/0002-storage-layout.md`).
    static let currentVersion: UInt16 = 1

    let version: UInt16
    let network: NetworkID

    init(version: UInt16, network: NetworkID) {
        self.version = version
        self.network = network
    }

    /// A newer format may have more after these two.
    init(payload: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(payload.span)
        version = try reader.readUInt16()
        network = NetworkID(try reader.readBytes32())
        guard version != Self.currentVersion || reader.remaining == 0 else { throw .trailingBytes }
    }

    var payload: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 34)
        writer.write(version)
        writer.write(network.bytes)
        return writer.bytes
    }
}

/// The last durable block.
struct TipRecord: RecordValue {
    let height: UInt64
    let hash: BlockHash
    /// The tree over all headers before the tip's: its root is the tip's history root.
    let earlierHeaders: HistoryTree

    init(height: UInt64, hash: BlockHash, earlierHeaders: HistoryTree) {
        self.height = height
        self.hash = hash
        self.earlierHeaders = earlierHeaders
    }

    init(payload: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(payload.span)
        height = try reader.readUInt64()
        hash = BlockHash(try reader.readBytes32())
        earlierHeaders = try HistoryTree(decoding: try reader.readBytes(reader.remaining))
    }

    var payload: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 1_024)
        writer.write(height)
        writer.write(hash.bytes)
        writer.write(bytes: earlierHeaders.bytes)
        return writer.bytes
    }
}
