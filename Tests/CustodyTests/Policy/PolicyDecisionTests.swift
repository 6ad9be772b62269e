import Ledger
import Support
import Testing

@testable import Custody

/// What a policy decides (`docs/spec/custody-policy.md` section 4).
struct PolicyDecisionTests {
    private typealias Fixture = PolicyFixture
    private static let network = PolicyFixture.network

    @Test func theFirstRuleThatHoldsDecides() throws {
        let policy = try Fixture.policy([
            "{name: small, operation: [transfer], asset: EUR, amount: {at-most: 10.00}, then: allow}",
            "{name: middle, operation: [transfer], asset: EUR, amount: {at-most: 20.00}, then: require, approvals: [{group: treasury, count: 1}]}",
            "{name: rest, operation: [transfer], then: deny}",
        ])
        #expect(policy.decide(Fixture.question([Fixture.transfer(10_00)])) == .allowed(rules: [0]))
        let middle = policy.decide(Fixture.question([Fixture.transfer(10_01)]))
        #expect(middle == .needs(rules: [1], missing: [PolicyRequirement(group: "treasury", count: 1)]))
        #expect(policy.decide(Fixture.question([Fixture.transfer(20_01)])) == .denied(fact: 0, rule: 2))
        #expect(policy.decide(Fixture.question([Fixture.transfer(1, asset: TestNetwork.jpy)])) == .denied(fact: 0, rule: 2))
    }

    @Test func whatNoRuleMatchesIsDenied() throws {
        let policy = try Fixture.policy(["{name: small, operation: [issue], then: allow}"])
        #expect(policy.decide(Fixture.question([Fixture.transfer(1)])) == .denied(fact: 0, rule: nil))
        #expect(policy.decide(Fixture.question([])) == .denied(fact: 0, rule: nil))
        #expect(policy.decide(Fixture.question([.policyChange])) == .denied(fact: 0, rule: nil))
    }

    @Test func strangersAreDenied() throws {
        let policy = try Fixture.policy(["{name: any, operation: [transfer], then: allow}"])
        #expect(policy.decide(Fixture.question([Fixture.transfer(1)], by: "mallory")) == .denied(fact: 0, rule: nil))
    }

    @Test func splittingARequestDoesNotGetUnderAnAmount() throws {
        let policy = try Fixture.policy(["{name: small, operation: [transfer], asset: EUR, amount: {at-most: 10.00}, then: allow}"])
        #expect(policy.decide(Fixture.question([Fixture.transfer(5_00), Fixture.transfer(5_00)])) == .allowed(rules: [0]))
        #expect(policy.decide(Fixture.question([Fixture.transfer(5_00), Fixture.transfer(5_01)])) == .denied(fact: 0, rule: nil))
        let yen = Fixture.transfer(1_000_000, asset: TestNetwork.jpy)
        #expect(policy.decide(Fixture.question([Fixture.transfer(10_00), yen])) == .denied(fact: 1, rule: nil))
        let most = Fixture.transfer(UInt64.max)
        #expect(policy.decide(Fixture.question([most, most, Fixture.transfer(3)])) == .denied(fact: 0, rule: nil), "totals do not wrap")
    }

    @Test func oneFactOfManyDeniesAll() throws {
        let policy = try Fixture.policy([
            "{name: never, operation: [transfer], destination: [others], then: deny}", "{name: any, operation: [transfer], then: allow}",
        ])
        let bad = Fixture.transfer(1, from: Self.network.bankA.id, to: Self.network.walletOperator.id)
        #expect(policy.decide(Fixture.question([Fixture.transfer(1), bad])) == .denied(fact: 1, rule: 0))
        #expect(policy.decide(Fixture.question([Fixture.transfer(1)])) == .allowed(rules: [1]))
    }

