import Cryptography
import Foundation
import Ledger
import Support
import Testing

@testable import Store

/// Segments so small that a chain of a few hundred blocks has many.
let smallSegmentBytes = 20_000

/// A store of a long random chain, and an export of the chain beside it.
final class PrunedStore {
    var chain: RandomChain
    let fixture: ReopeningStore
    let export: TemporaryDirectory
    /// What a whole export of the chain has, the last segment included.
    let segments: [ArchivedSegment]

    var store: LedgerStore { fixture.store }

    init(seed: UInt64, blocks: Int = 160, configuration: StoreConfiguration = foldingConfiguration) throws {
        var configuration = configuration
        configuration.segmentLimitBytes = smallSegmentBytes
        var chain = RandomChain(seed: seed)
        fixture = try ReopeningStore(chain.network, configuration)
        while chain.height < blocks { try fixture.store.commit(try chain.blocks(4)) }
        // What came before is older than any transaction that may be unexpired.
        chain.ledger.time += 2 * 24 * 3_600_000
        try fixture.store.commit(try chain.blocks(8))
        try fixture.reopen()
        export = try TemporaryDirectory()
        segments = try Self.write(chain.commits.map(\.certified), of: chain.network, to: export.path)
        self.chain = chain
    }

    /// Writes the segments of an export, from the text of export.md and not with the code that prunes.
    @discardableResult
    static func write(_ blocks: [CertifiedBlock], of network: TestNetwork, to path: String) throws -> [ArchivedSegment] {
        var files: [[UInt8]] = []
        var heights: [ClosedRange<UInt64>] = []
        for block in blocks {
            let bytes = block.bytes
            let length = (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (24 - 8 * $0)) }
            let frame = length + bytes + SHA256.hash(length + bytes).bytes
            let height = block.block.header.height
            if let last = files.last, last.count + frame.count <= smallSegmentBytes {
                files[files.count - 1] += frame
                heights[heights.count - 1] = heights[heights.count - 1].lowerBound...height
            } else {
                let first = (0..<8).map { UInt8(truncatingIfNeeded: height >> (56 - 8 * UInt64($0))) }
                files.append(Array("COFFER-EXPORT\n".utf8) + [0, 1] + network.network.bytes.bytes + first + frame)
                heights.append(height...height)
            }
        }
        for (number, file) in files.enumerated() {
            try Data(file).write(to: URL(filePath: "\(path)/\(ExportFormat.segmentFileName(UInt64(number)))"))
        }
        return files.indices.map {
            ArchivedSegment(
                number: UInt64($0), firstHeight: heights[$0].lowerBound, lastHeight: heights[$0].upperBound,
                byteCount: UInt64(files[$0].count), digest: SHA256.hash(files[$0]))
        }
    }

    /// The segments that end below a height.
    func whole(below height: UInt64) -> [ArchivedSegment] { segments.dropLast().filter { $0.lastHeight < height } }

    func prune(below height: UInt64, isDryRun: Bool = false) throws(PruningError) -> PruningReport {
        try store.prune(PruningRequest(below: height, archives: export.path, isDryRun: isDryRun))
    }

    /// The error of pruning; nil when there is none.
    func pruningError(below height: UInt64) -> PruningError? {
        do throws(PruningError) {
            _ = try prune(below: height)
            return nil
        } catch {
            return error
        }
    }

    /// Everything that the store answers, against what memory has, where bodies up to a height are pruned.
    func expectAnswers(prunedTo end: UInt64) throws {
        try expectRestores(store, chain)
        #expect(try store.archives().archives == segments.filter { $0.lastHeight <= end })
        for commit in chain.commits {
            let header = commit.certified.block.header
            let certified = CertifiedHeader(header: header, attestations: commit.certified.attestations)
            try expectTrue(store.certifiedHeader(at: header.height) == certified)
            if header.height <= end {
                let error = storageError { () throws(StorageError) in try store.certifiedBlock(at: header.height) }
                #expect(error == pruned(header.height))
                #expect(storageError { () throws(StorageError) in try store.certifiedBlockBytes(at: header.height) } == error)
            } else {
                try expectTrue(store.certifiedBlock(at: header.height) == commit.certified)
                try expectTrue(store.certifiedBlockBytes(at: header.height) == commit.certified.bytes)
            }
        }
        for (id, location, _) in chain.transactions {
            if location.height <= end {
                #expect(storageError { () throws(StorageError) in try store.location(of: id) } == pruned(location.height))
                #expect(storageError { () throws(StorageError) in try store.transaction(at: location) } == pruned(location.height))
            } else {
                #expect(try store.location(of: id) == location)
                #expect(try store.transaction(at: location)?.id == id)
            }
            #expect(try store.memo(at: location) == chain.memos[id])
        }
        try expectAccounts(prunedTo: end)
    }

    func pruned(_ height: UInt64) -> StorageError? {
        segments.first { $0.firstHeight <= height && height <= $0.lastHeight }.map { .pruned(PrunedBlock(height: height, archive: $0)) }
    }

    private func expectAccounts(prunedTo end: UInt64) throws {
        let tip = chain.height
        for account in chain.accounts[Int(tip)] {
            try expectTrue(store.account(account.id, atHeight: nil) == account)
            let entries = chain.entries[account.index] ?? []
            let available = entries.firstIndex { $0.height > end } ?? entries.count
            let lines = try store.statement(of: account.index, from: UInt64(available), limit: 10_000, descending: false)
            #expect(lines.map(\.entry) == Array(entries[available...]), "account \(account.index)")
            if available < entries.count {
                let descending = try store.statement(of: account.index, from: .max, limit: 10_000, descending: true)
                #expect(descending.map(\.entry) == Array(entries[available...].reversed()), "account \(account.index)")
            }
            guard available > 0 else { continue }
            let older = storageError { () throws(StorageError) in
                try store.statement(of: account.index, from: UInt64(available - 1), limit: 1, descending: true)
            }
            #expect(older == pruned(entries[available - 1].height))
            let ascending = storageError { () throws(StorageError) in
                try store.statement(of: account.index, from: 0, limit: 10_000, descending: false)
            }
            #expect(ascending.flatMap(Self.prunedHeight) != nil)
        }
        for height in stride(from: UInt64(0), through: tip, by: 7) {
            for account in chain.accounts[Int(height)] {
                do throws(StorageError) {
                    try expectTrue(store.account(account.id, atHeight: height) == account, "height \(height)")
                } catch {
                    // Only entries at or before the pruned height can be missing.
                    #expect((Self.prunedHeight(error) ?? .max) <= end, "height \(height): \(error)")
                }
            }
        }
    }

    static func prunedHeight(_ error: StorageError) -> UInt64? {
        if case .pruned(let block) = error { block.height } else { nil }
    }
}
