import Testing

@testable import Store

@Suite struct CursorTests {
    let directory: TemporaryDirectory
    let environment: Environment
    let database: Database

    init() throws {
        directory = try TemporaryDirectory()
        environment = try openEnvironment(directory.path)
        database = try makeDatabase(in: environment)
    }

    @Test func anEmptyDatabaseHasNoEntry() throws {
        try environment.read { (transaction) throws(StoreError) in
            try transaction.withCursor(over: database) { (cursor) throws(StoreError) in
                #expect(try !cursor.next())
                #expect(try !cursor.seek(key(1).span))
                #expect(try !cursor.seekLessOrEqual(key(1).span))
                #expect(try !cursor.seekFirst())
                #expect(try !cursor.seekLast())
            }
        }
    }

    @Test func bigEndianKeysAreInNumericOrder() throws {
        let numbers: [UInt64] = [0, 1, 255, 256, 65_535, 65_536, 1 << 32, .max]
        try environment.write { (transaction) throws(StoreError) in
            for number in numbers.reversed() { try transaction.put(key(number).span, key(number).span, in: database) }
        }
        #expect(try allEntries(database, in: environment).map { $0[0] } == numbers.map(key))
    }

    @Test func anEndedCursorStaysEndedUntilItSeeks() throws {
        try environment.write { (transaction) throws(StoreError) in
            for number in 1...3 { try transaction.put(key(number).span, key(number).span, in: database) }
        }
        try environment.read { (transaction) throws(StoreError) in
            try transaction.withCursor(over: database) { (cursor) throws(StoreError) in
                #expect(try cursor.previous())
                #expect(array(cursor.key) == key(3))
                #expect(try !cursor.next())
                #expect(try !cursor.next())
                #expect(try !cursor.previous())
                #expect(try cursor.seek(key(2).span))
                #expect(try cursor.previous())
                #expect(array(cursor.key) == key(1))
                #expect(try !cursor.previous())
            }
        }
    }

    /// Every move, compared with a sorted array, over keys of differing lengths on several levels of pages.
    @Test(arguments: [UInt64(11), 12, 13])
    func movesAgreeWithASortedArray(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var model: Set<[UInt8]> = []
        for _ in 0..<4_000 { model.insert(randomKey(&generator)) }
        let sorted = model.sorted { $0.lexicographicallyPrecedes($1) }
        try environment.write { (transaction) throws(StoreError) in
            for entry in model { try transaction.put(entry.span, (entry + [1]).span, in: database) }
        }
        #expect(try allEntries(database, in: environment) == sorted.map { [$0, $0 + [1]] })
        try environment.read { (transaction) throws(StoreError) in
            #expect(try transaction.statistics(of: database).depth >= 2)
            try transaction.withCursor(over: database) { (cursor) throws(StoreError) in
                for _ in 0..<4_000 { try compareOneMove(&cursor, sorted, &generator, seed: seed) }
            }
        }
    }

    private func compareOneMove(
        _ cursor: inout Cursor, _ sorted: [[UInt8]], _ generator: inout SeededGenerator, seed: UInt64
    ) throws(StoreError) {
        let wanted = randomKey(&generator)
        // The first key that is not less than the wanted one.
        var low = 0, high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle].lexicographicallyPrecedes(wanted) { low = middle + 1 } else { high = middle }
        }
        var index = low
        let found: Bool
        if Bool.random(using: &generator) {
            found = try cursor.seek(wanted.span)
        } else {
            found = try cursor.seekLessOrEqual(wanted.span)
            if low == sorted.count || sorted[low] != wanted { index -= 1 }
        }
        #expect(found == sorted.indices.contains(index), "seed \(seed)")
        guard found else { return }
        #expect(array(cursor.key) == sorted[index] && array(cursor.value) == sorted[index] + [1], "seed \(seed)")
        let forward = Bool.random(using: &generator)
        for _ in 0..<20 {
            index += forward ? 1 : -1
            let moved = try forward ? cursor.next() : cursor.previous()
            #expect(moved == sorted.indices.contains(index), "seed \(seed)")
            guard moved else { return }
            #expect(array(cursor.key) == sorted[index], "seed \(seed)")
        }
    }

    private func randomKey(_ generator: inout SeededGenerator) -> [UInt8] {
        (0..<Int.random(in: 1...6, using: &generator)).map { _ in UInt8.random(in: 0...7, using: &generator) * 36 }
    }
}
