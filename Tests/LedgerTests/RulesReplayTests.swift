import Cryptography
@testable import Ledger
import Support
import Testing

@Suite("Rules: replay and expiry")
struct RulesReplayTests {
    @Test("a transaction may be in blocks before its expiry, up to 24 hours before")
    func boundaries() throws {
        var scene = try RulesScene()
        let day: UInt64 = 86_400_000
        let time = scene.ledger.time
        let cases: [(expiry: TimeMilliseconds, answer: Refusal.Reason?)] = [
            (time - 1, .expired), (time, .expired), (time + 1, nil), (time + day - 1, nil), (time + day, nil),
            (time + day + 1, .expiryTooFar),
        ]
        for (number, item) in cases.enumerated() {
            let transaction = scene.network.transfer(
                1, from: scene.alice, to: scene.bob, nonce: 900 + UInt64(number), expiry: item.expiry)
            #expect(scene.verdict(transaction)?.reason == item.answer, "case \(number)")
        }
    }

    @Test("at the edges of the numbers for time")
    func extremes() throws {
        var state = LedgerState(genesis: TestNetwork(genesisTime: 0).chainspec)
        let network = TestNetwork(genesisTime: 0)
        func answer(_ expiry: TimeMilliseconds, at time: TimeMilliseconds) -> Refusal.Reason? {
            let transaction = network.issue(1, to: network.bankB, nonce: 1, expiry: expiry)
            do throws(Refusal) {
                _ = try state.requirements(of: transaction, at: time)
                return nil
            } catch {
                return error.reason
            }
        }
        #expect(answer(0, at: 0) == .expired)
        #expect(answer(1, at: 0) == nil)
        #expect(answer(.max, at: .max) == .expired)
        #expect(answer(.max, at: .max - 1) == nil)
        #expect(answer(.max, at: .max - 86_400_000) == nil)
        #expect(answer(.max, at: .max - 86_400_001) == .expiryTooFar)
        state.replayWindow.insert(TransactionID(.zero), expiry: .max)
    }

    @Test("an id is answered by alreadyApplied until its expiry, then by expired, whatever hours pass in between")
    func window() throws {
        var random = SplitMix64(test: "replay window")
        for _ in 0..<20 {
            var scene = try RulesScene()
            let applied = scene.network.transfer(
                1, from: scene.alice, to: scene.bob, nonce: 900, expiry: scene.ledger.time + 1 + UInt64(random.below(86_400_000)))
            #expect(scene.verdict(applied) == nil)
            let expiry = applied.content.expiry
            while scene.ledger.time < expiry {
                #expect(scene.verdict(applied) == Refusal(.alreadyApplied))
                scene.ledger.seal()
                scene.ledger.time += UInt64(random.below(7_200_000))
            }
            #expect(scene.verdict(applied) == Refusal(.expired))
            scene.ledger.seal()
            #expect(scene.verdict(applied) == Refusal(.expired))
        }
    }

    @Test("ids are forgotten once they can no longer apply, at the latest an hour after")
    func forgetting() throws {
        var scene = try RulesScene()
        for minute in 1...180 as ClosedRange<UInt64> {
            try scene.ledger.apply(
                scene.network.transfer(
                    1, from: scene.alice, to: scene.bob, nonce: 900 + minute, expiry: scene.ledger.time + minute * 60_000))
        }
        let start = scene.ledger.time
        let opened = 8  // transactions of the scene, all of which expire half an hour after they were made
        #expect(scene.ledger.state.replayWindow.count == 180 + opened)
        scene.ledger.seal()
        for hour in 1...5 as ClosedRange<UInt64> {
            scene.ledger.time = start + hour * 3_600_000
            scene.ledger.seal()
            let mustKeep = hour >= 3 ? 0 : 180 - Int(hour) * 60
            let count = scene.ledger.state.replayWindow.count
            #expect(count >= mustKeep && count <= mustKeep + 60, "after \(hour) hours")
        }
        #expect(scene.ledger.state.replayWindow.count == 0)
    }

    @Test("a nonce makes otherwise equal transactions differ; the same nonce with other content is another transaction")
    func nonces() throws {
        var scene = try RulesScene()
        let expiry = scene.ledger.expiry
        let first = scene.network.transfer(1, from: scene.alice, to: scene.bob, nonce: 900, expiry: expiry)
        let second = scene.network.transfer(1, from: scene.alice, to: scene.bob, nonce: 901, expiry: expiry)
        let other = scene.network.transfer(2, from: scene.alice, to: scene.bob, nonce: 900, expiry: expiry)
        #expect(Set([first.id, second.id, other.id]).count == 3)
        for transaction in [first, second, other] { #expect(scene.verdict(transaction) == nil) }
        for transaction in [first, second, other] { #expect(scene.verdict(transaction) == Refusal(.alreadyApplied)) }
        #expect(scene.ledger.balance(scene.alice) == 99_96)
    }

    @Test("a refused transaction is not remembered: it can apply once its reason is gone")
    func refusedIsForgotten() throws {
        var scene = try RulesScene()
        let transaction = scene.network.transfer(10_00, from: scene.dora, to: scene.bob, nonce: 900, expiry: scene.ledger.expiry)
        #expect(scene.verdict(transaction)?.reason == .insufficientFunds)
        try scene.ledger.transfer(10_00, from: scene.alice, to: scene.dora)
        #expect(scene.verdict(transaction) == nil)
    }
}
