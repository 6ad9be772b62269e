import Cryptography
import Ledger
import Support
import Testing

@testable import Store

/// Damage is found, named and never served. The chain is made once; every case damages a store of its own.
@Suite struct StoreDamageTests {
    static let names = RawDatabase.names

    private static func chain() throws -> RandomChain {
        var chain = RandomChain(seed: 33)
        let busy = try chain.ledger.open("busy")
        for _ in 0..<130 { try chain.ledger.issue(1, to: busy) }
        _ = chain.seal()
        while chain.height < 16 || chain.memos.count < 2 { _ = try chain.block() }
        return chain
    }

    private static func stored(_ chain: borrowing RandomChain) throws -> ReopeningStore {
        let fixture = try ReopeningStore()
        try fixture.store.commit(chain.commits)
        // Closing folds all of it, so that every table has something.
        try fixture.reopen()
        return fixture
    }

    @Test func everyDatabaseIsInTheList() throws {
        let fixture = try Self.stored(try Self.chain())
        let entries = try fixture.store.statistics().entries
        #expect(entries.keys.sorted() == Self.names.sorted())
        #expect(entries.values.allSatisfy { $0 > 0 }, "\(entries)")
    }

    @Test(arguments: names) func aFlippedBitOfAValueIsNamedAndNeverServed(name: String) throws {
        let chain = try Self.chain()
        let fixture = try Self.stored(chain)
        var random = SplitMix64(test: "a flipped bit in \(name)")
        let records = try fixture.rawRecords(of: name)
        let picks = Set([0, records.count - 1, random.below(records.count), random.below(records.count)])
        for pick in picks {
            let record = records[pick]
            var value = record.value
            value[random.below(value.count)] ^= 1 << UInt8(random.below(8))
            try expectNamed(name, record.key, value, fixture, chain)
            try fixture.reopenRestoring(record, in: name)
        }
        try fixture.store.verifyRecords { _, _ in }
    }

    private func expectNamed(
        _ name: String, _ key: [UInt8], _ value: [UInt8], _ fixture: ReopeningStore, _ chain: borrowing RandomChain
    ) throws {
        fixture.store.close()
        try overwrite(fixture.directory.path, name, key, value)
        let errors: [StorageError]
        if let refusal = storageError({ () throws(StorageError) in try fixture.reopenStore() }) {
            errors = [refusal]
        } else {
            errors = survey(fixture.store, chain)
            let error = try #require(storageError { () throws(StorageError) in try fixture.store.verifyRecords { _, _ in } })
            #expect(error.isDamage && error.description.contains("\"\(name)\""), "\(error)")
        }
        // Not every one of these is on the way of a question that is asked here.
        #expect(!errors.isEmpty || ["account-versions", "transaction-ids"].contains(name), "\(name) is read by something")
        #expect(errors.allSatisfy { $0.isDamage && $0.description.contains("database \"\(name)\"") }, "\(errors)")
    }

    /// Asks the store everything; each answer is the right one or an error, which is kept.
    private func survey(_ store: LedgerStore, _ chain: borrowing RandomChain) -> [StorageError] {
        var errors: [StorageError] = []
        func ask<Value: Equatable>(_ expected: Value, _ read: () throws(StorageError) -> Value) {
            do {
                expectTrue(try read() == expected)
            } catch {
                errors.append(error)
            }
        }
        for commit in chain.commits {
            let height = commit.certified.block.header.height
            ask(commit.certified.bytes) { () throws(StorageError) in try store.certifiedBlockBytes(at: height) }
            ask(commit.certified.block.header) { () throws(StorageError) in try store.certifiedHeader(at: height)?.header }
        }
        ask(chain.ledger.header) { () throws(StorageError) in try store.tip().header }
        for item in chain.transactions {
            ask(item.location) { () throws(StorageError) in try store.location(of: item.id) }
            ask(chain.memos[item.id]) { () throws(StorageError) in try store.memo(of: item.id) }
        }
        for (height, accounts) in chain.accounts.enumerated() {
            for account in accounts { ask(account) { () throws(StorageError) in try store.account(account.id, atHeight: UInt64(height)) } }
        }
        for (account, entries) in chain.entries {
            ask(entries) { () throws(StorageError) in
                try store.statement(of: account, from: 0, limit: .max, descending: false).map(\.entry)
            }
            for sequence in stride(from: 0, to: entries.count, by: 16) {
                ask([entries[sequence]]) { () throws(StorageError) in
                    try store.statement(of: account, from: UInt64(sequence), limit: 1, descending: true).map(\.entry)
                }
            }
        }
        ask(chain.supply.last) { () throws(StorageError) in try store.supply() }
        ask(chain.ledger.state.accounts) { () throws(StorageError) in try store.restore().state.accounts }
        return errors
    }

