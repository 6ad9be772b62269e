import Cryptography
import Foundation
@testable import Ledger
import Support
import Testing

/// What can be wrong with one transaction, independently of each other, in the order in which it must be reported.
private enum Fault: Int, CaseIterable, Sendable {
    case wrongNetwork, expired, unknownAccount, unknownAsset, wrongInstitution, wrongAccountKind, unneededSignature, unknownKey
    case missingSignature, invalidSignature, invalidPossession, insufficientFunds

    var reason: Refusal.Reason {
        switch self {
        case .wrongNetwork: .wrongNetwork
        case .expired: .expired
        case .unknownAccount: .unknownAccount
        case .unknownAsset: .unknownAsset
        case .wrongInstitution: .wrongInstitution
        case .wrongAccountKind: .wrongAccountKind
        case .unneededSignature: .unneededSignature
        case .unknownKey: .unknownKey
        case .missingSignature: .missingSignature
        case .invalidSignature: .invalidSignature
        case .invalidPossession: .invalidPossession
        case .insufficientFunds: .insufficientFunds
        }
    }
}

@Suite("Rules: the order of refusals")
struct RulesOrderTests {
    @Test("the reasons are those of rules.md, in its order")
    func specification() throws {
        let text = String(decoding: try ProjectFiles.read("docs/spec/rules.md"), as: UTF8.self)
        let start = try #require(text.range(of: "## 3. Order of refusals"))
        let end = try #require(text.range(of: "## 4. Effects"))
        var reasons: [Refusal.Reason] = []
        for (position, word) in text[start.upperBound..<end.lowerBound].split(separator: "`").enumerated() {
            guard position % 2 == 1, let reason = Refusal.Reason(rawValue: String(word)), !reasons.contains(reason)
            else { continue }
            reasons.append(reason)
        }
        #expect(reasons == Refusal.Reason.allCases)
    }

    @Test("of any one, two or three faults in one transaction, and of almost all at once, the first in the documented order is the answer")
    func combinations() throws {
        var scene = try RulesScene()
        let faults = Fault.allCases
        for combination in 1..<(1 << faults.count)
        where combination.nonzeroBitCount <= 3 || combination.nonzeroBitCount >= faults.count - 1 {
            let present = faults.filter { combination >> $0.rawValue & 1 == 1 }
            let transaction = try Self.transaction(with: Set(present), in: &scene)
            let answer = Self.answer(to: transaction, in: &scene)
            #expect(answer?.reason == present.first?.reason, "with \(present)")
        }
        let faultless = try Self.transaction(with: [], in: &scene)
        #expect(Self.answer(to: faultless, in: &scene) == nil)
    }

    private static func answer(to transaction: SignedTransaction, in scene: inout RulesScene) -> Refusal? {
        do {
            try scene.ledger.apply(transaction)
            return nil
        } catch {
            return error
        }
    }

