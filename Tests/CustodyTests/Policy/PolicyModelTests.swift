import Cryptography
import Ledger
import Support
import Testing

@testable import Custody

/// `Policy.decide` against a second implementation that is as plain as the specification and as slow as it likes.
struct PolicyModelTests {
    private typealias Fixture = PolicyFixture
    private static let accounts = [
        Fixture.network.walletOperator.id, Fixture.network.bankA.id, Fixture.network.bankB.id, Fixture.network.auditor.id,
    ]

    @Test func randomRequestsAreDecidedAsTheSpecificationSays() throws {
        var random = Generator(state: 7)
        var seen: [String: Int] = [:]
        for _ in 0..<300 {
            let policy = try randomPolicy(&random)
            for _ in 0..<20 {
                let question = randomQuestion(&random)
                let decided = policy.decide(question)
                let expected = Self.naive(policy, question)
                #expect(
                    decided.kind == expected.kind && decided.rules == expected.rules,
                    "\(question) by\n\(String(decoding: policy.bytes, as: UTF8.self))")
                seen[decided.kind, default: 0] += 1
            }
        }
        for kind in ["allowed", "denied", "needs"] { #expect(seen[kind, default: 0] > 100, "\(seen)") }
    }

    @Test func approvalsAreMatchedAsWellAsCanBe() {
        var random = Generator(state: 9)
        let people = ["a", "b", "c", "d", "e"]
        for _ in 0..<2_000 {
            let groups = (0..<3).map { number in PolicyGroup(name: "g\(number)", members: people.filter { _ in random.below(2) == 0 }) }
            let requirements = groups.filter { _ in random.below(4) > 0 }.map {
                PolicyRequirement(group: $0.name, count: 1 + random.below(2))
            }
            let approving = people.filter { _ in random.below(3) > 0 }
            let missing = PolicyApprovals(requirements, groups: groups).missing(approving)
            let best = Self.mostSeated(approving[...], requirements, groups)
            #expect(requirements.total - missing.total == best, "\(requirements) of \(groups) by \(approving)")
        }
    }

    /// Every way to seat people, tried.
    private static func mostSeated(_ people: ArraySlice<String>, _ open: [PolicyRequirement], _ groups: [PolicyGroup]) -> Int {
        guard let person = people.first else { return 0 }
        var best = mostSeated(people.dropFirst(), open, groups)
        for (position, place) in open.enumerated() where place.count > 0 {
            guard groups.first(where: { $0.name == place.group })?.members.contains(person) == true else { continue }
            var left = open
            left[position] = PolicyRequirement(group: place.group, count: place.count - 1)
            best = max(best, 1 + mostSeated(people.dropFirst(), left, groups))
        }
        return best
    }

    private static func naive(_ policy: Policy, _ question: PolicyQuestion) -> (kind: String, rules: [Int]) {
        guard let initiator = policy.members.first(where: { $0.name == question.initiator }), !question.facts.isEmpty else {
            return ("denied", [])
        }
        var used: [Int] = []
        for fact in question.facts {
            guard let rule = policy.rules.indices.first(where: { holds(policy.rules[$0].conditions, fact, initiator, question) }),
                policy.rules[rule].outcome != .deny
            else { return ("denied", []) }
            if !used.contains(rule) { used.append(rule) }
        }
        var asked: [PolicyRequirement] = []
        for group in policy.groups {
            let counts = used.flatMap { rule -> [Int] in
                guard case .require(let requirements) = policy.rules[rule].outcome else { return [] }
                return requirements.filter { $0.group == group.name }.map(\.count)
            }
            if let most = counts.max() { asked.append(PolicyRequirement(group: group.name, count: most)) }
        }
        let approving = policy.members.filter { $0.isPerson && $0.name != initiator.name && question.approvers.contains($0.name) }.map(
            \.name)
        let isEnough = mostSeated(approving[...], asked, policy.groups) == asked.total
        return (isEnough ? "allowed" : "needs", used.sorted())
    }

    private static func holds(_ conditions: PolicyConditions, _ fact: Fact, _ initiator: PolicyMember, _ question: PolicyQuestion) -> Bool {
        func sum(_ facts: [Fact]) -> UInt128 {
            facts.compactMap(\.money).filter { $0.asset == fact.money?.asset }.reduce(UInt128(0)) { $0 + UInt128($1.amount) }
        }
        guard conditions.operations.contains(fact.kind) else { return false }
        if let asset = conditions.asset, asset != fact.money?.asset { return false }
        if let range = conditions.amount, !within(range, sum(question.facts)) { return false }
        if let condition = conditions.sum {
            let now = question.facts.map { PastFact(time: question.time, initiator: question.initiator, fact: $0) }
            let counted = (question.past.filter { $0.time + condition.window > question.time } + now).filter { past in
                switch condition.subject {
                case .initiator: past.initiator == question.initiator
                case .source: past.fact.source == fact.source
                case .destination: past.fact.destination == fact.destination
                case .counterparty: past.fact.destination == fact.destination || past.fact.source == fact.destination
                }
            }
            guard within(condition.range, sum(counted.map(\.fact))) else { return false }
        }
        if let sources = conditions.sources, !sources.contains(fact.source ?? AccountID(.zero)) { return false }
        if let destinations = conditions.destinations, !destinations.contains(fact.destination ?? AccountID(.zero)) { return false }
        if let roles = conditions.initiatorRoles, !roles.contains(where: initiator.roles.contains) { return false }
        return true
    }