    private func overwrite(_ path: String, _ name: String, _ key: [UInt8], _ value: [UInt8]) throws {
        try RawDatabase.with(name, in: path) { (transaction, database) throws(StoreError) in
            try transaction.put(key.span, value.span, in: database)
        }
    }

    @Test(arguments: names) func aRecordUnderAnotherKeyIsFound(name: String) throws {
        let chain = try Self.chain()
        let fixture = try Self.stored(chain)
        var random = SplitMix64(test: "another key in \(name)")
        let record = random.pick(try fixture.rawRecords(of: name))
        var key = record.key
        key[random.below(key.count)] ^= 1 << UInt8(random.below(8))
        fixture.store.close()
        try move(fixture.directory.path, name, record, to: key)
        try expectFound(fixture)
    }

    /// An erased memo is no damage.
    @Test(arguments: names.filter { $0 != "memos" }) func aMissingRecordIsFound(name: String) throws {
        let chain = try Self.chain()
        let fixture = try Self.stored(chain)
        var random = SplitMix64(test: "missing in \(name)")
        let record = random.pick(try fixture.rawRecords(of: name))
        fixture.store.close()
        try move(fixture.directory.path, name, record, to: nil)
        try expectFound(fixture)
    }

    private func move(_ path: String, _ name: String, _ record: (key: [UInt8], value: [UInt8]), to key: [UInt8]?) throws {
        try RawDatabase.with(name, in: path) { (transaction, database) throws(StoreError) in
            try transaction.delete(record.key.span, in: database)
            if let key { try transaction.put(key.span, record.value.span, in: database) }
        }
    }

    private func expectFound(_ fixture: ReopeningStore) throws {
        // Without the format record nothing says that the directory is ours.
        let opening = storageError { () throws(StorageError) in try fixture.reopenStore() }
        let error = try #require(opening ?? storageError { () throws(StorageError) in try fixture.store.verifyRecords { _, _ in } })
        #expect(error.isDamage || opening?.isRefusal == true, "\(error)")
    }

    // MARK: - Records with a right checksum that do not belong

    private typealias Tampering = @Sendable (inout WriteTransaction, LogTables) throws(StoreError) -> Void
    private typealias StateTampering = @Sendable (inout WriteTransaction, StateTables) throws(StoreError) -> Void

    private func expectFound(_ database: String, _ change: Tampering) throws {
        let fixture = try Self.stored(try Self.chain())
        try fixture.tamper(change)
        try expectNamed(database, fixture)
    }

    private func expectFoundInState(_ database: String, _ change: StateTampering) throws {
        let fixture = try Self.stored(try Self.chain())
        try fixture.tamperState(change)
        try expectNamed(database, fixture)
    }

    private func expectNamed(_ database: String, _ fixture: ReopeningStore) throws {
        let error = try #require(storageError { () throws(StorageError) in try fixture.store.verifyRecords { _, _ in } })
        #expect(error.isDamage && error.description.contains("\"\(database)\""), "\(error)")
    }

