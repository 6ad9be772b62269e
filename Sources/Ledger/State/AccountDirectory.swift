import Cryptography

/// Where each account stands in the state, by its id: an open-addressing table of positions, four bytes a slot.
///
/// The ids themselves are not kept twice: they are in the accounts, which every call is given. Ids are hashes, so their first bytes
/// spread well; a multiplier of this process's own keeps anybody from opening accounts that all meet in one slot. The order of slots
/// never leaves the table.
struct AccountDirectory: Sendable {
    /// Position + 1; 0 where a slot is free.
    private var slots: [UInt32]
    private(set) var count = 0
    private let multiplier = UInt64.random(in: .min ... .max) | 1

    init(capacity: Int = 0) {
        slots = [UInt32](repeating: 0, count: Self.slotCount(for: capacity))
    }

    /// At most two thirds of the slots are taken.
    private static func slotCount(for capacity: Int) -> Int {
        var slots = 64
        while slots * 2 < capacity * 3 { slots *= 2 }
        return slots
    }

    private func firstSlot(_ id: AccountID) -> Int {
        let mixed = (id.bytes.prefix &* multiplier).multipliedFullWidth(by: UInt64(slots.count))
        return Int(mixed.high)
    }

    /// The position of an account; nil when there is none with this id.
    func position(of id: AccountID, in accounts: [Account]) -> Int? {
        var slot = firstSlot(id)
        while slots[slot] != 0 {
            let position = Int(slots[slot] - 1)
            if accounts[position].id == id { return position }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Enters an account that is not there yet.
    mutating func insert(_ id: AccountID, at position: Int, in accounts: [Account]) {
        precondition(position < UInt32.max, "positions are 32-bit numbers")
        if (count + 1) * 3 > slots.count * 2 { grow(accounts) }
        place(id, position)
        count += 1
    }

    private mutating func place(_ id: AccountID, _ position: Int) {
        var slot = firstSlot(id)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt32(position + 1)
    }

    private mutating func grow(_ accounts: [Account]) {
        let taken = slots
        slots = [UInt32](repeating: 0, count: 2 * taken.count)
        for entry in taken where entry != 0 { place(accounts[Int(entry - 1)].id, Int(entry - 1)) }
    }

    /// Removes the account at a position. Those behind it in the same run of slots move up, so that look-ups still find them.
    mutating func remove(_ id: AccountID, at position: Int, in accounts: [Account]) {
        var slot = firstSlot(id)
        while slots[slot] != UInt32(position + 1) {
            precondition(slots[slot] != 0, "only what was entered is removed")
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = 0
        count -= 1
        slot = (slot + 1) & (slots.count - 1)
        while slots[slot] != 0 {
            let moved = Int(slots[slot] - 1)
            slots[slot] = 0
            place(accounts[moved].id, moved)
            slot = (slot + 1) & (slots.count - 1)
        }
    }
}
