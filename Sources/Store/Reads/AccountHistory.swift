import Ledger

/// An account's past: the way from its last entry to its first along the log, which landmarks and versions shorten.
struct AccountHistory {
    private let row: AccountRow
    private let recent: RecentAccount
    private var chunks = ChunkCache()

    init(row: AccountRow, recent: RecentAccount) {
        self.row = row
        self.recent = recent
    }

    /// A transaction with entries of the account: they end with the one of this sequence.
    private struct Place {
        var pointer: EntryPointer
        var sequence: UInt64
        /// How many of the account's entries in the transaction are meant, from the first; nil for all.
        var count: Int?
    }

    /// An entry met on the way.
    private struct Step {
        let sequence: UInt64
        let location: TransactionLocation
        let effect: Effect
        let transaction: FollowedTransaction
    }

    private var index: AccountIndex { row.account.index }

    // MARK: - Questions

    /// The entries numbered `lower` to `upper`, the last first. There is an entry `upper`. With `cutShort`, those before a pruned one are left
    /// out, unless all are.
    mutating func statement(
        from lower: UInt64, to upper: UInt64, cutShort: Bool, in view: borrowing StoreView
    ) throws(StoreError) -> [StatementLine] {
        var lines: [StatementLine] = []
        do throws(StoreError) {
            try addLines(from: lower, to: upper, in: view, to: &lines)
        } catch .pruned(let block) {
            guard cutShort, !lines.isEmpty else { throw .pruned(block) }
        }
        return lines
    }

    private mutating func addLines(
        from lower: UInt64, to upper: UInt64, in view: borrowing StoreView, to lines: inout [StatementLine]
    ) throws(StoreError) {
        let start = try place(atOrAfter: upper, in: view)
        try walk(from: start, downTo: lower, in: view) { (step) throws(StoreError) in
            guard step.sequence <= upper else { return }
            let entry = step.effect.entry(at: step.location, id: step.transaction.signed.id)
            lines.append(StatementLine(sequence: step.sequence, entry: entry))
        }
    }

    /// The account as the block of `height`, at or after its opening, left it: the last version that is not newer, or what the account
    /// was at first, and from there forward.
    mutating func account(at height: UInt64, in view: borrowing StoreView) throws(StoreError) -> Account {
        if row.last.height <= height { return row.account }
        let version = try self.version(notAbove: height, in: view)
        let known = version?.entryCount ?? 0
        guard known < row.account.entryCount else {
            throw view.stateTables.versions.damage(
                VersionKey(account: index, height: height), "a version at or before it has \(known) entries, more than the account")
        }
        let start = try place(atOrAfter: known, in: view)
        var steps: [Step] = []
        var meetsLater = false
        try walk(from: start, downTo: known, in: view) { (step) throws(StoreError) in
            if step.location.height <= height { steps.append(step) } else { meetsLater = true }
        }
        guard meetsLater else {
            throw view.stateTables.versions.damage(
                VersionKey(account: index, height: height),
                "one at or before it is missing, although the account came by a landmark")
        }
        return try forward(from: version, along: steps.reversed(), in: view)
    }

    private func forward(from version: Account?, along steps: [Step], in view: borrowing StoreView) throws(StoreError) -> Account {
        var account: Account
        if let version {
            account = version
        } else if row.account.openedHeight == 0, index < UInt64(view.core.genesisAccounts.count) {
            account = view.core.genesisAccounts[Int(index)]
        } else if let first = steps.first,
            let opened = Account(
                opening: first.effect, of: first.transaction, index: index, institution: row.account.institution,
                height: row.account.openedHeight)
        {
            account = opened
        } else {
            throw view.stateTables.accounts.damage(AccountKey(index), "its first entry does not open it")
        }
        for step in steps {
            do {
                try account.apply(step.effect, of: step.transaction, at: step.location)
            } catch {
                throw view.stateTables.versions.damage(
                    VersionKey(account: index, height: step.location.height),
                    "the entry there does not apply to what is before it: \(error)")
            }
        }
        guard account.id == row.account.id, account.index == index else {
            throw view.stateTables.accounts.damage(AccountKey(index), "its past is that of account id \(account.id)")
        }
        return account
    }

    // MARK: - Landmarks and versions

    /// The nearest place at or after an entry that can be entered at.
    private func place(atOrAfter sequence: UInt64, in view: borrowing StoreView) throws(StoreError) -> Place {
        let last = row.account.entryCount - 1
        let number = (max(sequence, 1) - 1) / LandmarkKey.stride + 1
        guard number <= last / LandmarkKey.stride else { return Place(pointer: row.last, sequence: last, count: nil) }
        let landmark = try self.landmark(number, in: view)
        return Place(pointer: landmark.pointer, sequence: number * LandmarkKey.stride, count: Int(landmark.ordinal) + 1)
    }

