import Cryptography

/// Where each account stands in the state, by its id.
///
/// The ids themselves are not kept twice: they are in the accounts, which look-ups are given. Ids are hashes, so their first bytes
/// spread well; a multiplier of this process's own keeps anybody from opening accounts that all meet in one slot. In parts that grow one at
/// a time, so that no opening waits for all of them to be moved.
struct AccountDirectory: Sendable {
    private static let partCount = 64

    private var tables: [IdentifierTable]
    private let multiplier = UInt64.random(in: .min ... .max) | 1

    init(capacity: Int = 0) {
        // Some parts come to have a few more than others.
        let share = capacity / Self.partCount
        tables = [IdentifierTable](repeating: IdentifierTable(capacity: share + share / 16), count: Self.partCount)
    }

    var count: Int { tables.reduce(0) { $0 + $1.count } }

    /// The part of an account, and its hash there.
    private func place(_ id: AccountID) -> (part: Int, hash: UInt32) {
        let mixed = id.bytes.prefix &* multiplier
        return (Int(mixed >> 58), UInt32(truncatingIfNeeded: mixed >> 26))
    }

    /// The position of an account; nil when there is none with this id.
    func position(of id: AccountID, in accounts: SegmentedList<Account>) -> Int? {
        let (part, hash) = place(id)
        return tables[part].position(hash) { accounts[$0].id == id }
    }

    /// Enters an account that is not there yet.
    mutating func insert(_ id: AccountID, at position: Int) {
        let (part, hash) = place(id)
        tables[part].insert(hash, at: position)
    }

    /// Removes the account at a position.
    mutating func remove(_ id: AccountID, at position: Int) {
        let (part, hash) = place(id)
        tables[part].remove(hash, at: position)
    }
}
