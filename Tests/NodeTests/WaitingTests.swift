import Ledger
import Node
import Support
import Testing

/// Waiting for a transaction, and giving up waiting.
@Suite(.timeLimit(.minutes(10))) struct WaitingTests {
    static let network = TestNetwork()
    static let alice = network.account("alice")

    @Test func aCancelledTaskStopsWaitingAndTheTransactionGoesOn() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 100)
            test.storage.hold()
            let payment = test.pay(1, from: Self.alice, to: test.network.bankB)
            let submitting = Task { try await test.node.submitAndWait(payment) }
            await test.storage.log.until { $0.attempts.count == 3 }
            let patient = Task { await test.node.wait(for: payment.id) }
            let impatient = (0..<5).map { _ in Task { await test.node.wait(for: payment.id) } }
            let cancelledBefore = Task {
                while !Task.isCancelled { await Task.yield() }
                return await test.node.wait(for: payment.id)
            }
            submitting.cancel()
            for task in impatient { task.cancel() }
            cancelledBefore.cancel()
            #expect(try await submitting.value == .pending)
            for task in impatient + [cancelledBefore] { #expect(await task.value == .pending) }
            test.storage.release()
            let status = TransactionStatus.final(TransactionLocation(height: 3, position: 0), time: test.clock.now)
            #expect(await patient.value == status)
            #expect(try test.node.status(of: payment.id) == status)
        }
    }

    /// The way a request with a time limit waits: whichever ends first.
    @Test func aTimeLimitEndsTheWaiting() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 100)
            test.storage.hold()
            let payment = test.pay(1, from: Self.alice, to: test.network.bankB)
            try await test.pending(payment)
            let status = await withTaskGroup(of: TransactionStatus?.self) { group in
                group.addTask { await test.node.wait(for: payment.id) }
                group.addTask {
                    do { try await Task.sleep(for: .milliseconds(20)) } catch { return nil }
                    return nil
                }
                let first = await group.next() ?? nil
                group.cancelAll()
                return first
            }
            #expect(status == nil)
            test.storage.release()
            #expect(await test.node.wait(for: payment.id) != .pending)
        }
    }

    /// Waiting and cancelling at the very moment in which the transaction becomes final: everyone is answered, once.
    @Test func cancellingRacesWithFinality() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 1_000)
            for _ in 0..<60 {
                test.storage.hold()
                let payment = test.pay(1, from: Self.alice, to: test.network.bankB)
                try await test.pending(payment)
                let waiting = (0..<8).map { _ in Task { await test.node.wait(for: payment.id) } }
                await Task.yield()
                test.storage.release()
                for task in waiting[..<4] { task.cancel() }
                for task in waiting[4...] {
                    guard case .final = await task.value else {
                        Issue.record("who is patient is told")
                        continue
                    }
                }
                for task in waiting[..<4] {
                    if case .refused = await task.value { Issue.record("not refused") }
                }
            }
        }
    }

    @Test func nobodyWaitsForWhatIsNotUnderWay() async throws {
        try await withNode { test in
            let open = test.open(Self.alice)
            #expect(await test.node.wait(for: open.id) == .pending)
            try await test.final(open)
            #expect(await test.node.wait(for: open.id) != .pending)
        }
    }

    @Test func manyWaitForOne() async throws {
        try await withNode { test in
            try await test.fund(Self.alice, with: 100)
            test.storage.hold()
            let payment = test.pay(1, from: Self.alice, to: test.network.bankB)
            try await test.pending(payment)
            let waiting = (0..<500).map { _ in Task { await test.node.wait(for: payment.id) } }
            await test.storage.log.until { $0.attempts.count == 3 }
            test.storage.release()
            let status = TransactionStatus.final(TransactionLocation(height: 3, position: 0), time: test.clock.now)
            for task in waiting { #expect(await task.value == status) }
        }
    }
}
