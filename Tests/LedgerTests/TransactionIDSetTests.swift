import Cryptography
@testable import Ledger
import Support
import Testing

/// The set of transaction ids, against the one of the standard library.
@Suite("TransactionIDSet")
struct TransactionIDSetTests {
    /// Inserts and removes ids of a pool at random, some of them twice in a row, and compares everything with a set.
    private static func compare(_ pool: [TransactionID], most: Int, steps: Int, _ set: inout TransactionIDSet, _ random: inout SplitMix64) {
        var model: Set<TransactionID> = []
        for step in 0..<steps {
            let id = random.pick(pool)
            if random.below(2 * most) < model.count {
                set.remove(id)
                model.remove(id)
            } else {
                let (inserted, isNew) = (set.insert(id), model.insert(id).inserted)
                #expect(inserted == isNew)
            }
            guard step % 11 == 0 || step == steps - 1 else { continue }
            let wrong = pool.first { set.contains($0) != model.contains($0) }
            #expect(wrong == nil && set.count == model.count, "after step \(step), with \(model.count) ids")
            let elements = set.elements
            #expect(elements.count == model.count && Set(elements) == model)
        }
        for id in model { set.remove(id) }
        #expect(set.count == 0 && set.elements.isEmpty && !pool.contains { set.contains($0) })
    }

    @Test("random ids, inserted, removed and inserted again", arguments: [1, 30, 350, 3_000])
    func randomIDs(most: Int) {
        var random = SplitMix64(test: "TransactionIDSet, random ids, \(most) at most")
        let pool = (0..<most * 2).map { _ in TransactionID(Bytes32(prefix: random.next(), number: random.next())) } + [TransactionID(.zero)]
        var set = TransactionIDSet()
        Self.compare(pool, most: most, steps: 4 * most + 200, &set, &random)
    }

    @Test("ids that all begin with the same 8 bytes are told apart by the others", arguments: [UInt64(0), 1, .max, 0x0123_4567_89ab_cdef])
    func sameBeginning(prefix: UInt64) {
        var random = SplitMix64(test: "TransactionIDSet, ids that begin with \(prefix)")
        let pool = (0..<60).map { TransactionID(Bytes32(prefix: prefix, number: $0)) }
        var set = TransactionIDSet()
        Self.compare(pool, most: 50, steps: 1_500, &set, &random)
    }

    /// All in one part, whose slots nearly all wrap around at its end, through all the sizes it has.
    @Test("runs of slots that go on at the beginning of their part", arguments: 0..<8)
    func wrappingRuns(run: Int) throws {
        var random = SplitMix64(test: "TransactionIDSet, wrapping runs, \(run)")
        var set = TransactionIDSet()
        let multiplier = try multiplier(of: set)
        let part = UInt64(random.below(64))
        let pool = (0..<50).map { number in
            // The highest six bits are the part, the next ones the slot in it: all ones is the last, all zeros the first.
            let slot: UInt64 = random.pick([63, 63, 62, 60, 0, 1])
            let mixed = part << 58 | slot << 52 | random.next() >> 12
            return TransactionID(Bytes32(mixed: mixed, multiplier: multiplier, number: UInt64(number)))
        }
        Self.compare(pool, most: 1 + random.below(45), steps: 2_500, &set, &random)
    }

    @Test("removing any one of a run that wraps around leaves the others to be found")
    func removalWithinAWrappingRun() throws {
        // First slots among eight, with room for five: each shape is a run from slot 6 on.
        for shape: [UInt64] in [[6, 6, 6, 6, 6], [6, 7, 0, 1, 2], [6, 6, 0, 0, 1], [6, 7, 7, 7, 1], [6, 7, 0, 6, 7]] {
            for removed in shape.indices {
                var set = TransactionIDSet()
                let multiplier = try multiplier(of: set)
                let ids = shape.enumerated().map {
                    TransactionID(Bytes32(mixed: 9 << 58 | $1 << 55 | 1 << 54, multiplier: multiplier, number: UInt64($0)))
                }
                for id in ids { set.insert(id) }
                #expect(set.count == 5)
                set.remove(ids[removed])
                #expect(ids.map { set.contains($0) } == ids.indices.map { $0 != removed }, "\(shape), without \(removed)")
                let inserted = ids.map { set.insert($0) }
                #expect(inserted == ids.indices.map { $0 == removed })
                #expect(set.count == 5)
            }
        }
    }

