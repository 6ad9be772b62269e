import Cryptography

/// Reads a segment of an export frame by frame, keeping one frame in memory (`docs/spec/export.md` section 1).
///
/// Frames are checked against their checksums only. Decoding and checking the blocks is up to the caller.
public struct SegmentReader {
    /// Reads the next bytes of the segment: at least one and at most as many as asked for; none at its end.
    public typealias Input = (_ maximumCount: Int) throws(ExportError) -> [UInt8]

    /// A frame with a good checksum.
    public struct Frame: Hashable, Sendable {
        /// What the frame's place in the segment says; the block's header must say the same.
        public let height: UInt64
        /// The canonical bytes of a certified block, not decoded.
        public let certifiedBlock: [UInt8]
    }

    /// At most so many bytes are asked for at once, so that a frame's length alone never makes this program take memory.
    static let maximumReadByteCount = 1_048_576

    private let read: Input
    private let maximumSegmentByteCount: Int
    /// The height of the frame that comes next.
    public private(set) var nextHeight: UInt64
    /// How many bytes the header and the frames returned so far take: where an interrupted export is resumed.
    public private(set) var byteCount = 0

    /// Reads and checks the segment's header.
    /// - Throws: `wrongMagic`, `unknownVersion`, `wrongNetwork`, `wrongFirstHeight`, `truncated`, or what `read` throws.
    public init(network: NetworkID, firstHeight: UInt64, read: @escaping Input) throws(ExportError) {
        try self.init(
            network: network, firstHeight: firstHeight, maximumSegmentByteCount: ExportFormat.maximumSegmentByteCount,
            read: read)
    }

    /// The same with another limit, so that a test need not fill a segment.
    package init(
        network: NetworkID, firstHeight: UInt64, maximumSegmentByteCount: Int, read: @escaping Input
    ) throws(ExportError) {
        self.read = read
        self.maximumSegmentByteCount = maximumSegmentByteCount
        nextHeight = firstHeight
        let header = try readFully(ExportFormat.headerByteCount)
        // A short file of something else is first of all something else.
        guard header.prefix(ExportFormat.magic.count).elementsEqual(ExportFormat.magic.prefix(header.count)) else {
            throw .wrongMagic
        }
        guard header.count == ExportFormat.headerByteCount else { throw .truncated(offset: 0) }
        try Self.check(header, network: network, firstHeight: firstHeight)
        byteCount = header.count
    }

    private static func check(_ bytes: [UInt8], network: NetworkID, firstHeight: UInt64) throws(ExportError) {
        let header: SegmentHeader
        do throws(DecodingError) {
            header = try SegmentHeader(bytes)
        } catch {
            throw .truncated(offset: 0)
        }
        guard header.version == ExportFormat.version else { throw .unknownVersion(header.version) }
        guard header.network == network else { throw .wrongNetwork(header.network, expected: network) }
        guard header.firstHeight == firstHeight else {
            throw .wrongFirstHeight(header.firstHeight, expected: firstHeight)
        }
    }

    /// The next frame; nil at the end of the segment.
    /// - Throws: `frameTooLong`, `segmentTooLong`, `truncated`, `checksumMismatch`, or what `read` throws.
    public mutating func next() throws(ExportError) -> Frame? {
        let lengthBytes = try readFully(ExportFormat.lengthByteCount)
        guard !lengthBytes.isEmpty else { return nil }
        guard lengthBytes.count == ExportFormat.lengthByteCount else { throw .truncated(offset: byteCount) }
        let length = lengthBytes.reduce(0) { $0 << 8 | UInt32($1) }
        guard length <= ExportFormat.maximumCertifiedBlockByteCount else {
            throw .frameTooLong(height: nextHeight, offset: byteCount, byteCount: length)
        }
        guard ExportFormat.fits(Int(length), byteCount, limit: maximumSegmentByteCount) else {
            throw .segmentTooLong(height: nextHeight, offset: byteCount)
        }
        let certifiedBlock = try readFully(Int(length))
        let checksum = try readFully(ExportFormat.checksumByteCount)
        guard certifiedBlock.count == Int(length), checksum.count == ExportFormat.checksumByteCount else {
            throw .truncated(offset: byteCount)
        }
        var hasher = SHA256()
        hasher.update(lengthBytes)
        hasher.update(certifiedBlock)
        guard hasher.finalize().bytes == checksum else {
            throw .checksumMismatch(height: nextHeight, offset: byteCount)
        }
        defer {
            nextHeight += 1
            byteCount += ExportFormat.frameByteCount(certifiedBlock.count)
        }
        return Frame(height: nextHeight, certifiedBlock: certifiedBlock)
    }

    /// Exactly `count` bytes, or fewer where the segment ends before.
    private func readFully(_ count: Int) throws(ExportError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let wanted = min(count - bytes.count, Self.maximumReadByteCount)
            let piece = try read(wanted)
            precondition(piece.count <= wanted, "an input gives no more bytes than it is asked for")
            guard !piece.isEmpty else { break }
            bytes.append(contentsOf: piece)
        }
        return bytes
    }
}

/// What a segment begins with, after its magic.
private struct SegmentHeader {
    let version: UInt16
    let network: NetworkID
    let firstHeight: UInt64

    init(_ bytes: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(bytes.span)
        _ = try reader.readBytes(ExportFormat.magic.count)
        version = try reader.readUInt16()
        network = NetworkID(try reader.readBytes32())
        firstHeight = try reader.readUInt64()
        try reader.finish()
    }
}
