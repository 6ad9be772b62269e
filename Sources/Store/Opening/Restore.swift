import Cryptography
public import Ledger

extension LedgerStore {
    /// The state after the last durable block, every part of it compared with what the tip's header commits to.
    ///
    /// Throws `.damaged` when accounts, supply or history do not lead to the header's roots.
    public func restore() throws(StorageError) -> RestoredLedger {
        let (tip, history, accounts, supply) = try withCore { (core) throws(StoreError) in try core.restoreParts() }
        guard UInt64(accounts.count) == tip.header.accountCount else {
            throw damage("\"accounts\" has \(accounts.count) accounts", tip, "\(tip.header.accountCount)")
        }
        let state = LedgerState(
            chainspec: chainspec, height: tip.header.height, time: tip.header.time, accounts: accounts, supply: supply,
            replayWindow: try replayWindow(before: tip.header))
        guard state.stateRoot == tip.header.stateRoot else {
            throw damage("\"accounts\" has the root \(state.stateRoot)", tip, "\(tip.header.stateRoot)")
        }
        guard state.supplyRoot == tip.header.supplyRoot else {
            throw damage("\"supply\" has the root \(state.supplyRoot)", tip, "\(tip.header.supplyRoot)")
        }
        return RestoredLedger(state: state, tip: tip, history: history)
    }

    private func damage(_ found: String, _ tip: CertifiedHeader, _ expected: String) -> StorageError {
        StorageError(.damaged("database \(found), but the header of height \(tip.header.height) commits to \(expected)"))
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
    fileprivate func restoreParts() throws(StoreError) -> (CertifiedHeader, HistoryTree, [Account], [SupplyRecord]) {
        try view(
            capture: { (tip: $0.tip, history: $0.history, supply: $0.supply, rows: $0.current.allRows) },
            { (view, recent) throws(StoreError) in
                var accounts: [Account] = []
                let count = Int(min(recent.tip.header.accountCount, 1 << 32))
                accounts.reserveCapacity(count)
                try readAccounts(of: view.state, count: count, into: &accounts)
                try overlay(view.folding?.allRows ?? [], on: &accounts)
                try overlay(recent.rows, on: &accounts)
                return (recent.tip, recent.history, accounts, recent.supply)
            })
    }

    /// All accounts of the state, in the order of their indexes; notes on the way where each was touched last, for the next commits.
    private func readAccounts(of state: borrowing ReadTransaction, count: Int, into accounts: inout [Account]) throws(StoreError) {
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
        try state.forEachRecord(in: stateTables.accounts) { (key, row) throws(StoreError) in
            let expected = AccountIndex(accounts.count)
            guard key.index == expected else {
                throw stateTables.accounts.damage(AccountKey(expected), "it is missing, although a later one is there")
            }
            guard row.account.index == expected else {
                throw stateTables.accounts.damage(key, "it is the account with index \(row.account.index)")
            }
            guard row.agrees else { throw stateTables.accounts.damage(key, "its last entry is not where it says") }
            accounts.append(row.account)
            pointers.append(row.last)
            if pointers.count == 4_096 { learn() }
            return true
        }
        learn()
    }

    private func overlay(_ rows: [AccountRow], on accounts: inout [Account]) throws(StoreError) {
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
