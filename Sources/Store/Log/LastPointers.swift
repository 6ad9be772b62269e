import Ledger

/// Where every account was touched last: what the next entry of the account points back to. 8 bytes an account.
struct LastPointers {
    /// Stands for what the derived state knows and nobody asked yet.
    private static let unknown = UInt64.max

    /// By account index.
    private var pointers: [UInt64] = []
    /// What was there before, since the last `keep`.
    private var journal: [(account: Int, pointer: UInt64)] = []

    func isUnknown(_ account: AccountIndex) -> Bool {
        account >= UInt64(pointers.count) || pointers[Int(account)] == Self.unknown
    }

    /// The last entry of an account that is known.
    subscript(account: AccountIndex) -> EntryPointer { EntryPointer(raw: pointers[Int(account)]) }

    /// Notes what the derived state says of an account, or that it is new.
    mutating func learn(_ pointer: EntryPointer, of account: AccountIndex) {
        let index = Int(account)
        if index >= pointers.count {
            pointers.reserveCapacity(index + 1)
            while pointers.count <= index { pointers.append(Self.unknown) }
        }
        pointers[index] = pointer.raw
    }

    /// Makes room for accounts, once.
    mutating func reserve(_ count: Int) {
        guard count > pointers.count else { return }
        pointers.append(contentsOf: repeatElement(Self.unknown, count: count - pointers.count))
    }

    /// Moves an account on to its next entry, in a transaction; returns where it was.
    mutating func advance(_ account: AccountIndex, height: UInt64, transaction: UInt32) -> EntryPointer {
        let index = Int(account)
        let previous = EntryPointer(raw: pointers[index])
        journal.append((index, previous.raw))
        pointers[index] = EntryPointer(height: height, transaction: transaction, sequence: previous.nextRemainder).raw
        return previous
    }

    /// Makes the moves since the last time good.
    mutating func keep() { journal.removeAll(keepingCapacity: true) }

    /// Takes back the moves since the last `keep`.
    mutating func takeBack() {
        while let last = journal.popLast() { pointers[last.account] = last.pointer }
    }
}
