internal import Cryptography
internal import Ledger

/// Reads the records of a signing log front to back, and checks that each follows from the one before
/// (`docs/spec/custody-log.md` section 4).
public struct LogFrames {
    public static let magic = Array("coffer signing log v1\n".utf8)
    /// Before the first record: the magic, and two places for the mark of what is durable.
    public static let headerByteCount = 4_096
    static let lengthByteCount = 4

    /// Up to so many bytes of what comes next; fewer only at the end.
    private let read: (Int) throws(LogFault) -> [UInt8]
    private(set) var count: UInt64 = 0
    private(set) var head = Bytes32.zero
    /// Where the next record begins in the file.
    public private(set) var offset = 0

    /// Reads the header. Throws `notALog`.
    public init(_ read: @escaping (Int) throws(LogFault) -> [UInt8]) throws(LogFault) {
        self.read = read
        let header = try read(Self.headerByteCount)
        guard header.count == Self.headerByteCount, header.starts(with: Self.magic) else { throw LogFault(record: 0, .notALog) }
        offset = Self.headerByteCount
    }

    /// The next record's bytes; nil at the end.
    public mutating func next() throws(LogFault) -> [UInt8]? {
        let length = try read(Self.lengthByteCount)
        guard !length.isEmpty else { return nil }
        guard length.count == Self.lengthByteCount else { throw fault(.cut(byteCount: length.count)) }
        let byteCount = length.reduce(0) { $0 << 8 | Int($1) }
        guard byteCount <= LogRecord.maximumByteCount else { throw fault(.tooLarge) }
        var record = try read(byteCount + Bytes32.byteCount)
        guard record.count == byteCount + Bytes32.byteCount else { throw fault(.cut(byteCount: Self.lengthByteCount + record.count)) }
        let stated = Array(record[byteCount...])
        record.removeLast(Bytes32.byteCount)
        let next = LogRecord.chain(head, record)
        guard next.bytes == stated else { throw fault(.chainBroken) }
        head = next
        count += 1
        offset += Self.lengthByteCount + byteCount + Bytes32.byteCount
        return record
    }

    private func fault(_ reason: LogFault.Reason) -> LogFault { LogFault(record: count, reason) }

    /// A record as it stands in the file.
    static func frame(_ record: [UInt8], head: Bytes32) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: record.count + 36)
        writer.write(UInt32(record.count))
        writer.write(bytes: record)
        writer.write(head)
        return writer.bytes
    }
}
