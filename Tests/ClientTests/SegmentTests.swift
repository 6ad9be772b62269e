@testable import Client
import Cryptography
import Foundation
import Ledger
import Support
import Testing

/// Archives too large for one segment. The writer looks at a block's header only, so behind it stand zeros in place of 33 MB of
/// transactions, which would take long to make and to decode.
@Suite("Segments of an export")
struct SegmentTests {
    let network = TestNetwork()

    /// What is in the archive, and what it is to get.
    private struct Chain {
        var header: BlockHeader
        var history = HistoryTree()
        var frames: [Int] = []

        init(_ chainspec: Chainspec) {
            header = chainspec.genesisHeader
            history.append(header.historyLeaf)
        }

        /// The next block and the bytes that stand for it.
        mutating func next(byteCount: Int) -> (block: CertifiedBlock, bytes: [UInt8]) {
            header.parent = header.hash
            header.height += 1
            header.historyRoot = history.root
            history.append(header.historyLeaf)
            frames.append(ExportFormat.frameByteCount(byteCount))
            let bytes = header.bytes + Array(repeating: 0, count: byteCount - BlockHeader.byteCount)
            return (CertifiedBlock(block: Block(header: header, transactions: []), attestations: []), bytes)
        }

        func checkpoint(_ network: TestNetwork) throws -> SignedCheckpoint {
            let checkpoint = Checkpoint(network: network.network, size: history.count, root: history.root)
            return SignedCheckpoint(checkpoint, signatures: [try checkpoint.sign(with: testCheckpointKey("validator-0-checkpoint"))])
        }
    }

    /// The sizes of the segments, and what each begins with.
    private func segments(in directory: URL) throws -> [(byteCount: Int, header: [UInt8])] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasPrefix("blocks-") }
        return try names.sorted().map { name in
            let file = try FileHandle(forReadingFrom: directory.appending(path: name))
            let header = [UInt8](try file.read(upToCount: ExportFormat.headerByteCount) ?? Data())
            return (Int(try file.seekToEnd()), header)
        }
    }

    @Test("A segment ends before the block that would make it too large, also when an export is resumed", arguments: [1, 2, 3, 4])
    func cut(blocksPerRun: Int) throws {
        let directory = try TemporaryDirectory()
        var chain = Chain(network.chainspec)
        // The second block fills the first segment to its last byte, the fourth is one byte too large for the second.
        let room = ExportFormat.maximumSegmentByteCount - ExportFormat.headerByteCount
        let half = 33_554_000
        let rest = room - ExportFormat.frameByteCount(half) - ExportFormat.frameByteCount(0)
        var sizes = [half, rest, half, rest + 1][...]
        #expect(rest + 1 <= CertifiedBlock.maximumByteCount)
        while !sizes.isEmpty {
            var archive = try ArchiveWriter(directory: directory.url.path, chainspec: network.chainspec)
            #expect(archive.link.height == UInt64(4 - sizes.count))
            for size in sizes.prefix(blocksPerRun) {
                let (block, bytes) = chain.next(byteCount: size)
                try archive.append(block, bytes: bytes)
            }
            sizes = sizes.dropFirst(blocksPerRun)
            try archive.finish(try chain.checkpoint(network))
        }
        let segments = try segments(in: directory.url)
        let frames = chain.frames
        let header = ExportFormat.headerByteCount
        #expect(segments.map(\.byteCount) == [header + frames[0] + frames[1], header + frames[2], header + frames[3]])
        #expect(segments.first?.byteCount == ExportFormat.maximumSegmentByteCount)
        #expect(segments.map(\.header) == [1, 3, 4].map { ExportFormat.header(network: network.network, firstHeight: $0) })
    }
}
