import Ledger

/// Rows of accounts as they will be stored, one after the other in memory of their own: half as large as accounts are, and nothing to
/// count references of when one is replaced.
@safe struct RowArena: ~Copyable {
    /// Nearly every account has one key and one balance, and a row of 207 bytes; before it stands its length.
    private static let slotBytes = 256
    private static let lengthBytes = 2
    private static let blockSlots = 4_096

    private var blocks: [UnsafeMutableRawPointer] = unsafe []
    private(set) var count = 0
    /// Rows that are too large for their slot, by slot.
    private var large: [Int: [UInt8]] = [:]
    private var writer = ByteWriter(reservingCapacity: 4_096)

    init() {}

    deinit {
        for index in unsafe blocks.indices { unsafe blocks[index].deallocate() }
    }

    /// Makes a slot with a row; returns its number.
    mutating func append(_ account: borrowing Account, last: EntryPointer) -> Int {
        if unsafe count == blocks.count * Self.blockSlots {
            unsafe blocks.append(.allocate(byteCount: Self.blockSlots * Self.slotBytes, alignment: 64))
        }
        count += 1
        replace(count - 1, by: account, last: last)
        return count - 1
    }

    /// Puts another row into a slot.
    mutating func replace(_ slot: Int, by account: borrowing Account, last: EntryPointer) {
        writer.removeAll()
        writer.write(last.raw)
        account.write(to: &writer)
        let length = writer.span.count
        let fits = length <= Self.slotBytes - Self.lengthBytes
        unsafe start(of: slot).storeBytes(of: fits ? UInt16(length) : 0, as: UInt16.self)
        guard fits else {
            let row = [UInt8](copying: writer.span)
            large[slot] = row
            return
        }
        if !large.isEmpty { large[slot] = nil }
        unsafe writer.span.withUnsafeBytes { source in
            guard let base = source.baseAddress else { return }
            unsafe (start(of: slot) + Self.lengthBytes).copyMemory(from: base, byteCount: source.count)
        }
    }

    /// Passes the bytes of a row to `body`, where they lie.
    func withRow<Result>(_ slot: Int, _ body: (Span<UInt8>) -> Result) -> Result {
        precondition(slot >= 0 && slot < count, "a slot is one of those that were made")
        let length = unsafe Int(start(of: slot).load(as: UInt16.self))
        guard length > 0 else {
            guard let row = large[slot] else { preconditionFailure("a row that does not fit its slot is kept beside") }
            return body(row.span)
        }
        let bytes = unsafe UnsafeRawBufferPointer(start: start(of: slot) + Self.lengthBytes, count: length)
        return unsafe body(Span(_unsafeBytes: bytes))
    }

    private func start(of slot: Int) -> UnsafeMutableRawPointer {
        unsafe blocks[slot / Self.blockSlots] + slot % Self.blockSlots * Self.slotBytes
    }
}
