import Cryptography
import Ledger
import Node
import Store
import Support
import Testing

/// Proofs in the history tree, of a node that made the chain.
@Suite(.timeLimit(.minutes(2))) struct HistoryTests {
    /// A chain long enough that some headers are indexed and some are not, before and after the node starts anew.
    @Test func everyHeaderIsProvedIntoEveryCheckpoint() async throws {
        let network = TestNetwork()
        let alice = network.account("alice")
        try await withNode(network) { test in
            try await test.fund(alice, with: 10_000)
            while test.node.historySize < 540 { try await test.final(test.pay(1, from: alice, to: network.bankB)) }
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
                let sizes = [1, 2, 3, 255, 256, 257, 511, 512, 513, size - 1, size]
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
}
