import Cryptography
import Ledger
import Node
import Store
import Support
import Testing

/// What the node proves, checked with the chain specification and nothing else.
@Suite(.timeLimit(.minutes(10))) struct ProofTests {
    static let network = TestNetwork()
    static let alice = network.account("alice")
    static let bob = network.account("bob")

    /// A receipt as it arrives at the other end.
    private func verified(_ receipt: Receipt, _ test: TestNode) throws -> Receipt {
        let read = try Receipt(json: receipt.json().bytes())
        #expect(read == receipt)
        try read.verify(against: test.network.chainspec)
        return read
    }

    @Test func everyFinalTransactionHasAReceipt() async throws {
        try await withNode(configure: { $0.commitDepthBlocks = 1 }) { test in
            try await test.fund(Self.alice, with: 100)
            test.storage.hold()
            let payments = (0..<9).map { _ in test.pay(1, from: Self.alice, to: test.network.bankB) }
            for payment in payments { try await test.pending(payment) }
            #expect(try test.node.receipt(of: payments[0].id, includingMemo: true) == nil)
            test.storage.release()
            for payment in payments {
                guard case .final(let location, let time) = await test.node.wait(for: payment.id) else {
                    throw UnexpectedStatus(description: "final")
                }
                let receipt = try verified(try #require(try test.node.receipt(of: payment.id, includingMemo: true)), test)
                #expect(receipt.transaction == payment && receipt.memo == nil)
                #expect(receipt.header.height == location.height && receipt.header.time == time)
                #expect(receipt.index == location.position)
            }
            #expect(try test.node.receipt(of: test.pay(1, from: Self.alice, to: Self.bob).id, includingMemo: true) == nil)
        }
    }

    @Test func aMemoIsKeptAndShownOnRequest() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 100)
            let memo = try #require(Memo(salt: Self.salt(1), text: "Invoice 2026-117, für die Brötchen"))
            let payment = test.pay(1, from: Self.alice, to: test.network.bankB, memo: memo)
            try await test.final(payment, memo: memo)
            #expect(try test.storage.memo(of: payment.id) == memo)
            for _ in 0..<2 {
                let open = try verified(try #require(try test.node.receipt(of: payment.id, includingMemo: true)), test)
                #expect(open.memo == memo)
                let closed = try verified(try #require(try test.node.receipt(of: payment.id, includingMemo: false)), test)
                #expect(closed.memo == nil)
                try await test.restart(reopening: true)
            }
            // A memo that the transaction does not commit to is the caller's mistake: it is not kept, and no receipt has it.
            let other = try #require(Memo(salt: Self.salt(2), text: "something else"))
            let second = test.pay(1, from: Self.alice, to: test.network.bankB, memo: memo)
            try await test.final(second, memo: other)
            #expect(try test.node.receipt(of: second.id, includingMemo: true)?.memo == nil)
            // Nor does a transaction without a commitment have one.
            let third = test.pay(1, from: Self.alice, to: test.network.bankB)
            try await test.final(third, memo: other)
            #expect(try test.node.receipt(of: third.id, includingMemo: true)?.memo == nil)
        }
    }

    private static func salt(_ number: UInt8) throws -> Bytes16 {
        var reader = ByteReader([UInt8](repeating: number, count: 16).span)
        return try reader.readBytes16()
    }

    @Test func accountsCanBeProvedFromGenesisOn() async throws {
        try await withNode { test in
            for account in [test.network.authority, test.network.bankA, test.network.auditor] {
                let proof = try #require(try await test.node.balanceProof(of: account.id))
                #expect(proof.header == test.network.chainspec.genesisHeader && proof.attestations.isEmpty)
                #expect(try proof.verify(against: test.network.chainspec).id == account.id)
            }
            #expect(try await test.node.balanceProof(of: Self.alice.id) == nil)
            try await test.fund(Self.alice, with: 70)
            let proof = try #require(try await test.node.balanceProof(of: Self.alice.id))
            #expect(proof.header == test.node.tip)
            #expect(try proof.verify(against: test.network.chainspec).balance(of: TestNetwork.eur).posted == 70)
        }
    }

    /// A proof that is asked for while a block is on its way to the disk is of that block, once it is durable.
    @Test func aProofWaitsForItsBlock() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 100)
            test.storage.hold()
            try await test.pending(test.pay(30, from: Self.alice, to: test.network.bankB))
            await test.storage.log.until { $0.attempts.count == 3 }
            let asked = Watched(0)
            let tasks = (0..<5).map { _ in
                Task {
                    asked.update { $0 += 1 }
                    let proof = try await test.node.balanceProof(of: Self.alice.id)
                    return (proof, test.storage.log.value.committed.count)
                }
            }
            await asked.until { $0 == 5 }
            test.storage.release()
            for task in tasks {
                let (proof, committed) = try await task.value
                #expect(proof?.header.height == 3 && committed >= 3)
                #expect(try proof?.verify(against: test.network.chainspec).balance(of: TestNetwork.eur).posted == 70)
            }
        }
    }

    /// While payments go on, every proof verifies, is of a durable block and says what the store says of that height.
    @Test func underLoadEveryProofHolds() async throws {
        try await withNode(configure: { $0.maximumBlockTransactions = 7 }) { test in
            try await test.fund(Self.alice, Self.bob, with: 10_000)
            let payers = Watched(4)
            async let paying: Void = withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<4 {
                    group.addTask {
                        defer { payers.update { $0 -= 1 } }
                        let (payer, payee) = number.isMultiple(of: 2) ? (Self.alice, Self.bob) : (Self.bob, Self.alice)
                        for _ in 0..<40 { try await test.final(test.pay(3, from: payer, to: payee)) }
                    }
                }
                try await group.waitForAll()
            }
            let proofs = try await withThrowingTaskGroup(of: [BalanceProof].self) { group in
                for account in [Self.alice, Self.bob, Self.alice] {
                    group.addTask {
                        var proofs: [BalanceProof] = []
                        while payers.value > 0 {
                            let proof = try #require(try await test.node.balanceProof(of: account.id))
                            #expect(proof.header.height <= test.node.tip.height)
                            proofs.append(proof)
                            // Where nothing is to be waited for, a task goes on; the payers want their turn.
                            await Task.yield()
                        }
                        return proofs
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            try await paying
            #expect(!proofs.isEmpty)
            for proof in proofs.suffix(150) {
                let account = try BalanceProof(json: proof.json().bytes()).verify(against: test.network.chainspec)
                #expect(try test.storage.store.account(account.id, atHeight: proof.header.height) == account)
                #expect(try test.storage.certifiedHeader(at: proof.header.height)?.header == proof.header)
            }
        }
    }

    /// The checkpoint covers all durable headers, so its root is the history root of the next one.
    @Test func checkpointsCoverTheHistory() async throws {
        let network = TestNetwork(validators: 3, quorum: 2)
        try await withNode(network) { test in
            var checkpoints: [SignedCheckpoint] = [try test.node.latestCheckpoint()]
            #expect(checkpoints[0].checkpoint.size == 1)
            let alice = network.account("alice")
            try await test.final(test.open(alice))
            for _ in 0..<6 {
                checkpoints.append(try test.node.latestCheckpoint())
                #expect(try test.node.latestCheckpoint() == checkpoints.last)
                try await test.final(test.issue(1, to: alice))
            }
            for checkpoint in checkpoints {
                let read = try SignedCheckpoint(text: Array(checkpoint.text.utf8))
                try read.verify(against: network.chainspec)
                #expect(read.signatures.count == 3)
                let next = try #require(try test.storage.certifiedHeader(at: read.checkpoint.size))
                #expect(next.header.historyRoot == read.checkpoint.root)
            }
            #expect(checkpoints.map(\.checkpoint.size) == Array(1...7))
            // What is not durable is in no checkpoint.
            test.storage.hold()
            try await test.pending(test.issue(1, to: alice))
            await test.storage.log.until { $0.attempts.count == 8 }
            let last = try test.node.latestCheckpoint()
            #expect(last.checkpoint.size == 8)
            test.storage.release()
            await test.observer.events.until { $0.finalized.count == 8 }
            #expect(try test.node.latestCheckpoint().checkpoint.size == 9)
        }
    }
}