    @Test func approvalsOfAllDecidingRulesAreNeeded() throws {
        let policy = try Fixture.policy([
            "{name: pay, operation: [transfer], then: require, approvals: [{group: treasury, count: 2}]}",
            "{name: create, operation: [issue], then: require, approvals: [{group: treasury, count: 1}, {group: risk, count: 1}]}",
        ])
        let issue = Fixture.transaction([
            .issue(bank: Self.network.bankA.id, to: Self.network.walletOperator.id, asset: TestNetwork.eur, amount: 1)
        ])
        let both = [Fixture.transfer(1)] + issue
        func decide(_ approvers: Set<String>, by initiator: String = "payments") -> PolicyDecision {
            policy.decide(Fixture.question(both, by: initiator, approvers: approvers))
        }
        let treasury2 = PolicyRequirement(group: "treasury", count: 2), risk1 = PolicyRequirement(group: "risk", count: 1)
        #expect(decide([]) == .needs(rules: [0, 1], missing: [treasury2, risk1]))
        #expect(decide(["ann", "ben"]) == .needs(rules: [0, 1], missing: [risk1]))
        #expect(decide(["ann", "ben", "eve"]) == .allowed(rules: [0, 1]))
        #expect(
            decide(["ann", "ben", "eve"], by: "ann") == .needs(rules: [0, 1], missing: [PolicyRequirement(group: "treasury", count: 1)]))
        #expect(decide(["payments", "mallory", "eve"]) == .needs(rules: [0, 1], missing: [treasury2]), "only people of the policy count")
    }

    @Test func nobodyCountsForTwoGroups() throws {
        let policy = try Fixture.policy([
            "{name: pay, operation: [transfer], then: require, approvals: [{group: all, count: 1}, {group: risk, count: 1}]}"
        ])
        func missing(_ approvers: Set<String>) -> PolicyDecision {
            policy.decide(Fixture.question([Fixture.transfer(1)], approvers: approvers))
        }
        let all = PolicyRequirement(group: "all", count: 1), risk = PolicyRequirement(group: "risk", count: 1)
        #expect(missing(["eve"]) == .needs(rules: [0], missing: [risk]) || missing(["eve"]) == .needs(rules: [0], missing: [all]))
        #expect(missing(["ann", "ben"]) == .needs(rules: [0], missing: [risk]))
        #expect(missing(["ann", "eve"]) == .allowed(rules: [0]), "eve is moved to where only she counts")
    }

    @Test(arguments: [("initiator", 3), ("source", 2), ("destination", 2), ("counterparty", 3)])
    func sumsCountWhatTheyAreKeptFor(subject: String, counted: Int) throws {
        let network = Self.network
        let (payer, payee, other) = (network.walletOperator.id, network.bankA.id, network.bankB.id)
        let past = [
            // By the same initiator, with the same source, and the same destination.
            PastFact(time: Fixture.noon - 1, initiator: "payments", fact: Fixture.transfer(1_00, from: payer, to: payee)),
            // By the same initiator; from the fact's destination.
            PastFact(time: Fixture.noon - 1, initiator: "payments", fact: Fixture.transfer(1_00, from: payee, to: other)),
            // Another asset, and too long ago.
            PastFact(time: Fixture.noon - 1, initiator: "payments", fact: Fixture.transfer(1_00, asset: TestNetwork.jpy)),
            PastFact(time: Fixture.noon - 3_600_000, initiator: "payments", fact: Fixture.transfer(1_00, from: payer, to: payee)),
            // Somebody else.
            PastFact(time: Fixture.noon - 1, initiator: "ann", fact: Fixture.transfer(1_00, from: other, to: network.auditor.id)),
        ]
        func decide(atMost limit: Int) throws -> PolicyDecision {
            let policy = try Fixture.policy([
                "{name: sum, operation: [transfer], asset: EUR, sum: {at-most: \(limit).00, window: 1h, per: \(subject)}, then: allow}"
            ])
            return policy.decide(Fixture.question([Fixture.transfer(1_00, from: payer, to: payee)], past: past))
        }
        #expect(try decide(atMost: counted) == .allowed(rules: [0]))
        #expect(try decide(atMost: counted - 1) == .denied(fact: 0, rule: nil))
    }

    @Test func timesAreLocal() throws {
        let head = Fixture.head + "utc-offset: \"-02:30\"\nclosed-dates: [2026-01-02]\n"
        func decide(_ condition: String, at time: String) throws -> Bool {
            let text = Fixture.text(["{name: timed, operation: [transfer], \(condition), then: allow}"], head: head)
            let policy = try Policy(yaml: Array(text.utf8), chainspec: Self.network.chainspec)
            return try policy.decide(Fixture.question([Fixture.transfer(1)], at: Timestamp.parse(time))) == .allowed(rules: [0])
        }
        let hours = "hours: \"08:00-18:00\""
        #expect(try !decide(hours, at: "2026-01-05T10:29:59.999Z"))
        #expect(try decide(hours, at: "2026-01-05T10:30:00Z"))
        #expect(try decide(hours, at: "2026-01-05T20:29:59.999Z"))
        #expect(try !decide(hours, at: "2026-01-05T20:30:00Z"))
        // Local Sunday ends at 02:30 UTC on Monday.
        #expect(try decide("weekdays: [sun]", at: "2026-01-05T02:29:00Z"))
        #expect(try decide("weekdays: [mon]", at: "2026-01-05T02:30:00Z"))
        #expect(try decide("open-days: true", at: "2026-01-02T02:29:00Z"))
        #expect(try !decide("open-days: true", at: "2026-01-02T02:30:00Z"))
        #expect(try decide("weekdays: [wed]", at: "1970-01-01T00:00:00Z"), "the local day before the epoch was a Wednesday")
    }

    @Test func aTransactionsFactsAreItsLegsAndOperations() {
        let network = Self.network
        let (a, b, c) = (network.bankA.id, network.bankB.id, network.walletOperator.id)
        let facts = Fixture.transaction([
            .issue(bank: a, to: c, asset: TestNetwork.eur, amount: 5),
            .transfer([
                TransactionBuilder.Leg(from: c, to: b, asset: TestNetwork.eur, amount: 2),
                TransactionBuilder.Leg(from: c, to: a, asset: TestNetwork.jpy, amount: 3),
            ]),
            .redeem(bank: b, from: c, asset: TestNetwork.eur, amount: 1), .setStatus(account: c, status: .frozen),
        ])
        #expect(facts.map(\.kind) == [.issue, .transfer, .transfer, .redeem, .setStatus])
        #expect(facts.map(\.source) == [a, c, c, c, c])
        #expect(facts.map(\.destination) == [c, b, a, b, nil])
        #expect(facts.map(\.money?.amount) == [5, 2, 3, 1, nil])
        #expect(facts.map(\.money?.asset) == [TestNetwork.eur, TestNetwork.eur, TestNetwork.jpy, TestNetwork.eur, nil])
    }
}
