import Cryptography
@testable import Ledger
import Support
import Testing

/// The table of accounts by id, against a dictionary.
@Suite("AccountDirectory")
struct AccountDirectoryTests {
    private static func account(_ id: AccountID, at position: Int) -> Account {
        Account(
            index: AccountIndex(position), id: id, kind: .walletHeld, institution: 0, openedHeight: 1, policy: .none)
    }

    private static func accounts(_ ids: [Bytes32]) -> SegmentedList<Account> {
        SegmentedList(ids.enumerated().map { account(AccountID($1), at: $0) })
    }

    /// Enters and removes accounts of a pool at random, and compares all look-ups with a dictionary after every few steps.
    ///
    /// - Parameter most: about how many are entered at a time.
    private static func compare(
        _ pool: SegmentedList<Account>, most: Int, steps: Int, _ directory: inout AccountDirectory, _ random: inout SplitMix64
    ) {
        var model: [AccountID: Int] = [:]
        for step in 0..<steps {
            let position = random.below(pool.count)
            let id = pool[position].id
            if model[id] != nil {
                directory.remove(id, at: position)
                model[id] = nil
            } else if model.count < most {
                directory.insert(id, at: position)
                model[id] = position
            }
            guard step % 7 == 0 || step == steps - 1 else { continue }
            let wrong = pool.first { directory.position(of: $0.id, in: pool) != model[$0.id] }
            #expect(wrong == nil && directory.count == model.count, "after step \(step), with \(model.count) accounts")
        }
        for (id, position) in model { directory.remove(id, at: position) }
        #expect(directory.count == 0 && pool.allSatisfy { directory.position(of: $0.id, in: pool) == nil })
    }

    @Test("random ids, entered, removed and entered again", arguments: [1, 20, 42, 43, 85, 400])
    func randomIDs(most: Int) {
        var random = SplitMix64(test: "AccountDirectory, random ids, \(most) at most")
        let pool = Self.accounts((0..<most + 30).map { _ in Bytes32(prefix: random.next(), number: random.next()) })
        var directory = AccountDirectory(capacity: 42)
        Self.compare(pool, most: most, steps: 2_500, &directory, &random)
    }

    @Test("ids that all begin with the same 8 bytes are told apart by the others", arguments: [UInt64(0), 1, .max, 0x0123_4567_89ab_cdef])
    func sameBeginning(prefix: UInt64) {
        var random = SplitMix64(test: "AccountDirectory, ids that begin with \(prefix)")
        // With the first one, the zero id is among them.
        let pool = Self.accounts((0..<60).map { Bytes32(prefix: prefix, number: $0) })
        var directory = AccountDirectory(capacity: 42)
        Self.compare(pool, most: 50, steps: 1_500, &directory, &random)
    }

    /// Room for so many accounts gives every one of the 64 parts a table of 128 slots.
    private static let capacity = 64 * 64

    /// Ids of one part whose first slots are the last few and the first few of its table, which does not grow: nearly every run wraps around.
    @Test("runs of slots that go on at the beginning of the table", arguments: 0..<8)
    func wrappingRuns(run: Int) throws {
        var random = SplitMix64(test: "AccountDirectory, wrapping runs, \(run)")
        var directory = AccountDirectory(capacity: Self.capacity)
        let multiplier = try multiplier(of: directory)
        let slots: [UInt64] = [125, 126, 127, 127, 127, 0, 0, 1, 2, 60]
        let pool = Self.accounts(
            (0..<44).map { number in
                // The highest six bits are the part, the next seven the slot.
                let mixed = UInt64(run) << 58 | random.pick(slots) << 51 | random.next() >> 13
                return Bytes32(mixed: mixed, multiplier: multiplier, number: UInt64(number))
            })
        Self.compare(pool, most: 40, steps: 2_000, &directory, &random)
    }

    @Test("removing any one of a run that wraps around leaves the others to be found")
    func removalWithinAWrappingRun() throws {
        let length = 9
        // The first slots of the run's accounts, as distances from slot 124, each at most its own place in the run.
        let shapes: [[UInt64]] = [
            Array(repeating: 0, count: length), Array(0..<UInt64(length)), [0, 0, 2, 2, 4, 4, 4, 7, 8], [0, 1, 1, 1, 3, 5, 5, 5, 5],
            [0, 1, 2, 3, 4, 0, 1, 2, 3],
        ]
        for shape in shapes {
            for removed in 0..<length {
                var directory = AccountDirectory(capacity: Self.capacity)
                let multiplier = try multiplier(of: directory)
                let pool = Self.accounts(
                    shape.enumerated().map {
                        Bytes32(mixed: 9 << 58 | ((124 + $1) % 128) << 51 | 1 << 50, multiplier: multiplier, number: UInt64($0))
                    })
                for (position, account) in pool.enumerated() { directory.insert(account.id, at: position) }
                directory.remove(pool[removed].id, at: removed)
                let found = pool.map { directory.position(of: $0.id, in: pool) }
                #expect(found == pool.indices.map { $0 == removed ? nil : $0 }, "\(shape), without \(removed)")
                directory.insert(pool[removed].id, at: removed)
                #expect(pool.map { directory.position(of: $0.id, in: pool) } == pool.indices.map { $0 })
            }
        }
    }

    @Test("every number of accounts, in a table made for them and in one that grew")
    func growth() {
        var random = SplitMix64(test: "AccountDirectory, growth")
        let pool = Self.accounts((0..<700).map { _ in Bytes32(prefix: random.next(), number: random.next()) })
        var grown = AccountDirectory()
        for count in 0...700 {
            // Around every boundary, and at a few others.
            let isBoundary = [5, 10, 21, 42, 85, 170, 341, 682].contains { abs($0 - count) <= 2 }
            if isBoundary || count % 50 == 0 {
                var made = AccountDirectory(capacity: count)
                for position in 0..<count { made.insert(pool[position].id, at: position) }
                let expected = pool.indices.map { $0 < count ? $0 : nil }
                #expect(pool.map { made.position(of: $0.id, in: pool) } == expected, "made for \(count)")
                #expect(pool.map { grown.position(of: $0.id, in: pool) } == expected, "grown to \(count)")
                #expect(made.count == count && grown.count == count)
            }
            if count < 700 { grown.insert(pool[count].id, at: count) }
        }
    }

    @Test("a copy and its original do not see each other's changes")
    func copies() {
        let pool = Self.accounts((0..<3).map { Bytes32(prefix: 5, number: $0) })
        var directory = AccountDirectory(capacity: 42)
        directory.insert(pool[0].id, at: 0)
        var copy = directory
        copy.insert(pool[1].id, at: 1)
        directory.remove(pool[0].id, at: 0)
        #expect(pool.map { directory.position(of: $0.id, in: pool) } == [nil, nil, nil])
        #expect(pool.map { copy.position(of: $0.id, in: pool) } == [0, 1, nil])
    }

    @Test("removing what was not entered ends the process")
    func removingWhatIsNotThere() async {
        await #expect(processExitsWith: .success) { Self.remove(position: 0) }
        await #expect(processExitsWith: .failure) { Self.remove(position: 1) }
    }

    private static func remove(position: Int) {
        let pool = accounts((0..<2).map { Bytes32(prefix: 5, number: $0) })
        var directory = AccountDirectory(capacity: 42)
        directory.insert(pool[0].id, at: 0)
        directory.remove(pool[position].id, at: position)
    }
}
