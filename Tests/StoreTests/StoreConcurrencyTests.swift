import Foundation
import Ledger
import Support
import Synchronization
import Testing

@testable import Store

/// Readers, a verification and an eraser run while blocks are committed; whatever they see is a state between two commits.
@Suite struct StoreConcurrencyTests {
    /// What the readers compare with; made before they start.
    private struct Expected: Sendable {
        let commits: [BlockCommit]
        let accounts: [[Account]]
        let entries: [AccountIndex: [Entry]]
        let memos: [TransactionID]
    }

    private static func expected() throws -> Expected {
        var chain = RandomChain(seed: 51)
        while chain.height < 120 { _ = try chain.block() }
        return Expected(commits: chain.commits, accounts: chain.accounts, entries: chain.entries, memos: chain.memos.keys.sorted())
    }

    private static func commitAll(_ expected: Expected, to store: LedgerStore) throws {
        var rest = expected.commits[...]
        while !rest.isEmpty {
            try store.commit(Array(rest.prefix(3)))
            rest = rest.dropFirst(3)
        }
    }

    /// One look at the store; returns the height that it saw.
    private static func look(_ store: LedgerStore, _ expected: Expected, _ random: inout SplitMix64) throws -> UInt64 {
        let tip = try store.tip().header
        let height = UInt64(random.below(Int(tip.height) + 1))
        let account = random.pick(expected.accounts[Int(height)])
        expectTrue(try store.account(account.id, atHeight: height) == account)
        if height > 0 {
            expectTrue(try store.certifiedBlock(at: height) == expected.commits[Int(height) - 1].certified)
            for signed in expected.commits[Int(height) - 1].certified.block.transactions {
                #expect(try store.location(of: signed.id)?.height == height)
            }
        }
        let lines = try store.statement(of: account.index, from: 0, limit: .max, descending: false)
        expectTrue((expected.entries[account.index] ?? []).starts(with: lines.map(\.entry)))
        let restored = try store.restore()
        #expect(restored.tip.header.height >= tip.height)
        return tip.height
    }

    @Test(arguments: [false, true]) func everyReadSeesAStateBetweenTwoCommits(whileFolding: Bool) throws {
        let expected = try Self.expected()
        let fixture = try ReopeningStore(TestNetwork(), whileFolding ? foldingConfiguration : smallConfiguration)
        let store = fixture.store
        let run = Run()
        Threads.run([
            {
                run.attempt { try Self.commitAll(expected, to: store) }
                run.isDone.store(true, ordering: .releasing)
            },
            {
                var random = SplitMix64(seed: 1)
                var seen: [UInt64] = []
                repeat { run.attempt { seen.append(try Self.look(store, expected, &random)) } } while !run.isDone.load(ordering: .acquiring)
                expectTrue(seen == seen.sorted())
            },
            { repeat { run.attempt { try store.verifyRecords { _, _ in } } } while !run.isDone.load(ordering: .acquiring) },
            {
                repeat {
                    for id in expected.memos { run.attempt { _ = try store.eraseMemo(of: id) } }
                } while !run.isDone.load(ordering: .acquiring)
            },
        ])
        #expect(run.problems.withLock { $0 } == [])
        #expect(try store.tip().header.height == 120)
        for id in expected.memos { _ = try store.eraseMemo(of: id) }
        #expect(try store.statistics().entries["memos"] == 0)
        try store.verifyRecords { _, _ in }
    }

    @Test func closingWaitsForReadersAndRefusesLaterOnes() throws {
        let fixture = try ReopeningStore()
        var chain = RandomChain(seed: 52)
        try fixture.store.commit(try chain.blocks(30))
        let store = fixture.store
        let started = DispatchSemaphore(value: 0)
        Threads.run([
            {
                var reads = 0
                while storageError({ () throws(StorageError) in try store.restore() }) == nil {
                    reads += 1
                    if reads == 3 { started.signal() }
                }
            },
            {
                started.wait()
                store.close()
            },
        ])
        try fixture.reopen()
        try expectRestores(fixture.store, chain)
    }
}

/// What the threads of a run share.
final class Run: Sendable {
    let isDone = Atomic<Bool>(false)
    let problems = Mutex<[String]>([])

    func attempt(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            problems.withLock { $0.append("\(error)") }
        }
    }
}

/// Threads of their own: a pool might run one body only after another one's end.
enum Threads {
    /// Runs each body on a thread and waits for all.
    static func run(_ bodies: [@Sendable () -> Void]) {
        let finished = DispatchSemaphore(value: 0)
        for body in bodies {
            let thread = Thread {
                body()
                finished.signal()
            }
            thread.stackSize = 8 << 20
            thread.start()
        }
        for _ in bodies { finished.wait() }
    }
}
