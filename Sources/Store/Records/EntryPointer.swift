import Ledger

/// Says in which transaction an account's entry is: what leads along an account's history in the log.
///
/// One number: 42 bits of height (a block every millisecond for 139 years), 16 of the transaction's position (a block has at most
/// 65,536), and the lower 6 of the sequence of the last entry that it stands for, which says when a landmark is due and is checked on
/// the way. It grows along an account's entries; zero stands for no entry, as no entry has height 0.
struct EntryPointer: Hashable, Comparable, Sendable {
    static let none = EntryPointer(raw: 0)
    static let largestHeight: UInt64 = 1 << 42 - 1

    let raw: UInt64

    init(raw: UInt64) { self.raw = raw }

    init(height: UInt64, transaction: UInt32, sequence: UInt64) {
        precondition(height <= Self.largestHeight && transaction <= UInt32(UInt16.max), "a block is within the limits of the format")
        raw = height << 22 | UInt64(transaction) << 6 | sequence & 63
    }

    var height: UInt64 { raw >> 22 }
    var transaction: UInt32 { UInt32(truncatingIfNeeded: raw >> 6 & 0xFFFF) }
    /// The sequence modulo 64.
    var sequenceRemainder: UInt64 { raw & 63 }
    var location: TransactionLocation { TransactionLocation(height: height, position: transaction) }
    var isNone: Bool { raw == 0 }

    /// The sequence modulo 64 of the entry after this one.
    var nextRemainder: UInt64 { isNone ? 0 : (raw &+ 1) & 63 }
    /// Whether the entry after this one has a landmark.
    var landmarkIsNext: Bool { !isNone && nextRemainder == 0 }

    static func < (left: Self, right: Self) -> Bool { left.raw < right.raw }
}
