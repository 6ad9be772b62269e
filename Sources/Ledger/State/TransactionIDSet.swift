import Cryptography

/// A set of transaction ids, 32 bytes a slot, in parts that grow one at a time, so that no insertion waits for all of them to be moved.
///
/// Ids are hashes, so their first bytes spread well; a multiplier of this process's own keeps anybody from making ids that all meet in
/// one slot. The order of slots never leaves the set.
struct TransactionIDSet: Sendable {
    private static let partCount = 64

    private struct Part: Sendable {
        var slots: [Bytes32] = []
        var count = 0
    }

    private var parts = [Part](repeating: Part(), count: partCount)
    /// An id of zeros cannot stand in a slot, where it says that the slot is free.
    private var holdsZero = false
    private let multiplier = UInt64.random(in: .min ... .max) | 1

    init() {}

    var count: Int { parts.reduce(holdsZero ? 1 : 0) { $0 + $1.count } }

    var elements: [TransactionID] {
        let ids = parts.flatMap { $0.slots.filter { $0 != .zero } } + (holdsZero ? [.zero] : [])
        return ids.map { TransactionID($0) }
    }

    /// The part of an id, and a number from which its slot follows.
    private func place(_ id: TransactionID) -> (part: Int, mixed: UInt64) {
        let mixed = id.bytes.prefix &* multiplier
        return (Int(mixed >> 58), mixed << 6)
    }

    /// The slot with the id, or the free one where it would go.
    private static func slot(of id: Bytes32, _ mixed: UInt64, in slots: [Bytes32]) -> Int {
        var slot = Int(mixed.multipliedFullWidth(by: UInt64(slots.count)).high)
        while slots[slot] != .zero, slots[slot] != id { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    func contains(_ id: TransactionID) -> Bool {
        guard id.bytes != .zero else { return holdsZero }
        let (part, mixed) = place(id)
        guard !parts[part].slots.isEmpty else { return false }
        return parts[part].slots[Self.slot(of: id.bytes, mixed, in: parts[part].slots)] != .zero
    }

    /// Whether the id was not in the set before.
    @discardableResult
    mutating func insert(_ id: TransactionID) -> Bool {
        guard id.bytes != .zero else {
            defer { holdsZero = true }
            return !holdsZero
        }
        let (part, mixed) = place(id)
        if (parts[part].count + 1) * 3 > parts[part].slots.count * 2 { grow(part) }
        let slot = Self.slot(of: id.bytes, mixed, in: parts[part].slots)
        guard parts[part].slots[slot] == .zero else { return false }
        parts[part].slots[slot] = id.bytes
        parts[part].count += 1
        return true
    }

    private mutating func grow(_ part: Int) {
        let taken = parts[part].slots
        parts[part].slots = [Bytes32](repeating: .zero, count: max(8, 2 * taken.count))
        for id in taken where id != .zero { move(id, in: part) }
    }

    private mutating func move(_ id: Bytes32, in part: Int) {
        let slot = Self.slot(of: id, place(TransactionID(id)).mixed, in: parts[part].slots)
        parts[part].slots[slot] = id
    }

    /// Removes an id. Those behind it in the same run of slots move up, so that look-ups still find them.
    mutating func remove(_ id: TransactionID) {
        guard id.bytes != .zero else { return holdsZero = false }
        let (part, mixed) = place(id)
        guard !parts[part].slots.isEmpty else { return }
        let mask = parts[part].slots.count - 1
        var slot = Self.slot(of: id.bytes, mixed, in: parts[part].slots)
        guard parts[part].slots[slot] != .zero else { return }
        parts[part].slots[slot] = .zero
        parts[part].count -= 1
        slot = (slot + 1) & mask
        while parts[part].slots[slot] != .zero {
            let moved = parts[part].slots[slot]
            parts[part].slots[slot] = .zero
            move(moved, in: part)
            slot = (slot + 1) & mask
        }
    }
}
