import Ledger
import Synchronization

/// Follows the blocks that the derived state does not have yet, entry by entry, and puts what they did into the recent changes.
///
/// No signature is checked and no rule is asked: these blocks were made durable by a commit. What does not fit together is damage.
final class TailReplay {
    private let core: StoreCore
    private let institutions: [AccountID: InstitutionIndex]
    private var layer: RecentLayer
    /// What could not be folded on the way.
    private var unfinished: RecentLayer?
    private var comparison = StateComparison()

    init(_ core: StoreCore) {
        self.core = core
        layer = core.recent.withLock { $0.current }
        let members = core.genesisAccounts.filter { $0.kind == .institution }
        institutions = Dictionary(uniqueKeysWithValues: members.map { ($0.id, $0.institution) })
    }

    /// Replays up to the log's tip. A long tail is folded on the way, so that it needs no more memory than a running store; what comes
    /// after the last fold waits for `restore` to compare it with the tip's header.
    func run() throws(StoreError) {
        let fold = try core.state.read { (state) throws(StoreError) in try state.foldRecord(in: core.stateTables) }
        let tip = core.recent.withLock { $0.tip.header.height }
        var next = fold.folded.height + 1
        while next <= tip {
            try core.state.read { (state) throws(StoreError) in
                // Up to the target of a fold that was cut off, accounts may be ahead of the block, and compare with no header.
                while next <= tip, unfinished != nil || !core.foldIsDue(layer) || next <= fold.target.height {
                    try core.log.read { (log) throws(StoreError) in
                        var block = BlockReplay(self, height: next)
                        try block.run(log, state)
                    }
                    next += 1
                }
            }
            learnPointers()
            guard next <= tip else { break }
            try comparison.follow(layer, upTo: next - 1, in: core)
            try foldOnTheWay()
        }
        core.isReplayCompared.store(layer.isEmpty, ordering: .releasing)
    }

    private func learnPointers() {
        core.writer.withLock { writer in
            for account in layer.touchedAccounts { writer.pointers.learn(layer.lastEntry(of: account), of: account) }
        }
    }

    private func foldOnTheWay() throws(StoreError) {
        do throws(StoreError) {
            try core.fold(all: false)
        } catch {
            switch error {
            // No reason not to open: what was not folded is in memory, and the folding thread tries again, for it finds the problem.
            case .diskFull, .mapFull: core.foldProblem.withLock { $0 = error }
            default: throw error
            }
        }
        (layer, unfinished) = core.recent.withLock { ($0.current, $0.folding) }
    }

    // MARK: - One block

    /// An account that a block touched.
    private struct Touched {
        var row: AccountRow
        /// Whether the row has the whole block, because a fold that was cut off wrote it: then no entry of the block may be applied.
        ///
        /// Decided when the row is found, for the first entry of a block moves the row into that block: after that its pointer no longer
        /// tells what the state had. Between blocks it does, because a fold writes nothing but what whole blocks left.
        let isAhead: Bool

        init(_ row: AccountRow, at height: UInt64) {
            self.row = row
            isAhead = row.last.height >= height
        }
    }

    /// A block being replayed.
    private struct BlockReplay {
        let replay: TailReplay
        let height: UInt64
        /// The accounts that the block touched, as far as it was followed.
        var touched: [AccountIndex: Touched] = [:]
        /// Accounts that came by a landmark, repeated ones included.
        var marked: [AccountIndex] = []
        var identifiers: [Identifier] = []
        var size = RecentSize()

        init(_ replay: TailReplay, height: UInt64) {
            self.replay = replay
            self.height = height
        }

        private var core: StoreCore { replay.core }
        private var layer: RecentLayer { replay.layer }

        mutating func run(_ log: borrowing ReadTransaction, _ state: borrowing ReadTransaction) throws(StoreError) {
            let header = try log.header(at: height, in: core.logTables, because: "the tip is not below it").header
            try log.forEachChunk(at: height, in: core.logTables) { (first, chunk) throws(StoreError) in
                size.logBytes += chunk.payload.count
                for position in 0..<chunk.count {
                    let location = TransactionLocation(height: height, position: UInt32(first + position))
                    try apply(position, of: chunk, first: first, at: location, state)
                }
            }
            for account in Set(marked).sorted() {
                guard let row = touched[account]?.row else { preconditionFailure("an account that came by a landmark was touched") }
                layer.add(VersionKey(account: account, height: height), row.account)
            }
            for item in touched.values { layer.set(item.row.account, last: item.row.last) }
            var runs = layer.identifiers
            runs.add(IdentifierRuns.sorted(identifiers))
            size.transactions = identifiers.count
            layer.end(BlockName(height: height, hash: header.hash), from: height, runs, size)
        }

