import Ledger
import Node
import Support
import Testing

/// Everything at once: random operations from many tasks while the disk is slow, full and good again, and the node stops and starts.
/// In the end the history follows from genesis by the rules (`TestNode.checkHistory`), and everyone was told the truth.
@Suite(.timeLimit(.minutes(10))) struct StressTests {
    /// What a task was told of one transaction, in the order of telling.
    private struct Told: Sendable {
        var final: [TransactionID: TransactionStatus] = [:]
        var contradictions: [String] = []

        mutating func take(_ transaction: SignedTransaction, _ status: TransactionStatus) {
            if case .final = status {
                if let earlier = final.updateValue(status, forKey: transaction.id), earlier != status {
                    contradictions.append("\(transaction.id): \(earlier), then \(status)")
                }
            } else if let earlier = final[transaction.id], status != .pending {
                contradictions.append("\(transaction.id): \(earlier), then \(status)")
            }
        }
    }

    @Test(arguments: 0..<3)
    func randomOperationsFromManyTasks(run: Int) async throws {
        var random = SplitMix64(test: "randomOperationsFromManyTasks, run \(run)")
        let seeds = (0..<10).map { _ in random.next() }
        let disturbance = random.next()
        try await withNode(configure: { configuration in
            configuration.commitDepthBlocks = 1 + run
            configuration.maximumBlockTransactions = [3, 40, 10_000][run]
            configuration.queueCapacityTransactions = [6, 1_000, 65_536][run]
        }) { test in
            let accounts = (0..<6).map { test.network.account("stress \($0)") }
            try await test.final(test.network.open(accounts, nonce: test.nonce(), expiry: test.expiry))
            for account in accounts { try await test.final(test.issue(1_000, to: account)) }
            let told = Watched(Told())
            let isDone = Watched(false)
            async let trouble: Void = self.disturb(test, SplitMix64(seed: disturbance), until: isDone)
            let transactions = await withTaskGroup(of: [SignedTransaction].self) { group in
                for seed in seeds {
                    group.addTask {
                        var random = SplitMix64(seed: seed)
                        return await self.work(test, accounts, told, &random)
                    }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            isDone.update { $0 = true }
            await trouble
            // Now that all is well, each of them is final or refused, and final where that was said before.
            for transaction in transactions {
                var status: TransactionStatus?
                while status == nil { status = await outcome(of: transaction, test, waits: true) }
                guard let status, status != .pending else { throw UnexpectedStatus(description: "\(transaction.id) is not decided") }
                told.update { $0.take(transaction, status) }
            }
            let results = told.value
            #expect(results.contradictions.isEmpty, "\(results.contradictions)")
            #expect(results.final.count > 40, "much of it is done")
            await test.node.shutDown()
            let stored = try test.storage.finalTransactions()
            for (id, status) in results.final {
                guard case .final(let location, _) = status else { continue }
                #expect(stored[id] == location)
            }
        }
    }

    /// Submits 40 transactions, some of them again and again, and notes what it is told. Asks for proofs, too.
    private func work(
        _ test: TestNode, _ accounts: [TestAccount], _ told: Watched<Told>, _ random: inout SplitMix64
    ) async -> [SignedTransaction] {
        var mine: [SignedTransaction] = []
        for _ in 0..<40 {
            let isNew = mine.isEmpty || !random.once(in: 5)
            let transaction = isNew ? operation(test, accounts, &random) : random.pick(mine)
            if isNew { mine.append(transaction) }
            if let status = await outcome(of: transaction, test, waits: random.once(in: 3)) {
                told.update { $0.take(transaction, status) }
            }
            if random.once(in: 10), let proof = await proof(of: random.pick(accounts), test) {
                #expect(throws: Never.self) { try proof.verify(against: test.network.chainspec) }
            }
        }
        return mine
    }

    /// Slows the disk, fills it, makes room, moves the clock and restarts the node, until the others are done.
    private func disturb(_ test: TestNode, _ random: SplitMix64, until isDone: Watched<Bool>) async {
        var random = random
        while !isDone.value {
            switch random.below(5) {
            case 0:
                test.storage.hold()
                let attempts = test.storage.log.value.attempts.count
                for _ in 0..<200 where test.storage.log.value.attempts.count == attempts { await Task.yield() }
                test.storage.release()
            case 1: test.storage.fail(Array(repeating: .full("no room"), count: 1 + random.below(3)))
            case 2: test.clock.advance(by: UInt64(random.below(50)))
            case 3: test.clock.now -= UInt64(random.below(20))
            default:
                if random.once(in: 3) {
                    do {
                        try await test.restart(reopening: random.once(in: 2))
                    } catch {
                        Issue.record("\(error)")
                    }
                }
            }
            for _ in 0..<20 { await Task.yield() }
        }
        test.storage.release()
    }

    private func operation(_ test: TestNode, _ accounts: [TestAccount], _ random: inout SplitMix64) -> SignedTransaction {
        let position = random.below(accounts.count)
        let account = accounts[position]
        let payee = accounts[(position + 1) % accounts.count]
        switch random.below(12) {
        case 0: return test.issue(UInt64(1 + random.below(100)), to: account)
        case 1: return test.open(test.network.account("opened \(random.below(400))"))
        case 2: return test.set(random.once(in: 3) ? .frozen : .active, of: account)
        case 3: return test.pay(5_000_000, from: account, to: payee)
        default: return test.pay(UInt64(1 + random.below(300)), from: account, to: payee)
        }
    }

    private func outcome(of transaction: SignedTransaction, _ test: TestNode, waits: Bool) async -> TransactionStatus? {
        do {
            return waits ? try await test.node.submitAndWait(transaction) : try await test.node.submit(transaction)
        } catch {
            if case .refused(let refusal) = error { return .refused(refusal) }
            return nil
        }
    }

    private func proof(of account: TestAccount, _ test: TestNode) async -> BalanceProof? {
        do {
            return try await test.node.balanceProof(of: account.id)
        } catch {
            // Storage was full or the node was stopping: that is said, and no proof is given.
            return nil
        }
    }
}
