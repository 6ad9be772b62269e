import Ledger
import Node
import Support
import Testing

/// A disk without room, and other reasons why blocks do not become durable.
@Suite(.timeLimit(.minutes(10))) struct StorageFailureTests {
    static let network = TestNetwork()
    static let alice = network.account("alice")
    static let full = StorageError.full("The disk is full. Make room.")

    /// Several times in a row: nothing is lost, the signed header stays, and meanwhile submissions are refused.
    @Test(arguments: [StorageError.full("no room"), .failed("broken"), .refused("not permitted")])
    func pendingTransactionsBecomeFinalAfterRecovery(failure: StorageError) async throws {
        try await withNode(configure: { $0.commitDepthBlocks = 1 }) { test in
            let funding = test.open(Self.alice)
            try await test.final(funding)
            try await test.final(test.issue(100, to: Self.alice))
            test.storage.hold()
            let first = test.pay(1, from: Self.alice, to: test.network.bankB)
            try await test.pending(first)
            await test.storage.log.until { $0.attempts.count == 3 }
            let queued = (0..<3).map { _ in test.pay(1, from: Self.alice, to: test.network.bankB) }
            for payment in queued { try await test.pending(payment) }
            test.storage.failAlways(failure)
            test.storage.release()
            await test.storage.log.until { $0.attempts.count >= 7 }

            #expect(test.node.storageProblem == failure)
            let late = test.pay(1, from: Self.alice, to: test.network.bankB)
            #expect(await test.failure(of: late) == .storageUnavailable(failure))
            let unknown = try test.node.status(of: late.id)
            #expect(unknown == nil)
            // What was final before is so now.
            #expect(try await test.node.submit(funding) == .final(TransactionLocation(height: 1, position: 0), time: test.clock.now))
            // What is under way is still known, and nothing is said to be final.
            #expect(try await test.node.submit(queued[0]) == .pending)
            #expect(try test.node.status(of: first.id) == .pending)
            #expect(test.node.tip.height == 2 && test.observer.events.value.failures == [failure])

            test.storage.failAlways(nil)
            for payment in [first] + queued {
                guard case .final = await test.node.wait(for: payment.id) else {
                    Issue.record("\(payment.id) is lost")
                    continue
                }
            }
            #expect(test.node.storageProblem == nil && test.observer.events.value.recoveries == 1)
            #expect(test.observer.events.value.failures == [failure], "it is told once")
            try await test.final(late)
            // The very header that was signed first is the one that became final.
            let log = test.storage.log.value
            #expect(Set(log.attempts[2..<7].flatMap { $0 }).count == 1 && log.committed.contains(log.attempts[2][0]))
        }
    }

    @Test func storageMayFailAgainAndAgain() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 100)
            for round in 1...5 {
                test.storage.fail(Array(repeating: Self.full, count: round))
                let payment = test.pay(1, from: Self.alice, to: test.network.bankB)
                try await test.final(payment)
                #expect(test.observer.events.value.failures.count == round && test.observer.events.value.recoveries == round)
            }
        }
    }

    /// A signer that fails holds blocks up just as a disk does.
    @Test func aSignerThatRefusesIsAskedAgain() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 100)
            test.signers[0].fail(.refuses)
            let payment = test.pay(1, from: Self.alice, to: test.network.bankB)
            try await test.pending(payment)
            await test.observer.events.until { $0.failures.count == 1 }
            #expect(test.node.storageProblem == .failed("The key is not there."))
            #expect(throws: BlockSigningError("The key is not there.")) { try test.node.latestCheckpoint() }
            test.signers[0].fail(nil)
            guard case .final = await test.node.wait(for: payment.id) else { throw UnexpectedStatus(description: "lost") }
        }
    }

    /// An attestation that does not verify makes nothing final, whoever it is from.
    @Test func aWrongAttestationMakesNothingFinal() async throws {
        let network = TestNetwork(validators: 3, quorum: 2)
        try await withNode(network) { test in
            try await test.fund(network.account("alice"), with: 100)
            test.signers[2].fail(.signsSomethingElse)
            let issue = test.issue(1, to: network.account("alice"))
            try await test.pending(issue)
            await test.observer.events.until { $0.failures.count == 1 }
            guard case .failed(let text) = test.node.storageProblem else { throw UnexpectedStatus(description: "a problem") }
            #expect(text.contains("block 3") && text.contains("validator-2"), "\(text)")
            #expect(test.storage.log.value.attempts.count == 2 && test.node.tip.height == 2)
            test.signers[2].fail(nil)
            guard case .final = await test.node.wait(for: issue.id) else { throw UnexpectedStatus(description: "lost") }
        }
    }

    // MARK: Proofs while blocks do not become durable

    /// A proof is of a block that is durable; when that may take until somebody makes room, nobody waits.
    @Test func noProofWaitsForRoomOnTheDisk() async throws {
        try await withNode(configure: { $0.commitDepthBlocks = 1 }) { test in
            try await test.fund(Self.alice, with: 100)
            test.storage.hold()
            try await test.pending(test.pay(1, from: Self.alice, to: test.network.bankB))
            await test.storage.log.until { $0.attempts.count == 3 }
            // The queue's thread waits for room, too.
            try await test.pending(test.pay(1, from: Self.alice, to: test.network.bankB))
            let proofs = (0..<4).map { _ in Task { try await test.node.balanceProof(of: Self.alice.id) } }
            test.storage.failAlways(Self.full)
            test.storage.release()
            for proof in proofs {
                await #expect(throws: Self.full) { try await proof.value }
            }
            await #expect(throws: Self.full) { try await test.node.balanceProof(of: Self.alice.id) }
            test.storage.failAlways(nil)
            await test.observer.events.until { $0.finalized.count == 4 }
            let proof = try await test.node.balanceProof(of: Self.alice.id)
            #expect(try proof?.verify(against: test.network.chainspec).balance(of: TestNetwork.eur).posted == 98)
        }
    }

    @Test func waitingForAProofCanBeCancelled() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 100)
            test.storage.hold()
            try await test.pending(test.pay(1, from: Self.alice, to: test.network.bankB))
            await test.storage.log.until { $0.attempts.count == 3 }
            let proof = Task { try await test.node.balanceProof(of: Self.alice.id) }
            let cancelledBefore = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await test.node.balanceProof(of: Self.alice.id)
            }
            proof.cancel()
            cancelledBefore.cancel()
            for task in [proof, cancelledBefore] {
                await #expect(throws: StorageError.failed("Block 3, which the proof is of, is not durable yet. Ask again.")) {
                    try await task.value
                }
            }
            test.storage.release()
        }
    }

    // MARK: Reads that fail

    @Test func aReadThatFailsIsSaid() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 100)
            let payment = test.pay(1, from: Self.alice, to: test.network.bankB)
            try await test.final(payment)
            let damage = StorageError.damaged("The record is not what was written.")
            test.storage.failReads(damage)
            #expect(throws: damage) { try test.node.status(of: payment.id) }
            #expect(throws: damage) { try test.node.receipt(of: payment.id, includingMemo: false) }
            await #expect(throws: damage) { try await test.node.balanceProof(of: Self.alice.id) }
            // Whether it is final is not known, so it is not refused either.
            #expect(await test.failure(of: payment) == .storageUnavailable(damage))
            #expect(await test.node.wait(for: payment.id) == .pending)
            #expect(test.node.waitingTransactions == 0)
            // Blocks still become durable.
            try await test.final(test.issue(1, to: Self.alice))
            test.storage.failReads(nil)
            try await test.final(payment)
        }
    }
}
