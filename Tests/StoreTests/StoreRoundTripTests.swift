import Cryptography
import Ledger
import Support
import Testing

@testable import Store

/// Whatever a chain was, the store answers about it as memory does, also after it was closed and opened again.
@Suite struct StoreRoundTripTests {
    @Test func aNewStoreIsGenesis() throws {
        let fixture = try ReopeningStore()
        let chain = RandomChain(seed: 1)
        for _ in 0..<2 {
            try expectRestores(fixture.store, chain)
            let genesis = CertifiedHeader(header: chain.network.chainspec.genesisHeader, attestations: [])
            #expect(try fixture.store.tip() == genesis)
            #expect(try fixture.store.certifiedHeader(at: 0) == genesis)
            #expect(try fixture.store.certifiedHeader(at: 1) == nil)
            #expect(try fixture.store.certifiedBlock(at: 0) == nil)
            #expect(try fixture.store.certifiedBlockBytes(at: 0) == nil)
            #expect(try fixture.store.certifiedBlock(at: 1) == nil)
            for account in chain.accounts[0] {
                #expect(try fixture.store.account(index: account.index) == account)
                #expect(try fixture.store.account(account.id, atHeight: nil) == account)
                try expectTrue(fixture.store.account(account.id, atHeight: 0) == account)
                #expect(try fixture.store.account(account.id, atHeight: 1) == nil)
                #expect(try fixture.store.statement(of: account.index, from: 0, limit: 5, descending: false).isEmpty)
            }
            #expect(try fixture.store.supply() == chain.supply[0])
            try fixture.store.verifyRecords { _, _ in }
            try fixture.reopen()
        }
    }

    @Test func reopeningAfterEveryCommitRestoresTheState() throws {
        var random = SplitMix64(test: "reopeningAfterEveryCommit")
        var chain = RandomChain(seed: random.next())
        let fixture = try ReopeningStore()
        for step in 0..<40 {
            try fixture.store.commit(try chain.blocks(1 + random.below(4)))
            try expectRestores(fixture.store, chain, "before reopening, step \(step)")
            try fixture.reopen()
            try expectRestores(fixture.store, chain, "after reopening, step \(step)")
        }
        try fixture.store.verifyRecords { _, _ in }
    }

    @Test func hundredsOfRandomBlocksAreAnsweredAsInMemory() throws {
        var random = SplitMix64(test: "hundredsOfRandomBlocks")
        var chain = RandomChain(seed: random.next())
        let fixture = try ReopeningStore()
        while chain.height < 300 { try fixture.store.commit(try chain.blocks(1 + random.below(12))) }
        try fixture.store.commit([])
        try expectRestores(fixture.store, chain)
        try fixture.reopen()
        try expectRestores(fixture.store, chain)
        try expectBlocks(fixture.store, chain)
        try expectEveryHeight(fixture.store, chain)
        try expectStatements(fixture.store, chain, &random)
        try expectMemos(fixture.store, chain)
        #expect(try fixture.store.supply() == chain.supply.last)

        var progress: [UInt64] = []
        var total: UInt64 = 0
        try fixture.store.verifyRecords { done, all in
            progress.append(done)
            total = all
        }
        #expect(progress == progress.sorted() && progress.last == total && progress.count > 300)
    }

