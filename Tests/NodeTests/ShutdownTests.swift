import Ledger
import Node
import Support
import Testing

/// The end of a node: whatever was said to be final is there, and nobody is left waiting.
@Suite(.timeLimit(.minutes(10))) struct ShutdownTests {
    static let network = TestNetwork()
    static let alice = network.account("alice")
    static let full = StorageError.full("no room")

    @Test func underLoadWhatWasFinalIsInStorage() async throws {
        for round in 0..<4 {
            try await withNode { test in
                try await test.fund(Self.alice, with: 10_000)
                let payments = (0..<160).map { _ in test.pay(1, from: Self.alice, to: test.network.bankB) }
                let node = test.node
                async let results = outcomes(of: payments, test)
                // At one moment or another in the midst of it.
                await test.observer.events.until { $0.finalized.count >= 3 + round * 2 || $0.admitted.count >= 20 + round * 40 }
                await node.shutDown()
                let stored = try test.storage.finalTransactions()
                let finalAtEnd = test.storage.log.value.committed.count
                for (payment, result) in zip(payments, await results) {
                    switch result {
                    case .success(.final(let location, _)): #expect(stored[payment.id] == location)
                    case .failure(.shuttingDown): #expect(stored[payment.id] == nil)
                    default: Issue.record("storage works, so what was admitted is final: \(result)")
                    }
                }
                #expect(test.storage.log.value.committed.count == finalAtEnd, "nothing is committed after the end")
                // The same transactions again, at the node's next start.
                try await test.restart(reopening: true)
                for result in await outcomes(of: payments, test) {
                    guard case .success(.final) = result else {
                        Issue.record("\(result)")
                        continue
                    }
                }
                #expect(try test.balance(Self.alice) == 10_000 - 160)
            }
        }
    }

    @Test func nothingIsTakenAfterTheEnd() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 100)
            let payment = test.pay(1, from: Self.alice, to: test.network.bankB)
            try await test.final(payment)
            await test.node.shutDown()
            let late = test.pay(1, from: Self.alice, to: test.network.bankB)
            #expect(await test.failure(of: late) == .shuttingDown)
            #expect(await test.node.wait(for: late.id) == .pending)
            // What it knows, it still says.
            guard case .final = try test.node.status(of: payment.id) else { throw UnexpectedStatus(description: "final") }
            let proof = try await test.node.balanceProof(of: Self.alice.id)
            #expect(try proof?.verify(against: test.network.chainspec).balance(of: TestNetwork.eur).posted == 99)
            #expect(try test.node.receipt(of: payment.id, includingMemo: false) != nil)
        }
    }

    /// Submits what would be refused, until the node takes nothing any more.
    private func untilShuttingDown(_ test: TestNode) async {
        let nobody = test.network.account("nobody")
        while await test.failure(of: test.pay(1, from: nobody, to: Self.alice)) != .shuttingDown { await Task.yield() }
    }

    /// A node that nobody used ends, too, and so does one that is ended several times at once: each call returns after the end.
    @Test func endingTwiceWaitsTwice() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 100)
            test.storage.hold()
            let payment = test.pay(1, from: Self.alice, to: test.network.bankB)
            try await test.pending(payment)
            await test.storage.log.until { $0.attempts.count == 3 }
            let ends = (0..<3).map { _ in
                Task {
                    await test.node.shutDown()
                    return test.storage.log.value.committed.count
                }
            }
            // None may return while a block is on its way to the disk.
            await untilShuttingDown(test)
            test.storage.release()
            for end in ends { #expect(await end.value == 3) }
            await test.node.shutDown()
        }
        try await withNode { test in await test.node.shutDown() }
    }

    /// The disk has no room and gets none: the node ends all the same, and those who wait are told that nothing is known.
    @Test func aFullDiskDoesNotHoldUpTheEnd() async throws {
        try await withNode(configure: {
            $0.commitDepthBlocks = 1
            $0.storageRetryMilliseconds = 3_600_000
        }) { test in
            try await test.fund(Self.alice, with: 100)
            test.storage.hold()
            let payments = (0..<5).map { _ in test.pay(1, from: Self.alice, to: test.network.bankB) }
            try await test.pending(payments[0])
            await test.storage.log.until { $0.attempts.count == 3 }
            // One is in the block, the others wait in the queue, for which there is no room.
            for payment in payments.dropFirst() { try await test.pending(payment) }
            let waiting = payments.map { payment in Task { await test.node.wait(for: payment.id) } }
            test.storage.failAlways(Self.full)
            test.storage.release()
            await test.observer.events.until { !$0.failures.isEmpty }
            await test.node.shutDown()
            for task in waiting { #expect(await task.value == .pending) }
            // It was tried a last time, although the next try was an hour away.
            #expect(test.storage.log.value.attempts.count == 4 && test.storage.log.value.committed.count == 2)
            #expect(test.node.waitingTransactions == 0)
            #expect(await test.failure(of: payments[0]) == .shuttingDown)
            await test.node.shutDown()

            test.storage.failAlways(nil)
            try await test.restart(reopening: false)
            for payment in payments { try await test.final(payment) }
        }
    }

    /// Room was made just before the end: the last try succeeds.
    @Test func theLastTryMaySucceed() async throws {
        try await withNode(configure: { $0.storageRetryMilliseconds = 3_600_000 }) { test in
            try await test.fund(Self.alice, with: 100)
            test.storage.fail([Self.full])
            let payment = test.pay(1, from: Self.alice, to: test.network.bankB)
            try await test.pending(payment)
            await test.observer.events.until { $0.failures.count == 1 }
            await test.node.shutDown()
            #expect(test.observer.events.value.recoveries == 1)
            guard case .final = try test.node.status(of: payment.id) else { throw UnexpectedStatus(description: "final") }
        }
    }

    /// The disk becomes full only while the node is ending already.
    @Test(arguments: [0, 1, 4])
    func storageMayFailDuringTheEnd(queued: Int) async throws {
        try await withNode(configure: {
            $0.commitDepthBlocks = 1
            $0.storageRetryMilliseconds = 3_600_000
        }) { test in
            try await test.fund(Self.alice, with: 100)
            test.storage.hold()
            try await test.pending(test.pay(1, from: Self.alice, to: test.network.bankB))
            await test.storage.log.until { $0.attempts.count == 3 }
            for _ in 0..<queued { try await test.pending(test.pay(1, from: Self.alice, to: test.network.bankB)) }
            let end = Task { await test.node.shutDown() }
            await untilShuttingDown(test)
            test.storage.failAlways(Self.full)
            test.storage.release()
            await end.value
            #expect(test.storage.log.value.committed.count == 2)
            await #expect(throws: Self.full) { try await test.node.balanceProof(of: Self.alice.id) }
        }
    }

    /// A submission whose signatures are being checked when the end begins is part of what is finished.
    @Test func whatIsBeingCheckedBecomesFinal() async throws {
        let accounts = (0..<64).map { number in
            let keys = TestPolicy(threshold: 1, (0..<8).map { (TestKey("key \($0)"), 1) })
            return Self.network.account("account \(number)", keys: keys)
        }
        try await withNode { test in
            // Its 512 proofs of possession take a while.
            let opening = test.network.open(accounts, nonce: test.nonce(), expiry: test.expiry)
            let node = test.node
            async let status = node.submitAndWait(opening)
            while node.waitingTransactions == 0, node.tip.height == 0 { await Task.yield() }
            await node.shutDown()
            let ended = try await status
            #expect(ended == .final(TransactionLocation(height: 1, position: 0), time: test.clock.now))
        }
    }

    /// Submissions that are being checked when the end begins are part of it.
    @Test func submissionsInTheMidstOfTheirCheckAreAnswered() async throws {
        for _ in 0..<20 {
            try await withNode { test in
                let account = test.network.account("many")
                let node = test.node
                let openings = (0..<12).map { test.open(test.network.account("account \($0)")) }
                async let results = outcomes(of: openings + [test.open(account)], test)
                while node.waitingTransactions == 0, test.storage.log.value.committed.isEmpty { await Task.yield() }
                test.storage.failAlways(Self.full)
                await node.shutDown()
                let stored = try test.storage.finalTransactions()
                for (opening, result) in zip(openings, await results) {
                    switch result {
                    case .success(.final(let location, _)): #expect(stored[opening.id] == location)
                    case .success(.pending), .failure(.shuttingDown), .failure(.storageUnavailable(Self.full)):
                        #expect(stored[opening.id] == nil)
                    default: Issue.record("\(result)")
                    }
                }
                test.storage.failAlways(nil)
            }
        }
    }
}