    @Test("the zero id is an id like others")
    func zero() {
        var set = TransactionIDSet()
        let zero = TransactionID(.zero)
        let other = TransactionID(Bytes32(prefix: 0, number: 1))
        set.remove(zero)
        #expect(!set.contains(zero) && !set.contains(other) && set.count == 0)
        let first = set.insert(zero)
        let second = set.insert(zero)
        #expect(first && !second)
        #expect(set.contains(zero) && !set.contains(other) && set.count == 1 && set.elements == [zero])
        set.insert(other)
        #expect(set.count == 2 && Set(set.elements) == [zero, other])
        set.remove(zero)
        #expect(!set.contains(zero) && set.contains(other) && set.count == 1)
    }

    @Test("removing what is not there changes nothing")
    func removingWhatIsNotThere() {
        var set = TransactionIDSet()
        set.remove(TransactionID(Bytes32(prefix: 1, number: 1)))
        #expect(set.count == 0)
        for number in 0..<5 as Range<UInt64> { set.insert(TransactionID(Bytes32(prefix: 7, number: number))) }
        for number in 5..<20 as Range<UInt64> { set.remove(TransactionID(Bytes32(prefix: 7, number: number))) }
        #expect(set.count == 5)
    }

    @Test("a copy and its original do not see each other's changes")
    func copies() {
        let ids = (0..<3).map { TransactionID(Bytes32(prefix: 5, number: $0)) }
        var set = TransactionIDSet()
        set.insert(ids[0])
        var copy = set
        copy.insert(ids[1])
        set.remove(ids[0])
        #expect(ids.map { set.contains($0) } == [false, false, false])
        #expect(ids.map { copy.contains($0) } == [true, true, false])
    }
}

/// The set of touched accounts, against a sorted set.
@Suite("TouchedAccounts")
struct TouchedAccountsTests {
    @Test("what was inserted comes out once, ascending, and nothing is left, round after round", arguments: [1, 64, 65, 5_000, 300_000])
    func randomPositions(limit: Int) {
        var random = SplitMix64(test: "TouchedAccounts below \(limit)")
        var touched = TouchedAccounts()
        #expect(touched.removeAll().isEmpty)
        for _ in 0..<60 {
            var model: Set<Int> = []
            for _ in 0..<random.below(200) {
                // Neighbours share words, and the last position makes room for itself.
                let position = random.once(in: 10) ? limit - 1 : random.below(random.once(in: 2) ? min(limit, 130) : limit)
                touched.insert(position)
                model.insert(position)
            }
            #expect(touched.removeAll() == model.sorted())
            #expect(touched.removeAll().isEmpty)
        }
    }

    @Test("every position around the boundaries of words and of groups of words")
    func boundaries() {
        for boundary in [0, 63, 64, 65, 127, 128, 4_095, 4_096, 4_097, 8_191, 8_192, 262_143, 262_144] {
            var touched = TouchedAccounts()
            touched.insert(boundary)
            #expect(touched.removeAll() == [boundary])
            // In a set that already has room, and in reverse order.
            let neighbours = (max(0, boundary - 2)...boundary + 2)
            for position in neighbours.reversed() { touched.insert(position) }
            #expect(touched.removeAll() == Array(neighbours))
        }
    }

    @Test("a full set comes out whole")
    func full() {
        var touched = TouchedAccounts()
        for position in (0..<10_000).reversed() { touched.insert(position) }
        for position in 0..<10_000 { touched.insert(position) }
        #expect(touched.removeAll() == Array(0..<10_000))
    }

    @Test("a position below zero ends the process")
    func negative() async {
        await #expect(processExitsWith: .failure) {
            var touched = TouchedAccounts()
            touched.insert(100)
            touched.insert(-100)
        }
    }
}
