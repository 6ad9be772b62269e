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
        let supplyBefore = touchedSupplyBefore(extendEntryChains())
        let touched = updateStateTree()
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
            accounts: touched, entries: sealedEntries, supply: changedSupply,
            supplyBefore: supplyBefore.map(\.record))
    }

    /// Returns, by position, which supply records the entries' accounts belong to: all that is looked up in an account is, while it is near.
    private mutating func extendEntryChains() -> [Bool] {
        var isTouched = [Bool](repeating: false, count: supply.count)
        var writer = ByteWriter(reservingCapacity: 128)
        for item in entries {
            let account = Int(item.account)
            accounts[account].entryHash = item.entry.hash(after: accounts[account].entryHash, with: &writer)
            accounts[account].entryCount += 1
            touched.insert(account)
            switch item.entry.kind {
            case .debit, .credit: isTouched[supplyPosition(of: item.entry.asset, account: account)] = true
            case .opened, .keysRotated, .statusSet: break
            }
        }
        return isTouched
    }

    /// Returns the touched accounts, ascending by index. What was opened is among them.
    private mutating func updateStateTree() -> [Account] {
        let positions = touched.removeAll()
        var writer = ByteWriter(reservingCapacity: 512)
        var touched: [Account] = []
        touched.reserveCapacity(positions.count)
        var changes: [(index: Int, leaf: Bytes32)] = []
        changes.reserveCapacity(positions.count)
        var opened: [Bytes32] = []
        for position in positions {
            let leaf = accounts[position].leaf(with: &writer)
            touched.append(accounts[position])
            if position < stateTree.count { changes.append((position, leaf)) } else { opened.append(leaf) }
        }
        precondition(stateTree.count + opened.count == accounts.count, "every account that was opened has an entry")
        stateTree.update(changes, appending: opened)
        return touched
    }

    /// The supply records that the block touched, as they were before it. A record that only a refused transaction touched is not
    /// among them.
    private mutating func touchedSupplyBefore(_ isTouched: [Bool]) -> [(position: Int, record: SupplyRecord)] {
        var before: [(position: Int, record: SupplyRecord)] = []
        for position in supply.indices {
            guard let record = supplyBefore[position] else { continue }
            if isTouched[position] || record != supply[position] { before.append((position, record)) }
            supplyBefore[position] = nil
        }
        return before
    }
}
