internal import Cryptography
internal import Ledger
internal import Yams

/// Reads the tree of a policy file, and gathers what is wrong with it.
struct PolicyReader {
    let chainspec: Chainspec
    private(set) var faults: [PolicyFault] = []
    private(set) var lists: [String: Set<AccountID>] = [:]
    var parts = PolicyParts()

    init(_ chainspec: Chainspec) { self.chainspec = chainspec }

    mutating func read(_ root: Node) {
        let known = ["format", "name", "revision", "network", "utc-offset", "closed-dates", "members", "groups", "accounts", "rules"]
        guard let fields = fields(root, known: known, required: ["format", "name", "revision", "network", "members", "rules"]) else {
            return
        }
        if let node = fields["format"], let text = text(node), text != "1" { fault(node, .notAFormat(text)) }
        if let node = fields["name"] { parts.name = name(node) ?? "" }
        if let node = fields["revision"] { parts.revision = UInt32(number(node, atMost: UInt32.max) ?? 0) }
        if let node = fields["network"] { readNetwork(node) }
        if let node = fields["utc-offset"] { readOffset(node) }
        if let node = fields["closed-dates"] { readClosedDates(node) }
        if let node = fields["members"] { readMembers(node) }
        if let node = fields["groups"] { readGroups(node) }
        if let node = fields["accounts"] { readLists(node) }
        if let node = fields["rules"] { readRules(node) }
    }

    private mutating func readNetwork(_ node: Node) {
        guard let text = text(node) else { return }
        parts.network = chainspec.network
        if text != chainspec.network.hex { fault(node, .otherNetwork(text)) }
    }

    private mutating func readOffset(_ node: Node) {
        guard let text = text(node) else { return }
        let bytes = Array(text.utf8)
        guard bytes.count == 6, bytes[0] == UInt8(ascii: "+") || bytes[0] == UInt8(ascii: "-"),
            let minutes = PolicyValues.minutes(String(text.dropFirst())), minutes <= 840
        else { return fault(node, .notAnOffset(text)) }
        parts.utcOffsetMinutes = bytes[0] == UInt8(ascii: "-") ? -minutes : minutes
    }

    private mutating func readClosedDates(_ node: Node) {
        for entry in list(node, atMost: 1_024) ?? [] {
            guard let text = text(entry) else { continue }
            guard let day = PolicyValues.day(text) else {
                fault(entry, .notADate(text))
                continue
            }
            if !parts.closedDays.insert(day).inserted { fault(entry, .repeated(text)) }
        }
    }

    private mutating func readMembers(_ node: Node) {
        var names: Set<String> = []
        var identities: Set<PolicyMember.Identity> = []
        for entry in list(node, atMost: Policy.maximumMemberCount) ?? [] {
            guard let fields = fields(entry, known: ["name", "roles", "key", "uid"], required: ["name", "roles"]),
                let nameNode = fields["name"], let name = name(nameNode), let roleNode = fields["roles"]
            else { continue }
            if !names.insert(name).inserted { fault(nameNode, .repeated(name)) }
            let roles = self.names(roleNode)
            guard let identity = identity(fields, entry) else { continue }
            if !identities.insert(identity).inserted { fault(entry, .repeated("the key or uid of \(name)")) }
            parts.members.append(PolicyMember(name: name, roles: roles, identity: identity))
        }
    }

    private mutating func identity(_ fields: [String: Node], _ entry: Node) -> PolicyMember.Identity? {
        switch (fields["key"], fields["uid"]) {
        case (let node?, nil):
            guard let text = text(node) else { return nil }
            guard let key = PolicyValues.publicKey(text) else {
                fault(node, .notAKey(text))
                return nil
            }
            return .person(key)
        case (nil, let node?): return number(node, atMost: UInt32.max - 1).map { .service(userID: UInt32($0)) }
        case (nil, nil), (.some, .some):
            fault(entry, .identity)
            return nil
        }
    }