    /// Alice and Bob pay, Dora rotates her keys; and whatever else the faults ask for. Faults of later rules are put into earlier
    /// operations, so that it is not the order of the operations that decides.
    private static func transaction(with faults: Set<Fault>, in scene: inout RulesScene) throws -> SignedTransaction {
        let (network, alice, bob, dora) = (scene.network, scene.alice, scene.bob, scene.dora)
        var steps: [TransactionBuilder.Step] = []
        let amount: UInt64 = faults.contains(.insufficientFunds) ? 1_000_00 : 1
        steps.append(.transfer([scene.leg(amount, from: alice, to: bob), scene.leg(1, from: bob, to: alice)]))
        let keys = TestPolicy(TestKey("new dora \(scene.ledger.nextNonce)"))
        let proof = keys.possession(network: network.network, account: dora.id)[0]
        steps.append(
            .rotateKeys(
                account: dora.id, policy: keys.policy,
                possession: [faults.contains(.invalidPossession) ? proof.corrupted : proof]))
        if faults.contains(.wrongAccountKind) {
            steps.append(.transfer([.init(from: alice.id, to: scene.liability(), asset: 0, amount: 1)]))
        }
        if faults.contains(.wrongInstitution) {
            // Within one operation rule 7 is before rule 8; between operations their order decides: this one comes first.
            steps.insert(.issue(bank: alice.id, to: bob.id, asset: 0, amount: 1), at: 0)
        }
        if faults.contains(.unknownAsset) { steps.append(.transfer([scene.leg(1, 9, from: alice, to: bob)])) }
        if faults.contains(.unknownAccount) { steps.append(.transfer([scene.leg(1, from: alice, to: scene.nobody)])) }

        var signers = [alice, dora]
        if !faults.contains(.missingSignature) { signers.append(bob) }
        if faults.contains(.unneededSignature) { signers.append(network.auditor) }
        let time = scene.ledger.time
        var builder = network.builder(
            steps, nonce: scene.ledger.nonce(), expiry: faults.contains(.expired) ? time : time + 1_000)
        if faults.contains(.wrongNetwork) { builder.network = TestNetwork(name: "other").network }
        let signed = try network.sign(builder, by: signers)
        return try signed.replacingSignatures { list in
            var list = list
            let position = list.firstIndex { signed.content.account(at: $0.account) == alice.id }!
            let own = list[position]
            if faults.contains(.invalidSignature) { list[position] = own.corrupted }
            if faults.contains(.unknownKey) {
                list.append(TransactionSignature(account: own.account, key: 9, scheme: own.scheme, signature: own.signature))
            }
            return list
        }
    }

    @Test("an id that was applied is answered before anything the state has against it since")
    func alreadyAppliedFirst() throws {
        for change in 0..<5 {
            var scene = try RulesScene()
            let spent = try scene.ledger.transfer(60_00, from: scene.alice, to: scene.dora)
            let keys = TestPolicy(TestKey("new alice"))
            switch change {
            case 0: break  // more than Alice has left
            case 1: try scene.ledger.setStatus(.frozen, of: scene.alice)
            case 2: try scene.ledger.run([scene.network.rotateStep(scene.alice, to: keys)], by: scene.alice)
            case 3: try scene.ledger.setStatus(.creditsFrozen, of: scene.dora)
            default:
                try scene.ledger.transfer(60_00, from: scene.dora, to: scene.bob)
                try scene.ledger.setStatus(.closed, of: scene.dora)
            }
            #expect(scene.verdict(spent) == Refusal(.alreadyApplied), "change \(change)")
            scene.ledger.time = spent.content.expiry
            #expect(scene.verdict(spent) == Refusal(.expired), "change \(change)")
        }
    }

    @Test("an expiry too far is answered before the accounts, and an expiry past after the network")
    func expiryTooFar() throws {
        var scene = try RulesScene()
        let far = scene.ledger.time + 86_400_001
        let transaction = scene.network.transfer(1, from: scene.alice, to: scene.nobody, nonce: 7, expiry: far)
        #expect(scene.verdict(transaction) == Refusal(.expiryTooFar))
    }

    /// What is wrong with one leg from Alice to Dora, in the order in which it must be reported.
    @Test("of all combinations of faults of one leg, the first in the documented order is the answer")
    func legs() throws {
        let reasons: [Refusal.Reason] = [.debitsFrozen, .creditsFrozen, .insufficientFunds, .counterOverflow]
        for combination in 0..<32 {
            var scene = try RulesScene()
            func has(_ bit: Int) -> Bool { combination >> bit & 1 == 1 }
            if has(3) { try scene.fillDoraCounters() }
            if has(0) { try scene.ledger.setStatus(.debitsFrozen, of: scene.alice) }
            if has(1) { try scene.ledger.setStatus(.creditsFrozen, of: scene.dora) }
            if has(4), !has(3) { try scene.ledger.setStatus(.closed, of: scene.dora) }
            let transaction = scene.network.transfer(
                has(2) ? 100_01 : 1, from: scene.alice, to: scene.dora, nonce: 7, expiry: scene.ledger.expiry)
            var expected = reasons.indices.first(where: has).map { reasons[$0] }
            if has(4), !has(3) { expected = .accountClosed }
            #expect(scene.verdict(transaction)?.reason == expected, "combination \(combination)")
        }
    }

