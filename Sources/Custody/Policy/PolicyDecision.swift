public import Ledger

/// What a policy is asked.
public struct PolicyQuestion: Sendable {
    /// The member who asks.
    public let initiator: String
    /// What the request would do; see `Fact.facts(of:)`.
    public let facts: [Fact]
    /// The time of the decision, in milliseconds: it stands in the log, and is never read from a clock here.
    public let time: TimeMilliseconds
    /// What was signed, or waits for approvals, at least as far back as the policy's longest window.
    public let past: [PastFact]
    /// Members who approved this request, with valid and unexpired signatures.
    public let approvers: Set<String>

    public init(initiator: String, facts: [Fact], time: TimeMilliseconds, past: [PastFact], approvers: Set<String>) {
        self.initiator = initiator
        self.facts = facts
        self.time = time
        self.past = past
        self.approvers = approvers
    }
}

/// A fact of an earlier request that was not denied.
public struct PastFact: Hashable, Sendable {
    public let time: TimeMilliseconds
    public let initiator: String
    public let fact: Fact

    public init(time: TimeMilliseconds, initiator: String, fact: Fact) {
        self.time = time
        self.initiator = initiator
        self.fact = fact
    }
}

/// What a policy answers.
public enum PolicyDecision: Hashable, Sendable {
    /// Positions of the rules that decided the facts, ascending, each once.
    case allowed(rules: [Int])
    /// The first fact that is denied, and by which rule; nil when no rule matched it, or nobody of that name may ask.
    case denied(fact: Int, rule: Int?)
    /// What is still missing.
    case needs(rules: [Int], missing: [PolicyRequirement])
}

extension Policy {
    /// Decides a request: each fact by the first rule that matches it, the request by the strictest of these
    /// (`docs/spec/custody-policy.md` section 4). A request without facts is denied.
    public func decide(_ question: PolicyQuestion) -> PolicyDecision {
        var past = PolicyPast(question.past)
        return decide(question, past: &past)
    }

    /// The same with the past's running totals, instead of the question's own list.
    public func decide(_ question: PolicyQuestion, past: inout PolicyPast) -> PolicyDecision {
        guard let initiator = member(named: question.initiator), !question.facts.isEmpty else { return .denied(fact: 0, rule: nil) }
        let moment = PolicyMoment(question.time, utcOffsetMinutes: utcOffsetMinutes)
        let isClosed = closedDays.contains(moment.day)
        var totals = PolicyTotals(question)
        var used: Set<Int> = []
        for (position, fact) in question.facts.enumerated() {
            var found: Int?
            for (number, rule) in rules.enumerated()
            where rule.conditions.hold(for: fact, roles: initiator.roles, at: moment, isClosed: isClosed)
                && totals.satisfy(rule.conditions, fact, &past)
            {
                found = number
                break
            }
            guard let rule = found, rules[rule].outcome != .deny else { return .denied(fact: position, rule: found) }
            used.insert(rule)
        }
        let missing = self.missing(requirements(of: used), approvers: question.approvers, initiator: question.initiator)
        return missing.isEmpty ? .allowed(rules: used.sorted()) : .needs(rules: used.sorted(), missing: missing)
    }

    /// What rules ask for together: of each group the most that one of them does, in the order of the policy's groups.
    func requirements(of positions: Set<Int>) -> [PolicyRequirement] {
        var most: [String: Int] = [:]
        for position in positions {
            guard case .require(let requirements) = rules[position].outcome else { continue }
            for requirement in requirements { most[requirement.group] = max(most[requirement.group] ?? 0, requirement.count) }
        }
        return groups.compactMap { group in most[group.name].map { PolicyRequirement(group: group.name, count: $0) } }
    }

    func missing(_ requirements: [PolicyRequirement], approvers: Set<String>, initiator: String) -> [PolicyRequirement] {
        let approving = members.filter { $0.isPerson && $0.name != initiator && approvers.contains($0.name) }.map(\.name)
        return PolicyApprovals(requirements, groups: groups).missing(approving)
    }
}

/// Totals of assets over a request, found once, and over what came before it.
private struct PolicyTotals {
    private let question: PolicyQuestion
    private var requested: [AssetIndex: UInt128] = [:]
    /// What the request itself adds to sums; nil until a rule asks.
    private var own: [PolicyPast.Subject: UInt128]?

    init(_ question: PolicyQuestion) {
        self.question = question
        // 2^64 amounts of less than 2^64 each fit.
        for money in question.facts.lazy.compactMap(\.money) { requested[money.asset, default: 0] += UInt128(money.amount) }
    }

    mutating func satisfy(_ conditions: PolicyConditions, _ fact: Fact, _ past: inout PolicyPast) -> Bool {
        guard conditions.amount != nil || conditions.sum != nil else { return true }
        guard let money = fact.money else { return false }
        if let amount = conditions.amount, !amount.contains(requested[money.asset] ?? 0) { return false }
        guard let sum = conditions.sum else { return true }
        let subject = PolicyPast.Subject(
            asset: money.asset, kind: sum.subject, initiator: sum.subject == .initiator ? question.initiator : nil,
            account: Self.account(of: fact, sum.subject))
        if own == nil { own = PolicyPast.amounts(of: question.facts, by: question.initiator) }
        let before = past.total(subject, window: sum.window, at: question.time)
        return sum.range.contains(before + (own?[subject] ?? 0))
    }

    private static func account(of fact: Fact, _ subject: PolicySum.Subject) -> AccountID? {
        switch subject {
        case .initiator: nil
        case .source: fact.source
        case .destination, .counterparty: fact.destination
        }
    }
}