    private mutating func readGroups(_ node: Node) {
        for (nameNode, value) in namedEntries(node, atMost: Policy.maximumGroupCount) {
            guard let name = name(nameNode) else { continue }
            var members: [String] = []
            for entry in list(value, atMost: Policy.maximumMemberCount) ?? [] {
                guard let text = self.name(entry) else { continue }
                guard let member = parts.members.first(where: { $0.name == text }) else {
                    fault(entry, .unknown("member", text))
                    continue
                }
                if !member.isPerson { fault(entry, .notAPerson(text)) }
                if members.contains(text) { fault(entry, .repeated(text)) }
                members.append(text)
            }
            parts.groups.append(PolicyGroup(name: name, members: members))
        }
    }

    private mutating func readLists(_ node: Node) {
        for (nameNode, value) in namedEntries(node, atMost: Policy.maximumListCount) {
            guard let name = name(nameNode) else { continue }
            var accounts: Set<AccountID> = []
            for entry in list(value, atMost: Policy.maximumListLength) ?? [] {
                guard let text = text(entry), let account = account(entry, text) else { continue }
                if !accounts.insert(account).inserted { fault(entry, .repeated(text)) }
            }
            lists[name] = accounts
        }
    }

    /// An institution's name stands for its account, as on the command line.
    private mutating func account(_ node: Node, _ text: String) -> AccountID? {
        if let institution = chainspec.institutionIndex(name: text) { return chainspec.institutionAccount(institution) }
        do throws(AddressError) {
            return try chainspec.parseAddress(text)
        } catch {
            fault(node, .notAnAccount(text, error.description))
            return nil
        }
    }
}

// What the tree is read with.
extension PolicyReader {
    mutating func fault(_ node: Node, _ reason: PolicyFault.Reason) { fault(line: node.mark?.line ?? 1, reason) }

    mutating func fault(line: Int, _ reason: PolicyFault.Reason) {
        guard faults.count < PolicyFaults.maximumCount else { return }
        faults.append(PolicyFault(line: line, reason: reason))
    }

    /// The fields of a mapping; nil when it is none. Unknown and missing ones are faults.
    mutating func fields(_ node: Node, known: [String], required: [String]) -> [String: Node]? {
        guard case .mapping(let mapping) = node else {
            fault(node, .notAMapping)
            return nil
        }
        var fields: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = text(key) else { continue }
            if known.contains(name) { fields[name] = value } else { fault(key, .unknownField(name, known: known)) }
        }
        for name in required where fields[name] == nil { fault(node, .missingField(name)) }
        return fields
    }

    /// The names and values of a mapping that people name themselves.
    private mutating func namedEntries(_ node: Node, atMost limit: Int) -> [(Node, Node)] {
        guard case .mapping(let mapping) = node else {
            fault(node, .notAMapping)
            return []
        }
        if mapping.count > limit { fault(node, .tooMany(limit: limit)) }
        return mapping.prefix(limit).map { ($0.key, $0.value) }
    }

    /// The entries of a list that is not empty.
    mutating func list(_ node: Node, atMost limit: Int) -> [Node]? {
        guard case .sequence(let sequence) = node else {
            fault(node, .notAList)
            return nil
        }
        if sequence.isEmpty { fault(node, .emptyList) }
        if sequence.count > limit { fault(node, .tooMany(limit: limit)) }
        return Array(sequence.prefix(limit))
    }

    mutating func text(_ node: Node) -> String? {
        guard case .scalar(let scalar) = node else {
            fault(node, .notAText)
            return nil
        }
        return scalar.string
    }

    mutating func name(_ node: Node) -> String? {
        guard let text = text(node) else { return nil }
        guard PolicyValues.isName(text) else {
            fault(node, .notAName(text))
            return nil
        }
        return text
    }

    /// A list of names, each once.
    mutating func names(_ node: Node) -> Set<String> {
        var names: Set<String> = []
        for entry in list(node, atMost: Policy.maximumMemberCount) ?? [] {
            guard let name = name(entry) else { continue }
            if !names.insert(name).inserted { fault(entry, .repeated(name)) }
        }
        return names
    }

    mutating func number(_ node: Node, atMost limit: UInt32) -> UInt64? {
        guard let text = text(node) else { return nil }
        guard let number = PolicyValues.number(text), (1...UInt64(limit)).contains(number) else {
            fault(node, .notANumber(text, limit))
            return nil
        }
        return number
    }
}
