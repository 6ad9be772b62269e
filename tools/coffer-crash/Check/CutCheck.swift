import Ledger
import Store
import Support

/// Checks the store that a power cut left, against the whole run that the cut is a part of.
struct CutCheck: ~Copyable {
    /// What the run made in the end, every block of it verified.
    private let whole: LedgerCheck
    /// How many blocks were there that held nothing acknowledged, over all checks.
    private(set) var unacknowledgedBlocks = 0
    /// How many stores had pruned blocks, and how many blocks these were in all.
    private(set) var prunedStores = 0
    private(set) var prunedBlocks = 0

    init(whole: consuming LedgerCheck) {
        self.whole = whole
    }

    /// Opens the store in a directory, and throws what does not hold.
    ///
    /// `restore` compares the state's roots with the tip's header. A thorough check also reads every record, opens the store a second time, and
    /// commits the run's next block to it.
    mutating func check(_ directory: String, acknowledged: [Acknowledgement], isThorough: Bool) throws {
        try check(directory, acknowledged) { store, _ in
            if isThorough { try Self.verifyRecords(of: store) }
        }
        guard isThorough else { return }
        let blocks = whole.blocks
        try check(directory, acknowledged) { store, restored in
            try Self.commitNext(of: blocks, after: restored, to: store)
            try Self.pruneOn(store)
            try Self.verifyRecords(of: store)
        }
    }

    private static func verifyRecords(of store: LedgerStore) throws {
        let isPruned = try !store.archives().archives.isEmpty
        try store.verifyRecords(archives: isPruned ? ArchivedBlocks.directory(of: store) : nil) { _, _ in }
    }

    /// Pruning goes on where it was cut off, unless an archive that it needs was lost or torn: nothing of that was dropped.
    private static func pruneOn(_ store: LedgerStore) throws {
        do throws(PruningError) {
            _ = try store.prune(PruningRequest(below: .max, archives: ArchivedBlocks.directory(of: store)))
        } catch {
            if case .storage(let error) = error { throw error }
        }
        _ = try ArchivedBlocks(store)
    }

    private mutating func check(
        _ directory: String, _ acknowledged: [Acknowledgement], then body: (LedgerStore, consuming RestoredLedger) throws -> Void
    ) throws {
        let store = try CrashNetwork.open(directory)
        defer { store.close() }
        let restored = try store.restore()
        let archived = try ArchivedBlocks(store)
        if archived.end > 0 { prunedStores += 1 }
        prunedBlocks += Int(archived.end)
        try checkBlocks(of: store, archived, tip: restored.tip.header, acknowledged)
        let tip = restored.tip.header.height
        for item in acknowledged where item.location.height > tip {
            throw CheckFailure("lost", "transaction \(item.id) was acknowledged in block \(item.location.height), and the tip is \(tip)")
        }
        try checkPlaces(of: store, archived, tip: tip)
        try body(store, restored)
    }

    /// Every block is, byte for byte, one that the run made. That it holds each of its transactions once is known of the whole run.
    private mutating func checkBlocks(
        of store: LedgerStore, _ archived: ArchivedBlocks, tip: BlockHeader, _ acknowledged: [Acknowledgement]
    ) throws {
        guard tip.height <= UInt64(whole.headers.count) else {
            throw CheckFailure("tip", "the tip is block \(tip.height), and the run made \(whole.headers.count)")
        }
        let expected = tip.height == 0 ? CrashNetwork.network.chainspec.genesisHeader : whole.headers[Int(tip.height) - 1]
        guard tip == expected else { throw CheckFailure("tip", "block \(tip.height) is not the one that the run made") }
        for height in 1..<(tip.height + 1) where try archived.bytes(at: height, in: store) != whole.blocks[Int(height) - 1] {
            throw CheckFailure("block", "block \(height) is not the one that the run made")
        }
        let known = acknowledged.map(\.location.height).max() ?? 0
        if tip.height > known { unacknowledgedBlocks += Int(tip.height - known) }
    }

    /// Every transaction up to the tip, acknowledged or not, is found where it stands, and no later one is found.
    private borrowing func checkPlaces(of store: LedgerStore, _ archived: ArchivedBlocks, tip: UInt64) throws {
        for (id, place) in whole.places {
            let found = try archived.location(of: id, at: place, in: store)
            guard found == (place.height <= tip ? place : nil) else {
                throw CheckFailure("place", "transaction \(id) stands at \(place), is looked up at \(found as Any), and the tip is \(tip)")
            }
        }
    }

    /// The store is not only whole but of use: it takes the block that comes next.
    private static func commitNext(of blocks: [[UInt8]], after restored: consuming RestoredLedger, to store: LedgerStore) throws {
        let height = restored.tip.header.height + 1
        guard height <= UInt64(blocks.count) else { return }
        let certified = try CertifiedBlock(decoding: blocks[Int(height) - 1])
        var history = restored.history
        history.append(certified.block.header.historyLeaf)
        var state = restored.takeState()
        let context = BlockContext(height: height, time: certified.block.header.time)
        for (position, transaction) in certified.block.transactions.enumerated() {
            let required = try state.requirements(of: transaction, at: context.time)
            try state.apply(VerifiedTransaction(checking: transaction, requirements: required), at: UInt32(position), in: context)
        }
        let outcome = state.seal(height: height, time: context.time)
        try store.commit([BlockCommit(certified: certified, outcome: outcome, history: history)])
        guard try store.restore().tip.header == certified.block.header else {
            throw CheckFailure("continue", "block \(height) was committed and is not the tip")
        }
    }
}
