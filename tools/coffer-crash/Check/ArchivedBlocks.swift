import Cryptography
import Foundation
import Ledger
import Store

/// The blocks that a store's list of archives says are in archives: each archive must be there, whole.
struct ArchivedBlocks {
    /// The directory with the archives of a data directory.
    static func directory(of store: LedgerStore) -> String {
        URL(filePath: store.directory).deletingLastPathComponent().appending(path: CrashNetwork.archivesName).path
    }

    let directory: String
    /// The last pruned height; 0 where nothing is pruned.
    let end: UInt64
    /// The certified blocks' bytes, from height 1 to `end`.
    private var blocks: [[UInt8]] = []

    init(_ store: LedgerStore) throws {
        directory = Self.directory(of: store)
        let archives = try store.archives().archives
        end = archives.last?.lastHeight ?? 0
        for archive in archives {
            let url = URL(filePath: directory).appending(path: archive.fileName)
            guard FileManager.default.fileExists(atPath: url.path) else {
                throw CheckFailure("hole", "blocks up to \(archive.lastHeight) are pruned, and the archive \(archive) is not there")
            }
            let bytes = [UInt8](try Data(contentsOf: url))
            guard bytes.count == Int(archive.byteCount), SHA256.hash(bytes) == archive.digest else {
                throw CheckFailure("hole", "blocks up to \(archive.lastHeight) are pruned, and \(url.path) is not the archive \(archive)")
            }
            try read(bytes, archive)
        }
    }

    private mutating func read(_ bytes: [UInt8], _ archive: ArchivedSegment) throws {
        var rest = bytes.dropFirst(ExportFormat.headerByteCount)
        while !rest.isEmpty {
            let length = rest.prefix(ExportFormat.lengthByteCount).reduce(0) { $0 << 8 | Int($1) }
            blocks.append(Array(rest.dropFirst(ExportFormat.lengthByteCount).prefix(length)))
            rest = rest.dropFirst(ExportFormat.frameByteCount(length))
        }
        guard UInt64(blocks.count) == archive.lastHeight else {
            throw CheckFailure("hole", "the archive \(archive) ends with block \(blocks.count)")
        }
    }

    /// The bytes of a block, from its archive or from the store, which must have it or name the archive; nil above the tip.
    func bytes(at height: UInt64, in store: LedgerStore) throws -> [UInt8]? {
        guard height <= end else { return try store.certifiedBlockBytes(at: height) }
        do throws(StorageError) {
            _ = try store.certifiedBlockBytes(at: height)
        } catch {
            guard case .pruned(let block) = error, block.height == height else { throw error }
            return blocks[Int(height) - 1]
        }
        throw CheckFailure("pruned", "block \(height) is given, although the blocks up to \(end) are pruned")
    }

    /// Where a transaction is found, or was before it was pruned.
    func location(of id: TransactionID, at place: TransactionLocation, in store: LedgerStore) throws -> TransactionLocation? {
        do throws(StorageError) {
            return try store.location(of: id)
        } catch {
            guard case .pruned(let block) = error, block.height == place.height, block.height <= end else { throw error }
            return place
        }
    }
}
