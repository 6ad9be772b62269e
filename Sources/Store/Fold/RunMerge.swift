import Ledger

/// Keeps look-ups of transactions cheap as history grows: eight runs of a level become one of the next.
struct RunMerge {
    static let runsPerLevel = 8

    let core: StoreCore

    /// Merges as long as there is something to merge. Cut off anywhere, it leaves the runs as they were, or merged, and at most records
    /// that no run claims, which are removed here.
    func run() throws(StoreError) {
        while true {
            let record = try core.state.read { (transaction) throws(StoreError) in try transaction.foldRecord(in: core.stateTables) }
            let live = Set(record.runs.map(\.number))
            try core.clearRuns { !live.contains($0) }
            guard let group = Self.group(in: record.runs) else { return }
            let merged = try merge(Array(record.runs[group]), as: record.nextRun)
            try publish(merged, in: group, of: record)
        }
    }

    /// The first eight neighbours of one level.
    static func group(in runs: [FoldRecord.Run]) -> Range<Int>? {
        var start = 0
        while start < runs.count {
            var end = start
            while end < runs.count, runs[end].level == runs[start].level { end += 1 }
            if end - start >= runsPerLevel { return start..<(start + runsPerLevel) }
            start = end
        }
        return nil
    }

    private func merge(_ runs: [FoldRecord.Run], as number: UInt64) throws(StoreError) -> FoldRecord.Run {
        var readers: [RunReader] = []
        for run in runs { readers.append(try RunReader(run: run.number, core)) }
        var pages = IdentifierPages(run: number)
        var count: UInt64 = 0
        while let least = Self.least(readers) {
            pages.append(try readers[least].take())
            count += 1
            if pages.waiting >= core.configuration.foldBatchRecords / 16 {
                try pages.write(to: core)
                try core.foldStep(.mergedPart)
            }
        }
        pages.end()
        try pages.write(to: core)
        let expected = runs.reduce(0) { $0 + $1.count }
        guard count == expected else {
            throw .damaged("database \"transaction-ids\": runs \(runs.map(\.number)) have \(count) ids, and should have \(expected)")
        }
        return FoldRecord.Run(
            number: number, level: runs[0].level + 1, firstHeight: runs[0].firstHeight, lastHeight: runs[runs.count - 1].lastHeight,
            count: count)
    }

    private static func least(_ readers: [RunReader]) -> Int? {
        var least: (reader: Int, identifier: Identifier)?
        for (position, reader) in readers.enumerated() {
            guard let identifier = reader.next else { continue }
            if let found = least, found.identifier < identifier { continue }
            least = (position, identifier)
        }
        return least?.reader
    }

    private func publish(_ merged: FoldRecord.Run, in group: Range<Int>, of before: FoldRecord) throws(StoreError) {
        var record = before
        record.runs.replaceSubrange(group, with: [merged])
        record.nextRun = merged.number + 1
        let payload = record.payload
        try core.state.write { (transaction) throws(StoreError) in
            try transaction.put(payload, for: .fold, in: core.stateTables.meta)
        }
        try core.foldStep(.mergedPublished)
        let live = Set(record.runs.map(\.number))
        try core.clearRuns { !live.contains($0) }
        try core.foldStep(.mergedCleared)
    }
}

/// Reads a run from its start, a few pages in each transaction.
private struct RunReader {
    private let run: UInt64
    private let core: StoreCore
    private var pages: [IdentifierPage] = []
    private var page = 0
    private var position = 0
    /// The least prefix that was not read yet; nil at the run's end.
    private var from: UInt64? = 0

    init(run: UInt64, _ core: StoreCore) throws(StoreError) {
        self.run = run
        self.core = core
        try read()
    }

    var next: Identifier? { page < pages.count ? pages[page][position] : nil }

    mutating func take() throws(StoreError) -> Identifier {
        let taken = pages[page][position]
        position += 1
        if position == pages[page].count {
            page += 1
            position = 0
            if page == pages.count { try read() }
        }
        return taken
    }

    private mutating func read() throws(StoreError) {
        (pages, page, position) = ([], 0, 0)
        guard let from else { return }
        let tables = core.stateTables
        var following: UInt64?
        var found: [IdentifierPage] = []
        try core.state.read { (transaction) throws(StoreError) in
            let first = RunKey(run: run, prefix: from)
            try transaction.forEachRecord(in: tables.transactionIDs, from: first.bytes) { (key, value) throws(StoreError) in
                guard key.run == run else { return false }
                guard found.count < 64 else {
                    following = key.prefix
                    return false
                }
                found.append(value)
                return true
            }
        }
        pages = found
        self.from = following
    }
}

extension StoreCore {
    /// Removes the records of runs that `isDead` says yes to, a bounded number in each transaction.
    func clearRuns(where isDead: (UInt64) -> Bool) throws(StoreError) {
        var next: UInt64 = 0
        while let run = try nextRun(from: next) {
            if isDead(run) { while try removePart(of: run) {} }
            // A damaged key could say anything.
            guard run < UInt64.max else { return }
            next = run + 1
        }
    }

    private func nextRun(from first: UInt64) throws(StoreError) -> UInt64? {
        try state.read { (transaction) throws(StoreError) -> UInt64? in
            let table = stateTables.transactionIDs
            return try transaction.withCursor(over: table.database) { (cursor) throws(StoreError) -> UInt64? in
                try cursor.seek(RunKey(run: first, prefix: 0).bytes.span) ? try table.key(of: cursor.key).run : nil
            }
        }
    }

    /// Whether there may be more.
    private func removePart(of run: UInt64) throws(StoreError) -> Bool {
        try state.write { (transaction) throws(StoreError) in
            let lower = RunKey(run: run, prefix: 0).bytes
            let upper = RunKey(run: run == .max ? run : run + 1, prefix: 0).bytes
            let limit = configuration.foldBatchRecords / 4
            return try transaction.deleteRange(
                from: lower.span, upTo: upper.span, in: stateTables.transactionIDs.database, limit: limit) == limit
        }
    }
}
