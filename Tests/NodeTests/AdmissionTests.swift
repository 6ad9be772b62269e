import Ledger
import Node
import Support
import Synchronization
import Testing

/// Transactions that arrive together: batches, and single ones that gather.
@Suite(.timeLimit(.minutes(10))) struct AdmissionTests {
    static let network = TestNetwork()
    static let alice = network.account("alice")
    static let bob = network.account("bob")

    private func batch(_ items: [[UInt8]]) throws -> TransactionBatch {
        let bytes = items.flatMap { item in (0..<4).map { UInt8(truncatingIfNeeded: item.count >> (24 - 8 * $0)) } + item }
        return try TransactionBatch(splitting: bytes, maximumCount: 10_000)
    }

    private func batch(_ transactions: [SignedTransaction]) throws -> TransactionBatch { try batch(transactions.map(\.bytes)) }

    /// Submits and waits for what became of each.
    private func outcomes(_ batch: TransactionBatch, _ test: TestNode) async -> [SubmissionOutcome] {
        await test.node.outcomes(of: test.node.submit(batch, until: .finality))
    }

    private func isFinal(_ outcome: SubmissionOutcome) -> Bool {
        if case .status(_, .final) = outcome { true } else { false }
    }

    /// Many times over, so that every kind stands in several groups of the same batch.
    @Test func aBatchMixesEveryKindOfResult() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, Self.bob, with: 10_000)
            let earlier = test.pay(1, from: Self.alice, to: Self.bob)
            let place = try await test.final(earlier)
            let time = test.clock.now
            var items: [[UInt8]] = []
            var expected: [@Sendable (SubmissionOutcome) -> Bool] = []
            for _ in 0..<60 {
                func add(_ bytes: [UInt8], _ isExpected: @escaping @Sendable (SubmissionOutcome) -> Bool) {
                    items.append(bytes)
                    expected.append(isExpected)
                }
                func add(_ transaction: SignedTransaction, refused refusal: Refusal) {
                    let id = transaction.id
                    add(transaction.bytes) { $0 == .status(id, .refused(refusal)) }
                }
                let good = test.pay(1, from: Self.alice, to: Self.bob)
                let isGoodFinal: @Sendable (SubmissionOutcome) -> Bool = { outcome in
                    if case .status(good.id, .final) = outcome { true } else { false }
                }
                add(good.bytes, isGoodFinal)
                add(test.pay(20_000, from: Self.alice, to: Self.bob), refused: Refusal(.insufficientFunds, at: .operation(0, item: 0)))
                add(Array(good.bytes.dropLast())) { $0 == .undecodable(.truncated) }
                add(good.bytes, isGoodFinal)
                add(earlier.bytes) { $0 == .status(earlier.id, .final(place, time: time)) }
                add(TestNetwork(name: "other").transfer(1, from: Self.alice, to: Self.bob, nonce: 1), refused: Refusal(.wrongNetwork))
                add([]) { $0 == .undecodable(.truncated) }
                let unsigned = test.pay(1, from: Self.alice.rotated(to: Self.bob.keys), to: Self.bob)
                add(unsigned, refused: Refusal(.invalidSignature, at: .signature(0)))
                add(good.bytes + [0]) { $0 == .undecodable(.trailingBytes) }
                let expired = test.network.issue(1, to: Self.alice, nonce: test.nonce(), expiry: test.clock.now)
                add(expired, refused: Refusal(.expired))
                // The same content with wrong signatures, before the good one and behind it.
                let later = test.pay(1, from: Self.alice, to: Self.bob)
                let spoiled = try spoilingSignature(of: later)
                add(spoiled, refused: Refusal(.invalidSignature, at: .signature(0)))
                add(later.bytes) { if case .status(later.id, .final) = $0 { true } else { false } }
                let opening = test.open(test.network.account("wallet \(items.count)"))
                add(opening.bytes) { if case .status(opening.id, .final) = $0 { true } else { false } }
            }
            let results = await outcomes(try batch(items), test)
            #expect(results.count == expected.count)
            for (position, (result, isExpected)) in zip(results, expected).enumerated() where !isExpected(result) {
                Issue.record("item \(position % 13): \(result)")
            }
            #expect(try test.balance(Self.bob) == 10_000 + 1 + 120)
        }
    }

    @Test func aLargeBatchIsAnsweredInItsOrder() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 10_000)
            let payments = (0..<1_500).map { _ in test.pay(1, from: Self.alice, to: test.network.bankB) }
            let results = await outcomes(try batch(payments), test)
            #expect(results.map(\.id) == payments.map(\.id))
            #expect(results.allSatisfy(isFinal))
            let again = await test.node.outcomes(of: test.node.submit(try batch(payments), until: .admission))
            #expect(again == results)
        }
    }

    /// What is gathered while the disk is held is admitted up to the queue's limit, and the rest is told so.
    @Test func aBatchFillsTheQueue() async throws {
        try await withNode(configure: {
            $0.commitDepthBlocks = 1
            $0.queueCapacityTransactions = 4
        }) { test in
            try await test.final(test.open(Self.alice))
            try await test.final(test.issue(1_000, to: Self.alice))
            test.storage.hold()
            try await test.pending(test.pay(1, from: Self.alice, to: test.network.bankB))
            await test.storage.log.until { $0.attempts.count == 3 }
            let payments = (0..<10).map { _ in test.pay(1, from: Self.alice, to: test.network.bankB) }
            let submission = test.node.submit(try batch(payments), until: .admission)
            let results = await test.node.outcomes(of: submission)
            #expect(results.prefix(4) == payments.prefix(4).map { .status($0.id, .pending) }[...])
            #expect(results.dropFirst(4) == payments.dropFirst(4).map { .failed($0.id, .queueFull) }[...])
            test.storage.release()
            for payment in payments.prefix(4) { #expect(await test.node.wait(for: payment.id) != .pending) }
        }
    }

    @Test func aCancelledBatchIsPendingAndGoesOn() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 1_000)
            test.storage.hold()
            let payments = (0..<40).map { _ in test.pay(1, from: Self.alice, to: test.network.bankB) }
            let all = try batch(payments.map(\.bytes) + [[9]])
            let waiting = Task { await test.node.outcomes(of: test.node.submit(all, until: .finality)) }
            await test.observer.events.until { $0.admitted.count == 42 }
            waiting.cancel()
            #expect(await waiting.value == payments.map { .status($0.id, .pending) } + [.undecodable(.unknownVersion)])
            // Cancelled before it begins, it is submitted all the same, and answered as soon as it is admitted.
            let early = Task {
                while !Task.isCancelled { await Task.yield() }
                return await test.node.outcomes(of: test.node.submit(all, until: .finality))
            }
            early.cancel()
            #expect(await early.value == payments.map { .status($0.id, .pending) } + [.undecodable(.unknownVersion)])
            test.storage.release()
            for payment in payments { #expect(await test.node.wait(for: payment.id) != .pending) }
        }
    }

    @Test func whileStorageFailsOnlyWhatIsKnownIsAnswered() async throws {
        let full = StorageError.full("no room")
        try await withNode { test in
            try await test.fund(Self.alice, with: 1_000)
            let final = test.pay(1, from: Self.alice, to: test.network.bankB)
            let place = try await test.final(final)
            test.storage.failAlways(full)
            let stuck = test.pay(1, from: Self.alice, to: test.network.bankB)
            try await test.pending(stuck)
            await test.observer.events.until { $0.failures.count == 1 }
            let new = test.pay(1, from: Self.alice, to: test.network.bankB)
            let all = try batch([final, new, stuck])
            let results = await test.node.outcomes(of: test.node.submit(all, until: .admission))
            let time = test.clock.now
            #expect(
                results == [
                    .status(final.id, .final(place, time: time)), .failed(new.id, .storageUnavailable(full)), .status(stuck.id, .pending),
                ])
            test.storage.failAlways(nil)
            #expect(await test.node.wait(for: stuck.id) != .pending)
            try await test.final(new)
        }
    }

    /// Batches and single transactions that gather when the node ends: each is answered once, and what was final is in storage.
    @Test func theEndAnswersWhatGathers() async throws {
        for round in 0..<6 {
            try await withNode { test in
                try await test.fund(Self.alice, with: 100_000)
                let payments = (0..<1_200).map { _ in test.pay(1, from: Self.alice, to: test.network.bankB) }
                let node = test.node
                let answers = Mutex<[SubmissionOutcome]>([])
                let parts = try stride(from: 0, to: 900, by: 300).map { try batch(Array(payments[$0..<$0 + 300])) }
                let batches = parts.map { part in
                    node.submit(part, until: .finality) { outcomes in answers.withLock { $0 += outcomes } }
                }
                for payment in payments[900...] {
                    node.submit(payment, until: .finality) { outcomes in answers.withLock { $0 += outcomes } }
                }
                await test.observer.events.until { $0.admitted.count >= 2 + round * 60 }
                await node.shutDown()
                _ = batches
                let stored = try test.storage.finalTransactions()
                let given = answers.withLock { $0 }
                #expect(Set(given.compactMap(\.id)).count == 1_200 && given.count == 1_200, "everyone is answered once")
                for outcome in given {
                    switch outcome {
                    case .status(let id, .final(let location, _)): #expect(stored[id] == location)
                    case .failed(let id, .shuttingDown): #expect(stored[id] == nil)
                    default: Issue.record("\(outcome)")
                    }
                }
                // After the end, too, everything is answered.
                let late = await node.outcomes(of: node.submit(try batch([payments[0].bytes, []]), until: .finality))
                #expect(late == [.failed(payments[0].id, .shuttingDown), .undecodable(.truncated)])
            }
        }
    }

    @Test func aBatchThatCannotBeSplit() throws {
        for bytes in [[0], [0, 0, 0], [0, 0, 0, 1], [255, 255, 255, 255], [0, 0, 0, 0, 1]] as [[UInt8]] {
            #expect(throws: DecodingError.truncated) { try TransactionBatch(splitting: bytes, maximumCount: 10) }
        }
        #expect(try TransactionBatch(splitting: [], maximumCount: 10).count == 0)
        #expect(try TransactionBatch(splitting: [UInt8](repeating: 0, count: 44), maximumCount: 10).count == 11)
    }
}
