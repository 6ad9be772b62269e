import Cryptography
import Ledger

/// What a fold has just made durable.
enum FoldStep: Hashable, Sendable, CaseIterable {
    case begun, landmarks, versions, accountIDs, accounts, transactionIDs, published, mergedPart, mergedPublished, mergedCleared
}

extension StoreCore {
    /// Writes what is recent into the derived state, and forgets it: where a fold is due, or all of it. Called by one thread.
    ///
    /// A fold that fails or is cut off anywhere can begin again from its start: every step writes what the layer says, whatever is
    /// there. Accounts come after landmarks and versions, so that an account that has come further than the fold record says has
    /// left its marks. The fold record, last, makes all of it count.
    func fold(all: Bool) throws(StoreError) {
        while let layer = try takeLayer(all: all) {
            try FoldWriter(core: self, layer: layer).run()
            recent.withLock { $0.folding = nil }
            try RunMerge(core: self).run()
        }
    }

    /// The layer of a fold that did not end; else the current one, in whose place a new one comes, once what of it was replayed is known
    /// to be right. Nil when there is nothing to fold.
    private func takeLayer(all: Bool) throws(StoreError) -> RecentLayer? {
        let (unfinished, isWanted, accountCount) = recent.withLock { recent in
            (recent.folding, all ? !recent.current.isEmpty : foldIsDue(recent.current), recent.tip.header.accountCount)
        }
        if let unfinished { return unfinished }
        guard isWanted else { return nil }
        try compareReplay()
        // Before the locks, for it clears memory for every account.
        let next = RecentLayer(accountCount: Int(accountCount))
        let taken = writer.withLock { _ in
            recent.withLock { recent in
                recent.folding = recent.current
                recent.current = next
                return recent.folding
            }
        }
        // Now there is room for commits, whatever comes of the fold.
        progress.signal()
        return taken
    }

    func foldStep(_ step: FoldStep) throws(StoreError) {
        try configuration.onFoldStep?(step)
    }
}

/// Writes one layer into the derived state, in transactions of bounded size.
private struct FoldWriter: ~Copyable {
    let core: StoreCore
    let layer: RecentLayer
    private var writer = ByteWriter(reservingCapacity: 4_096)

    init(core: StoreCore, layer: RecentLayer) {
        self.core = core
        self.layer = layer
    }

    private var tables: StateTables { core.stateTables }

    consuming func run() throws(StoreError) {
        guard let first = layer.firstHeight, let last = layer.last else { preconditionFailure("a layer that is folded has blocks") }
        guard let run = try begin(target: last) else { return }
        try core.foldStep(.begun)
        try writeMarks()
        try writeAccountIDs()
        try writeAccounts()
        let count = try writeRun(run)
        try core.foldStep(.transactionIDs)
        try core.state.write { (transaction) throws(StoreError) in
            var record = try transaction.foldRecord(in: tables)
            record.folded = last
            record.runs.append(
                FoldRecord.Run(number: run, level: 0, firstHeight: first, lastHeight: last.height, count: UInt64(count)))
            record.nextRun = run + 1
            try transaction.put(record.payload, for: .fold, in: tables.meta)
        }
        try core.foldStep(.published)
    }

    /// Says how far the state may be from now on, and removes what an earlier fold left of a run; returns the number of the run to write.
    /// Nil when this fold was published before, and only its end was missed.
    private func begin(target: BlockName) throws(StoreError) -> UInt64? {
        let run = try core.state.write { (transaction) throws(StoreError) -> UInt64? in
            var record = try transaction.foldRecord(in: tables)
            guard record.folded.height < target.height else { return nil }
            // One that was cut off may have come further than this one goes.
            if target.height > record.target.height { record.target = target }
            try transaction.put(record.payload, for: .fold, in: tables.meta)
            return record.nextRun
        }
        if let run { try core.clearRuns { $0 >= run } }
        return run
    }

    private func writeMarks() throws(StoreError) {
        let accounts = layer.marks.keys.sorted()
        var landmarks: [(LandmarkKey, EntryPlace)] = []
        var versions: [(VersionKey, Account)] = []
        for account in accounts {
            guard let marks = layer.marks[account] else { continue }
            for (number, place) in marks.landmarks { landmarks.append((LandmarkKey(account: account, number: number), place)) }
            for (height, version) in marks.versions { versions.append((VersionKey(account: account, height: height), version)) }
        }
        try inBatches(landmarks.count) { (transaction, position) throws(StoreError) in
            try transaction.put(landmarks[position].1, for: landmarks[position].0, in: tables.landmarks)
        }
        try core.foldStep(.landmarks)
        try inBatches(versions.count) { (transaction, position) throws(StoreError) in
            try transaction.put(versions[position].1, for: versions[position].0, in: tables.versions)
        }
        try core.foldStep(.versions)
    }

    private func writeAccountIDs() throws(StoreError) {
        let opened = layer.ids.sorted { $0.key < $1.key }
        try inBatches(opened.count) { (transaction, position) throws(StoreError) in
            try transaction.put(opened[position].value, for: AccountIDKey(opened[position].key), in: tables.accountIDs)
        }
        try core.foldStep(.accountIDs)
    }

    private mutating func writeAccounts() throws(StoreError) {
        let touched = layer.touchedAccounts
        let table = tables.accounts
        var next = 0
        while next < touched.count {
            let end = min(next + core.configuration.foldBatchRecords, touched.count)
            var transaction = try core.state.beginWrite()
            for position in next..<end {
                encode(touched[position], for: table)
                let bytes = writer.span
                try transaction.put(bytes.extracting(0..<8), bytes.extracting(8..<bytes.count), in: table.database)
            }
            try transaction.commit()
            next = end
            try core.foldStep(.accounts)
        }
    }

    /// Writes key and record of an account, checksum included, one after the other.
    private mutating func encode(_ account: AccountIndex, for table: Table<AccountKey, AccountRow>) {
        writer.removeAll()
        writer.write(account)
        layer.write(account, to: &writer)
        let count = writer.span.count
        let checksum = table.checksum(of: writer.span.extracting(8..<count), key: writer.span.extracting(0..<8))
        writer.write(copying: checksum.span.extracting(0..<Table<AccountKey, AccountRow>.checksumBytes))
    }

    private func writeRun(_ run: UInt64) throws(StoreError) -> Int {
        let identifiers = layer.identifiers.merged()
        var pages = IdentifierPages(run: run)
        for identifier in identifiers {
            pages.append(identifier)
            if pages.waiting >= core.configuration.foldBatchRecords / 16 { try pages.write(to: core) }
        }
        pages.end()
        try pages.write(to: core)
        return identifiers.count
    }

    /// Writes `count` records, a bounded number in each transaction.
    private func inBatches(_ count: Int, _ body: (inout WriteTransaction, Int) throws(StoreError) -> Void) throws(StoreError) {
        var next = 0
        while next < count {
            let end = min(next + core.configuration.foldBatchRecords, count)
            try core.state.write { (transaction) throws(StoreError) in
                for position in next..<end { try body(&transaction, position) }
            }
            next = end
        }
    }
}
