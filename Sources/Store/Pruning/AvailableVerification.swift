import Ledger

/// What can be verified of a pruned store without the archives: every record that is there, by its checksum; that headers follow each other
/// from genesis; that the bodies that are there are those of their headers, and memos those committed to. What the blocks lead to is not
/// followed: that begins at genesis.
struct AvailableVerification {
    private let core: StoreCore
    private let tip: UInt64
    private var done: UInt64 = 0
    private let total: UInt64

    init(_ core: StoreCore) throws(StoreError) {
        self.core = core
        tip = core.recent.withLock { $0.tip.header.height }
        total = try core.view(capture: { _ in () }) { (view, _) throws(StoreError) in
            var total: UInt64 = 0
            for database in core.logTables.databases { total += try view.log.statistics(of: database).entries }
            for database in core.stateTables.databases { total += try view.state.statistics(of: database).entries }
            return total
        }
    }

    mutating func run(progress: (_ done: UInt64, _ total: UInt64) -> Void) throws(StoreError) {
        var parent = core.chainspec.genesisHeader.hash
        var history = HistoryTree()
        for height in 0...tip {
            let (header, records) = try verify(height: height)
            guard height == 0 || header.parent == parent, header.historyRoot == history.root, header.network == core.chainspec.network
            else {
                throw core.logTables.headers.damage(HeightKey(height), "it does not follow the headers before it")
            }
            (parent, done) = (header.hash, done + records)
            history.append(header.historyLeaf)
            progress(min(done, total), total)
        }
        let (log, state) = (core.logTables, core.stateTables)
        try count(core.log, log.meta, progress)
        try count(core.log, log.supply, progress)
        try count(core.log, log.memos, progress)
        try count(core.state, state.meta, progress)
        try count(core.state, state.accounts, progress)
        try count(core.state, state.accountIDs, progress)
        try count(core.state, state.landmarks, progress)
        try count(core.state, state.versions, progress)
        try count(core.state, state.transactionIDs, progress)
        progress(total, total)
    }

    /// The header of a height, and how many records were read; its body must be its own, where it is there.
    private func verify(height: UInt64) throws(StoreError) -> (BlockHeader, UInt64) {
        let core = core
        return try core.log.read { (log) throws(StoreError) in
            let header = try log.header(at: height, in: core.logTables, because: "the tip is not below it").header
            // Asked here, for blocks may be pruned meanwhile.
            guard height > core.prunedHeight else { return (header, 1) }
            let transactions = try log.block(at: height, in: core.logTables).block.transactions
            guard Block.transactionRoot(transactions) == header.transactionRoot else {
                throw .damaged("database \"transactions\" has another root for height \(height) than its header")
            }
            let first = TransactionLocation(height: height, position: 0)
            try log.forEachRecord(in: core.logTables.memos, from: first.bytes) { (key, memo) throws(StoreError) in
                guard key.height == height else { return false }
                guard Int(key.position) < transactions.count, transactions[Int(key.position)].content.memoCommitment == memo.commitment
                else { throw core.logTables.memos.damage(key, "no transaction there commits to it") }
                return true
            }
            return (header, 2)
        }
    }

    /// Reads every record of a table, some thousand in each transaction.
    private mutating func count<Key, Value>(
        _ environment: Environment, _ table: Table<Key, Value>, _ progress: (UInt64, UInt64) -> Void
    ) throws(StoreError) {
        var next: [UInt8]? = []
        while let first = next {
            var following: [UInt8]?
            var count = 0
            try environment.read { (transaction) throws(StoreError) in
                try transaction.forEachRecord(in: table, from: first.isEmpty ? nil : first) { (key, _) throws(StoreError) in
                    guard count < 4_096 else {
                        following = key.bytes
                        return false
                    }
                    count += 1
                    return true
                }
            }
            done += UInt64(count)
            progress(min(done, total), total)
            next = following
        }
    }
}
