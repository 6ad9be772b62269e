/// Where identifiers stand in a list that its owner keeps: an open-addressing table, eight bytes a slot.
///
/// A slot has 32 bits of the identifier's hash beside the position, so that a look-up reads the list where the identifier very likely is
/// and nowhere else. The owner makes the hash, keyed so that nobody can choose identifiers that all meet in one slot. The order of slots
/// never leaves the table.
struct IdentifierTable: Sendable {
    /// Hash in the upper half, position + 1 in the lower one; 0 where a slot is free.
    private var slots: [UInt64]
    private(set) var count = 0

    /// A table with room for `capacity` identifiers, and for at least 5.
    init(capacity: Int = 0) {
        var slotCount = 8
        while slotCount * 2 < capacity * 3 { slotCount *= 2 }
        slots = [UInt64](repeating: 0, count: slotCount)
    }

    private func firstSlot(_ hash: UInt32) -> Int {
        Int(truncatingIfNeeded: (UInt64(hash) &* UInt64(slots.count)) >> 32)
    }

    private func slot(after slot: Int) -> Int { (slot + 1) & (slots.count - 1) }

    private static func position(in entry: UInt64) -> Int { Int(entry & 0xffff_ffff) - 1 }

    /// The position of an identifier with this hash that `isAt` finds there; nil when there is none.
    func position(_ hash: UInt32, isAt: (Int) -> Bool) -> Int? {
        var slot = firstSlot(hash)
        while slots[slot] != 0 {
            if UInt32(slots[slot] >> 32) == hash {
                let position = Self.position(in: slots[slot])
                if isAt(position) { return position }
            }
            slot = self.slot(after: slot)
        }
        return nil
    }

    /// Enters an identifier that is not there yet.
    mutating func insert(_ hash: UInt32, at position: Int) {
        precondition(position < UInt32.max, "positions are 32-bit numbers")
        // At most two thirds of the slots are taken.
        if (count + 1) * 3 > slots.count * 2 { grow() }
        place(UInt64(hash) << 32 | UInt64(position + 1))
        count += 1
    }

    private mutating func place(_ entry: UInt64) {
        var slot = firstSlot(UInt32(entry >> 32))
        while slots[slot] != 0 { slot = self.slot(after: slot) }
        slots[slot] = entry
    }

    private mutating func grow() {
        let taken = slots
        slots = [UInt64](repeating: 0, count: 2 * taken.count)
        for entry in taken where entry != 0 { place(entry) }
    }

    /// Removes the identifier at a position. Those behind it in the same run of slots move up, so that look-ups still find them.
    mutating func remove(_ hash: UInt32, at position: Int) {
        var slot = slot(of: hash, at: position)
        slots[slot] = 0
        count -= 1
        slot = self.slot(after: slot)
        while slots[slot] != 0 {
            let moved = slots[slot]
            slots[slot] = 0
            place(moved)
            slot = self.slot(after: slot)
        }
    }

    /// Says where an identifier stands now.
    mutating func move(_ hash: UInt32, from old: Int, to new: Int) {
        slots[slot(of: hash, at: old)] = UInt64(hash) << 32 | UInt64(new + 1)
    }

    private func slot(of hash: UInt32, at position: Int) -> Int {
        let entry = UInt64(hash) << 32 | UInt64(position + 1)
        var slot = firstSlot(hash)
        while slots[slot] != entry {
            precondition(slots[slot] != 0, "only what was entered is removed or moved")
            slot = self.slot(after: slot)
        }
        return slot
    }
}