    private func landmark(_ number: UInt64, in view: borrowing StoreView) throws(StoreError) -> EntryPlace {
        for marks in recent.marks {
            guard let first = marks.landmarks.first?.number, number >= first else { continue }
            // They are numbered without gaps.
            let position = Int(number - first)
            if position < marks.landmarks.count { return marks.landmarks[position].place }
        }
        return try view.state.record(
            of: LandmarkKey(account: index, number: number), in: view.stateTables.landmarks,
            because: "the account has \(row.account.entryCount) entries")
    }

    /// The last version whose height is not above `height`.
    private func version(notAbove height: UInt64, in view: borrowing StoreView) throws(StoreError) -> Account? {
        for marks in recent.marks {
            if let version = marks.versions.last(where: { $0.height <= height }) { return version.account }
        }
        let table = view.stateTables.versions
        let (index, id) = (index, row.account.id)
        return try view.state.withCursor(over: table.database) { (cursor) throws(StoreError) -> Account? in
            guard try cursor.seekLessOrEqual(VersionKey(account: index, height: height).bytes.span) else { return nil }
            let record = try cursor.record(of: table)
            guard record.key.account == index else { return nil }
            guard record.value.index == index, record.value.id == id else {
                throw table.damage(record.key, "it is the account with index \(record.value.index)")
            }
            return record.value
        }
    }

    // MARK: - The way

    /// Passes the entries from a place back to number `lower` to `body`, the last first.
    private mutating func walk(
        from start: Place, downTo lower: UInt64, in view: borrowing StoreView, _ body: (Step) throws(StoreError) -> Void
    ) throws(StoreError) {
        var place = start
        while true {
            let location = place.pointer.location
            let found = try chunks.transaction(at: location, in: view)
            var entries = found.chunk.entries(of: index, in: found.position)
            if let count = place.count { entries = Array(entries.prefix(count)) }
            guard !place.pointer.isNone, place.sequence % LandmarkKey.stride == place.pointer.sequenceRemainder,
                place.count.map({ $0 == entries.count }) ?? !entries.isEmpty, UInt64(entries.count) <= place.sequence + 1
            else { throw broken(at: place, view) }
            let effects = found.transaction.effects
            guard effects.count == found.chunk.entryCount(of: found.position) else { throw broken(at: place, view) }
            for entry in entries.reversed() {
                try body(Step(sequence: place.sequence, location: location, effect: effects[entry], transaction: found.transaction))
                guard place.sequence > lower else { return }
                place.sequence -= 1
            }
            let previous = found.chunk.previous(found.position, entry: entries[0])
            guard previous.raw >> 6 < place.pointer.raw >> 6 else { throw broken(at: place, view) }
            place = Place(pointer: previous, sequence: place.sequence, count: nil)
        }
    }

    private func broken(at place: Place, _ view: borrowing StoreView) -> StoreError {
        let location = place.pointer.location
        return view.logTables.transactions.damage(
            ChunkKey(height: location.height, first: location.position),
            "entry \(place.sequence) of account \(index) is not where the way to it leads")
    }
}

/// The last chunk and the last transaction of a walk: the next entry is often in them.
private struct ChunkCache {
    private var chunk: (height: UInt64, first: UInt32, chunk: Chunk)?
    private var transaction: (location: TransactionLocation, transaction: FollowedTransaction)?

    mutating func transaction(
        at location: TransactionLocation, in view: borrowing StoreView
    ) throws(StoreError) -> (chunk: Chunk, position: Int, transaction: FollowedTransaction) {
        let (first, chunk) = try chunk(at: location, in: view)
        let position = Int(location.position - first)
        if let known = transaction, known.location == location { return (chunk, position, known.transaction) }
        do {
            let decoded = FollowedTransaction(try chunk.transaction(position))
            transaction = (location, decoded)
            return (chunk, position, decoded)
        } catch {
            throw view.logTables.transactions.damage(
                ChunkKey(height: location.height, first: first), "its checksum is right, but of transaction \(location.position) \(error)")
        }
    }

    private mutating func chunk(
        at location: TransactionLocation, in view: borrowing StoreView
    ) throws(StoreError) -> (first: UInt32, chunk: Chunk) {
        if let known = chunk, known.height == location.height, location.position >= known.first,
            Int(location.position - known.first) < known.chunk.count
        {
            return (known.first, known.chunk)
        }
        try view.core.requireBody(of: location.height)
        guard let found = try view.log.chunk(at: location, in: view.logTables) else {
            throw view.logTables.transactions.damage(
                ChunkKey(height: location.height, first: location.position), "it is missing, although an account was touched there")
        }
        chunk = (location.height, found.first, found.chunk)
        return found
    }
}
