public import Ledger

/// What another policy would have decided of what a signing log recorded.
public struct PolicyComparison: Sendable {
    /// A decision that would have been another.
    public struct Difference: Sendable {
        public let record: UInt64
        public let time: TimeMilliseconds
        public let request: RequestID
        /// What the request would do.
        public let facts: [Fact]
        public let recorded: PolicyDecision
        public let proposed: PolicyDecision
    }

    public let policy: Policy
    public private(set) var decisionCount: UInt64 = 0
    public private(set) var differences: [Difference] = []

    public init(_ policy: Policy) {
        self.policy = policy
    }

    /// Looks at a record, with the state before it: sums count what was really signed or waited then.
    ///
    /// Rules are different things in two policies; what is compared is whether it was allowed, denied, or what was missing.
    public mutating func add(_ record: LogRecord, _ state: inout CustodyState) {
        state.lapse(at: record.time)
        switch record.entry {
        case .requested(let request, _, let decision): compare(record, request, decision, approvers: [], &state.past)
        case .approved(let approval, let decision):
            guard let waiting = state.waiting[approval.request] else { return }
            var past = state.past
            past.remove(waiting.past)
            let approvers = waiting.approvals.filter { $0.expiry > record.time }.map(\.member) + [approval.member]
            compare(record, waiting.request, decision, approvers: Set(approvers), &past)
        default: break
        }
    }

    private mutating func compare(
        _ record: LogRecord, _ request: SigningRequest, _ recorded: PolicyDecision, approvers: Set<String>, _ past: inout PolicyPast
    ) {
        decisionCount += 1
        let question = PolicyQuestion(
            initiator: request.initiator, facts: request.facts, time: record.time, past: [], approvers: approvers)
        let proposed = policy.decide(question, past: &past)
        guard !Self.isSame(recorded, proposed) else { return }
        differences.append(
            Difference(
                record: record.number, time: record.time, request: request.id, facts: request.facts, recorded: recorded, proposed: proposed)
        )
    }

    private static func isSame(_ left: PolicyDecision, _ right: PolicyDecision) -> Bool {
        switch (left, right) {
        case (.allowed, .allowed), (.denied, .denied): true
        case (.needs(_, let left), .needs(_, let right)): left == right
        default: false
        }
    }
}
