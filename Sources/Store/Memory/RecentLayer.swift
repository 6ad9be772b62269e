import Ledger

/// What the blocks since some height made of the accounts, as far as the derived state does not have it.
///
/// One layer is current: a commit adds to it under the lock of `Recent`. A fold takes the current layer, which from then on nobody
/// changes, so that the folding thread and readers share it without a lock, and a new one takes its place.
final class RecentLayer: @unchecked Sendable {
    /// What an account left behind on its way: where a look at its past can enter.
    struct Marks {
        /// Ascending by number.
        var landmarks: [(number: UInt64, place: EntryPlace)] = []
        /// Ascending by height.
        var versions: [(height: UInt64, account: Account)] = []
    }

    /// The accounts that were touched, in the order in which they first were.
    private var rows = RowArena()
    /// By account index, one more than the account's slot in `rows`; 0 for one that was not touched.
    private var slots: [UInt32] = []
    /// The accounts that were opened.
    private(set) var ids: [AccountID: AccountIndex] = [:]
    private(set) var marks: [AccountIndex: Marks] = [:]
    private(set) var identifiers = IdentifierRuns()
    /// Without accounts.
    private var added = RecentSize()
    /// The first and the last block that is in; nil as long as there is none.
    private(set) var firstHeight: UInt64?
    private(set) var last: BlockName?

    /// Makes room for `accountCount` accounts; there may come to be more.
    init(accountCount: Int) {
        slots = [UInt32](repeating: 0, count: accountCount)
    }

    var accountCount: Int { rows.count }
    var transactionCount: Int { added.transactions }
    /// What makes it worth a fold.
    var size: RecentSize {
        var size = added
        size.accounts = rows.count
        return size
    }
    var isEmpty: Bool { last == nil }

    // MARK: - Reading

    func row(of account: AccountIndex) -> AccountRow? {
        guard contains(account) else { return nil }
        return rows.withRow(Int(slots[Int(account)]) - 1) { bytes in
            do {
                return try AccountRow(payload: [UInt8](copying: bytes))
            } catch {
                preconditionFailure("a row in memory is one that was encoded: \(error)")
            }
        }
    }

    /// Whether an account was touched.
    func contains(_ account: AccountIndex) -> Bool { account < UInt64(slots.count) && slots[Int(account)] > 0 }

    /// The last entry of an account that was touched.
    func lastEntry(of account: AccountIndex) -> EntryPointer {
        rows.withRow(Int(slots[Int(account)]) - 1) { EntryPointer(raw: $0.number(at: 0)) }
    }

    /// Writes what is stored of an account that was touched.
    func write(_ account: AccountIndex, to writer: inout ByteWriter) {
        rows.withRow(Int(slots[Int(account)]) - 1) { writer.write(copying: $0) }
    }

    /// The touched accounts, ascending by index.
    var touchedAccounts: [AccountIndex] {
        var touched: [AccountIndex] = []
        touched.reserveCapacity(accountCount)
        for index in slots.indices where slots[index] > 0 { touched.append(AccountIndex(index)) }
        return touched
    }

    /// The rows of all of them, in that order.
    var allRows: [AccountRow] { touchedAccounts.compactMap { row(of: $0) } }

    // MARK: - Adding

    /// Sets where a block, or several, left an account.
    func set(_ account: borrowing Account, last: EntryPointer) {
        let index = Int(account.index)
        if index >= slots.count {
            slots.append(contentsOf: repeatElement(0, count: max(index + 1 - slots.count, slots.count / 8)))
        }
        let slot = Int(slots[index])
        if slot == 0 {
            slots[index] = UInt32(rows.append(account, last: last) + 1)
        } else {
            rows.replace(slot - 1, by: account, last: last)
        }
    }

    /// Sets where a block left the accounts it touched; those that were opened at its height are new.
    func set(_ accounts: [Account], openedAt height: UInt64, _ pointers: borrowing LastPointers) {
        // In place: iterating would copy every account, and there are two to a transfer.
        let accounts = accounts.span
        for position in accounts.indices {
            let index = accounts[position].index
            set(accounts[position], last: pointers[index])
            if accounts[position].openedHeight == height { open(accounts[position].id, index: index) }
        }
    }

    func open(_ id: AccountID, index: AccountIndex) { ids[id] = index }

    func add(_ landmark: LandmarkKey, at place: EntryPlace) {
        marks[landmark.account, default: Marks()].landmarks.append((landmark.number, place))
        added.marks += 1
    }

    func add(_ version: VersionKey, _ account: Account) {
        marks[version.account, default: Marks()].versions.append((version.height, account))
        added.marks += 1
    }

    /// Ends what was added: the last block's name, the height of the first one, the ids of all, those of earlier blocks included, and how
    /// many transactions, entries and bytes were added.
    func end(_ block: BlockName, from first: UInt64, _ identifiers: IdentifierRuns, _ size: RecentSize) {
        self.identifiers = identifiers
        added.transactions += size.transactions
        added.entries += size.entries
        added.logBytes += size.logBytes
        if firstHeight == nil { firstHeight = first }
        last = block
    }
}

/// The end of the chain, and what of it the derived state does not have.
struct Recent {
    /// The last block that readers see.
    var tip: CertifiedHeader
    /// The tree over all headers up to and including the tip.
    var history: HistoryTree
    /// As the tip left it.
    var supply: [SupplyRecord]
    var current: RecentLayer
    /// What a fold is writing; it stays until all of it is durable.
    var folding: RecentLayer?
}