    @Test func recordsOfTheLogThatBelongToNothingAreFound() throws {
        let chain = try Self.chain()
        let last = try #require(chain.commits.last)
        let memo = try #require(Memo(salt: Bytes16(high: 0, low: 0), text: "x"))
        let header = CertifiedHeader(header: last.certified.block.header, attestations: [])
        let above = chain.height + 1
        let chunk = try Chunk(payload: [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 7])
        try expectFound("headers") { (transaction, tables) throws(StoreError) in
            try transaction.put(header, for: HeightKey(above), in: tables.headers)
        }
        try expectFound("transactions") { (transaction, tables) throws(StoreError) in
            try transaction.put(chunk, for: ChunkKey(height: above, first: 0), in: tables.transactions)
        }
        try expectFound("transactions") { (transaction, tables) throws(StoreError) in
            try transaction.put(chunk, for: ChunkKey(height: 1, first: 5_000), in: tables.transactions)
        }
        try expectFound("memos") { (transaction, tables) throws(StoreError) in
            try transaction.put(memo, for: TransactionLocation(height: 1, position: 0), in: tables.memos)
        }
        try expectFound("supply") { (transaction, tables) throws(StoreError) in
            let position = try transaction.supply(in: tables).count
            try transaction.put(SupplyRecord(asset: 9, institution: 0, quota: 0), for: SupplyKey(UInt32(position)), in: tables.supply)
        }
        // One that leaves a gap is not read past.
        let fixture = try Self.stored(chain)
        let error = storageError { () throws(StorageError) in
            do {
                try fixture.tamper { (transaction, tables) throws(StoreError) in
                    try transaction.put(SupplyRecord(asset: 9, institution: 0, quota: 0), for: SupplyKey(99), in: tables.supply)
                }
            } catch {
                throw (error as? StorageError) ?? .failed("\(error)")
            }
        }
        #expect(error?.isDamage == true && error?.description.contains("\"supply\"") == true)
    }

    @Test func recordsOfTheStateThatBelongToNothingAreFound() throws {
        let chain = try Self.chain()
        let account = chain.accounts[0][0]
        let row = AccountRow(last: .none, account: account)
        let above = chain.height + 1
        let place = EntryPlace(pointer: EntryPointer(height: 1, transaction: 0, sequence: 64), ordinal: 0)
        try expectFoundInState("account-versions") { (transaction, tables) throws(StoreError) in
            try transaction.put(account, for: VersionKey(account: 0, height: above), in: tables.versions)
        }
        try expectFoundInState("account-versions") { (transaction, tables) throws(StoreError) in
            try transaction.put(account, for: VersionKey(account: 0, height: 1), in: tables.versions)
        }
        try expectFoundInState("entry-landmarks") { (transaction, tables) throws(StoreError) in
            try transaction.put(place, for: LandmarkKey(account: 0, number: 40), in: tables.landmarks)
        }
        try expectFoundInState("transaction-ids") { (transaction, tables) throws(StoreError) in
            let run = try transaction.foldRecord(in: tables).runs[0].number
            let page = IdentifierPage([Identifier(prefix: 5, place: 1 << 16)])
            try transaction.put(page, for: RunKey(run: run, prefix: 5), in: tables.transactionIDs)
        }
        try expectFoundInState("account-ids") { (transaction, tables) throws(StoreError) in
            try transaction.put(0, for: AccountIDKey(AccountID(.zero)), in: tables.accountIDs)
        }
        try expectFoundInState("account-ids") { (transaction, tables) throws(StoreError) in
            try transaction.put(1_000, for: AccountIDKey(AccountID(.zero)), in: tables.accountIDs)
        }
        try expectFoundInState("accounts") { (transaction, tables) throws(StoreError) in
            try transaction.put(row, for: AccountKey(1_000), in: tables.accounts)
        }
    }

    /// An id under which another transaction is found, with everything in order but the place.
    @Test func anIdThatLeadsElsewhereIsFound() throws {
        try expectFoundInState("transaction-ids") { (transaction, tables) throws(StoreError) in
            guard let (key, page) = try transaction.lastRecord(in: tables.transactionIDs) else { throw .notFound(path: "a run") }
            var identifiers = (0..<page.count).map { page[$0] }
            identifiers[0] = Identifier(prefix: identifiers[0].prefix, place: identifiers[0].place ^ 1)
            try transaction.put(IdentifierPage(identifiers), for: key, in: tables.transactionIDs)
        }
    }

