public import Cryptography

/// What a sealed block made of the state: the roots for its header, and what a store needs to follow.
public struct BlockOutcome: Sendable {
    public let stateRoot: Bytes32
    public let supplyRoot: Bytes32
    public let accountCount: UInt64
    /// Accounts that were opened or touched, as they are now, ascending by index.
    public let accounts: [Account]
    /// Every entry, in the order of effects.
    public let entries: [AccountEntry]
    /// The supply records that were touched, as they are now, with their positions, ascending.
    public let supply: [(position: Int, record: SupplyRecord)]
    /// The same records as they were before the block, in the same order.
    public let supplyBefore: [SupplyRecord]
}

extension LedgerState {
    /// Ends a block: computes the entry chains of the touched accounts and updates both trees, once.
    public mutating func seal(height: UInt64, time: TimeMilliseconds) -> BlockOutcome {
        let sealedEntries = entries
        extendEntryChains()
        let touched = touched.removeAll()
        updateStateTree(touched)
        let supplyBefore = touchedSupplyBefore()
        let changedSupply = supplyBefore.map { (position: $0.position, record: supply[$0.position]) }
        supplyTree.update(changedSupply.map { (index: $0.position, leaf: $0.record.leaf) })
        replayWindow.forget(before: time)
        undoLog.removeAll(keepingCapacity: true)
        entries = []
        entries.reserveCapacity(sealedEntries.count)
        self.height = height
        self.time = time
        return BlockOutcome(
            stateRoot: stateRoot, supplyRoot: supplyRoot, accountCount: UInt64(accounts.count),
            accounts: touched.map { accounts[$0] }, entries: sealedEntries, supply: changedSupply,
            supplyBefore: supplyBefore.map(\.record))
    }

    private mutating func extendEntryChains() {
        var writer = ByteWriter(reservingCapacity: 128)
        for item in entries {
            let account = Int(item.account)
            accounts[account].entryHash = item.entry.hash(after: accounts[account].entryHash, with: &writer)
            accounts[account].entryCount += 1
            touched.insert(account)
        }
    }

    private mutating func updateStateTree(_ touched: [Int]) {
        var writer = ByteWriter(reservingCapacity: 512)
        let oldCount = stateTree.count
        let changes = touched.prefix { $0 < oldCount }.map { (index: $0, leaf: accounts[$0].leaf(with: &writer)) }
        stateTree.update(changes, appending: accounts[oldCount...].map { $0.leaf(with: &writer) })
    }

    /// The supply records that the block touched, as they were before it. A record that only a refused transaction touched is not
    /// among them.
    private mutating func touchedSupplyBefore() -> [(position: Int, record: SupplyRecord)] {
        var isTouched = [Bool](repeating: false, count: supply.count)
        for item in entries {
            switch item.entry.kind {
            case .debit, .credit: isTouched[supplyPosition(of: item.entry.asset, account: Int(item.account))] = true
            case .opened, .keysRotated, .statusSet: break
            }
        }
        var before: [(position: Int, record: SupplyRecord)] = []
        for position in supply.indices {
            guard let record = supplyBefore[position] else { continue }
            if isTouched[position] || record != supply[position] { before.append((position, record)) }
            supplyBefore[position] = nil
        }
        return before
    }
}
