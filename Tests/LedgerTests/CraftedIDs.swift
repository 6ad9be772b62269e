import Cryptography
@testable import Ledger
import Testing

// Ids are hashes, so their slots in a table cannot be chosen; the tests choose them, to make the runs of slots that chance hardly makes.

/// The multiplier that a table drew for itself: it spreads ids over slots, and no other code may know it.
func multiplier(of table: some Sendable) throws -> UInt64 {
    try #require(Mirror(reflecting: table).descendant("multiplier") as? UInt64)
}

extension UInt64 {
    /// What an odd number is to be multiplied with to give 1, modulo 2⁶⁴.
    var inverse: UInt64 {
        var result = self
        // Each step doubles the number of right bits; three are right at the beginning.
        for _ in 0..<5 { result &*= 2 &- self &* result }
        return result
    }
}

extension Bytes32 {
    /// An id with these first 8 bytes, and with `number` in its last ones.
    init(prefix: UInt64, number: UInt64) {
        var writer = ByteWriter(reservingCapacity: 32)
        writer.write(prefix)
        writer.write(UInt128(0))
        writer.write(number)
        self.init(copying: writer.span)
    }

    /// An id that a table with this multiplier mixes to `mixed`: the table's slots follow from its highest bits.
    init(mixed: UInt64, multiplier: UInt64, number: UInt64) {
        self.init(prefix: mixed &* multiplier.inverse, number: number)
    }
}
