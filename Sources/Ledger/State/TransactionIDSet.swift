import Cryptography

/// A set of transaction ids, in parts that grow one at a time, so that no insertion waits for all of them to be moved.
///
/// Ids are hashes, so their first bytes spread well; a multiplier of this process's own keeps anybody from making ids that all meet in
/// one slot.
struct TransactionIDSet: Sendable {
    private static let partCount = 64

    private struct Part: Sendable {
        /// In no order that means anything.
        var ids: [TransactionID] = []
        var table = IdentifierTable()

        func position(of id: TransactionID, _ hash: UInt32) -> Int? {
            table.position(hash) { ids[$0] == id }
        }
    }

    private var parts = [Part](repeating: Part(), count: partCount)
    private let multiplier = UInt64.random(in: .min ... .max) | 1

    init() {}

    var count: Int { parts.reduce(0) { $0 + $1.ids.count } }

    var elements: [TransactionID] { parts.flatMap(\.ids) }

    /// The part of an id, and its hash there.
    private func place(_ id: TransactionID) -> (part: Int, hash: UInt32) {
        let mixed = id.bytes.prefix &* multiplier
        return (Int(mixed >> 58), UInt32(truncatingIfNeeded: mixed >> 26))
    }

    func contains(_ id: TransactionID) -> Bool {
        let (part, hash) = place(id)
        return parts[part].position(of: id, hash) != nil
    }

    /// Whether the id was not in the set before.
    @discardableResult
    mutating func insert(_ id: TransactionID) -> Bool {
        let (part, hash) = place(id)
        guard parts[part].position(of: id, hash) == nil else { return false }
        parts[part].table.insert(hash, at: parts[part].ids.count)
        parts[part].ids.append(id)
        return true
    }

    /// Removes an id; the last one of its part takes its place.
    mutating func remove(_ id: TransactionID) {
        let (part, hash) = place(id)
        guard let position = parts[part].position(of: id, hash) else { return }
        parts[part].table.remove(hash, at: position)
        let last = parts[part].ids.removeLast()
        guard position < parts[part].ids.count else { return }
        parts[part].ids[position] = last
        parts[part].table.move(place(last).hash, from: parts[part].ids.count, to: position)
    }
}
