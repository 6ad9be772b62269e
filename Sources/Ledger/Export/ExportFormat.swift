import Cryptography

/// The layout of an export's segments (`docs/spec/export.md` section 1).
public enum ExportFormat {
    /// The first bytes of every segment.
    public static let magic = Array("COFFER-EXPORT\n".utf8)
    public static let version: UInt16 = 1
    /// Magic, version, network and first height.
    public static let headerByteCount = 56
    /// Field 1 of a frame.
    public static let lengthByteCount = 4
    /// Field 3 of a frame.
    public static let checksumByteCount = 32
    /// The most a frame's length may say.
    public static let maximumCertifiedBlockByteCount = CertifiedBlock.maximumByteCount
    /// A segment is larger only if its first frame alone makes it so.
    public static let maximumSegmentByteCount = 67_108_864
    /// The name of the file that holds the checkpoint.
    public static let checkpointFileName = "checkpoint"

    /// The name of a segment's file; segments count from 0.
    public static func segmentFileName(_ number: UInt64) -> String {
        let digits = String(number)
        return "blocks-\(String(repeating: "0", count: max(0, 8 - digits.utf8.count)))\(digits).coffer"
    }

    /// The first `headerByteCount` bytes of a segment.
    public static func header(network: NetworkID, firstHeight: UInt64) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: headerByteCount)
        writer.write(bytes: magic)
        writer.write(version)
        writer.write(network.bytes)
        writer.write(firstHeight)
        return writer.bytes
    }

    /// The frame of a certified block, given its canonical bytes.
    public static func frame(_ certifiedBlock: [UInt8]) -> [UInt8] {
        precondition(
            certifiedBlock.count <= maximumCertifiedBlockByteCount, "a certified block is within its own limit")
        var writer = ByteWriter(reservingCapacity: frameByteCount(certifiedBlock.count))
        writer.write(UInt32(certifiedBlock.count))
        writer.write(bytes: certifiedBlock)
        writer.write(SHA256.hash(writer.bytes))
        return writer.bytes
    }

    /// The size of the frame of a certified block of so many bytes.
    public static func frameByteCount(_ certifiedBlockByteCount: Int) -> Int {
        lengthByteCount + certifiedBlockByteCount + checksumByteCount
    }

    /// Whether the frame of the next certified block belongs to a segment that has so many bytes already, its header
    /// included. If not, the segment is full and the frame is the first of the next one.
    public static func fits(certifiedBlockByteCount: Int, segmentByteCount: Int) -> Bool {
        fits(certifiedBlockByteCount, segmentByteCount, limit: maximumSegmentByteCount)
    }

    /// The same with another limit, so that a test need not fill a segment.
    package static func fits(_ certifiedBlockByteCount: Int, _ segmentByteCount: Int, limit: Int) -> Bool {
        let isFirst = segmentByteCount <= headerByteCount
        return isFirst || segmentByteCount + frameByteCount(certifiedBlockByteCount) <= limit
    }
}

/// Why a segment of an export cannot be read on. `offset` is the byte of the segment, from 0, at which the header or frame
/// concerned begins; everything before it was good.
public enum ExportError: Error, Hashable, Sendable {
    /// The file itself could not be read; the reader of the file says why.
    case inputFailed(reason: String)
    /// The segment ends within its header or within a frame. An export in progress may; it is resumed from `offset`.
    case truncated(offset: Int)
    case wrongMagic
    case unknownVersion(UInt16)
    case wrongNetwork(NetworkID, expected: NetworkID)
    case wrongFirstHeight(UInt64, expected: UInt64)
    /// A frame whose length is more than any certified block has.
    case frameTooLong(height: UInt64, offset: Int, byteCount: UInt32)
    /// A frame that belongs to the next segment.
    case segmentTooLong(height: UInt64, offset: Int)
    case checksumMismatch(height: UInt64, offset: Int)
}

extension ExportError {
    /// Whether there was something to check (`docs/spec/export.md` section 4).
    public var kind: ProofError.Kind {
        switch self {
        case .inputFailed, .truncated, .wrongMagic, .unknownVersion, .wrongNetwork, .wrongFirstHeight, .frameTooLong: .unreadable
        case .segmentTooLong, .checksumMismatch: .doesNotHold
        }
    }
}

extension ExportError: CustomStringConvertible {
    /// The stable code of `docs/spec/errors.md`.
    public var code: String {
        switch self {
        case .inputFailed: "exportInputFailed"
        case .truncated: "exportTruncated"
        case .wrongMagic: "exportWrongMagic"
        case .unknownVersion: "exportUnknownVersion"
        case .wrongNetwork: "exportWrongNetwork"
        case .wrongFirstHeight: "exportWrongFirstHeight"
        case .frameTooLong: "exportFrameTooLong"
        case .segmentTooLong: "exportSegmentTooLong"
        case .checksumMismatch: "exportChecksumMismatch"
        }
    }

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .inputFailed(let reason): "the segment could not be read: \(reason)"
        case .truncated(let offset):
            "the segment ends in the middle of what begins at byte \(offset); finish the export, or copy the file again"
        case .wrongMagic: "the file is not a segment of a Coffer export: it does not begin with COFFER-EXPORT; check the path"
        case .unknownVersion(let version):
            "the segment has format version \(version), and this program reads \(ExportFormat.version); use a newer program"
        case .wrongNetwork(let actual, let expected):
            "the segment is of network \(actual), and the chain specification of \(expected); check which belong together"
        case .wrongFirstHeight(let actual, let expected):
            "the segment begins at height \(actual), and the next height is \(expected); a segment is missing or misplaced"
        case .frameTooLong(let height, let offset, let byteCount):
            "the frame of height \(height) at byte \(offset) claims \(byteCount) bytes, more than a certified block has; the file is damaged: copy it again"
        case .segmentTooLong(let height, let offset):
            "the frame of height \(height) at byte \(offset) belongs to the next segment; the export was not cut as the format says: export again"
        case .checksumMismatch(let height, let offset):
            "the frame of height \(height) at byte \(offset) does not match its checksum; the file is damaged: copy it again"
        }
    }
}