        private mutating func apply(
            _ position: Int, of chunk: Chunk, first: Int, at location: TransactionLocation, _ state: borrowing ReadTransaction
        ) throws(StoreError) {
            let key = ChunkKey(height: height, first: UInt32(first))
            let followed: FollowedTransaction
            do {
                followed = FollowedTransaction(try chunk.transaction(position))
            } catch {
                throw core.logTables.transactions.damage(key, "its checksum is right, but of transaction \(location.position) \(error)")
            }
            guard followed.effects.count == chunk.entryCount(of: position) else {
                throw core.logTables.transactions.damage(key, "transaction \(location.position) has another number of entries")
            }
            size.entries += followed.effects.count
            identifiers.append(Identifier(followed.signed.id, height: height, position: Int(location.position)))
            for (entry, effect) in followed.effects.enumerated() {
                let account = chunk.account(position, entry: entry)
                try load(account, for: effect, of: followed, state)
                let previous = chunk.previous(position, entry: entry)
                let isNew = try apply(effect, of: followed, at: location, to: account, after: previous)
                guard isNew, previous.landmarkIsNext else { continue }
                let ordinal = chunk.entries(of: account, in: position).prefix { $0 < entry }.count
                try noteLandmark(of: account, ordinal: UInt16(ordinal))
            }
        }

        /// Finds the account's row, or makes a new one.
        private mutating func load(
            _ account: AccountIndex, for effect: Effect, of followed: FollowedTransaction, _ state: borrowing ReadTransaction
        ) throws(StoreError) {
            guard touched[account] == nil else { return }
            if let row = layer.row(of: account) ?? replay.unfinished?.row(of: account) {
                touched[account] = Touched(row, at: height)
            } else if let row = try core.namingRemedy({ () throws(StoreError) in
                try state.accountRow(of: account, in: core.stateTables)
            }) {
                touched[account] = Touched(row, at: height)
                if row.account.openedHeight >= height { layer.open(row.account.id, index: account) }
            } else if case .opening(let sponsor) = effect.subject,
                let institution = replay.institutions[followed.signed.content.account(at: sponsor)],
                let opened = Account(opening: effect, of: followed, index: account, institution: institution, height: height)
            {
                touched[account] = Touched(AccountRow(last: .none, account: opened), at: height)
                layer.open(opened.id, index: account)
            } else {
                throw damage(account, "it is missing, although the block of height \(height) touched it")
            }
        }

        /// Applies an effect unless the state has it already; returns whether it was applied.
        private mutating func apply(
            _ effect: Effect, of followed: FollowedTransaction, at location: TransactionLocation, to account: AccountIndex,
            after previous: EntryPointer
        ) throws(StoreError) -> Bool {
            guard var row = touched[account]?.row, let isAhead = touched[account]?.isAhead else {
                preconditionFailure("the row was loaded")
            }
            if isAhead { return false }
            guard row.last == previous else {
                throw damage(account, "it does not follow from its entry at height \(previous.height), after which one at \(height) comes")
            }
            let pointer = EntryPointer(height: height, transaction: location.position, sequence: row.account.entryCount)
            do {
                try row.account.apply(effect, of: followed, at: location)
            } catch {
                throw damage(account, "its entry at height \(height) does not apply: \(error)")
            }
            row.last = pointer
            touched[account]?.row = row
            return true
        }

        /// What is wrong with an account of the derived state, and what to do.
        private func damage(_ account: AccountIndex, _ reason: String) -> StoreError {
            core.stateTables.accounts.damage(AccountKey(account), reason).namingRemedy(in: core.state.path)
        }

        private mutating func noteLandmark(of account: AccountIndex, ordinal: UInt16) throws(StoreError) {
            guard let row = touched[account]?.row else { preconditionFailure("an account with an entry was touched") }
            let number = (row.account.entryCount - 1) / LandmarkKey.stride
            layer.add(LandmarkKey(account: account, number: number), at: EntryPlace(pointer: row.last, ordinal: ordinal))
            marked.append(account)
        }
    }
}
