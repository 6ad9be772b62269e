import Synchronization

/// A handle of a named database: a sorted map from keys (1 to 511 bytes, in byte order) to values.
///
/// Numbers are stored as big-endian keys, so that byte order is their order. A handle works in every transaction begun after it
/// was opened; one whose creation was undone never works again, rather than reach whatever database got its slot next.
final class Database: Sendable {
    let name: String
    /// LMDB's number for the slot.
    let slot: UInt32
    private let usable = Atomic<Bool>(true)

    init(name: String, slot: UInt32) {
        self.name = name
        self.slot = slot
    }

    /// The slot, or an error when the transaction that created the database was undone.
    func usableSlot() throws(StoreError) -> UInt32 {
        guard usable.load(ordering: .acquiring) else { throw .databaseNotVisible(name: name) }
        return slot
    }

    /// Called when the transaction that opened this handle did not commit.
    func invalidate() { usable.store(false, ordering: .releasing) }
}

/// The size of one named database.
struct DatabaseStatistics: Equatable, Sendable {
    let entries: UInt64
    let depth: Int
    let branchPages: UInt64
    let leafPages: UInt64
    let overflowPages: UInt64
}
