import Cryptography
public import Ledger

extension LedgerStore {
    /// The state after the last durable block, every part of it compared with what the tip's header commits to.
    ///
    /// Throws `.damaged` when accounts, supply or history do not lead to the header's roots.
    public func restore() throws(StorageError) -> RestoredLedger {
        let (tip, history, accounts, supply) = try read { (transaction, tables) throws(StoreError) in
            let (record, certified) = try transaction.tip(in: tables)
            var history = record.earlierHeaders
            history.append(certified.header.historyLeaf)
            return (certified, history, try transaction.accounts(in: tables), try transaction.supply(in: tables))
        }
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
    /// A transaction expires at most 24 hours after its block, so older blocks have none.
    private func replayWindow(before tip: BlockHeader) throws(StorageError) -> ReplayWindow {
        var window = ReplayWindow()
        var height = tip.height
        while let certified = try certifiedBlock(at: height) {
            let time = certified.block.header.time
            guard time >= tip.time || tip.time - time < Transaction.maximumLifetimeMilliseconds else { break }
            for signed in certified.block.transactions where signed.content.expiry > tip.time {
                window.insert(signed.id, expiry: signed.content.expiry)
            }
            height -= 1
        }
        return window
    }
}

extension ReadableTransaction where Self: ~Copyable {
    /// All accounts, in the order of their indexes.
    borrowing func accounts(in tables: Tables) throws(StoreError) -> [Account] {
        var accounts: [Account] = []
        // The count is not covered by any checksum: it is a hint, and bounded.
        accounts.reserveCapacity(Int(min(try statistics(of: tables.accounts.database).entries, 1 << 24)))
        try forEachRecord(in: tables.accounts) { (key, row) throws(StoreError) in
            let expected = AccountIndex(accounts.count)
            guard key.index == expected else {
                throw tables.accounts.damage(AccountKey(expected), "it is missing, although a later one is there")
            }
            guard row.account.index == expected else {
                throw tables.accounts.damage(key, "it is the account with index \(row.account.index)")
            }
            accounts.append(row.account)
            return true
        }
        return accounts
    }
}
