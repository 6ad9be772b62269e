import Cryptography
import Foundation
import Ledger
import Support
import Synchronization
import Testing

@testable import Store

/// Accounts with more entries in one transaction than a pointer's six bits of the sequence can tell apart.
@Suite struct FoldCrashTests {
    /// The state as it was after each step of its folds.
    private final class StateCopies: Sendable {
        let directory: TemporaryDirectory
        let path: String
        private let taken = Mutex<[(path: String, step: FoldStep)]>([])

        init(of path: String) throws {
            directory = try TemporaryDirectory()
            self.path = path
        }

        var all: [(path: String, step: FoldStep)] { taken.withLock { $0 } }

        func take(after step: FoldStep) throws(StoreError) {
            do {
                try taken.withLock { taken in
                    let copy = "\(directory.path)/\(taken.count)"
                    try FileManager.default.createDirectory(atPath: "\(copy)/state", withIntermediateDirectories: true)
                    try FileManager.default.copyItem(atPath: "\(path)/state/data.mdb", toPath: "\(copy)/state/data.mdb")
                    taken.append((copy, step))
                }
            } catch {
                throw .damaged("\(error)")
            }
        }

        /// Puts the log, as it is now, beside every copy.
        func addLog() throws {
            for copy in all { try FileManager.default.copyItem(atPath: "\(path)/data.mdb", toPath: "\(copy.path)/data.mdb") }
        }
    }

    /// Blocks in which one account pays `legCount` times in a transaction, to few others; each block folded by itself.
    private func payroll(_ legCount: Int, _ store: LedgerStore) throws -> RandomChain {
        var chain = RandomChain(seed: 75, pace: .seconds)
        let payer = try chain.ledger.open("payer")
        let payees = try (0..<5).map { try chain.ledger.open("payee \($0)") }
        // Not a minor unit is left over, so that what is executed twice is also refused.
        try chain.ledger.issue(UInt64(4 * legCount), to: payer)
        let legs = (0..<legCount).map {
            TransactionBuilder.Leg(from: payer.id, to: payees[$0 < 4 ? $0 : 4].id, asset: 0, amount: 1)
        }
        for paymentCount in [0, 2, 1, 1] {
            for _ in 0..<paymentCount { try chain.ledger.run([.transfer(legs)], by: payer) }
            try chain.ledger.issue(1, to: payees[0])
            try store.commit([chain.seal()])
            while try store.statistics().unfoldedTransactions > 0 { usleep(500) }
        }
        return chain
    }

    /// A power cut after any step of any fold, and a log that had gone on to the end: every entry is executed once.
    @Test(arguments: [64, 65, 128, 129, 1_024]) func manyEntriesInATransactionAreExecutedOnce(legCount: Int) throws {
        let directory = try TemporaryDirectory()
        let copies = try StateCopies(of: directory.path)
        var configuration = smallConfiguration
        configuration.foldTransactions = 1
        // Accounts of a payment are written in several transactions: some rows are ahead of the others.
        configuration.foldBatchRecords = 4
        configuration.onFoldStep = { (step) throws(StoreError) in try copies.take(after: step) }
        let store = try openStore(directory.path, TestNetwork(), configuration)
        let chain = try payroll(legCount, store)
        store.close()
        try copies.addLog()
        let steps = copies.all.map(\.step)
        #expect(Set(steps).isSuperset(of: [.begun, .landmarks, .versions, .accountIDs, .accounts, .transactionIDs, .published]))
        #expect(steps.filter { $0 == .accounts }.count > steps.filter { $0 == .begun }.count)
        for (path, step) in copies.all {
            let store = try openStore(path, chain.network)
            try expectRestores(store, chain, "\(step)")
            store.close()
            let again = try openStore(path, chain.network)
            #expect(try again.statistics().foldedHeight == chain.height)
            try expectRestores(again, chain, "\(step)")
            for (account, entries) in chain.entries {
                let lines = try again.statement(of: account, from: 0, limit: .max, descending: false)
                expectTrue(lines.map(\.entry) == entries)
            }
            again.close()
        }
        // Everything else that a fold writes, once for each argument: it takes long.
        let last = try #require(copies.all.last { $0.step == .accounts })
        let verified = try openStore(last.path, chain.network)
        try verified.verifyRecords { _, _ in }
        verified.close()
    }

