import Cryptography
import Ledger

/// Follows a store's own blocks from where its archives end, and finds the segments that an export has of them.
///
/// Every block is decoded, and compared with its header and the header before it: what is archived is what the headers commit to.
struct SegmentScan {
    private let core: StoreCore
    private let limit: Int
    private var number: UInt64
    private var height: UInt64
    private var bytes = 0
    private var first: UInt64
    private var hasher = SHA256()

    init(_ core: StoreCore) {
        self.core = core
        limit = core.configuration.segmentLimitBytes
        let archives = core.archives.withLock { $0 }
        number = UInt64(archives.count)
        let last = archives.last?.lastHeight ?? 0
        (height, first) = (last + 1, last + 1)
    }

    /// The next segment that ends at or below `end`; nil when there is none. `end` is below the tip, whose block says nothing about where
    /// the segment before it ends. `progress` is told the height of each block.
    mutating func next(upTo end: UInt64, _ progress: (UInt64) -> Void) throws(StoreError) -> ArchivedSegment? {
        // With nothing to prune there may be no block above either.
        guard height <= end else { return nil }
        while height <= end + 1 {
            let block = try read()
            let isFirst = bytes == 0
            if !isFirst, !ExportFormat.fits(block.count, bytes, limit: limit) {
                let segment = ArchivedSegment(
                    number: number, firstHeight: first, lastHeight: height - 1, byteCount: UInt64(bytes), digest: hasher.finalize())
                (bytes, first, number) = (0, height, number + 1)
                return segment
            }
            guard height <= end else { return nil }
            if isFirst {
                hasher = SHA256()
                hasher.update(ExportFormat.header(network: core.chainspec.network, firstHeight: height))
                bytes = ExportFormat.headerByteCount
            }
            hasher.update(ExportFormat.frame(block))
            bytes += ExportFormat.frameByteCount(block.count)
            progress(height)
            height += 1
        }
        return nil
    }

    /// The canonical bytes of the block at `height`, which must be what its header says, and follow the header before it.
    private func read() throws(StoreError) -> [UInt8] {
        let core = core, height = height
        let block = try core.log.read { (log) throws(StoreError) in
            let before = try log.header(at: height - 1, in: core.logTables, because: "the tip is above it").header.hash
            let block = try log.block(at: height, in: core.logTables)
            guard block.block.header.parent == before else {
                throw core.logTables.headers.damage(HeightKey(height), "it does not follow the header before it")
            }
            return block
        }
        guard Block.transactionRoot(block.block.transactions) == block.block.header.transactionRoot else {
            throw .damaged("database \"transactions\" has another root for height \(height) than its header")
        }
        return block.bytes
    }
}
