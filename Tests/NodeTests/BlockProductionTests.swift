import Ledger
import Node
import Support
import Testing

/// When blocks are made, and of what.
@Suite(.timeLimit(.minutes(10))) struct BlockProductionTests {
    static let network = TestNetwork()
    static let alice = network.account("alice")
    static let bob = network.account("bob")

    private func blockSizes(_ test: TestNode) -> [Int] {
        test.observer.events.value.finalized.map { Int($0.certified.block.header.transactionCount) }
    }

    @Test func anIdleNodeMakesABlockPerTransactionAtOnce() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 100)
            for _ in 0..<10 { try await test.final(test.pay(1, from: Self.alice, to: test.network.bankB)) }
            #expect(blockSizes(test) == Array(repeating: 1, count: 12))
        }
    }

    /// While the disk is busy, transactions gather: the busier it is, the larger the blocks. None is empty.
    @Test func aSlowDiskMakesLargeBlocks() async throws {
        try await withNode(configure: { $0.commitDepthBlocks = 1 }) { test in
            try await test.fund(Self.alice, with: 1_000)
            test.storage.hold()
            var expected = [1, 1]
            for count in [1, 7, 30, 2] {
                let payments = (0..<count).map { _ in test.pay(1, from: Self.alice, to: test.network.bankB) }
                for payment in payments { try await test.pending(payment) }
                // All of them wait for the block before to become durable, but for those that no block was before.
                if count > 1 { test.storage.pass(1) }
                expected.append(count)
                let attempts = expected.count
                await test.storage.log.until { $0.attempts.count == attempts }
            }
            test.storage.release()
            await test.observer.events.until { $0.finalized.count == 6 }
            #expect(blockSizes(test) == expected)
        }
    }

    /// Executed blocks wait up to the depth, and go to the disk together.
    @Test func blocksThatWaitAreMadeDurableTogether() async throws {
        try await withNode(configure: {
            $0.commitDepthBlocks = 3
            $0.minimumBlockAheadTransactions = 1
            $0.maximumBlockTransactions = 5
        }) { test in
            try await test.fund(Self.alice, with: 1_000)
            for _ in 0..<10 {
                let attempts = test.storage.log.value.attempts.count
                test.storage.hold()
                var payments: [SignedTransaction] = []
                for number in 1...3 {
                    payments.append(test.pay(1, from: Self.alice, to: test.network.bankB))
                    try await test.pending(payments[number - 1])
                    // One on its way to the disk, two executed behind it.
                    await test.storage.log.until { $0.attempts.count == attempts + 1 }
                    while test.node.waitingTransactions > 0 { await Task.yield() }
                }
                // For these there is no room, so they gather.
                for _ in 0..<12 {
                    payments.append(test.pay(1, from: Self.alice, to: test.network.bankB))
                    try await test.pending(payments[payments.count - 1])
                }
                test.storage.release()
                for payment in payments { _ = await test.node.wait(for: payment.id) }
            }
            let log = test.storage.log.value
            #expect(log.attempts.allSatisfy { (1...3).contains($0.count) })
            #expect(log.attempts.contains { $0.count > 1 }, "\(log.attempts.map(\.count))")
            #expect(blockSizes(test).allSatisfy { (1...5).contains($0) } && blockSizes(test).reduce(0, +) == 152)
            #expect(blockSizes(test).contains(5))
        }
    }

    @Test func blocksKeepTheirLimitOfBytes() async throws {
        let size = Self.network.transfer(1, from: Self.alice, to: Self.bob, nonce: 1).bytes.count
        // Room for three payments; a transaction larger than a block has one to itself.
        let limit = BlockHeader.byteCount + 3 * (size + 4)
        try await withNode(configure: {
            $0.commitDepthBlocks = 1
            $0.maximumBlockBytes = limit
        }) { test in
            try await test.fund(Self.alice, Self.bob, with: 1_000)
            test.storage.hold()
            try await test.pending(test.pay(1, from: Self.alice, to: Self.bob))
            await test.storage.log.until { $0.attempts.count == 3 }
            for _ in 0..<4 { try await test.pending(test.pay(1, from: Self.alice, to: Self.bob)) }
            let legs = (1...40).map {
                TransactionBuilder.Leg(from: Self.alice.id, to: Self.bob.id, asset: TestNetwork.eur, amount: $0)
            }
            let large = test.run([.transfer(legs)], by: Self.alice)
            #expect(BlockHeader.byteCount + large.bytes.count > limit)
            try await test.pending(large)
            let last = test.pay(1, from: Self.alice, to: Self.bob)
            try await test.pending(last)
            test.storage.release()
            _ = await test.node.wait(for: last.id)
            #expect(blockSizes(test) == [1, 1, 1, 3, 1, 1, 1])
        }
    }

    @Test func blockTimeNeverGoesBack() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 100)
            let start = test.clock.now
            for time in [start + 10, start - 500, start, start + 9, start + 11] {
                test.clock.now = time
                try await test.final(test.network.issue(1, to: Self.alice, nonce: test.nonce(), expiry: start + 60_000))
            }
            let times = test.observer.events.value.finalized.map(\.certified.block.header.time).suffix(5)
            #expect(Array(times) == [start + 10, start + 10, start + 10, start + 10, start + 11])
        }
    }

    /// No validator attests a block that is far ahead of its clock: with the clock set back an hour, the node waits until it is right again.
    @Test func nothingIsAttestedFarAheadOfTheClock() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 100)
            let start = test.clock.now
            test.clock.now = start - 2_001
            let late = test.network.issue(1, to: Self.alice, nonce: test.nonce(), expiry: start + 60_000)
            try await test.pending(late)
            await test.observer.events.until { $0.failures.count == 1 }
            guard case .failed(let text) = test.node.storageProblem else { throw UnexpectedStatus(description: "a problem") }
            #expect(text.contains("Block 3 has the time 2026-01-01T00:00:01.000Z"), "\(text)")
            #expect(text.contains("clock says 2025-12-31T23:59:58.999Z"), "\(text)")
            #expect(test.storage.log.value.attempts.count == 2)
            test.clock.now = start - 2_000
            #expect(await test.node.wait(for: late.id) == .final(TransactionLocation(height: 3, position: 0), time: start))
        }
    }

    // MARK: What changes between admission and execution

    /// Holds the disk with one block on its way, submits `first` and then `second`, which both are admitted by the same state, and returns
    /// what becomes of the second.
    private func second(after first: SignedTransaction, _ second: SignedTransaction, _ test: TestNode) async throws -> TransactionStatus {
        let attempts = test.storage.log.value.attempts.count
        test.storage.hold()
        try await test.pending(test.issue(1, to: test.network.bankB))
        await test.storage.log.until { $0.attempts.count == attempts + 1 }
        try await test.pending(first)
        try await test.pending(second)
        test.storage.release()
        guard case .final = await test.node.wait(for: first.id) else { throw UnexpectedStatus(description: "the first is final") }
        return await test.node.wait(for: second.id)
    }

    @Test func oldKeysDoNotSignOnceTheyAreRotated() async throws {
        try await withNode(configure: { $0.commitDepthBlocks = 1 }) { test in
            try await test.fund(Self.alice, with: 100)
            let keys = TestPolicy(TestKey("new"))
            let payment = test.pay(5, from: Self.alice, to: test.network.bankB)
            let status = try await second(after: test.rotate(Self.alice, to: keys), payment, test)
            let refusal = Refusal(.invalidSignature, at: .signature(0))
            #expect(status == .refused(refusal))
            #expect(test.observer.events.value.refused.contains { $0.id == payment.id && $0.refusal == refusal })
            try await test.final(test.pay(5, from: Self.alice.rotated(to: keys), to: test.network.bankB))
        }
    }

    @Test func aFrozenAccountDoesNotPay() async throws {
        try await withNode(configure: { $0.commitDepthBlocks = 1 }) { test in
            try await test.fund(Self.alice, with: 100)
            let payment = test.pay(5, from: Self.alice, to: test.network.bankB)
            let status = try await second(after: test.set(.debitsFrozen, of: Self.alice), payment, test)
            #expect(status == .refused(Refusal(.debitsFrozen, at: .operation(0, item: 0))))
            try await test.final(test.set(.active, of: Self.alice))
            try await test.final(payment)
        }
    }

    @Test func spentMoneyIsNotSpentAgain() async throws {
        try await withNode(configure: { $0.commitDepthBlocks = 1 }) { test in
            try await test.fund(Self.alice, with: 100)
            let payment = test.pay(60, from: Self.alice, to: test.network.bankA)
            let status = try await second(after: test.pay(60, from: Self.alice, to: test.network.bankB), payment, test)
            #expect(status == .refused(Refusal(.insufficientFunds, at: .operation(0, item: 0))))
        }
    }

    @Test func whatExpiresInTheQueueIsRefused() async throws {
        try await withNode(configure: { $0.commitDepthBlocks = 1 }) { test in
            try await test.fund(Self.alice, with: 100)
            test.storage.hold()
            try await test.pending(test.issue(1, to: Self.alice))
            await test.storage.log.until { $0.attempts.count == 3 }
            let payment = test.network.transfer(
                1, from: Self.alice, to: test.network.bankB, nonce: test.nonce(), expiry: test.clock.now + 1_000)
            try await test.pending(payment)
            test.clock.advance(by: 1_000)
            test.storage.release()
            #expect(await test.node.wait(for: payment.id) == .refused(Refusal(.expired)))
            // Nothing else was in that block, so there is none.
            #expect(test.node.tip.height == 3)
        }
    }
}
