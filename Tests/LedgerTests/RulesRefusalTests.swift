import Cryptography
@testable import Ledger
import Support
import Testing

/// One way to be refused: what is expected, and the transaction that brings it about on a fresh scene.
struct RefusalCase: Sendable, CustomTestStringConvertible {
    let reason: Refusal.Reason
    let name: String
    /// Makes the transaction, after preparing the ledger, and says at which place it is refused.
    let make: @Sendable (inout RulesScene) throws -> (SignedTransaction, Refusal.Place)

    init(
        _ reason: Refusal.Reason, _ name: String,
        _ make: @escaping @Sendable (inout RulesScene) throws -> (SignedTransaction, Refusal.Place)
    ) {
        self.reason = reason
        self.name = name
        self.make = make
    }

    var testDescription: String { "\(reason.rawValue): \(name)" }
}

@Suite("Rules: every refusal, with its place")
struct RulesRefusalTests {
    static let cases = RefusalCase.envelope + RefusalCase.authority + RefusalCase.signatures + RefusalCase.operations

    @Test("is refused for this reason at this place, and nothing of it remains", arguments: cases)
    func refuses(_ refusal: RefusalCase) throws {
        var scene = try RulesScene()
        let (transaction, place) = try refusal.make(&scene)
        #expect(scene.verdict(transaction) == Refusal(refusal.reason, at: place))
        try Invariants.check(scene.ledger.state)
    }

    @Test("every reason is reached")
    func everyReason() {
        #expect(Set(Self.cases.map(\.reason)) == Set(Refusal.Reason.allCases))
    }

    @Test("every reason explains itself", arguments: Refusal.Reason.allCases)
    func explanations(_ reason: Refusal.Reason) {
        let text = Refusal(reason, at: .operation(3, item: 7)).description
        #expect(text.hasPrefix("operation 3, item 7: ") && text.hasSuffix("."))
        #expect(text.count > 45, "too short to say what to do")
    }
}

extension RefusalCase {
    static let envelope = [
        RefusalCase(.wrongNetwork, "made for another network") { scene in
            let other = TestNetwork(name: "other")
            var builder = scene.network.builder(
                [.transfer([scene.leg(1, from: scene.alice, to: scene.bob)])], nonce: 77, expiry: scene.ledger.expiry)
            builder.network = other.network
            return (try other.sign(builder, by: [scene.alice]), .envelope)
        },
        RefusalCase(.expired, "expires at the block's very time") { scene in
            let expiry = scene.ledger.time
            return (scene.network.transfer(1, from: scene.alice, to: scene.bob, nonce: 77, expiry: expiry), .envelope)
        },
        RefusalCase(.expired, "expired long ago") { scene in
            (scene.network.transfer(1, from: scene.alice, to: scene.bob, nonce: 77, expiry: 0), .envelope)
        },
        RefusalCase(.expiryTooFar, "expires a millisecond more than 24 hours ahead") { scene in
            let expiry = scene.ledger.time + 86_400_001
            return (scene.network.transfer(1, from: scene.alice, to: scene.bob, nonce: 77, expiry: expiry), .envelope)
        },
        RefusalCase(.expiryTooFar, "expires at the end of time") { scene in
            (scene.network.transfer(1, from: scene.alice, to: scene.bob, nonce: 77, expiry: .max), .envelope)
        },
        RefusalCase(.alreadyApplied, "the same bytes again") { scene in
            (try scene.ledger.transfer(1, from: scene.alice, to: scene.bob), .envelope)
        },
        RefusalCase(.alreadyApplied, "the same content again, in a later block and signed anew") { scene in
            let first = try scene.ledger.transfer(1, from: scene.alice, to: scene.bob)
            scene.ledger.seal()
            let signature = try TestKey("alice").secretKey().sign(first.signingHash)
            let again = try first.replacingSignatures {
                $0.map { TransactionSignature(account: $0.account, key: $0.key, scheme: $0.scheme, signature: signature) }
            }
            #expect(again.bytes != first.bytes && again.id == first.id)
            return (again, .envelope)
        },
        RefusalCase(.unknownAccount, "pays an account that is not open") { scene in
            let transaction = try scene.transaction(
                [.transfer([scene.leg(1, from: scene.alice, to: scene.nobody)])], by: [scene.alice])
            return (transaction, try RulesScene.place(of: scene.nobody, in: transaction))
        },
        RefusalCase(.unknownAccount, "pays an account that the same transaction opens") { scene in
            let transaction = try scene.transaction(
                [
                    scene.network.openStep([scene.nobody]),
                    .transfer([scene.leg(1, from: scene.alice, to: scene.nobody)]),
                ], by: [scene.alice, scene.network.walletOperator])
            return (transaction, try RulesScene.place(of: scene.nobody, in: transaction))
        },
        RefusalCase(.unknownAccount, "is also signed by an account that is not open") { scene in
            let transaction = try scene.transaction(
                [.transfer([scene.leg(1, from: scene.alice, to: scene.bob)])], by: [scene.alice, scene.nobody])
            return (transaction, try RulesScene.place(of: scene.nobody, in: transaction))
        },
        RefusalCase(.unknownAsset, "a leg of an asset past the last") { scene in
            let legs = [
                scene.leg(1, from: scene.alice, to: scene.bob), scene.leg(1, 2, from: scene.alice, to: scene.bob),
            ]
            return (try scene.transaction([.transfer(legs)], by: [scene.alice]), .operation(0, item: 1))
        },
        RefusalCase(.unknownAsset, "issues one") { scene in
            (scene.issue(1, .max, to: scene.alice), .operation(0, item: 0))
        },
        RefusalCase(.unknownAsset, "redeems one, in the second operation") { scene in
            let steps: [TransactionBuilder.Step] = [
                .transfer([scene.leg(1, from: scene.alice, to: scene.bob)]),
                .redeem(bank: scene.network.bankA.id, from: scene.alice.id, asset: 2, amount: 1),
            ]
            return (try scene.transaction(steps, by: [scene.alice, scene.network.bankA]), .operation(1, item: 0))
        },
    ]