    @Test("issuing: frozen before the quota, the quota before the counters")
    func issuing() throws {
        for combination in 1..<8 {
            var scene = try RulesScene()
            if combination & 4 != 0 { try scene.fillDoraCounters() }
            if combination & 1 != 0 { try scene.ledger.setStatus(.frozen, of: scene.dora) }
            let transaction = scene.network.issue(
                combination & 2 != 0 ? 500_000_00 : 1, to: scene.dora, bank: scene.network.bankB, nonce: 7,
                expiry: scene.ledger.expiry)
            let expected: Refusal.Reason =
                combination & 1 != 0 ? .creditsFrozen : combination & 2 != 0 ? .quotaExceeded : .counterOverflow
            #expect(scene.verdict(transaction)?.reason == expected, "combination \(combination)")
        }
    }

    @Test("redeeming: the holder's funds before the bank's outstanding amount")
    func redeeming() throws {
        var scene = try RulesScene()
        let tooMuch = scene.network.redeem(
            100_01, from: scene.alice, bank: scene.network.bankB, nonce: 7, expiry: scene.ledger.expiry)
        #expect(scene.verdict(tooMuch)?.reason == .insufficientFunds)
        try scene.ledger.setStatus(.debitsFrozen, of: scene.alice)
        let frozen = scene.network.redeem(
            100_01, from: scene.alice, bank: scene.network.bankB, nonce: 8, expiry: scene.ledger.expiry)
        #expect(scene.verdict(frozen)?.reason == .debitsFrozen)
    }

    @Test("closed comes before unchanged")
    func closedFirst() throws {
        var scene = try RulesScene()
        try scene.ledger.setStatus(.closed, of: scene.dora)
        let rotate = try scene.transaction([scene.network.rotateStep(scene.dora, to: scene.dora.keys)], by: [scene.dora])
        #expect(scene.verdict(rotate)?.reason == .accountClosed)
        let close = try scene.transaction(
            [.setStatus(account: scene.dora.id, status: .closed)], by: [scene.network.walletOperator])
        #expect(scene.verdict(close)?.reason == .accountClosed)
    }

    @Test("the operations' order decides before the reasons' order, and so does the legs'")
    func placesFirst() throws {
        var scene = try RulesScene()
        try scene.ledger.setStatus(.closed, of: scene.dora)
        let poor = scene.leg(100_01, from: scene.alice, to: scene.bob)
        let closed = scene.leg(1, from: scene.bob, to: scene.dora)
        let signers = [scene.alice, scene.bob]
        let legs = try scene.transaction([.transfer([poor, closed])], by: signers)
        #expect(scene.verdict(legs) == Refusal(.insufficientFunds, at: .operation(0, item: 0)))
        let turned = try scene.transaction([.transfer([closed, poor])], by: signers)
        #expect(scene.verdict(turned) == Refusal(.accountClosed, at: .operation(0, item: 0)))
        let steps = try scene.transaction([.transfer([poor]), .transfer([closed])], by: signers)
        #expect(scene.verdict(steps) == Refusal(.insufficientFunds, at: .operation(0, item: 0)))
        // Authority is likewise checked operation by operation: rule 8 of the first before rule 7 of the second.
        let kind = TransactionBuilder.Step.setStatus(account: scene.network.bankA.id, status: .frozen)
        let institution = TransactionBuilder.Step.issue(bank: scene.alice.id, to: scene.bob.id, asset: 0, amount: 1)
        let authority = try scene.transaction([kind, institution], by: [scene.network.bankA, scene.alice])
        #expect(scene.verdict(authority) == Refusal(.wrongAccountKind, at: .operation(0, item: 0)))
    }
}

extension RulesScene {
    /// Dora's credit counter in EUR is at its end, and so are her debits.
    fileprivate mutating func fillDoraCounters() throws {
        let index = try ledger.index(of: dora)
        ledger.state = ledger.state.damaged { accounts, _ in
            accounts[index].balances = [Balance(asset: TestNetwork.eur, creditsPosted: .max, debitsPosted: .max)]
        }
    }
}
