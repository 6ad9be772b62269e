import Cryptography
import Foundation
import Ledger
import Store

/// Writes an export as auditors get it (`docs/spec/export.md`), straight from a store.
struct ExportWriter {
    let directory: URL
    let network: BenchNetwork

    /// What an export holds.
    struct Content: Sendable {
        var blockCount = 0
        var transactionCount = 0
        var byteCount = 0
        /// Signatures of transactions and attestations, and proofs of possession: all that are verified.
        var signatureCount = 0
    }

    /// Exports blocks from the first on, until they hold so many transactions; nil when the store has fewer.
    func write(_ store: LedgerStore, transactionCount: Int) throws -> Content? {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        var history = HistoryTree()
        history.append(network.chainspec.genesisHeader.historyLeaf)
        var content = Content()
        var segment = ExportFormat.header(network: network.chainspec.network, firstHeight: 1)
        var segmentCount: UInt64 = 0
        while content.transactionCount < transactionCount {
            let height = UInt64(content.blockCount + 1)
            guard let bytes = try store.certifiedBlockBytes(at: height) else { return nil }
            if !ExportFormat.fits(certifiedBlockByteCount: bytes.count, segmentByteCount: segment.count) {
                try write(segment, ExportFormat.segmentFileName(segmentCount))
                segmentCount += 1
                segment = ExportFormat.header(network: network.chainspec.network, firstHeight: height)
            }
            segment += ExportFormat.frame(bytes)
            let certified = try CertifiedBlock(decoding: bytes)
            history.append(certified.block.header.historyLeaf)
            content.add(certified, byteCount: bytes.count)
        }
        try write(segment, ExportFormat.segmentFileName(segmentCount))
        let checkpoint = Checkpoint(network: network.chainspec.network, size: history.count, root: history.root)
        let signature = try checkpoint.sign(with: try network.keys.checkpoint())
        try write(Array(SignedCheckpoint(checkpoint, signatures: [signature]).text.utf8), ExportFormat.checkpointFileName)
        return content
    }

    private func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: directory.appending(path: name))
    }
}

extension ExportWriter.Content {
    fileprivate mutating func add(_ certified: CertifiedBlock, byteCount: Int) {
        blockCount += 1
        transactionCount += certified.block.transactions.count
        self.byteCount += byteCount
        signatureCount += certified.attestations.count
        for transaction in certified.block.transactions {
            signatureCount += transaction.signatures.count
            for case .openAccounts(let open) in transaction.content.operations {
                signatureCount += open.openings.reduce(0) { $0 + $1.possession.count }
            }
        }
    }
}
