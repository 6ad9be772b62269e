public import Ledger

extension Policy {
    /// Reads a policy file for a network.
    ///
    /// Throws everything that is wrong with it, by line: what is no YAML of the narrow kind that policies are; unknown, missing and
    /// repeated fields and names; values that are malformed; and, once all of that is right, rules that can decide nothing and thresholds
    /// that nobody can meet.
    public init(yaml bytes: [UInt8], chainspec: Chainspec) throws(PolicyFaults) {
        var reader = PolicyReader(chainspec)
        do throws(PolicyFault) {
            reader.read(try PolicyText.root(of: bytes))
        } catch {
            throw PolicyFaults(faults: [error])
        }
        if reader.faults.isEmpty { reader.checkSense() }
        guard reader.faults.isEmpty else {
            // Stable: faults of one line stay in the order in which they were found.
            let ordered = reader.faults.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
            throw PolicyFaults(faults: ordered.map(\.element))
        }
        self.init(reader.parts, bytes: bytes)
    }
}

extension PolicyReader {
    /// That every rule can decide something, and every threshold be met.
    mutating func checkSense() {
        for (position, rule) in parts.rules.enumerated() {
            if let earlier = parts.rules[..<position].first(where: { $0.conditions.cover(rule.conditions) }) {
                fault(line: rule.line, .unreachable(rule: earlier.name, line: earlier.line))
            }
            let initiators = parts.members.filter { member in
                rule.conditions.initiatorRoles.map { !$0.isDisjoint(with: member.roles) } ?? true
            }
            guard !initiators.isEmpty else {
                fault(line: rule.line, .nobodyAsks)
                continue
            }
            if case .require(let requirements) = rule.outcome, !canBeMet(requirements, by: initiators) {
                fault(line: rule.line, .thresholdOutOfReach)
            }
        }
    }

    /// Whether, for one who may ask at least, all the others together would be enough.
    private func canBeMet(_ requirements: [PolicyRequirement], by initiators: [PolicyMember]) -> Bool {
        let approvals = PolicyApprovals(requirements, groups: parts.groups)
        let people = parts.members.filter(\.isPerson).map(\.name)
        return initiators.contains { initiator in approvals.missing(people.filter { $0 != initiator.name }).isEmpty }
    }
}