    private static func within(_ range: PolicyRange, _ total: UInt128) -> Bool {
        (range.above.map { total > UInt128($0) } ?? true) && (range.atMost.map { total <= UInt128($0) } ?? true)
    }

    private func randomPolicy(_ random: inout Generator) throws -> Policy {
        // A policy with a rule that decides nothing is refused: then another is made.
        while true {
            let rules = (0..<(1 + random.below(5))).map { number in randomRule(number, &random) }
            let text = Fixture.text(rules)
            if Fixture.faults(text).isEmpty { return try Fixture.policy(rules) }
        }
    }

    private func randomRule(_ number: Int, _ random: inout Generator) -> String {
        var fields = [
            "name: r\(number)", "operation: [\(["transfer", "transfer, issue", "issue, redeem", "redeem, transfer"][random.below(4)])]",
        ]
        if random.below(3) > 0 {
            fields.append("asset: \(["EUR", "JPY"][random.below(2)])")
            if random.below(2) == 0 { fields.append("amount: {\(["above", "at-most"][random.below(2)]): \(1 + random.below(12))}") }
            if random.below(2) == 0 {
                let subject = PolicySum.Subject.allCases[random.below(4)]
                fields.append(
                    "sum: {\(["above", "at-most"][random.below(2)]): \(1 + random.below(30)), window: 1h, per: \(subject.rawValue)}")
            }
        }
        if random.below(4) == 0 { fields.append("source: [\(["banks", "others"][random.below(2)])]") }
        if random.below(4) == 0 { fields.append("destination: [\(["banks", "others"][random.below(2)])]") }
        if random.below(4) == 0 { fields.append("initiator: [\(["treasurer", "risk", "service"][random.below(3)])]") }
        switch random.below(5) {
        case 0: fields.append("then: deny")
        case 1, 2: fields.append("then: allow")
        case 3: fields.append("then: require, approvals: [{group: treasury, count: 1}, {group: all, count: 1}]")
        default: fields.append("then: require, approvals: [{group: all, count: \(1 + random.below(2))}, {group: risk, count: 1}]")
        }
        return "{\(fields.joined(separator: ", "))}"
    }

    private func randomQuestion(_ random: inout Generator) -> PolicyQuestion {
        let members = ["ann", "ben", "eve", "payments"]
        let facts = (0..<(1 + random.below(3))).map { _ in randomFact(&random) }
        let past = (0..<random.below(4)).map { _ in
            PastFact(
                time: Fixture.noon - UInt64(random.below(2)) * 3_600_000 - UInt64(random.below(2)), initiator: members[random.below(4)],
                fact: randomFact(&random))
        }
        return Fixture.question(
            facts, by: members[random.below(4)], past: past, approvers: Set(members.filter { _ in random.below(2) == 0 }))
    }

    private func randomFact(_ random: inout Generator) -> Fact {
        let (from, to) = (random.below(4), 1 + random.below(3))
        let payer = Self.accounts[from], payee = Self.accounts[(from + to) % 4]
        let asset = [TestNetwork.eur, TestNetwork.jpy][random.below(2)]
        let amount = UInt64(1 + random.below(8)) * (asset == TestNetwork.eur ? 100 : 1)
        let step: TransactionBuilder.Step =
            switch random.below(4) {
            case 0: .issue(bank: payer, to: payee, asset: asset, amount: amount)
            case 1: .redeem(bank: payer, from: payee, asset: asset, amount: amount)
            default: .transfer([TransactionBuilder.Leg(from: payer, to: payee, asset: asset, amount: amount)])
            }
        return Fixture.transaction([step])[0]
    }
}

extension [PolicyRequirement] {
    fileprivate var total: Int { reduce(0) { $0 + $1.count } }
}

extension PolicyDecision {
    fileprivate var kind: String {
        switch self {
        case .allowed: "allowed"
        case .denied: "denied"
        case .needs: "needs"
        }
    }

    fileprivate var rules: [Int] {
        switch self {
        case .allowed(let rules), .needs(let rules, _): rules
        case .denied: []
        }
    }
}

/// Numbers that look random, the same in every run (SplitMix64).
private struct Generator {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }
}
