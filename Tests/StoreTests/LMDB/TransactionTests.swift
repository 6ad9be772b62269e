import Testing

@testable import Store

@Suite struct TransactionTests {
    let directory: TemporaryDirectory
    let environment: Environment
    let database: Database

    init() throws {
        directory = try TemporaryDirectory()
        environment = try openEnvironment(directory.path)
        database = try makeDatabase(in: environment)
    }

    @Test func valuesComeBackAsWritten() throws {
        let values: [[UInt8]] = [[], [0], Array(repeating: 0xA5, count: 2000), (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }]
        try environment.write { (transaction) throws(StoreError) in
            for (index, value) in values.enumerated() { try transaction.put(key(index).span, value.span, in: database) }
        }
        try environment.read { (transaction) throws(StoreError) in
            for (index, value) in values.enumerated() {
                #expect(try transaction.copy(of: key(index).span, in: database) == value)
                #expect(try transaction.contains(key(index).span, in: database))
                guard let span = try transaction.value(of: key(index).span, in: database) else {
                    Issue.record("value \(index) is missing")
                    continue
                }
                #expect(array(span) == value)
            }
            #expect(try transaction.copy(of: key(99).span, in: database) == nil)
            #expect(try !transaction.contains(key(99).span, in: database))
            #expect(try transaction.statistics(of: database).entries == 4)
        }
    }

    @Test func commitsSurviveReopening() throws {
        try put(1, "one")
        environment.close()
        let reopened = try openEnvironment(directory.path, create: false)
        let found = try #require(try reopened.openDatabase(named: "test"))
        #expect(try reopened.read { (transaction) throws(StoreError) in try transaction.copy(of: key(1).span, in: found) } == bytes("one"))
        #expect(try reopened.openDatabase(named: "none") == nil)
    }

    @Test func aValueOfTenMebibytesRoundTrips() throws {
        let pattern = (0..<9973).map { UInt8(truncatingIfNeeded: $0 &* 167 >> 3) }
        var value: [UInt8] = []
        while value.count < 10 << 20 { value += pattern }
        try environment.write { (transaction) throws(StoreError) in try transaction.put(key(1).span, value.span, in: database) }
        try environment.read { (transaction) throws(StoreError) in
            #expect(try transaction.copy(of: key(1).span, in: database) == value)
            #expect(try transaction.statistics(of: database).overflowPages >= 2560)
        }
    }

    @Test func putReplacesAndPutNoOverwriteDoesNot() throws {
        try environment.write { (transaction) throws(StoreError) in
            #expect(try transaction.putNoOverwrite(key(1).span, bytes("first").span, in: database))
            #expect(try !transaction.putNoOverwrite(key(1).span, bytes("second").span, in: database))
            #expect(try transaction.copy(of: key(1).span, in: database) == bytes("first"))
            try transaction.put(key(1).span, bytes("third").span, in: database)
            #expect(try transaction.copy(of: key(1).span, in: database) == bytes("third"))
        }
    }

    @Test func putAppendTakesKeysInAnyOrder() throws {
        try environment.write { (transaction) throws(StoreError) in
            for number in [1, 2, 5, 3, 5, 9] { try transaction.putAppend(key(number).span, key(number * 10).span, in: database) }
            try transaction.putAppend(key(2).span, bytes("new").span, in: database)
        }
        let expected = [1, 2, 3, 5, 9].map { [key($0), $0 == 2 ? bytes("new") : key($0 * 10)] }
        #expect(try allEntries(database, in: environment) == expected)
    }

    @Test func appendedPagesAreFilledWhole() throws {
        let other = try makeDatabase("other", in: environment)
        let value = [UInt8](repeating: 7, count: 100)
        try environment.write { (transaction) throws(StoreError) in
            for number in 0..<5_000 { try transaction.putAppend(key(number).span, value.span, in: database) }
            var numbers = Array(0..<5_000)
            var generator = SeededGenerator(seed: 1)
            numbers.shuffle(using: &generator)
            for number in numbers { try transaction.put(key(number).span, value.span, in: other) }
            let appended = try transaction.statistics(of: database).leafPages
            let shuffled = try transaction.statistics(of: other).leafPages
            #expect(appended * 5 < shuffled * 4, "\(appended) pages appended, \(shuffled) in random order")
        }
    }

    @Test func deleteSaysWhetherTheKeyWasThere() throws {
        try put(1, "one")
        try environment.write { (transaction) throws(StoreError) in
            #expect(try transaction.delete(key(1).span, in: database))
            #expect(try !transaction.delete(key(1).span, in: database))
        }
        #expect(try allEntries(database, in: environment).isEmpty)
    }

