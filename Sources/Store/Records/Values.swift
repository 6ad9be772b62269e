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
        writeAttestations(to: &writer)
        return writer.bytes
    }

    func writeAttestations(to writer: inout ByteWriter) {
        writer.write(UInt16(attestations.count))
        for attestation in attestations {
            writer.write(attestation.validator)
            writer.write(attestation.signature)
        }
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

/// An account as a block left it, and where its last entry is.
struct AccountRow: RecordValue, Equatable {
    /// None for an account of genesis that nothing has touched yet.
    var last: EntryPointer
    var account: Account

    init(last: EntryPointer, account: Account) {
        self.last = last
        self.account = account
    }

    init(payload: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(payload.span)
        last = EntryPointer(raw: try reader.readUInt64())
        account = try Account(decoding: payload.span.extracting(reader.offset..<payload.count))
    }

    var payload: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 256)
        writer.write(last.raw)
        writer.write(bytes: account.bytes)
        return writer.bytes
    }

    /// Whether the pointer and the account are each other's, as far as they show it.
    var agrees: Bool {
        last.isNone
            ? account.entryCount == 0 : account.entryCount > 0 && (account.entryCount - 1) % LandmarkKey.stride == last.sequenceRemainder
    }
}

/// Where an entry with a landmark is.
struct EntryPlace: RecordValue, Equatable {
    let pointer: EntryPointer
    /// Which of the account's entries in that transaction it is, from 0.
    let ordinal: UInt16

    init(pointer: EntryPointer, ordinal: UInt16) {
        self.pointer = pointer
        self.ordinal = ordinal
    }

    init(payload: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(payload.span)
        pointer = EntryPointer(raw: try reader.readUInt64())
        ordinal = try reader.readUInt16()
        try reader.finish()
    }

    var payload: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 10)
        writer.write(pointer.raw)
        writer.write(ordinal)
        return writer.bytes
    }
}

/// A block that the derived state speaks of.
struct BlockName: Hashable, Sendable {
    let height: UInt64
    let hash: BlockHash
}

/// How far the derived state has come, and which runs of transaction ids belong to it.
struct FoldRecord: RecordValue, Equatable {
    /// Ids of the transactions of consecutive blocks.
    struct Run: Hashable, Sendable {
        let number: UInt64
        /// 0 for what one fold wrote; what eight runs of a level were merged to is of the next.
        let level: UInt8
        let firstHeight: UInt64
        let lastHeight: UInt64
        /// How many ids.
        let count: UInt64
    }

    /// All of this block, and of those before it, is in.
    var folded: BlockName
    /// Parts of the blocks up to this one may be in.
    var target: BlockName
    /// The number of the next run; records of this or a higher number are left from a run that was not finished.
    var nextRun: UInt64
    /// In the order of heights, without gaps.
    var runs: [Run]

    static let largestRunCount = 4_096

    init(folded: BlockName, target: BlockName, nextRun: UInt64, runs: [Run]) {
        self.folded = folded
        self.target = target
        self.nextRun = nextRun
        self.runs = runs
    }

    init(payload: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(payload.span)
        folded = BlockName(height: try reader.readUInt64(), hash: BlockHash(try reader.readBytes32()))
        target = BlockName(height: try reader.readUInt64(), hash: BlockHash(try reader.readBytes32()))
        nextRun = try reader.readUInt64()
        let count = Int(try reader.readUInt16())
        guard count <= Self.largestRunCount else { throw .countOutOfRange }
        runs = []
        for _ in 0..<count {
            runs.append(
                Run(
                    number: try reader.readUInt64(), level: try reader.readUInt8(), firstHeight: try reader.readUInt64(),
                    lastHeight: try reader.readUInt64(), count: try reader.readUInt64()))
        }
        try reader.finish()
    }

    var payload: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 128 + runs.count * 33)
        for block in [folded, target] {
            writer.write(block.height)
            writer.write(block.hash.bytes)
        }
        writer.write(nextRun)
        writer.write(UInt16(runs.count))
        for run in runs {
            writer.write(run.number)
            writer.write(run.level)
            writer.write(run.firstHeight)
            writer.write(run.lastHeight)
            writer.write(run.count)
        }
        return writer.bytes
    }
}

/// Whose data directory it is, and how it is laid out.
struct FormatRecord: RecordValue, Equatable {
    /// The layout that this program reads and writes (`docs/decisions/0002-storage-layout.md`).
    static let currentVersion: UInt16 = 2
    /// The layout of a log from which bodies were pruned (`docs/decisions/0006-pruning.md`); an unpruned one stays as it was.
    static let prunedVersion: UInt16 = 3

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
        guard !(Self.currentVersion...Self.prunedVersion).contains(version) || reader.remaining == 0 else { throw .trailingBytes }
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
