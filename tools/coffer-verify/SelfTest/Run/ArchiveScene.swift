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