    @Test(arguments: [(0, 0), (0, 3_000), (0, 1), (2_999, 9_999), (500, 2_500), (1_000, 999), (7_000, 8_000)])
    func deleteRangeRemovesExactlyTheRange(lower: Int, upper: Int) throws {
        try environment.write { (transaction) throws(StoreError) in
            for number in 0..<3_000 { try transaction.put(key(number).span, key(number).span, in: database) }
        }
        let deleted = try environment.write { (transaction) throws(StoreError) in
            try transaction.deleteRange(from: key(lower).span, upTo: key(upper).span, in: database)
        }
        let expected = (0..<3_000).filter { $0 < lower || $0 >= upper }
        #expect(deleted == 3_000 - expected.count)
        #expect(try allEntries(database, in: environment) == expected.map { [key($0), key($0)] })
    }

    @Test func removeAllEmptiesOneDatabaseOnly() throws {
        let other = try makeDatabase("other", in: environment)
        try environment.write { (transaction) throws(StoreError) in
            for number in 0..<1_000 {
                try transaction.put(key(number).span, key(number).span, in: database)
                try transaction.put(key(number).span, key(number).span, in: other)
            }
        }
        try environment.write { (transaction) throws(StoreError) in try transaction.removeAll(in: database) }
        #expect(try allEntries(database, in: environment).isEmpty)
        #expect(try allEntries(other, in: environment).count == 1_000)
        try put(5, "again")
        #expect(try allEntries(database, in: environment) == [[key(5), bytes("again")]])
    }

    @Test func abortAndScopeEndAndErrorUndoEverything() throws {
        try put(1, "kept")
        try abortOne()
        try dropOne()
        #expect(throws: StoreError.closed) {
            try environment.write { (transaction) throws(StoreError) -> Void in
                try transaction.put(key(4).span, bytes("lost").span, in: database)
                throw .closed
            }
        }
        #expect(try allEntries(database, in: environment) == [[key(1), bytes("kept")]])
        try put(5, "later")
        #expect(try allEntries(database, in: environment).count == 2)
    }

    @Test func aReaderSeesTheStateAsOfItsBegin() throws {
        try put(1, "before")
        let reader = try environment.beginRead()
        try environment.write { (transaction) throws(StoreError) in
            try transaction.put(key(1).span, bytes("after").span, in: database)
            try transaction.put(key(2).span, bytes("new").span, in: database)
            #expect(try reader.copy(of: key(1).span, in: database) == bytes("before"))
        }
        #expect(try reader.copy(of: key(1).span, in: database) == bytes("before"))
        #expect(try reader.copy(of: key(2).span, in: database) == nil)
        reader.end()
        #expect(try allEntries(database, in: environment) == [[key(1), bytes("after")], [key(2), bytes("new")]])
    }

    @Test func aHandleOfAnUndoneCreationNeverReachesAnotherDatabase() throws {
        var undone: Database?
        #expect(throws: StoreError.closed) {
            try environment.write { (transaction) throws(StoreError) -> Void in
                undone = try transaction.createDatabase(named: "undone")
                throw .closed
            }
        }
        let stale = try #require(undone)
        let other = try makeDatabase("other", in: environment)
        #expect(other.slot == stale.slot, "the slot was not used again, so this test shows nothing")
        #expect(throws: StoreError.databaseNotVisible(name: "undone")) {
            try environment.write { (transaction) throws(StoreError) in try transaction.put(key(1).span, key(1).span, in: stale) }
        }
        #expect(environment.database(named: "undone") == nil)
        #expect(try environment.openDatabase(named: "undone") == nil)
    }

    @Test func aReaderOlderThanAHandleIsToldSo() throws {
        let reader = try environment.beginRead()
        let later = try makeDatabase("later", in: environment)
        #expect(throws: StoreError.databaseNotVisible(name: "later")) { _ = try reader.copy(of: key(1).span, in: later) }
    }

    @Test func tooManyDatabasesAreRefused() throws {
        for number in 0..<7 { _ = try makeDatabase("more-\(number)", in: environment) }
        #expect(throws: StoreError.databasesFull(limit: 8)) { _ = try makeDatabase("one too many", in: environment) }
    }

    @Test func statisticsCountPagesAndReaders() throws {
        try put(1, "one")
        let reader = try environment.beginRead()
        for number in 2..<7 { try put(number, "more") }
        let statistics = try environment.statistics()
        #expect(statistics.readers == 1)
        #expect(statistics.oldestReaderLagTransactions == 5)
        #expect(statistics.lastTransaction == reader.number + 5)
        #expect(statistics.mapSizeBytes == 256 << 20)
        #expect(statistics.usedBytes <= statistics.fileSizeBytes)
        #expect(statistics.maximumReaders >= 64)
        reader.end()
        #expect(try environment.statistics().oldestReaderLagTransactions == 0)
    }

    private func put(_ number: Int, _ text: String) throws {
        try environment.write { (transaction) throws(StoreError) in try transaction.put(key(number).span, bytes(text).span, in: database) }
    }

    private func abortOne() throws {
        var transaction = try environment.beginWrite()
        try transaction.put(key(2).span, bytes("lost").span, in: database)
        transaction.abort()
    }

    private func dropOne() throws {
        var transaction = try environment.beginWrite()
        try transaction.put(key(3).span, bytes("lost").span, in: database)
    }
}