    @Test func anOlderAccountWithARightChecksumIsNoState() throws {
        let chain = try Self.chain()
        let row = try #require(
            zip(chain.accounts[1], chain.ledger.state.accounts).first { $0 != $1 && $0.entryCount > 0 }.map { old, _ in
                AccountRow(last: EntryPointer(height: 1, transaction: 0, sequence: old.entryCount - 1), account: old)
            })
        let index = row.account.index
        try expectFoundInState("accounts") { (transaction, tables) throws(StoreError) in
            try transaction.put(row, for: AccountKey(index), in: tables.accounts)
        }
        let fixture = try Self.stored(chain)
        try fixture.tamperState { (transaction, tables) throws(StoreError) in
            try transaction.put(row, for: AccountKey(index), in: tables.accounts)
        }
        try expectNotRestored(fixture, "\"accounts\"")
    }

    @Test func anOlderSupplyWithARightChecksumIsNoState() throws {
        let chain = try Self.chain()
        let latest = try #require(chain.supply.last)
        let position = try #require(latest.indices.first { latest[$0] != chain.supply[1][$0] })
        let old = chain.supply[1][position]
        try expectFound("supply") { (transaction, tables) throws(StoreError) in
            try transaction.put(old, for: SupplyKey(UInt32(position)), in: tables.supply)
        }
        let fixture = try Self.stored(chain)
        try fixture.tamper { (transaction, tables) throws(StoreError) in
            try transaction.put(old, for: SupplyKey(UInt32(position)), in: tables.supply)
        }
        try expectNotRestored(fixture, "\"supply\"")
    }

    @Test func anOlderTipIsNoTip() throws {
        let chain = try Self.chain()
        let header = chain.commits[chain.commits.count - 2].certified.block.header
        var earlier = HistoryTree()
        earlier.append(chain.network.chainspec.genesisHeader.historyLeaf)
        for commit in chain.commits.dropLast(2) { earlier.append(commit.certified.block.header.historyLeaf) }
        let tip = TipRecord(height: header.height, hash: header.hash, earlierHeaders: earlier)
        let fixture = try Self.stored(chain)
        fixture.store.close()
        try ReopeningStore.tamper(fixture.directory.path) { (transaction, tables) throws(StoreError) in
            try transaction.put(tip.payload, for: .tip, in: tables.meta)
        }
        // The state was derived from the block that is missing now.
        let error = try #require(storageError { () throws(StorageError) in try fixture.reopenStore() })
        #expect(error.isRefusal && error.description.contains("older copy"), "\(error)")
    }

    @Test func aWrongHistoryIsRefused() throws {
        let chain = try Self.chain()
        let header = chain.ledger.header
        let tips = [
            TipRecord(height: header.height, hash: header.hash, earlierHeaders: HistoryTree()),
            TipRecord(height: header.height, hash: header.hash, earlierHeaders: chain.ledger.history),
            TipRecord(height: header.height, hash: BlockHash(.zero), earlierHeaders: chain.ledger.history),
        ]
        for tip in tips {
            let fixture = try Self.stored(chain)
            fixture.store.close()
            try ReopeningStore.tamper(fixture.directory.path) { (transaction, tables) throws(StoreError) in
                try transaction.put(tip.payload, for: .tip, in: tables.meta)
            }
            let error = try #require(storageError { () throws(StorageError) in try fixture.reopenStore() })
            #expect(error.isDamage && error.description.contains("the record of tip"), "\(error)")
        }
    }

    private func expectNotRestored(_ fixture: ReopeningStore, _ part: String) throws {
        let error = try #require(storageError { () throws(StorageError) in try fixture.store.restore() })
        #expect(error.isDamage && error.description.contains(part), "\(error)")
    }
}