    private func expectBlocks(_ store: LedgerStore, _ chain: borrowing RandomChain) throws {
        for commit in chain.commits {
            let certified = commit.certified
            let height = certified.block.header.height
            try expectTrue(store.certifiedBlock(at: height) == certified)
            try expectTrue(store.certifiedBlockBytes(at: height) == certified.bytes)
            let header = try store.certifiedHeader(at: height)
            #expect(header == CertifiedHeader(header: certified.block.header, attestations: certified.attestations))
        }
        var walked: [CertifiedBlock] = []
        try store.forEachCertifiedBlock(from: 0, to: .max) { walked.append($0) }
        expectTrue(walked == chain.commits.map(\.certified))
        walked = []
        try store.forEachCertifiedBlock(from: 7, to: 9) { walked.append($0) }
        expectTrue(walked == chain.commits[6...8].map(\.certified))
        for item in chain.transactions { #expect(try store.location(of: item.id) == item.location) }
        #expect(try store.location(of: TransactionID(.zero)) == nil)
        for commit in chain.commits {
            for (position, signed) in commit.certified.block.transactions.enumerated() {
                let location = TransactionLocation(height: commit.certified.block.header.height, position: UInt32(position))
                try expectTrue(store.transaction(at: location) == signed)
            }
        }
        #expect(try store.transaction(at: TransactionLocation(height: chain.height + 1, position: 0)) == nil)
        #expect(try store.transaction(at: TransactionLocation(height: 1, position: 60_000)) == nil)
    }

    private func expectEveryHeight(_ store: LedgerStore, _ chain: borrowing RandomChain) throws {
        let latest = chain.accounts[chain.accounts.count - 1]
        for (height, accounts) in chain.accounts.enumerated() {
            var mismatches: [AccountIndex] = []
            for account in latest {
                let expected = Int(account.index) < accounts.count ? accounts[Int(account.index)] : nil
                if try store.account(account.id, atHeight: UInt64(height)) != expected { mismatches.append(account.index) }
            }
            #expect(mismatches.isEmpty, "height \(height)")
        }
        for account in latest {
            #expect(try store.account(account.id, atHeight: nil) == account)
            #expect(try store.account(index: account.index) == account)
            #expect(try store.account(account.id, atHeight: chain.height + 1) == nil)
        }
        #expect(try store.account(index: AccountIndex(latest.count)) == nil)
        #expect(try store.account(AccountID(.zero), atHeight: nil) == nil)
    }

    private func expectStatements(_ store: LedgerStore, _ chain: borrowing RandomChain, _ random: inout SplitMix64) throws {
        let longest = chain.entries.values.map(\.count).max() ?? 0
        #expect(longest > 2 * Int(LandmarkKey.stride), "an account has landmarks")
        for (account, entries) in chain.entries {
            let lines = entries.enumerated().map { StatementLine(sequence: UInt64($0), entry: $1) }
            try expectTrue(store.statement(of: account, from: 0, limit: .max, descending: false) == lines)
            try expectTrue(store.statement(of: account, from: .max, limit: .max, descending: true) == lines.reversed())
            for _ in 0..<20 {
                let from = random.below(lines.count + 3)
                let limit = random.below(80)
                let up = try store.statement(of: account, from: UInt64(from), limit: limit, descending: false)
                expectTrue(up == Array(lines.dropFirst(from).prefix(limit)))
                let down = try store.statement(of: account, from: UInt64(from), limit: limit, descending: true)
                expectTrue(down == Array(lines.prefix(from + 1).reversed().prefix(limit)))
            }
            #expect(try store.statement(of: account, from: 0, limit: -1, descending: false).isEmpty)
        }
        #expect(try store.statement(of: 1_000_000, from: 0, limit: 5, descending: false).isEmpty)
    }

    private func expectMemos(_ store: LedgerStore, _ chain: borrowing RandomChain) throws {
        #expect(chain.memos.count > 10)
        for item in chain.transactions { #expect(try store.memo(of: item.id) == chain.memos[item.id]) }
    }

    @Test func everyEntryOfABusyAccountIsReached() throws {
        var chain = RandomChain(seed: 5, pace: .seconds)
        let fixture = try ReopeningStore()
        let busy = try chain.ledger.open("busy")
        try fixture.store.commit([chain.seal()])
        // Uneven blocks, so that landmarks fall on first, middle and last entries of blocks.
        for count in [70, 1, 1, 63, 64, 65, 0, 130, 2] {
            for _ in 0..<count { try chain.ledger.issue(1, to: busy) }
            try fixture.store.commit([chain.seal()])
        }
        let account = try #require(try fixture.store.account(busy.id, atHeight: nil))
        #expect(account.entryCount == 397)
        for sequence in 0..<account.entryCount {
            let line = try fixture.store.statement(of: account.index, from: sequence, limit: 1, descending: false)
            #expect(line.map(\.sequence) == [sequence] && line.first?.entry == chain.entries[account.index]?[Int(sequence)])
        }
        for height in 0...chain.height {
            let expected = chain.accounts[Int(height)].first { $0.id == busy.id }
            #expect(try fixture.store.account(busy.id, atHeight: height) == expected)
        }
        try fixture.store.verifyRecords { _, _ in }
    }

    @Test func anErasedMemoIsGoneAndNothingElse() throws {
        var chain = RandomChain(seed: 9)
        let fixture = try ReopeningStore()
        while chain.memos.count < 3 { try fixture.store.commit([try chain.block()]) }
        let id = try #require(chain.memos.keys.min())
        #expect(try fixture.store.eraseMemo(of: id))
        for _ in 0..<2 {
            #expect(try fixture.store.memo(of: id) == nil)
            #expect(try !fixture.store.eraseMemo(of: id))
            for (other, memo) in chain.memos where other != id { #expect(try fixture.store.memo(of: other) == memo) }
            try expectRestores(fixture.store, chain)
            try fixture.store.verifyRecords { _, _ in }
            try fixture.reopen()
        }
        #expect(try !fixture.store.eraseMemo(of: TransactionID(.zero)))
    }

    @Test func aMemoThatItsTransactionDoesNotCommitToIsLeftOut() throws {
        var chain = RandomChain(seed: 10)
        let alice = try chain.ledger.open("alice")
        let issue = try chain.ledger.issue(5, to: alice)
        let block = chain.seal()
        let memo = try #require(Memo(salt: Bytes16(high: 1, low: 2), text: "not mine"))
        let fixture = try ReopeningStore()
        try fixture.store.commit(
            [BlockCommit(certified: block.certified, outcome: block.outcome, history: block.history, memos: [issue.id: memo])])
        #expect(try fixture.store.memo(of: issue.id) == nil)
        #expect(try fixture.store.location(of: issue.id) == TransactionLocation(height: 1, position: 1))
    }

    @Test func statisticsCountRecords() throws {
        var chain = RandomChain(seed: 11)
        let fixture = try ReopeningStore()
        try fixture.store.commit(try chain.blocks(5))
        let statistics = try fixture.store.statistics()
        // Without the list of archives, which a store has that was pruned.
        #expect(statistics.entries.count == LogTables.count - 1 + StateTables.count)
        #expect(statistics.entries["headers"] == 6 && statistics.foldedHeight == 0)
        #expect(statistics.unfoldedTransactions == chain.transactions.count)
        #expect(statistics.entries["accounts"] == UInt64(chain.accounts[0].count))
        try fixture.reopen()
        let folded = try fixture.store.statistics()
        #expect(folded.foldedHeight == 5 && folded.unfoldedTransactions == 0 && folded.unfoldedAccounts == 0)
        #expect(folded.entries["accounts"] == UInt64(chain.ledger.state.accounts.count))
        #expect(folded.entries["account-ids"] == UInt64(chain.ledger.state.accounts.count))
        #expect(statistics.mapBytes == 2 * UInt64(smallConfiguration.mapSizeBytes))
        #expect(statistics.usedBytes > 0 && statistics.usedBytes <= statistics.mapBytes)
        #expect(statistics.reusableBytes < statistics.usedBytes && statistics.fileBytes > 0)
        #expect(statistics.readers == 0)
    }

    @Test func aClosedStoreAnswersNothing() throws {
        let fixture = try ReopeningStore()
        let store = fixture.store
        store.close()
        store.close()
        let error = try #require(storageError { () throws(StorageError) in try store.tip() })
        #expect(error == StorageError(.closed))
        #expect(storageError { () throws(StorageError) in try store.statistics() } != nil)
        try fixture.reopen()
        #expect(try fixture.store.tip().header.height == 0)
    }
}