    // MARK: - A state that is not what the log leads to

    /// A store of 17 blocks whose state has the first 9, and one account as an earlier block left it.
    private func alteredState(_ chain: inout RandomChain) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let store = try openStore(directory.path, chain.network)
        let idle = try chain.ledger.open("idle")
        try store.commit([chain.seal()])
        try chain.ledger.issue(100, to: idle)
        try store.commit([chain.seal()])
        try store.commit(try chain.blocks(7))
        store.close()
        let index = try #require(chain.ledger.state.accounts.first { $0.id == idle.id }).index
        let earlier = AccountRow(last: EntryPointer(height: 1, transaction: 0, sequence: 0), account: chain.accounts[1][Int(index)])
        try ReopeningStore.tamperState(directory.path) { (transaction, tables) throws(StoreError) in
            try transaction.put(earlier, for: AccountKey(index), in: tables.accounts)
        }
        let file = URL(filePath: "\(directory.path)/state/data.mdb")
        let altered = try Data(contentsOf: file)
        let ahead = try openStore(directory.path, chain.network)
        try ahead.commit(try chain.blocks(8))
        ahead.close()
        try altered.write(to: file)
        return directory
    }

    private func foldedHeight(_ path: String) throws -> UInt64 {
        let environment = try openEnvironment("\(path)/\(StateFormat.folderName)", create: false, databases: StateTables.count)
        defer { environment.close() }
        let meta = Table<StateKey, [UInt8]>(try #require(try environment.openDatabase(named: StateTables.metaName)))
        return try environment.read { (state) throws(StoreError) in
            let payload = try state.record(of: .fold, in: meta, because: "every state has one")
            do {
                return try FoldRecord(payload: payload).folded.height
            } catch {
                throw .damaged("\(error)")
            }
        }
    }

    private func expectRemedy(_ error: StorageError?, _ path: String) throws {
        let error = try #require(error)
        #expect(error.isDamage && error.description.contains("move \(path)/state away"), "\(error)")
    }

    /// Wherever it is noticed, nothing of it is folded, the error says what to do, and that helps.
    @Test(arguments: [1_000, 8]) func aWrongStateIsNotFoldedAndCanBeDerivedAgain(foldTransactions: Int) throws {
        var chain = RandomChain(seed: 76, pace: .seconds)
        let directory = try alteredState(&chain)
        let before = try foldedHeight(directory.path)
        var configuration = smallConfiguration
        configuration.foldTransactions = foldTransactions
        for _ in 0..<2 {
            // A long tail is compared on the way, a short one by who restores it.
            let opened = Result { () throws(StorageError) in try openStore(directory.path, chain.network, configuration) }
            switch opened {
            case .failure(let error): try expectRemedy(error, directory.path)
            case .success(let store):
                try expectRemedy(storageError { () throws(StorageError) in try store.restore() }, directory.path)
                store.close()
            }
            let wasNoticedOnTheWay = if case .failure = opened { true } else { false }
            #expect(wasNoticedOnTheWay == (foldTransactions == 8))
            #expect(try foldedHeight(directory.path) == before)
        }
        try FileManager.default.removeItem(atPath: "\(directory.path)/state")
        let derived = try openStore(directory.path, chain.network, configuration)
        try expectRestores(derived, chain)
        derived.close()
        #expect(try foldedHeight(directory.path) == chain.height)
    }

    /// Who commits without having restored relies on the fold to compare.
    @Test func aFoldComparesWhatNobodyRestored() throws {
        var chain = RandomChain(seed: 77, pace: .seconds)
        let directory = try alteredState(&chain)
        let before = try foldedHeight(directory.path)
        let store = try openStore(directory.path, chain.network)
        try store.commit([try chain.block()])
        store.close()
        #expect(try foldedHeight(directory.path) == before)
    }
}
