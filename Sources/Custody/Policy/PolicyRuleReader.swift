internal import Ledger
internal import Yams

// The rules of a policy file (`docs/spec/custody-policy.md` section 3).
extension PolicyReader {
    private static let ruleFields = [
        "name", "operation", "asset", "amount", "sum", "source", "destination", "initiator", "hours", "weekdays", "open-days", "then",
        "approvals",
    ]

    mutating func readRules(_ node: Node) {
        var names: Set<String> = []
        for entry in list(node, atMost: Policy.maximumRuleCount) ?? [] {
            guard let fields = fields(entry, known: Self.ruleFields, required: ["name", "operation", "then"]),
                let nameNode = fields["name"], let name = name(nameNode)
            else { continue }
            if !names.insert(name).inserted { fault(nameNode, .repeated(name)) }
            let faultsBefore = faults.count
            let conditions = conditions(fields)
            guard let outcome = outcome(fields, entry), faults.count == faultsBefore else { continue }
            parts.rules.append(PolicyRule(name: name, line: nameNode.mark?.line ?? 1, conditions: conditions, outcome: outcome))
        }
    }

    private mutating func conditions(_ fields: [String: Node]) -> PolicyConditions {
        var conditions = PolicyConditions()
        if let node = fields["operation"] { conditions.operations = operations(node) }
        if let node = fields["asset"], let code = text(node) {
            conditions.asset = chainspec.assetIndex(code: code)
            if conditions.asset == nil { fault(node, .unknown("asset", code)) }
        }
        if let node = fields["amount"] { conditions.amount = amount(node, conditions.asset, hasAsset: fields["asset"] != nil) }
        if let node = fields["sum"] { conditions.sum = sum(node, conditions.asset, hasAsset: fields["asset"] != nil) }
        if let node = fields["source"] { conditions.sources = accounts(node) }
        if let node = fields["destination"] { conditions.destinations = accounts(node) }
        if let node = fields["initiator"] { conditions.initiatorRoles = roles(node) }
        if let node = fields["hours"], let text = text(node) {
            conditions.hours = PolicyValues.hours(text)
            if conditions.hours == nil { fault(node, .notHours(text)) }
        }
        if let node = fields["weekdays"] { conditions.weekdays = weekdays(node) }
        if let node = fields["open-days"], let text = text(node) {
            conditions.openDaysOnly = true
            if text != "true" { fault(node, .notTrue(text)) }
        }
        checkKinds(conditions, fields)
        return conditions
    }

    private mutating func operations(_ node: Node) -> Set<Fact.Kind> {
        var kinds: Set<Fact.Kind> = []
        for entry in list(node, atMost: Fact.Kind.allCases.count) ?? [] {
            guard let text = text(entry) else { continue }
            guard let kind = Fact.Kind(rawValue: text) else {
                fault(entry, .unknown("operation", text))
                continue
            }
            if !kinds.insert(kind).inserted { fault(entry, .repeated(text)) }
        }
        return kinds
    }

    private mutating func weekdays(_ node: Node) -> Set<PolicyWeekday> {
        var days: Set<PolicyWeekday> = []
        for entry in list(node, atMost: 7) ?? [] {
            guard let text = text(entry) else { continue }
            guard let day = PolicyWeekday(rawValue: text) else {
                fault(entry, .unknown("weekday", text))
                continue
            }
            if !days.insert(day).inserted { fault(entry, .repeated(text)) }
        }
        return days
    }

    /// Names of lists, and the accounts of all of them.
    private mutating func accounts(_ node: Node) -> Set<AccountID> {
        var accounts: Set<AccountID> = []
        for entry in list(node, atMost: Policy.maximumListCount) ?? [] {
            guard let name = name(entry) else { continue }
            guard let list = lists[name] else {
                fault(entry, .unknown("list of accounts", name))
                continue
            }
            accounts.formUnion(list)
        }
        return accounts
    }

    private mutating func roles(_ node: Node) -> Set<String> {
        let names = names(node)
        for name in names.sorted() where !parts.members.contains(where: { $0.roles.contains(name) }) { fault(node, .unknown("role", name)) }
        return names
    }

    private mutating func amount(_ node: Node, _ asset: AssetIndex?, hasAsset: Bool) -> PolicyRange? {
        fields(node, known: ["above", "at-most"], required: []).flatMap { range($0, node, asset, hasAsset: hasAsset) }
    }

