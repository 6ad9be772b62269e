public import Ledger

// Policies and decisions in words, for people who must answer for them.
extension Policy {
    /// A rule as a sentence.
    public func words(ofRule position: Int, _ chainspec: Chainspec) -> String {
        let rule = rules[position]
        let conditions = rule.conditions
        var parts = [Fact.Kind.allCases.filter(conditions.operations.contains).map(\.rawValue).joined(separator: " or ")]
        if let asset = conditions.asset.flatMap(chainspec.asset) {
            parts.append("of \(asset.code)")
            if let amount = conditions.amount { parts.append("in all \(amount.words(asset))") }
            if let sum = conditions.sum {
                let hours = sum.window / 3_600_000
                parts.append("with a sum per \(sum.subject.rawValue) over \(hours) h \(sum.range.words(asset))")
            }
        }
        if let sources = conditions.sources { parts.append("from one of \(sources.count) accounts") }
        if let destinations = conditions.destinations { parts.append("to one of \(destinations.count) accounts") }
        if let roles = conditions.initiatorRoles { parts.append("asked for by \(roles.sorted().joined(separator: " or "))") }
        if let hours = conditions.hours {
            parts.append("from \(Self.clock(hours.lowerBound)) to before \(Self.clock(hours.upperBound)), UTC\(offsetWords)")
        }
        if let weekdays = conditions.weekdays {
            parts.append("on \(PolicyWeekday.allCases.filter(weekdays.contains).map(\.rawValue).joined(separator: ", "))")
        }
        if conditions.openDaysOnly { parts.append("not on a closed date") }
        return "\(parts.joined(separator: ", ")): \(rule.outcome.words)"
    }

    /// A decision as a sentence.
    public func words(of decision: PolicyDecision) -> String {
        func names(_ positions: [Int]) -> String { positions.map { rules[$0].name }.joined(separator: ", ") }
        switch decision {
        case .allowed(let positions): return "allowed by \(names(positions))"
        case .denied(let fact, let position?): return "denied: fact \(fact + 1) by rule \(rules[position].name)"
        case .denied(let fact, nil): return "denied: no rule matches fact \(fact + 1), and what no rule matches is denied"
        case .needs(let positions, let missing):
            return "not yet: \(names(positions)) \(positions.count == 1 ? "asks" : "ask") for \(PolicyRequirement.words(missing)) more"
        }
    }

    private var offsetWords: String {
        let minutes = abs(utcOffsetMinutes)
        return "\(utcOffsetMinutes < 0 ? "-" : "+")\(Self.clock(minutes))"
    }

    private static func clock(_ minutes: Int) -> String {
        func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(padded(minutes / 60)):\(padded(minutes % 60))"
    }
}

extension PolicyRange {
    func words(_ asset: Asset) -> String {
        let bounds = [
            above.map { "above \(DecimalAmount.format($0, decimals: asset.decimals))" },
            atMost.map { "at most \(DecimalAmount.format($0, decimals: asset.decimals))" },
        ]
        return bounds.compactMap { $0 }.joined(separator: " and ")
    }
}

extension PolicyOutcome {
    var words: String {
        switch self {
        case .allow: "allow"
        case .deny: "deny"
        case .require(let requirements): "require \(PolicyRequirement.words(requirements))"
        }
    }
}

extension PolicyRequirement {
    static func words(_ requirements: [PolicyRequirement]) -> String {
        requirements.map { "\($0.count) of \($0.group)" }.joined(separator: " and ")
    }
}
