import Cryptography
import Ledger

/// A prefix of a transaction's id and the transaction's place, in 16 bytes.
struct Identifier: Hashable, Comparable, Sendable {
    /// The first 8 bytes of the id. Two transactions may have the same, also on purpose: whoever looks one up compares whole ids.
    let prefix: UInt64
    /// 48 bits of height, 16 of position.
    let place: UInt64

    init(prefix: UInt64, place: UInt64) {
        self.prefix = prefix
        self.place = place
    }

    init(_ id: TransactionID, height: UInt64, position: Int) {
        prefix = Self.prefix(of: id)
        place = height << 16 | UInt64(position)
    }

    static func prefix(of id: TransactionID) -> UInt64 {
        UInt64(bigEndian: unsafe id.bytes.span.bytes.unsafeLoadUnaligned(as: UInt64.self))
    }

    var location: TransactionLocation {
        TransactionLocation(height: place >> 16, position: UInt32(truncatingIfNeeded: place & 0xFFFF))
    }

    static func < (left: Self, right: Self) -> Bool {
        left.prefix == right.prefix ? left.place < right.place : left.prefix < right.prefix
    }
}

/// Ids in sorted runs, each at least twice as long as the next: what many small blocks add costs each id few moves, and a look-up few
/// searches.
struct IdentifierRuns: Sendable {
    private(set) var runs: [[Identifier]] = []

    var count: Int { runs.reduce(0) { $0 + $1.count } }

    /// Adds a sorted run.
    mutating func add(_ run: [Identifier]) {
        guard !run.isEmpty else { return }
        var added = run
        while let last = runs.last, last.count < 2 * added.count {
            runs.removeLast()
            added = Self.merged(last, added)
        }
        runs.append(added)
    }

    /// The places of all ids with a prefix.
    func locations(of prefix: UInt64) -> [TransactionLocation] {
        var found: [TransactionLocation] = []
        for run in runs {
            var low = 0
            var high = run.count
            while low < high {
                let middle = (low + high) / 2
                if run[middle].prefix < prefix { low = middle + 1 } else { high = middle }
            }
            while low < run.count, run[low].prefix == prefix {
                found.append(run[low].location)
                low += 1
            }
        }
        return found
    }

    /// All ids in one run.
    func merged() -> [Identifier] {
        var result: [Identifier] = []
        for run in runs.reversed() { result = Self.merged(result, run) }
        return result
    }

    private static func merged(_ left: [Identifier], _ right: [Identifier]) -> [Identifier] {
        if left.isEmpty { return right }
        if right.isEmpty { return left }
        return unsafe [Identifier](unsafeUninitializedCapacity: left.count + right.count) { room, count in
            var (next, other) = (0, 0)
            var written = 0
            unsafe left.withUnsafeBufferPointer { left in
                unsafe right.withUnsafeBufferPointer { right in
                    while next < left.count, other < right.count {
                        let takesRight = unsafe right[other] < left[next]
                        unsafe (room.baseAddress! + written).initialize(to: takesRight ? right[other] : left[next])
                        if takesRight { other += 1 } else { next += 1 }
                        written += 1
                    }
                    while next < left.count {
                        unsafe (room.baseAddress! + written).initialize(to: left[next])
                        (next, written) = (next + 1, written + 1)
                    }
                    while other < right.count {
                        unsafe (room.baseAddress! + written).initialize(to: right[other])
                        (other, written) = (other + 1, written + 1)
                    }
                }
            }
            count = written
        }
    }

    /// Sorts ids, most of which differ in their first bits: they go to a bucket each by these, and a bucket is sorted by itself.
    static func sorted(_ identifiers: [Identifier]) -> [Identifier] {
        guard identifiers.count > 64 else { return identifiers.sorted() }
        // About four to a bucket.
        let bits = max(4, Int.bitWidth - identifiers.count.leadingZeroBitCount - 3)
        let shift = UInt64(64 - bits)
        var starts = [Int](repeating: 0, count: (1 << bits) + 1)
        for identifier in identifiers { starts[Int(identifier.prefix >> shift) + 1] += 1 }
        for bucket in 1..<starts.count { starts[bucket] += starts[bucket - 1] }
        var next = starts
        var result = [Identifier](repeating: Identifier(prefix: 0, place: 0), count: identifiers.count)
        for identifier in identifiers {
            let bucket = Int(identifier.prefix >> shift)
            result[next[bucket]] = identifier
            next[bucket] += 1
        }
        for bucket in 0..<(starts.count - 1) { sort(&result, starts[bucket], starts[bucket + 1]) }
        return result
    }

    private static func sort(_ identifiers: inout [Identifier], _ start: Int, _ end: Int) {
        guard end - start > 1 else { return }
        // Ids can be chosen so that many fall into one bucket, but not so that sorting them takes long.
        guard end - start <= 32 else { return identifiers[start..<end].sort() }
        for position in (start + 1)..<end {
            let moved = identifiers[position]
            var place = position
            while place > start, moved < identifiers[place - 1] {
                identifiers[place] = identifiers[place - 1]
                place -= 1
            }
            identifiers[place] = moved
        }
    }
}
