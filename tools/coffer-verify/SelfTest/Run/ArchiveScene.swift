import Cryptography
import Ledger

/// The first blocks of an export as an export of their own, attested and signed by the stand-ins: what damages to files are made from.
struct ArchiveScene: Sendable {
    /// What stands under a name in the directory.
    enum File: Sendable {
        case bytes([UInt8])
        /// A symbolic link to the true file.
        case link([UInt8])
        case directory
    }

    static let first = ExportFormat.segmentFileName(0)
    static let second = ExportFormat.segmentFileName(1)
    static let checkpointName = ExportFormat.checkpointFileName

    let blocks: [CertifiedBlock]
    let standIns: StandIns
    let checkpoint: Checkpoint
    /// The tree without the last header.
    let shorter: Checkpoint

    init(_ blocks: [CertifiedBlock], _ standIns: StandIns) {
        self.blocks = blocks
        self.standIns = standIns
        let network = standIns.chainspec.network
        var history = HistoryTree()
        history.append(standIns.chainspec.genesisHeader.historyLeaf)
        var before = history
        for block in blocks {
            before = history
            history.append(block.block.header.historyLeaf)
        }
        checkpoint = Checkpoint(network: network, size: history.count, root: history.root)
        shorter = Checkpoint(network: network, size: before.count, root: before.root)
    }

    var frames: [[UInt8]] { blocks.map { ExportFormat.frame($0.bytes) } }
    var signed: SignedCheckpoint { standIns.signed(checkpoint) }

    /// The undamaged files.
    var files: [String: File] { archive() }

    func segment(_ frames: some Sequence<[UInt8]>, firstHeight: UInt64 = 1) -> [UInt8] {
        ExportFormat.header(network: standIns.chainspec.network, firstHeight: firstHeight) + frames.joined()
    }

    /// So small that no segment has room for a second block.
    static let listedSegmentByteCount = ExportFormat.headerByteCount + 1

    /// The archives where every block is one of its own; all but the last, which more may follow.
    var archives: [ArchivedSegment] {
        segments.dropLast().enumerated().map { number, bytes in
            ArchivedSegment(
                number: UInt64(number), firstHeight: UInt64(number) + 1, lastHeight: UInt64(number) + 1, byteCount: UInt64(bytes.count),
                digest: SHA256.hash(bytes))
        }
    }

    private var segments: [[UInt8]] { frames.enumerated().map { segment([$1], firstHeight: UInt64($0) + 1) } }

    /// The undamaged files with every block in a segment of its own, and the list of archives; nil where there are not two archives to
    /// change round.
    var listed: [String: File]? {
        guard blocks.count > 2 else { return nil }
        var files = files
        for (number, bytes) in segments.enumerated() { files[ExportFormat.segmentFileName(UInt64(number))] = .bytes(bytes) }
        files[ArchiveManifest.fileName] = .bytes(list(archives).bytes())
        return files
    }

    /// A list of archives, without the checks of one that is made to hold.
    func list(_ archives: [ArchivedSegment]) -> JSON {
        [
            "format": .string(ArchiveManifest.format), "network": .string(standIns.chainspec.network.hex),
            "archives": ArchiveManifest.list(archives),
        ]
    }

    /// The files with another first segment or checkpoint.
    func archive(segment bytes: [UInt8]? = nil, checkpoint text: String? = nil) -> [String: File] {
        [Self.first: .bytes(bytes ?? segment(frames)), Self.checkpointName: .bytes(Array((text ?? signed.text).utf8))]
    }

    /// The files with the blocks in two segments, cut where the format would not: what stands in both can still be changed round.
    func cut(after count: Int) -> [String: File]? {
        guard blocks.count > count, count > 0 else { return nil }
        var files = files
        files[Self.first] = .bytes(segment(frames[..<count]))
        files[Self.second] = .bytes(segment(frames[count...], firstHeight: UInt64(count) + 1))
        return files
    }
}
