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
        guard let initiator = member(named: question.initiator), !question.facts.isEmpty else { return .denied(fact: 0, rule: nil) }
        let moment = PolicyMoment(question.time, utcOffsetMinutes: utcOffsetMinutes)
        let isClosed = closedDays.contains(moment.day)
        var totals = PolicyTotals(question)
        var used: Set<Int> = []
        for (position, fact) in question.facts.enumerated() {
            let rule = rules.firstIndex { rule in
                rule.conditions.hold(for: fact, roles: initiator.roles, at: moment, isClosed: isClosed)
                    && totals.satisfy(rule.conditions, fact)
            }
            guard let rule, rules[rule].outcome != .deny else { return .denied(fact: position, rule: rule) }
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

/// Totals of assets over a request and what came before it, each found once.
private struct PolicyTotals {
    private struct Key: Hashable {
        let window: UInt64
        let asset: AssetIndex
        let subject: PolicySum.Subject
        let account: AccountID?
    }

    private let question: PolicyQuestion
    private var requested: [AssetIndex: UInt128] = [:]
    /// By window, all totals that facts of that window add to: the past is gone through once for each window.
    private var sums: [UInt64: [Key: UInt128]] = [:]

    init(_ question: PolicyQuestion) {
        self.question = question
        // 2^64 amounts of less than 2^64 each fit.
        for money in question.facts.lazy.compactMap(\.money) { requested[money.asset, default: 0] += UInt128(money.amount) }
    }

    mutating func satisfy(_ conditions: PolicyConditions, _ fact: Fact) -> Bool {
        guard conditions.amount != nil || conditions.sum != nil else { return true }
        guard let money = fact.money else { return false }
        if let amount = conditions.amount, !amount.contains(requested[money.asset] ?? 0) { return false }
        guard let sum = conditions.sum else { return true }
        let account: AccountID? =
            switch sum.subject {
            case .initiator: nil
            case .source: fact.source
            case .destination, .counterparty: fact.destination
            }
        let key = Key(window: sum.window, asset: money.asset, subject: sum.subject, account: account)
        return sum.range.contains(totals(of: sum.window)[key] ?? 0)
    }

    private mutating func totals(of window: UInt64) -> [Key: UInt128] {
        if let known = sums[window] { return known }
        var result: [Key: UInt128] = [:]
        func add(_ fact: Fact, isInitiator: Bool) {
            guard let money = fact.money else { return }
            func add(_ subject: PolicySum.Subject, _ account: AccountID?) {
                result[Key(window: window, asset: money.asset, subject: subject, account: account), default: 0] += UInt128(money.amount)
            }
            if isInitiator { add(.initiator, nil) }
            add(.source, fact.source)
            add(.destination, fact.destination)
            add(.counterparty, fact.destination)
            if fact.source != fact.destination { add(.counterparty, fact.source) }
        }
        // A window of one hour at 12:00 holds what was decided after 11:00. Nothing is later than now; if it were, it would count.
        let start = question.time >= window ? question.time - window : nil
        for past in question.past where start.map({ past.time > $0 }) ?? true {
            add(past.fact, isInitiator: past.initiator == question.initiator)
        }
        for fact in question.facts { add(fact, isInitiator: true) }
        sums[window] = result
        return result
    }
}
