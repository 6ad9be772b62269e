public import Cryptography

/// A whole segment of an export that stands for the blocks in it: an archive (`docs/spec/archive.md` section 1).
public struct ArchivedSegment: Hashable, Sendable {
    /// The segment's number, from 0.
    public let number: UInt64
    /// The height of its first block.
    public let firstHeight: UInt64
    /// The height of its last block.
    public let lastHeight: UInt64
    /// The size of the file in bytes.
    public let byteCount: UInt64
    /// The file's content address: the SHA-256 of its bytes.
    public let digest: Bytes32

    public init(number: UInt64, firstHeight: UInt64, lastHeight: UInt64, byteCount: UInt64, digest: Bytes32) {
        self.number = number
        self.firstHeight = firstHeight
        self.lastHeight = lastHeight
        self.byteCount = byteCount
        self.digest = digest
    }

    /// The name that the file has in an export.
    public var fileName: String { ExportFormat.segmentFileName(number) }
}

extension ArchivedSegment: CustomStringConvertible {
    /// The file, the heights in it, and its hash: what to look for.
    public var description: String { "\(fileName) (heights \(firstHeight) to \(lastHeight), SHA-256 \(digest.hex))" }
}

/// The list of a chain's archives, from the first block on and without gaps (`docs/spec/archive.md` section 2).
public struct ArchiveManifest: Hashable, Sendable {
    /// The field `format` of the JSON form.
    public static let format = "coffer-archives/v1"
    /// The most bytes that its JSON form may have.
    public static let maximumJSONByteCount = 33_554_432
    /// The most archives that it may list: 6.4 TB of blocks.
    public static let maximumCount = 100_000
    /// The name under which it lies beside the archives.
    public static let fileName = "archives.json"

    public let network: NetworkID
    /// In the order of heights; the first one begins at height 1.
    public let archives: [ArchivedSegment]

    /// A list that is known to be without gaps.
    public init(network: NetworkID, archives: [ArchivedSegment]) {
        precondition(Self.fault(in: archives) == nil, "a manifest lists archives from the first block on, without gaps")
        self.network = network
        self.archives = archives
    }

    /// Reads the JSON form; refuses a list that has a gap, or a size that no segment has.
    public init(json bytes: [UInt8]) throws(JSONError) {
        var fields = try JSON.parse(bytes, maximumBytes: Self.maximumJSONByteCount).object()
        try fields.format(Self.format)
        network = NetworkID(try fields.field("network", expecting: "32 bytes in hexadecimal").bytes32())
        let list = try fields.field("archives", expecting: "a list of archives")
        try fields.finish()
        var archives: [ArchivedSegment] = []
        for element in try list.array(maximumCount: Self.maximumCount) {
            var item = try element.object()
            archives.append(
                ArchivedSegment(
                    number: try item.integer("segment", as: UInt64.self), firstHeight: try item.integer("firstHeight", as: UInt64.self),
                    lastHeight: try item.integer("lastHeight", as: UInt64.self),
                    byteCount: try item.integer("byteCount", as: UInt64.self),
                    digest: try item.field("sha256", expecting: "32 bytes in hexadecimal").bytes32()))
            try item.finish()
            if let fault = Self.fault(at: archives.count - 1, of: archives) { throw element.refused(fault) }
        }
        self.archives = archives
    }

    /// The JSON form.
    public func json() -> JSON {
        [
            "format": .string(Self.format), "network": .string(network.hex),
            "archives": Self.list(archives),
        ]
    }

    /// The JSON form of some archives, as in the field `archives`.
    public static func list(_ archives: [ArchivedSegment]) -> JSON {
        .array(
            archives.map { archive in
                [
                    "segment": .number(archive.number), "firstHeight": .number(archive.firstHeight),
                    "lastHeight": .number(archive.lastHeight), "byteCount": .number(archive.byteCount),
                    "sha256": .string(archive.digest.hex),
                ]
            })
    }

    /// The archive that has the block of a height; nil when none has.
    public func archive(of height: UInt64) -> ArchivedSegment? {
        archives.first { $0.firstHeight <= height && height <= $0.lastHeight }
    }

    /// The archive of a segment number; nil when the list does not have it.
    public func archive(numbered number: UInt64) -> ArchivedSegment? {
        number < UInt64(archives.count) ? archives[Int(number)] : nil
    }

    private static func fault(in archives: [ArchivedSegment]) -> String? {
        for position in archives.indices {
            if let fault = fault(at: position, of: archives) { return fault }
        }
        return nil
    }

    /// What is wrong with an archive, given those before it.
    private static func fault(at position: Int, of archives: [ArchivedSegment]) -> String? {
        let archive = archives[position]
        let first = position == 0 ? 1 : archives[position - 1].lastHeight + 1
        guard archive.number == UInt64(position) else { return "must have segment \(position): segments follow each other from 0" }
        guard archive.firstHeight == first else { return "must have firstHeight \(first), where the one before it ends" }
        guard archive.lastHeight >= first, archive.lastHeight < UInt64.max else {
            return "must have a lastHeight that is not below \(first)"
        }
        // No block is so large that a segment with it alone could be larger.
        let most = UInt64(ExportFormat.maximumSegmentByteCount)
        guard archive.byteCount > UInt64(ExportFormat.headerByteCount), archive.byteCount <= most else {
            return "must have a byteCount that a segment can have, up to \(most)"
        }
        return nil
    }
}
