import Foundation
import Ledger
import Support
import Synchronization
import Testing

@testable import Store

/// Blocks are pruned while others are committed and everything is read: each answer is the true one, or names the archive.
@Suite struct PruningConcurrencyTests {
    private struct Expected: Sendable {
        let commits: [BlockCommit]
        let segments: [ArchivedSegment]
        let accounts: [Account]
        let entries: [AccountIndex: [Entry]]

        func error(at height: UInt64) -> StorageError? {
            segments.first { $0.firstHeight <= height && height <= $0.lastHeight }.map { .pruned(PrunedBlock(height: height, archive: $0)) }
        }
    }

    /// The height of an answer that a block was pruned; nil, and recorded as an issue, for any other error.
    private static func pruned(_ error: any Error, _ expected: Expected) -> UInt64? {
        guard case StorageError.pruned(let block)? = error as? StorageError, expected.error(at: block.height) == .pruned(block) else {
            Issue.record("\(error)")
            return nil
        }
        return block.height
    }

    /// One look at the store, with the last height that was seen to be pruned: nothing comes back.
    private static func look(_ store: LedgerStore, _ expected: Expected, _ random: inout SplitMix64, _ end: inout UInt64) throws {
        let tip = try store.tip().header.height
        let height = 1 + UInt64(random.below(Int(tip)))
        let commit = expected.commits[Int(height) - 1]
        expectTrue(try store.certifiedHeader(at: height)?.header == commit.certified.block.header)
        do {
            expectTrue(try store.certifiedBlock(at: height) == commit.certified)
            #expect(height > end, "block \(height) came back")
        } catch {
            end = max(end, pruned(error, expected) ?? end)
        }
        for signed in commit.certified.block.transactions {
            do {
                #expect(try store.location(of: signed.id)?.height == height)
            } catch {
                #expect(pruned(error, expected) == height)
            }
        }
        let account = random.pick(expected.accounts)
        do {
            let lines = try store.statement(of: account.index, from: 0, limit: .max, descending: false)
            expectTrue((expected.entries[account.index] ?? []).starts(with: lines.map(\.entry)))
        } catch {
            _ = pruned(error, expected)
        }
    }

    @Test func everyAnswerIsTrueOrNamesTheArchive() throws {
        let pruned = try PrunedStore(seed: 1_020, blocks: 60)
        let before = Int(pruned.chain.height)
        for _ in 0..<30 {
            pruned.chain.ledger.time += 12 * 3_600_000
            _ = try pruned.chain.blocks(4)
        }
        let segments = try PrunedStore.write(pruned.chain.commits.map(\.certified), of: pruned.chain.network, to: pruned.export.path)
        let expected = Expected(
            commits: pruned.chain.commits, segments: segments, accounts: pruned.chain.accounts[before], entries: pruned.chain.entries)
        let (store, archives) = (pruned.store, pruned.export.path)
        let run = Run()
        let drops = Atomic<Int>(0)
        Threads.run([
            {
                run.attempt {
                    var rest = expected.commits[before...]
                    while !rest.isEmpty {
                        try store.commit(Array(rest.prefix(2)))
                        rest = rest.dropFirst(2)
                        Thread.sleep(forTimeInterval: 0.01)
                    }
                }
                run.isDone.store(true, ordering: .releasing)
            },
            {
                repeat {
                    run.attempt {
                        let report = try store.prune(PruningRequest(below: .max, archives: archives))
                        if !report.archives.isEmpty { drops.add(1, ordering: .relaxed) }
                    }
                } while !run.isDone.load(ordering: .acquiring)
            },
            {
                var random = SplitMix64(seed: 1)
                var end: UInt64 = 0
                repeat { run.attempt { try Self.look(store, expected, &random, &end) } } while !run.isDone.load(ordering: .acquiring)
                #expect(end > 0, "nothing was seen to be pruned")
            },
            { repeat { run.attempt { _ = try store.restore() } } while !run.isDone.load(ordering: .acquiring) },
            {
                repeat {
                    do throws(StorageError) {
                        try store.verifyRecords { _, _ in }
                    } catch .pruned {
                        // What is pruned while it is verified is named too.
                    } catch {
                        Issue.record("\(error)")
                    }
                } while !run.isDone.load(ordering: .acquiring)
            },
        ])
        #expect(drops.load(ordering: .relaxed) > 1, "pruning was over at once")
        #expect(run.problems.withLock { $0 }.isEmpty)
        try pruned.fixture.reopen()
        let end = try pruned.prune(below: .max).prunedHeight
        #expect(end > UInt64(before) / 2)
        try pruned.store.verifyRecords(archives: archives) { _, _ in }
        #expect(try pruned.store.archives().archives == segments.filter { $0.lastHeight <= end })
        try expectRestores(pruned.store, pruned.chain)
    }
}