    static let authority = [
        RefusalCase(.wrongInstitution, "an operator opens an account at a bank") { scene in
            let accounts = [
                scene.network.account("x"), scene.network.account("y", kind: .bankIssued, sponsor: scene.network.walletOperator),
            ]
            return (scene.network.open(accounts, nonce: 77, expiry: scene.ledger.expiry), .operation(0, item: 1))
        },
        RefusalCase(.wrongInstitution, "an auditor opens an account") { scene in
            let account = scene.network.account("x", sponsor: scene.network.auditor)
            return (scene.network.open([account], nonce: 77, expiry: scene.ledger.expiry), .operation(0, item: 0))
        },
        RefusalCase(.wrongInstitution, "an authority opens an account") { scene in
            let account = scene.network.account("x", sponsor: scene.network.authority)
            return (scene.network.open([account], nonce: 77, expiry: scene.ledger.expiry), .operation(0, item: 0))
        },
        RefusalCase(.wrongInstitution, "a wallet opens an account") { scene in
            let account = scene.network.account("x", sponsor: scene.alice)
            let transaction = try scene.transaction([scene.network.openStep([account])], by: [scene.alice])
            return (transaction, .operation(0, item: 0))
        },
        RefusalCase(.wrongInstitution, "a bank issues an asset that only another may") { scene in
            let transaction = scene.issue(1, TestNetwork.jpy, to: scene.alice, bank: scene.network.bankB)
            return (transaction, .operation(0, item: 0))
        },
        RefusalCase(.wrongInstitution, "an operator issues") { scene in
            let transaction = scene.issue(1, to: scene.alice, bank: scene.network.walletOperator)
            return (transaction, .operation(0, item: 0))
        },
        RefusalCase(.wrongInstitution, "an account at an issuing bank issues in its place") { scene in
            (scene.issue(1, to: scene.alice, bank: scene.carol), .operation(0, item: 0))
        },
        RefusalCase(.wrongInstitution, "a bank's liability account issues in its place") { scene in
            let step = TransactionBuilder.Step.issue(bank: scene.liability(), to: scene.alice.id, asset: 0, amount: 1)
            return (try scene.transaction([step], by: [scene.network.bankA]), .operation(0, item: 0))
        },
        RefusalCase(.wrongInstitution, "redeems at a bank that does not issue the asset") { scene in
            let transaction = scene.redeem(1, TestNetwork.jpy, from: scene.alice, bank: scene.network.bankB)
            return (transaction, .operation(0, item: 0))
        },
        RefusalCase(.wrongAccountKind, "pays from a liability account") { scene in
            let leg = TransactionBuilder.Leg(from: scene.liability(), to: scene.bob.id, asset: 0, amount: 1)
            let legs = [scene.leg(1, from: scene.alice, to: scene.bob), leg]
            return (try scene.transaction([.transfer(legs)], by: [scene.alice]), .operation(0, item: 1))
        },
        RefusalCase(.wrongAccountKind, "pays to a liability account") { scene in
            let leg = TransactionBuilder.Leg(from: scene.alice.id, to: scene.liability(), asset: 0, amount: 1)
            return (try scene.transaction([.transfer([leg])], by: [scene.alice]), .operation(0, item: 0))
        },
        RefusalCase(.wrongAccountKind, "issues to a liability account") { scene in
            let step = TransactionBuilder.Step.issue(
                bank: scene.network.bankA.id, to: scene.liability(), asset: 0, amount: 1)
            return (try scene.transaction([step], by: [scene.network.bankA]), .operation(0, item: 0))
        },
        RefusalCase(.wrongAccountKind, "redeems from a liability account") { scene in
            let step = TransactionBuilder.Step.redeem(
                bank: scene.network.bankA.id, from: scene.liability(), asset: 0, amount: 1)
            return (try scene.transaction([step], by: [scene.network.bankA]), .operation(0, item: 0))
        },
        RefusalCase(.wrongAccountKind, "gives a liability account keys") { scene in
            let keys = TestPolicy(TestKey("thief"))
            let step = TransactionBuilder.Step.rotateKeys(
                account: scene.liability(), policy: keys.policy,
                possession: keys.possession(network: scene.network.network, account: scene.liability()))
            return (try scene.transaction([step], by: [scene.network.bankA]), .operation(0, item: 0))
        },
        RefusalCase(.wrongAccountKind, "freezes an institution's account") { scene in
            let bank = scene.network.bankA
            return (try scene.transaction([.setStatus(account: bank.id, status: .frozen)], by: [bank]), .operation(0, item: 0))
        },
        RefusalCase(.wrongAccountKind, "freezes a liability account") { scene in
            let step = TransactionBuilder.Step.setStatus(account: scene.liability(), status: .frozen)
            return (try scene.transaction([step], by: [scene.network.bankA]), .operation(0, item: 0))
        },
    ]
}
