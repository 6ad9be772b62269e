import Cryptography
public import Ledger
import Synchronization

extension LedgerStore {
    /// The state after the last durable block, every part of it compared with what the tip's header commits to.
    ///
    /// Throws `.damaged` when accounts, supply or history do not lead to the header's roots, and says what to do: the accounts, unlike the
    /// rest, can be derived again. What the start replayed is folded only once this, or a fold itself, has compared it.
    public func restore() throws(StorageError) -> RestoredLedger {
        let (tip, history, accounts, supply) = try withCore { (core) throws(StoreError) in try core.restoreParts() }
        let state = LedgerState(
            chainspec: chainspec, height: tip.header.height, time: tip.header.time, accounts: accounts, supply: supply,
            replayWindow: try replayWindow(before: tip.header))
        try withCore { (core) throws(StoreError) in
            guard state.stateRoot == tip.header.stateRoot else {
                throw core.stateDamage("database \"accounts\" has the root \(state.stateRoot)", tip.header, "\(tip.header.stateRoot)")
            }
            guard state.supplyRoot == tip.header.supplyRoot else {
                throw .damaged(
                    "database \"supply\" has the root \(state.supplyRoot), but the header of height \(tip.header.height) commits to "
                        + "\(tip.header.supplyRoot)")
            }
            core.replayWasCompared()
        }
        return RestoredLedger(state: state, tip: tip, history: history)
    }

    /// The ids that must not apply again: those not expired at the tip's time (`docs/spec/rules.md` section 6).
    ///
    /// A transaction expires at most 24 hours after its block, so older blocks have none. Ids are hashed, and nothing else of a
    /// transaction is decoded.
    private func replayWindow(before tip: BlockHeader) throws(StorageError) -> ReplayWindow {
        var window = ReplayWindow()
        var height = tip.height
        while height > 0 {
            let isOlder = try readLog { (transaction, tables, _) throws(StoreError) in
                let time = try transaction.header(at: height, in: tables, because: "the tip is not below it").header.time
                guard time >= tip.time || tip.time - time < Transaction.maximumLifetimeMilliseconds else { return true }
                try transaction.forEachChunk(at: height, in: tables) { (first, chunk) throws(StoreError) in
                    do {
                        for position in 0..<chunk.count {
                            let expiry = try chunk.expiry(of: position)
                            if expiry > tip.time { window.insert(try chunk.id(of: position), expiry: expiry) }
                        }
                    } catch {
                        throw tables.transactions.damage(
                            ChunkKey(height: height, first: UInt32(first)), "its checksum is right, but of a transaction \(error)")
                    }
                }
                return false
            }
            if isOlder { break }
            height -= 1
        }
        return window
    }
}

extension StoreCore {
    fileprivate func restoreParts() throws(StoreError) -> (CertifiedHeader, HistoryTree, SegmentedList<Account>, [SupplyRecord]) {
        try view(
            capture: { (tip: $0.tip, history: $0.history, supply: $0.supply, rows: $0.current.allRows) },
            { (view, recent) throws(StoreError) in
                var accounts = SegmentedList<Account>()
                let count = Int(min(recent.tip.header.accountCount, 1 << 32))
                try namingRemedy { () throws(StoreError) in
                    try readAccounts(of: view.state, count: count, into: &accounts)
                    try overlay(view.folding?.allRows ?? [], on: &accounts)
                    try overlay(recent.rows, on: &accounts)
                }
                guard UInt64(accounts.count) == recent.tip.header.accountCount else {
                    throw stateDamage(
                        "database \"accounts\" has \(accounts.count) accounts", recent.tip.header, "\(recent.tip.header.accountCount)")
                }
                return (recent.tip, recent.history, accounts, recent.supply)
            })
    }

    /// Compares what was replayed at the start with what the tip's header commits to, unless `restore` has.
    func compareReplay() throws(StoreError) {
        guard !isReplayCompared.load(ordering: .acquiring) else { return }
        let (tip, _, accounts, _) = try restoreParts()
        let root = MerkleTree(leaves: accounts.map(\.leaf)).root
        guard root == tip.header.stateRoot else {
            throw stateDamage("database \"accounts\" has the root \(root)", tip.header, "\(tip.header.stateRoot)")
        }
        replayWasCompared()
    }

    fileprivate func replayWasCompared() {
        // A fold may be due since the start.
        if !isReplayCompared.exchange(true, ordering: .acquiringAndReleasing) { work.signal() }
    }

    /// All accounts of the state, in the order of their indexes; notes on the way where each was touched last, for the next commits.
    private func readAccounts(
        of state: borrowing ReadTransaction, count: Int, into accounts: inout SegmentedList<Account>
    ) throws(StoreError) {
        var pointers: [EntryPointer] = []
        writer.withLock { $0.pointers.reserve(count) }
        func learn() {
            let first = accounts.count - pointers.count
            writer.withLock { writer in
                for (position, pointer) in pointers.enumerated() where writer.pointers.isUnknown(AccountIndex(first + position)) {
                    writer.pointers.learn(pointer, of: AccountIndex(first + position))
                }
            }
            pointers.removeAll(keepingCapacity: true)
        }
        try state.forEachAccountRow(in: stateTables) { (row) throws(StoreError) in
            accounts.append(row.account)
            pointers.append(row.last)
            if pointers.count == 4_096 { learn() }
        }
        learn()
    }

    private func overlay(_ rows: [AccountRow], on accounts: inout SegmentedList<Account>) throws(StoreError) {
        var opened: [Account] = []
        for row in rows {
            if row.account.index < UInt64(accounts.count) {
                accounts[Int(row.account.index)] = row.account
            } else {
                opened.append(row.account)
            }
        }
        for account in opened.sorted(by: { $0.index < $1.index }) {
            guard account.index == AccountIndex(accounts.count) else {
                throw stateTables.accounts.damage(AccountKey(AccountIndex(accounts.count)), "it is missing, although a later one is there")
            }
            accounts.append(account)
        }
    }
}
