import Ledger

/// Follows the blocks that the derived state does not have yet, entry by entry, and puts what they did into the recent changes.
///
/// No signature is checked and no rule is asked: these blocks were made durable by a commit. What does not fit together is damage.
final class TailReplay {
    private let core: StoreCore
    private let institutions: [AccountID: InstitutionIndex]
    private var layer: RecentLayer
    /// What could not be folded on the way.
    private var unfinished: RecentLayer?

    init(_ core: StoreCore) {
        self.core = core
        layer = core.recent.withLock { $0.current }
        let members = core.genesisAccounts.filter { $0.kind == .institution }
        institutions = Dictionary(uniqueKeysWithValues: members.map { ($0.id, $0.institution) })
    }

    /// Replays up to the log's tip. A long tail is folded on the way, so that it needs no more memory than a running store.
    func run() throws(StoreError) {
        let folded = try core.state.read { (state) throws(StoreError) in try state.foldRecord(in: core.stateTables).folded.height }
        let tip = core.recent.withLock { $0.tip.header.height }
        var next = folded + 1
        while next <= tip {
            try core.state.read { (state) throws(StoreError) in
                while next <= tip, unfinished != nil || !core.foldIsDue(layer) {
                    try core.log.read { (log) throws(StoreError) in
                        var block = BlockReplay(self, height: next)
                        try block.run(log, state)
                    }
                    next += 1
                }
            }
            learnPointers()
            if next <= tip { try foldOnTheWay() }
        }
    }

    private func learnPointers() {
        core.writer.withLock { writer in
            for account in layer.touchedAccounts { writer.pointers.learn(layer.lastEntry(of: account), of: account) }
        }
    }

    private func foldOnTheWay() throws(StoreError) {
        do throws(StoreError) {
            try core.fold(all: false)
        } catch .diskFull, .mapFull {
            // No reason not to open: what was not folded is in memory, and the folding thread tries again.
        }
        (layer, unfinished) = core.recent.withLock { ($0.current, $0.folding) }
    }

    // MARK: - One block

    /// A block being replayed.
    private struct BlockReplay {
        let replay: TailReplay
        let height: UInt64
        /// The accounts that the block touched, as far as it was followed.
        var rows: [AccountIndex: AccountRow] = [:]
        /// Accounts that came by a landmark, repeated ones included.
        var marked: [AccountIndex] = []
        var identifiers: [Identifier] = []

        init(_ replay: TailReplay, height: UInt64) {
            self.replay = replay
            self.height = height
        }

        private var core: StoreCore { replay.core }
        private var layer: RecentLayer { replay.layer }

        mutating func run(_ log: borrowing ReadTransaction, _ state: borrowing ReadTransaction) throws(StoreError) {
            let header = try log.header(at: height, in: core.logTables, because: "the tip is not below it").header
            try log.forEachChunk(at: height, in: core.logTables) { (first, chunk) throws(StoreError) in
                for position in 0..<chunk.count {
                    let location = TransactionLocation(height: height, position: UInt32(first + position))
                    try apply(position, of: chunk, first: first, at: location, state)
                }
            }
            for account in Set(marked).sorted() {
                guard let row = rows[account] else { preconditionFailure("an account that came by a landmark was touched") }
                layer.add(VersionKey(account: account, height: height), row.account)
            }
            for row in rows.values { layer.set(row.account, last: row.last) }
            var runs = layer.identifiers
            runs.add(IdentifierRuns.sorted(identifiers))
            layer.end(
                BlockName(height: height, hash: header.hash), from: height, runs, transactionCount: identifiers.count)
        }

        private mutating func apply(
            _ position: Int, of chunk: Chunk, first: Int, at location: TransactionLocation, _ state: borrowing ReadTransaction
        ) throws(StoreError) {
            let key = ChunkKey(height: height, first: UInt32(first))
            let signed: SignedTransaction
            do {
                signed = try chunk.transaction(position)
            } catch {
                throw core.logTables.transactions.damage(key, "its checksum is right, but of transaction \(location.position) \(error)")
            }
            let effects = signed.content.effects
            guard effects.count == chunk.entryCount(of: position) else {
                throw core.logTables.transactions.damage(key, "transaction \(location.position) has another number of entries")
            }
            identifiers.append(Identifier(signed.id, height: height, position: Int(location.position)))
            for (entry, effect) in effects.enumerated() {
                let account = chunk.account(position, entry: entry)
                try load(account, for: effect, of: signed, state)
                let previous = chunk.previous(position, entry: entry)
                let isNew = try apply(effect, of: signed, at: location, to: account, after: previous)
                guard isNew, previous.landmarkIsNext else { continue }
                let ordinal = chunk.entries(of: account, in: position).prefix { $0 < entry }.count
                try noteLandmark(of: account, ordinal: UInt16(ordinal))
            }
        }

        /// Finds the account's row, or makes a new one.
        private mutating func load(
            _ account: AccountIndex, for effect: Effect, of signed: SignedTransaction, _ state: borrowing ReadTransaction
        ) throws(StoreError) {
            guard rows[account] == nil else { return }
            if let row = layer.row(of: account) ?? replay.unfinished?.row(of: account) {
                rows[account] = row
            } else if let row = try state.accountRow(of: account, in: core.stateTables) {
                rows[account] = row
                if row.account.openedHeight >= height { layer.open(row.account.id, index: account) }
            } else if case .opening(let sponsor) = effect.subject,
                let institution = replay.institutions[signed.content.account(at: sponsor)],
                let opened = Account(opening: effect, of: signed, index: account, institution: institution, height: height)
            {
                rows[account] = AccountRow(last: .none, account: opened)
                layer.open(opened.id, index: account)
            } else {
                throw core.stateTables.accounts.damage(
                    AccountKey(account), "it is missing, although the block of height \(height) touched it")
            }
        }

        /// Applies an effect unless the state has it already, which a fold that was cut off may have left; returns whether it was applied.
        private mutating func apply(
            _ effect: Effect, of signed: SignedTransaction, at location: TransactionLocation, to account: AccountIndex,
            after previous: EntryPointer
        ) throws(StoreError) -> Bool {
            guard var row = rows[account] else { preconditionFailure("the row was loaded") }
            let pointer = EntryPointer(height: height, transaction: location.position, sequence: row.account.entryCount)
            guard row.last == previous else {
                if row.last.raw >> 6 >= pointer.raw >> 6 { return false }
                throw core.stateTables.accounts.damage(
                    AccountKey(account),
                    "it does not follow from its entry at height \(previous.height), after which one at \(height) comes")
            }
            do {
                try row.account.apply(effect, of: signed, at: location)
            } catch {
                throw core.stateTables.accounts.damage(AccountKey(account), "its entry at height \(height) does not apply: \(error)")
            }
            row.last = pointer
            rows[account] = row
            return true
        }

        private mutating func noteLandmark(of account: AccountIndex, ordinal: UInt16) throws(StoreError) {
            guard let row = rows[account] else { preconditionFailure("an account with an entry was touched") }
            let number = (row.account.entryCount - 1) / LandmarkKey.stride
            layer.add(LandmarkKey(account: account, number: number), at: EntryPlace(pointer: row.last, ordinal: ordinal))
            marked.append(account)
        }
    }
}
