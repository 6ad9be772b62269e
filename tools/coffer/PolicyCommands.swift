import ArgumentParser
import Client
import Cryptography
import Custody
import Ledger

struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Checks custody policies, and says what they would decide.",
        subcommands: [PolicyCheckCommand.self, PolicySimulateCommand.self, PolicyReplayCommand.self])

    /// Reads a policy; whatever is wrong with it is said with its line.
    static func read(_ path: String, _ chainspec: Chainspec) throws(Failure) -> Policy {
        let bytes = try Files.read(path, maximumByteCount: Policy.maximumByteCount)
        do throws(PolicyFaults) {
            return try Policy(yaml: bytes, chainspec: chainspec)
        } catch {
            let lines = error.faults.map { "\(path):\($0.line): \($0.reason)" }
            throw Failure(code: "policyRefused", lines.joined(separator: "\n"), exitCode: 1)
        }
    }
}

struct PolicyCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Checks a policy file, and says in words what each rule does.",
        discussion: """
            Every fault is named with its line: unknown fields, rules that can decide nothing, thresholds that nobody can meet.

            Exit codes: 0 it makes sense; 1 it does not; 2 it cannot be read.

            EXAMPLE:
              coffer policy check policy/development.yaml
            """)

    @Argument(help: ArgumentHelp("The policy file (YAML).", valueName: "file"))
    var file: String
    @OptionGroup var network: NetworkOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let chainspec = try network.read()
        let policy = try PolicyCommand.read(file, chainspec)
        let rules = policy.rules.indices.map { (rule: policy.rules[$0], words: policy.words(ofRule: $0, chainspec)) }
        let json: JSON = [
            "name": .string(policy.name), "revision": .number(UInt64(policy.revision)), "hash": .string(policy.hash.hex),
            "network": .string(policy.network.hex),
            "rules": .array(
                rules.map { rule, words in
                    ["name": .string(rule.name), "line": .number(UInt64(rule.line)), "words": .string(words)]
                }),
        ]
        var lines = ["\(policy.name), revision \(policy.revision), hash \(policy.hash.hex)"]
        for (position, (rule, words)) in rules.enumerated() {
            lines.append("  \(position + 1). \(rule.name) (line \(rule.line)): \(words)")
        }
        lines.append("  What no rule matches is denied.")
        output.show(json, lines.joined(separator: "\n"))
    }
}

struct PolicySimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Says what a policy would decide of transactions, without a key.",
        discussion: """
            The transactions are asked for together, as one request. What was signed before is not known here: sums count this request only.

            Exit codes: 0 it would be allowed; 1 it would be denied, or approvals are missing; 2 a file cannot be read.

            EXAMPLE:
              coffer policy simulate --policy policy/development.yaml --initiator payments payment.json
              coffer policy simulate --policy policy/development.yaml --initiator treasurer-1 --approver risk-officer \\
                --time 2026-12-01T09:30:00Z issue.json
            """)

    @Argument(help: ArgumentHelp("Drafts, or canonical bytes in hexadecimal.", valueName: "transaction"))
    var transactions: [String]
    @Option(help: ArgumentHelp("The policy file (YAML).", valueName: "file"))
    var policy: String
    @Option(help: ArgumentHelp("The member who asks.", valueName: "name"))
    var initiator: String
    @Option(help: ArgumentHelp("A member who has approved. May be repeated.", valueName: "name"))
    var approver: [String] = []
    @Option(help: ArgumentHelp("When; default: now.", valueName: "time"))
    var time: String?
    @OptionGroup var network: NetworkOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let chainspec = try network.read()
        let policy = try PolicyCommand.read(policy, chainspec)
        for name in [initiator] + approver where policy.member(named: name) == nil {
            throw Failure.input("The policy has no member \(name). It has \(policy.members.map(\.name).joined(separator: ", ")).")
        }
        var contents: [Transaction] = []
        for path in transactions { contents.append(try Draft.decode(path, chainspec).0.content) }
        let facts = Fact.facts(of: contents)
        let decision = policy.decide(
            PolicyQuestion(initiator: initiator, facts: facts, time: try moment(), past: [], approvers: Set(approver)))
        output.show(json(decision, policy), words(decision, policy, facts, chainspec))
        if case .allowed = decision { return }
        throw ExitCode(1)
    }

    private func moment() throws(Failure) -> TimeMilliseconds {
        guard let time else { return WallClock.now() }
        do {
            return try Timestamp.parse(time)
        } catch {
            throw .input("--time \(time): \(error.message)")
        }
    }

    private func words(_ decision: PolicyDecision, _ policy: Policy, _ facts: [Fact], _ chainspec: Chainspec) -> String {
        var lines = [policy.words(of: decision)]
        if case .denied(let position, _) = decision, facts.indices.contains(position) {
            lines.append("  fact \(position + 1): \(words(facts[position], chainspec))")
        }
        let used: [Int]
        switch decision {
        case .allowed(let rules), .needs(let rules, _): used = rules
        case .denied(_, let rule): used = rule.map { [$0] } ?? []
        }
        for rule in used { lines.append("  \(policy.rules[rule].name): \(policy.words(ofRule: rule, chainspec))") }
        return lines.joined(separator: "\n")
    }

    private func words(_ fact: Fact, _ chainspec: Chainspec) -> String {
        var parts = [fact.kind.rawValue]
        if let money = fact.money { parts.append(chainspec.money(money.amount, money.asset)) }
        if let source = fact.source { parts.append("from \(chainspec.address(of: source))") }
        if let destination = fact.destination { parts.append("to \(chainspec.address(of: destination))") }
        return parts.joined(separator: " ")
    }

    private func json(_ decision: PolicyDecision, _ policy: Policy) -> JSON {
        func names(_ positions: [Int]) -> JSON { .array(positions.map { .string(policy.rules[$0].name) }) }
        var members = [JSON.Member(key: "policy", value: .string(policy.hash.hex))]
        switch decision {
        case .allowed(let rules):
            members += [JSON.Member(key: "decision", value: "allowed"), JSON.Member(key: "rules", value: names(rules))]
        case .denied(let fact, let rule):
            members += [
                JSON.Member(key: "decision", value: "denied"), JSON.Member(key: "fact", value: .number(UInt64(fact + 1))),
                JSON.Member(key: "rules", value: names(rule.map { [$0] } ?? [])),
            ]
        case .needs(let rules, let missing):
            let missing: [JSON] = missing.map { ["group": .string($0.group), "count": .number(UInt64($0.count))] }
            members += [
                JSON.Member(key: "decision", value: "needs"), JSON.Member(key: "rules", value: names(rules)),
                JSON.Member(key: "missing", value: .array(missing)),
            ]
        }
        return .object(members)
    }
}
