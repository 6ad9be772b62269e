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
        for item in sealedEntries {
            let account = Int(item.account)
            accounts[account].entryHash = item.entry.hash(after: accounts[account].entryHash)
            accounts[account].entryCount += 1
        }
        let touched = Set(sealedEntries.map { Int($0.account) }).sorted()
        updateStateTree(touched)
        let supplyBefore = touchedSupplyBefore()
        let changedSupply = supplyBefore.map { (position: $0.position, record: supply[$0.position]) }
        supplyTree.update(changedSupply.map { (index: $0.position, leaf: $0.record.leaf) })
        replayWindow.forget(before: time)
        undoLog.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        self.height = height
        self.time = time
        return BlockOutcome(
            stateRoot: stateRoot, supplyRoot: supplyRoot, accountCount: UInt64(accounts.count),
            accounts: touched.map { accounts[$0] }, entries: sealedEntries, supply: changedSupply,
            supplyBefore: supplyBefore.map(\.record))
    }

    private mutating func updateStateTree(_ touched: [Int]) {
        let oldCount = stateTree.count
        let changes = touched.prefix { $0 < oldCount }.map { (index: $0, leaf: accounts[$0].leaf) }
        stateTree.update(changes, appending: accounts[oldCount...].map(\.leaf))
    }

    /// The supply records that the block touched, as they were before it: the undo log's first mention of each.
    private func touchedSupplyBefore() -> [(position: Int, record: SupplyRecord)] {
        var isSeen = [Bool](repeating: false, count: supply.count)
        var before: [(position: Int, record: SupplyRecord)] = []
        for case .supply(let position, let record) in undoLog where !isSeen[position] {
            isSeen[position] = true
            before.append((position, record))
        }
        return before.sorted { $0.position < $1.position }
    }
}
