public import Ledger

/// Copies a chain from a node into an archive for auditors (`docs/spec/export.md`), and later the blocks that came since.
///
/// Every block is checked to be final on this network and to follow the one before it; the checkpoint at the end must be over exactly
/// these blocks. The transactions are not executed: `coffer-verify chain` does that, from the archive alone.
public struct Exporter: Sendable {
    /// How far an export is.
    public struct Progress: Hashable, Sendable {
        /// The height of the last block written.
        public let height: UInt64
        /// The height at which the export ends.
        public let targetHeight: UInt64
        /// The bytes of all segments so far.
        public let byteCount: UInt64
    }

    /// What an export holds when it is complete.
    public struct Summary: Hashable, Sendable {
        /// The height of the last block.
        public let height: UInt64
        /// The blocks that this run added; the others were there before.
        public let addedBlockCount: UInt64
        /// The bytes of all segments.
        public let byteCount: UInt64
        /// Over exactly these blocks.
        public let checkpoint: SignedCheckpoint
    }

    /// How many blocks are asked for ahead of the one that is written next. Bounds the memory: a block has up to 32 MiB.
    static let windowCount: UInt64 = 4

    private let node: NodeClient
    private let directory: String

    /// - Parameters:
    ///   - node: where the blocks come from.
    ///   - directory: where the archive is or will be; it holds nothing else.
    public init(from node: NodeClient, to directory: String) {
        self.node = node
        self.directory = directory
    }

    /// Makes the archive, or brings it up to the node's latest checkpoint.
    /// - Parameter progress: called at the start and after every block.
    public func run(
        progress: (Progress) -> Void = { _ in }
    ) async throws(ExportFailure) -> Summary {
        let checkpoint: SignedCheckpoint
        do throws(ClientError) {
            checkpoint = try await node.checkpoint()
        } catch {
            throw .node(error)
        }
        guard checkpoint.checkpoint.size > 0 else { throw .node(.unproved(what: "a checkpoint", reason: "it is over no header")) }
        let targetHeight = checkpoint.checkpoint.size - 1
        var archive = try ArchiveWriter(directory: directory, chainspec: node.chainspec)
        let first = archive.link.height + 1
        guard archive.link.height <= targetHeight else {
            throw .nodeIsBehind(nodeHeight: targetHeight, archiveHeight: archive.link.height)
        }
        func report(_ archive: borrowing ArchiveWriter) {
            progress(Progress(height: archive.link.height, targetHeight: targetHeight, byteCount: archive.byteCount))
        }
        report(archive)
        do throws(ExportFailure) {
            try await copy(heights: first..<targetHeight + 1) { (block, bytes) throws(ExportFailure) in
                try archive.append(block, bytes: bytes)
                report(archive)
            }
        } catch .node(.refused(let problem)) where problem.code == "historyPruned" {
            throw try await missingArchives(after: first - 1)
        }
        let byteCount = try archive.finish(checkpoint)
        return Summary(
            height: targetHeight, addedBlockCount: targetHeight + 1 - first, byteCount: byteCount, checkpoint: checkpoint)
    }

    /// Names what the directory lacks that the node does not keep.
    private func missingArchives(after height: UInt64) async throws(ExportFailure) -> ExportFailure {
        do throws(ClientError) {
            let manifest = try await node.archives()
            return .archivesMissing(manifest.archives.filter { $0.lastHeight > height }, directory: directory)
        } catch {
            throw .node(error)
        }
    }

    private typealias Fetched = (height: UInt64, result: Result<(block: CertifiedBlock, bytes: [UInt8]), ClientError>)

    /// Fetches blocks, some at the same time, and hands them over in order.
    private func copy(
        heights: Range<UInt64>, _ write: (CertifiedBlock, [UInt8]) throws(ExportFailure) -> Void
    ) async throws(ExportFailure) {
        let node = node
        let outcome = await withTaskGroup(of: Fetched.self, returning: Result<Void, ExportFailure>.self) { group in
            var asked = heights.lowerBound
            var wanted = heights.lowerBound
            var arrived: [UInt64: (block: CertifiedBlock, bytes: [UInt8])] = [:]
            while wanted < heights.upperBound {
                while asked < heights.upperBound, asked - wanted < Self.windowCount {
                    let height = asked
                    group.addTask { await Self.fetch(height, from: node) }
                    asked += 1
                }
                guard let (height, result) = await group.next() else {
                    preconditionFailure("a block that is wanted was asked for")
                }
                switch result {
                case .success(let block): arrived[height] = block
                case .failure(let error):
                    group.cancelAll()
                    return .failure(.node(error))
                }
                while let block = arrived.removeValue(forKey: wanted) {
                    do throws(ExportFailure) {
                        try write(block.block, block.bytes)
                    } catch {
                        group.cancelAll()
                        return .failure(error)
                    }
                    wanted += 1
                }
            }
            return .success(())
        }
        try outcome.get()
    }

    private static func fetch(_ height: UInt64, from node: NodeClient) async -> Fetched {
        do throws(ClientError) {
            return (height, .success(try await node.blockAndBytes(at: height)))
        } catch {
            return (height, .failure(error))
        }
    }
}
