import Cryptography
import Ledger

/// Compares accounts that were replayed with the header of the block that they were replayed to, so that nothing else is ever folded.
struct StateComparison {
    /// The state tree after the last block that was compared; nil before the first.
    private var tree: MerkleTree?

    /// Compares the derived state, as `layer` changes it, with the header of height `height`, which `layer` ends with.
    ///
    /// From one call to the next nothing but the layer may have changed; the state may have nothing of later blocks.
    mutating func follow(_ layer: RecentLayer, upTo height: UInt64, in core: StoreCore) throws(StoreError) {
        let header = try core.log.read { (log) throws(StoreError) in
            try log.header(at: height, in: core.logTables, because: "the tip is not below it").header
        }
        var tree = if let known = self.tree { known } else { try Self.stored(in: core) }
        var changes: [(index: Int, leaf: Bytes32)] = []
        var opened: [Bytes32] = []
        for account in layer.touchedAccounts {
            guard let leaf = layer.row(of: account)?.account.leaf else { preconditionFailure("a touched account has a row") }
            if account < AccountIndex(tree.count) { changes.append((Int(account), leaf)) } else { opened.append(leaf) }
        }
        tree.update(changes, appending: opened)
        guard UInt64(tree.count) == header.accountCount else {
            throw core.stateDamage("database \"accounts\" has \(tree.count) accounts", header, "\(header.accountCount)")
        }
        guard tree.root == header.stateRoot else {
            throw core.stateDamage("database \"accounts\" has the root \(tree.root)", header, "\(header.stateRoot)")
        }
        self.tree = tree
    }

    private static func stored(in core: StoreCore) throws(StoreError) -> MerkleTree {
        var leaves: [Bytes32] = []
        try core.namingRemedy { () throws(StoreError) in
            try core.state.read { (state) throws(StoreError) in
                try state.forEachAccountRow(in: core.stateTables) { (row) throws(StoreError) in leaves.append(row.account.leaf) }
            }
        }
        return MerkleTree(leaves: leaves)
    }
}

extension ReadableTransaction where Self: ~Copyable {
    /// Passes every account of the derived state to `body`, in the order of their indexes.
    borrowing func forEachAccountRow(in tables: StateTables, _ body: (AccountRow) throws(StoreError) -> Void) throws(StoreError) {
        var expected: AccountIndex = 0
        try forEachRecord(in: tables.accounts) { (key, row) throws(StoreError) in
            guard key.index == expected else {
                throw tables.accounts.damage(AccountKey(expected), "it is missing, although a later one is there")
            }
            guard row.account.index == expected else {
                throw tables.accounts.damage(key, "it is the account with index \(row.account.index)")
            }
            guard row.agrees else { throw tables.accounts.damage(key, "its last entry is not where it says") }
            try body(row)
            expected += 1
            return true
        }
    }
}

extension StoreCore {
    /// Runs `body`, which reads the derived state alone: damage that it meets can be undone, and its error says how.
    func namingRemedy<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        do throws(StoreError) {
            return try body()
        } catch {
            throw error.namingRemedy(in: state.path)
        }
    }

    /// The error for a derived state that is not what a header commits to.
    func stateDamage(_ found: String, _ header: BlockHeader, _ expected: String) -> StoreError {
        .stateDamaged("\(found), but the header of height \(header.height) commits to \(expected)", folder: state.path)
    }
}

extension StoreError {
    /// The same for damage in the derived state, which is in `folder`.
    func namingRemedy(in folder: String) -> StoreError {
        if case .damaged(let what) = self { .stateDamaged(what, folder: folder) } else { self }
    }
}
