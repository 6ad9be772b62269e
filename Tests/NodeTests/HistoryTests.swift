import Cryptography
import Ledger
import Store
import Support
import Testing
import Verifier

@testable import Node

/// Proofs in the history tree, of a node that made the chain.
@Suite(.timeLimit(.minutes(10))) struct HistoryTests {
    /// A chain long enough that some headers are indexed and some are not, before and after the node starts anew.
    @Test func everyHeaderIsProvedIntoEveryCheckpoint() async throws {
        let network = TestNetwork()
        let alice = network.account("alice")
        let configure = { (configuration: inout NodeConfiguration) in
            configuration.maximumBlockTransactions = 1
            configuration.minimumBlockAheadTransactions = 1
            configuration.commitDepthBlocks = 400
        }
        try await withNode(network, configure: configure) { test in
            try await test.fund(alice, with: 10_000)
            // Blocks of one payment each, and few commits.
            let payments = (0..<300).map { _ in test.pay(1, from: alice, to: network.bankB) }
            test.storage.hold()
            for payment in payments { try await test.pending(payment) }
            test.storage.release()
            for payment in payments { _ = await test.node.wait(for: payment.id) }
            for _ in 0..<2 {
                let size = test.node.historySize
                var roots: [UInt64: Bytes32] = [:]
                for size in 1..<size { roots[size] = try #require(try test.storage.certifiedHeader(at: size)).header.historyRoot }
                let checkpoint = try test.node.latestCheckpoint().checkpoint
                #expect(checkpoint.size == size)
                roots[size] = checkpoint.root
                func named(_ size: UInt64) throws -> Checkpoint {
                    Checkpoint(network: network.chainspec.network, size: size, root: try #require(roots[size]))
                }
                let sizes = [1, 2, 255, 256, 257, size - 1, size]
                for new in sizes {
                    for old in sizes where old <= new {
                        let proof = try #require(try test.node.consistencyProof(from: old, to: new))
                        try named(new).checkExtends(named(old), proof: proof)
                    }
                    for height in sizes.map({ $0 - 1 }) where height < new {
                        let header = try #require(try test.storage.certifiedHeader(at: height)).header
                        let inclusion = try #require(try test.node.inclusionProof(ofHeader: height, in: new))
                        try inclusion.verify(of: header, in: named(new))
                    }
                }
                // What is not there, or not so old, is not proved.
                #expect(try test.node.consistencyProof(from: 0, to: size) == nil)
                #expect(try test.node.consistencyProof(from: 3, to: 2) == nil)
                #expect(try test.node.consistencyProof(from: 1, to: size + 1) == nil)
                #expect(try test.node.consistencyProof(from: .max, to: .max) == nil)
                #expect(try test.node.inclusionProof(ofHeader: 5, in: 5) == nil)
                #expect(try test.node.inclusionProof(ofHeader: 5, in: size + 1) == nil)
                try await test.restart(reopening: true)
            }
        }
    }

    @Test func aStoreThatCannotBeReadIsNamedAndRecoveredFrom() async throws {
        let network = TestNetwork()
        let alice = network.account("alice")
        try await withNode(network) { test in
            try await test.fund(alice, with: 100)
            let failure = StorageError.damaged("a header")
            test.storage.failReads(failure)
            #expect(throws: HistoryProofError.storage(failure)) { try test.node.consistencyProof(from: 1, to: 3) }
            #expect(throws: HistoryProofError.storage(failure)) { try test.node.inclusionProof(ofHeader: 1, in: 3) }
            test.storage.failReads(nil)
            #expect(try test.node.consistencyProof(from: 1, to: 3) != nil)
        }
    }

    /// Proofs of a long chain while its headers are still being read, and afterwards.
    @Test func theIndexSaysWhenItIsNotReady() throws {
        let chain = LongHistory(count: 5_000)
        let index = HistoryIndex(storage: chain, size: 5_000)
        chain.gate.withLock { $0 = 512 }
        let thread = WorkerThread(name: "history") { index.run() }
        defer {
            chain.gate.withLock { $0 = .max }
            index.stop()
            thread.join()
        }
        try chain.wait { index.count == 512 }
        // What it has not reached is read for the proof, up to a limit.
        #expect(throws: HistoryProofError.notReady(indexed: 512, size: 4_609)) {
            try index.inclusionPath(of: 1, in: 4_609, root: chain.roots[4_609])
        }
        chain.gate.withLock { $0 = .max }
        try chain.wait { index.count == 4_864 }
        let before = chain.reads.withLockWakingNobody { $0 }
        let path = try index.consistencyPath(from: 1_234, root: chain.roots[1_234], to: 5_000, root: chain.roots[5_000])
        let reads = chain.reads.withLockWakingNobody { $0 } - before
        #expect(reads <= 511)
        #expect(
            MerkleProof.isConsistent(
                oldCount: 1_234, oldRoot: chain.roots[1_234], newCount: 5_000, newRoot: chain.roots[5_000], proof: path))
        // Headers that are not those that the chain committed to are damage, and are not served.
        #expect(throws: HistoryProofError.self) { try index.inclusionPath(of: 3, in: 4_000, root: chain.roots[4_001]) }
        index.grow(to: 5_120)
        try chain.wait { index.count == 5_120 }
    }
}

/// A chain of headers alone, made anew for each read, which waits while it is for a height above the gate.
private final class LongHistory: LedgerStorage {
    let gate = Monitor(UInt64.max)
    let reads = Monitor(0)
    /// By size.
    let roots: [Bytes32]

    init(count: UInt64) {
        var tree = HistoryTree()
        var roots = [tree.root]
        for height in 0..<count {
            tree.append(Self.header(height).historyLeaf)
            roots.append(tree.root)
        }
        self.roots = roots
    }

    private static func header(_ height: UInt64) -> BlockHeader {
        BlockHeader(
            rules: 1, network: NetworkID(.zero), height: height, time: height, parent: BlockHash(.zero), transactionRoot: .zero,
            stateRoot: .zero, supplyRoot: .zero, historyRoot: .zero, transactionCount: 0, systemEntryCount: 0, accountCount: 0, proposer: 0)
    }

    func certifiedHeader(at height: UInt64) throws(StorageError) -> CertifiedHeader? {
        gate.wait { $0 > height ? () : nil }
        reads.withLockWakingNobody { $0 += 1 }
        return CertifiedHeader(header: Self.header(height), attestations: [])
    }

    /// Waits until something is so that nothing signals.
    func wait(until condition: () -> Bool) throws {
        try #require(gate.wait(atMostSeconds: 60) { _ in condition() ? () : nil } != nil)
    }

    func restore() throws(StorageError) -> RestoredLedger { throw .refused("headers alone") }
    func commit(_ blocks: [BlockCommit]) throws(StorageError) { throw .refused("headers alone") }
    func certifiedBlock(at height: UInt64) throws(StorageError) -> CertifiedBlock? { nil }
    func location(of id: TransactionID) throws(StorageError) -> TransactionLocation? { nil }
    func memo(of id: TransactionID) throws(StorageError) -> Memo? { nil }
}
