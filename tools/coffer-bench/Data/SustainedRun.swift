import Foundation
import Ledger
import Store
import Verifier

/// Blocks' bytes in memory become durable blocks, as fast as they can: what `block` and `bulk` time.
struct SustainedRun {
    /// From the first byte until the last block is durable.
    let untilDurable: Timing.Elapsed
    /// From the first byte until the store was closed, which is when nothing that the blocks caused remains to be done.
    let untilFolded: Timing.Elapsed
    /// Into how few commits the blocks were gathered.
    let commitCount: Int
    /// Opening the store and restoring the state before the run.
    let startSeconds: Double
    /// Anonymous memory after the last block, with the blocks' bytes in it.
    let anonymousMemoryBytes: Int

    /// Runs blocks that follow the ledger's tip, then opens the store again and checks that it has what they say.
    @available(*, noasync)
    init(_ blocks: GeneratedBlocks, on ledger: BenchLedger) throws {
        let start = Timing()
        let store = try ledger.openStore()
        let restored = try store.restore()
        startSeconds = start.elapsed().seconds
        let verifier = ledger.verifier()
        defer { verifier.close() }
        // A node that runs on has checked every key's proof of possession, and remembers it.
        var chain = Chain(restored: restored, verifier: verifier)
        chain.parseKeys()
        var pipeline = BlockPipeline(chain: chain)
        let committer = Committer(store)
        let timing = Timing()
        for bytes in blocks.bytes {
            if let commit = try pipeline.push(bytes) { try committer.append(commit) }
        }
        if let commit = try pipeline.finish() { try committer.append(commit) }
        commitCount = try committer.finish()
        untilDurable = timing.elapsed()
        store.close()
        untilFolded = timing.elapsed()
        anonymousMemoryBytes = try Machine.anonymousMemoryBytes()
        try Self.check(blocks, on: ledger)
    }

    /// The tip is the last block's, and receipts hold.
    private static func check(_ blocks: GeneratedBlocks, on ledger: BenchLedger) throws {
        let store = try ledger.openStore()
        defer { store.close() }
        guard let tip = blocks.tip, try store.tip().header == tip else {
            throw BenchFailure("after the run the store does not end with its last block")
        }
        let step = max(1, blocks.witnesses.count / 8)
        for position in stride(from: 0, to: blocks.witnesses.count, by: step) {
            let id = blocks.witnesses[position]
            guard let location = try store.location(of: id), let block = try store.certifiedBlock(at: location.height) else {
                throw BenchFailure("transaction \(id) is not found after the run")
            }
            let receipt = Receipt(of: Int(location.position), in: block)
            guard receipt.transaction.id == id else { throw BenchFailure("transaction \(id) is not where the store says") }
            try receipt.verify(against: ledger.network.chainspec)
        }
    }

    /// What a row shows besides its figure.
    func details(_ blocks: GeneratedBlocks) -> Fields {
        let count = Double(blocks.transactionCount)
        var fields: Fields = [
            "untilDurable": .fields(untilDurable.fields), "untilFolded": .fields(untilFolded.fields),
            "transactionsPerSecondUntilFolded": .decimal(count / untilFolded.seconds),
            "microsecondsPerTransaction": .decimal(untilDurable.seconds / count * 1e6),
            "cpuMicrosecondsPerTransaction": .decimal(untilFolded.processorSeconds / count * 1e6),
        ]
        if let tip = blocks.tip { fields["tip"] = .text(tip.hash.hex) }
        fields["transactions"] = .count(blocks.transactionCount)
        fields["bytesPerTransaction"] = .decimal(Double(blocks.byteCount) / count)
        fields["blockBytes"] = .count(blocks.byteCount / max(1, blocks.bytes.count))
        fields["commits"] = .count(commitCount)
        fields["startSeconds"] = .decimal(startSeconds)
        fields["anonymousMemoryMiB"] = .count(anonymousMemoryBytes >> 20)
        return fields
    }
}
