import Cryptography

/// Where each account stands in the state, by its id.
///
/// The ids themselves are not kept twice: they are in the accounts, which look-ups are given. Ids are hashes, so their first bytes
/// spread well; a multiplier of this process's own keeps anybody from opening accounts that all meet in one slot.
struct AccountDirectory: Sendable {
    private var table: IdentifierTable
    private let multiplier = UInt64.random(in: .min ... .max) | 1

    init(capacity: Int = 0) {
        table = IdentifierTable(capacity: capacity)
    }

    var count: Int { table.count }

    private func hash(_ id: AccountID) -> UInt32 {
        UInt32(truncatingIfNeeded: (id.bytes.prefix &* multiplier) >> 32)
    }

    /// The position of an account; nil when there is none with this id.
    func position(of id: AccountID, in accounts: [Account]) -> Int? {
        table.position(hash(id)) { accounts[$0].id == id }
    }

    /// Enters an account that is not there yet.
    mutating func insert(_ id: AccountID, at position: Int) {
        table.insert(hash(id), at: position)
    }

    /// Removes the account at a position.
    mutating func remove(_ id: AccountID, at position: Int) {
        table.remove(hash(id), at: position)
    }
}