    private mutating func sum(_ node: Node, _ asset: AssetIndex?, hasAsset: Bool) -> PolicySum? {
        guard let fields = fields(node, known: ["above", "at-most", "window", "per"], required: ["window", "per"]) else { return nil }
        let range = self.range(fields, node, asset, hasAsset: hasAsset)
        let window = fields["window"].flatMap { self.window($0) }
        var subject: PolicySum.Subject?
        if let node = fields["per"], let text = text(node) {
            subject = PolicySum.Subject(rawValue: text)
            if subject == nil { fault(node, .unknown("subject of a sum", text)) }
        }
        guard let range, let window, let subject else { return nil }
        return PolicySum(range: range, subject: subject, window: window)
    }

    private mutating func window(_ node: Node) -> UInt64? {
        guard let text = text(node) else { return nil }
        guard let window = PolicyValues.window(text) else {
            fault(node, .notAWindow(text))
            return nil
        }
        if window > Policy.maximumWindowMilliseconds { fault(node, .windowTooLong(text)) }
        return window
    }

    private mutating func range(_ fields: [String: Node], _ node: Node, _ asset: AssetIndex?, hasAsset: Bool) -> PolicyRange? {
        if fields["above"] == nil && fields["at-most"] == nil { fault(node, .missingField("above or at-most")) }
        guard hasAsset else {
            fault(node, .amountWithoutAsset)
            return nil
        }
        // An unknown asset is a fault already.
        guard let asset, let decimals = chainspec.asset(asset)?.decimals else { return nil }
        let range = PolicyRange(
            above: fields["above"].flatMap { units($0, decimals) }, atMost: fields["at-most"].flatMap { units($0, decimals) })
        if let above = range.above, let atMost = range.atMost, above >= atMost { fault(node, .emptyRange) }
        if range.atMost == 0 || range.above == UInt64.max { fault(node, .emptyRange) }
        return range
    }

    private mutating func units(_ node: Node, _ decimals: UInt8) -> UInt64? {
        guard let text = text(node) else { return nil }
        do throws(AmountError) {
            return try DecimalAmount.parse(text, decimals: decimals)
        } catch {
            fault(node, .amount(text, error))
            return nil
        }
    }

    private mutating func outcome(_ fields: [String: Node], _ entry: Node) -> PolicyOutcome? {
        guard let node = fields["then"], let text = text(node) else { return nil }
        switch (text, fields["approvals"]) {
        case ("allow", nil): return .allow
        case ("deny", nil): return .deny
        case ("require", let approvals?): return .require(requirements(approvals))
        case ("require", nil): fault(entry, .requireWithoutApprovals)
        case ("allow", let approvals?), ("deny", let approvals?): fault(approvals, .approvalsWithoutRequire)
        default: fault(node, .unknown("outcome", text))
        }
        return nil
    }

    private mutating func requirements(_ node: Node) -> [PolicyRequirement] {
        var requirements: [PolicyRequirement] = []
        for entry in list(node, atMost: Policy.maximumApprovalCount) ?? [] {
            guard let fields = fields(entry, known: ["group", "count"], required: ["group", "count"]), let groupNode = fields["group"],
                let group = name(groupNode), let countNode = fields["count"],
                let count = number(countNode, atMost: UInt32(Policy.maximumApprovalCount))
            else { continue }
            if !parts.groups.contains(where: { $0.name == group }) { fault(groupNode, .unknown("group", group)) }
            if requirements.contains(where: { $0.group == group }) { fault(groupNode, .repeated(group)) }
            requirements.append(PolicyRequirement(group: group, count: Int(count)))
        }
        if requirements.reduce(0, { $0 + $1.count }) > Policy.maximumApprovalCount {
            fault(node, .tooMany(limit: Policy.maximumApprovalCount))
        }
        return requirements
    }

    /// A condition on what an operation does not have would never hold, and look as if it protected something.
    private mutating func checkKinds(_ conditions: PolicyConditions, _ fields: [String: Node]) {
        guard let node = fields["operation"] else { return }
        let kinds = Fact.Kind.allCases.filter(conditions.operations.contains)
        if fields["asset"] != nil || fields["amount"] != nil || fields["sum"] != nil, let kind = kinds.first(where: { !$0.hasAmount }) {
            fault(node, .needsMoney(kind))
        }
        if fields["destination"] != nil, let kind = kinds.first(where: { !$0.hasDestination }) { fault(node, .needsDestination(kind)) }
        if fields["source"] != nil, let kind = kinds.first(where: { !$0.hasSource }) { fault(node, .needsSource(kind)) }
    }
}
