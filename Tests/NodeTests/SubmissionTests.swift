import Ledger
import Node
import Support
import Testing

/// What becomes of a submission, and of the same one again.
@Suite(.timeLimit(.minutes(10))) struct SubmissionTests {
    static let network = TestNetwork()
    static let alice = network.account("alice")
    static let bob = network.account("bob")

    @Test func aTransactionBecomesFinal() async throws {
        try await withNode { test in
            let open = test.open(Self.alice)
            #expect(try test.node.status(of: open.id) == nil)
            let status = try await test.node.submitAndWait(open)
            let location = TransactionLocation(height: 1, position: 0)
            #expect(status == .final(location, time: test.clock.now))
            #expect(try test.node.status(of: open.id) == status)
            #expect(test.node.tip.height == 1 && test.node.tip.time == test.clock.now)
            #expect(test.observer.events.value.admitted == [open.id])
            #expect(await test.node.wait(for: open.id) == status)
            #expect(test.node.waitingTransactions == 0)
        }
    }

    @Test func theSameBytesGetTheSameResult() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 100)
            test.storage.hold()
            let payment = test.pay(40, from: Self.alice, to: test.network.bankB)
            try await test.pending(payment)
            // While it is pending, also when it is in a block that is not durable.
            try await test.pending(payment)
            await test.storage.log.until { $0.attempts.count == 3 }
            try await test.pending(payment)
            #expect(try test.node.status(of: payment.id) == .pending)
            async let first = test.node.submitAndWait(payment)
            async let second = test.node.wait(for: payment.id)
            test.storage.release()
            let status = try await first
            #expect(status == .final(TransactionLocation(height: 3, position: 0), time: test.clock.now))
            #expect(await second == status)
            // After it is final, after restarts, after it has expired, and when its id was forgotten.
            #expect(try await test.node.submit(payment) == status)
            for reopening in [false, true] {
                try await test.restart(reopening: reopening)
                #expect(try await test.node.submit(payment) == status)
                #expect(try test.node.status(of: payment.id) == status)
            }
            for days in [1, 1, 5] as [UInt64] {
                test.clock.advance(by: days * 86_400_000)
                #expect(try await test.node.submitAndWait(payment) == status)
                try await test.final(test.issue(1, to: Self.alice))
            }
            try await test.restart(reopening: true)
            #expect(try await test.node.submit(payment) == status)
            #expect(try test.balance(test.network.bankB) == 40)
        }
    }

    /// A clock that is set back does not make a final transaction one that expires too late.
    @Test func aFinalTransactionStaysFinalWhenTheClockIsSetBack() async throws {
        try await withNode { test in
            let limit = test.clock.now + Transaction.maximumLifetimeMilliseconds
            let open = test.network.open([Self.alice], nonce: test.nonce(), expiry: limit)
            let status = try await test.node.submitAndWait(open)
            test.clock.now -= 1_500
            #expect(try await test.node.submit(open) == status)
            // Block time is what counts for others too.
            let issue = test.network.issue(5, to: Self.alice, nonce: test.nonce(), expiry: limit)
            try await test.final(issue)
            test.clock.now += 1_500
            let late = test.network.issue(5, to: Self.alice, nonce: test.nonce(), expiry: limit + 1)
            #expect(await test.failure(of: late) == .refused(Refusal(.expiryTooFar)))
        }
    }

    @Test func aRefusedTransactionMayBeTriedAgain() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, Self.bob, with: 10)
            let payment = test.pay(15, from: Self.alice, to: Self.bob)
            let refusal = Refusal(.insufficientFunds, at: .operation(0, item: 0))
            for _ in 0..<2 {
                #expect(await test.failure(of: payment) == .refused(refusal))
                #expect(try test.node.status(of: payment.id) == .refused(refusal))
                #expect(await test.node.wait(for: payment.id) == .refused(refusal))
            }
            try await test.final(test.issue(5, to: Self.alice))
            try await test.final(payment)
            guard case .final = try test.node.status(of: payment.id) else {
                Issue.record("a final transaction is final, whatever it was before")
                return
            }
            #expect(test.observer.events.value.refused.map(\.refusal) == [refusal, refusal])
        }
    }

    @Test func everyRefusalIsSaidAtAdmission() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 10)
            let other = TestNetwork(name: "other").transfer(1, from: Self.alice, to: Self.network.bankB, nonce: 1, expiry: test.expiry)
            #expect(await test.failure(of: other) == .refused(Refusal(.wrongNetwork)))
            let unknown = test.pay(1, from: Self.bob, to: Self.alice)
            #expect(await test.failure(of: unknown)?.reason == .unknownAccount)
            let impostor = test.pay(1, from: Self.alice.rotated(to: Self.bob.keys), to: test.network.bankB)
            #expect(await test.failure(of: impostor) == .refused(Refusal(.invalidSignature, at: .signature(0))))
            let expired = test.network.issue(1, to: Self.alice, nonce: test.nonce(), expiry: test.clock.now)
            #expect(await test.failure(of: expired) == .refused(Refusal(.expired)))
            #expect(test.storage.log.value.attempts.count == 2, "nothing refused reaches a block")
        }
    }

    @Test func aHundredIdenticalSubmissionsAreOne() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 100)
            let payment = test.pay(60, from: Self.alice, to: test.network.bankB)
            let statuses = await outcomes(of: Array(repeating: payment, count: 100), test)
            let expected = TransactionStatus.final(TransactionLocation(height: 3, position: 0), time: test.clock.now)
            #expect(statuses.allSatisfy { $0 == .success(expected) })
            #expect(test.node.tip.height == 3 && test.node.tip.transactionCount == 1)
        }
    }

    /// All of the money, to 64 payees at once.
    @Test func ofManyDoubleSpendsExactlyOneIsFinal() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, Self.bob, with: 100)
            let payments = (0..<64).map { test.pay(100, from: Self.alice, to: $0.isMultiple(of: 2) ? Self.bob : test.network.bankB) }
            let results = await outcomes(of: payments, test)
            let finals = results.filter { if case .success(.final) = $0 { true } else { false } }
            let refused = results.filter { $0 == .failure(.refused(Refusal(.insufficientFunds, at: .operation(0, item: 0)))) }
            #expect(finals.count == 1 && refused.count == 63)
            #expect(try test.balance(Self.alice) == 0)
        }
    }

    /// Money that arrived a moment ago can be spent, as soon as its arrival is final.
    @Test func oneAfterTheOtherDependentTransactionsWork() async throws {
        try await withNode { test in
            let accounts = (0..<8).map { test.network.account("link \($0)") }
            try await test.fund(accounts[0], with: 50)
            for (payer, payee) in zip(accounts, accounts.dropFirst()) {
                try await test.final(test.open(payee))
                try await test.final(test.pay(50, from: payer, to: payee))
            }
            #expect(try test.balance(accounts[7]) == 50)
        }
    }

    /// What depends on something pending is refused until that is executed, and never lost: the same bytes can be sent again.
    @Test func aheadOfWhatItDependsOnATransactionIsRefused() async throws {
        try await withNode(configure: { $0.commitDepthBlocks = 1 }) { test in
            try await test.fund(Self.alice, with: 10)
            test.storage.hold()
            try await test.pending(test.issue(1, to: Self.alice))
            await test.storage.log.until { $0.attempts.count == 3 }
            // The block is on its way to the disk, and the next one waits for room: this is admitted and not executed.
            let opening = test.open(Self.bob)
            try await test.pending(opening)
            let payment = test.pay(3, from: Self.alice, to: Self.bob)
            #expect(await test.failure(of: payment)?.reason == .unknownAccount)
            test.storage.release()
            #expect(await test.node.wait(for: opening.id) != .pending)
            try await test.final(payment)
        }
    }

    /// The content of a payment is known to somebody who cannot sign it: sent first, with wrong signatures, it must not be in the way.
    @Test func wrongSignaturesForAKnownContentAreNotInTheWay() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 1_000)
            for _ in 0..<40 {
                let payment = test.pay(1, from: Self.alice, to: test.network.bankB)
                let spoiled = try spoilingSignature(of: payment)
                #expect(spoiled.id == payment.id && spoiled != payment)
                let submissions = (0..<6).map { $0.isMultiple(of: 2) ? spoiled : payment }
                let results = await outcomes(of: submissions, test)
                for (submission, result) in zip(submissions, results) {
                    if submission == payment {
                        guard case .success(.final) = result else {
                            Issue.record("the good one: \(result)")
                            continue
                        }
                    } else {
                        // Before the good one it is refused; after it, its id is final.
                        let refused = SubmissionFailure.refused(Refusal(.invalidSignature, at: .signature(0)))
                        if case .success(.final) = result { continue }
                        #expect(result == .failure(refused))
                    }
                }
            }
        }
    }

    @Test(arguments: [true, false])
    func aFullQueueIsSaidAndEmptiesAgain(byBytes: Bool) async throws {
        let size = SubmissionTests.network.transfer(1, from: Self.alice, to: Self.bob, nonce: 1).bytes.count
        try await withNode(configure: { configuration in
            configuration.commitDepthBlocks = 1
            if byBytes {
                configuration.queueCapacityBytes = 4 * size
            } else {
                configuration.queueCapacityTransactions = 4
            }
        }) { test in
            try await test.final(test.open(Self.alice))
            try await test.final(test.open(Self.bob))
            try await test.final(test.issue(100, to: Self.alice))
            test.storage.hold()
            // One is in a block that the disk does not take yet; it leaves the queue. Four fill the queue.
            try await test.pending(test.pay(1, from: Self.alice, to: Self.bob))
            await test.storage.log.until { $0.attempts.count == 4 }
            let waiting = (0..<4).map { _ in test.pay(1, from: Self.alice, to: Self.bob) }
            for payment in waiting { try await test.pending(payment) }
            #expect(test.node.waitingTransactions == 4)
            let tooMany = test.pay(1, from: Self.alice, to: Self.bob)
            #expect(await test.failure(of: tooMany) == .queueFull)
            // What is in the queue is known all the same.
            try await test.pending(waiting[0])
            test.storage.release()
            for payment in waiting {
                guard case .final = await test.node.wait(for: payment.id) else { throw UnexpectedStatus(description: "lost") }
            }
            #expect(test.node.waitingTransactions == 0)
            try await test.final(tooMany)
        }
    }

    @Test func refusalsAreForgottenInTheirOrder() async throws {
        try await withNode(configure: { $0.rememberedRefusals = 3 }) { test in
            try await test.fund(Self.alice, with: 1)
            let payments = (0..<5).map { _ in test.pay(2, from: Self.alice, to: test.network.bankB) }
            for payment in payments { #expect(await test.failure(of: payment)?.reason == .insufficientFunds) }
            let known = try payments.map { try test.node.status(of: $0.id) != nil }
            #expect(known == [false, false, true, true, true])
        }
        try await withNode(configure: { $0.rememberedRefusals = 0 }) { test in
            let payment = test.pay(2, from: Self.alice, to: test.network.bankB)
            #expect(await test.failure(of: payment)?.reason == .unknownAccount)
            let status = try test.node.status(of: payment.id)
            #expect(status == nil)
        }
    }
}

extension SubmissionFailure {
    var reason: Refusal.Reason? {
        if case .refused(let refusal) = self { refusal.reason } else { nil }
    }
}

/// What becomes of submissions that are all made at the same time, in their order.
func outcomes(
    of transactions: [SignedTransaction], _ test: TestNode
) async -> [Result<TransactionStatus, SubmissionFailure>] {
    await withTaskGroup(of: (Int, Result<TransactionStatus, SubmissionFailure>).self) { group in
        for (position, transaction) in transactions.enumerated() {
            group.addTask {
                do throws(SubmissionFailure) {
                    return (position, .success(try await test.node.submitAndWait(transaction)))
                } catch {
                    return (position, .failure(error))
                }
            }
        }
        var results = [Result<TransactionStatus, SubmissionFailure>](repeating: .success(.pending), count: transactions.count)
        for await (position, result) in group { results[position] = result }
        return results
    }
}
