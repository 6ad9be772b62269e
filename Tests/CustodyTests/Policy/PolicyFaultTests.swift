import Foundation
import Ledger
import Support
import Testing

@testable import Custody

/// What is refused of a policy file, with line and reason (`docs/spec/custody-policy.md` sections 2, 3 and 5).
struct PolicyFaultTests {
    private typealias Fixture = PolicyFixture
    private static let allow = "{name: any, operation: [transfer], then: allow}"
    /// The line of the first rule in the fixture's text.
    private static let ruleLine = 18

    private func only(_ text: String, _ line: Int, _ reason: PolicyFault.Reason, _ comment: Comment? = nil) {
        #expect(Fixture.faults(text) == [PolicyFault(line: line, reason: reason)], comment)
    }

    private func rule(_ rule: String, _ reason: PolicyFault.Reason) { only(Fixture.text([rule]), Self.ruleLine, reason) }

    @Test func theFixtureIsFine() {
        #expect(Fixture.faults(Fixture.text([Self.allow])) == [])
        let line = Fixture.text([Self.allow]).split(separator: "\n", omittingEmptySubsequences: false).firstIndex {
            $0.hasPrefix("  - {name: any")
        }
        #expect(line == Self.ruleLine - 1)
    }

    @Test func theExampleIsFine() throws {
        let chainspec = try Chainspec(json: ProjectFiles.read("chainspec/development.json"))
        let bytes = try ProjectFiles.read("policy/development.yaml")
        let policy = try Policy(yaml: bytes, chainspec: chainspec)
        #expect(policy.rules.map(\.name).count == 6)
        #expect(policy.hash == Policy.hash(of: bytes))
        #expect(policy.longestWindow == 86_400_000)
        for position in policy.rules.indices { #expect(!policy.words(ofRule: position, chainspec).isEmpty) }
        var other = bytes
        other.append(UInt8(ascii: "\n"))
        #expect(try Policy(yaml: other, chainspec: chainspec).hash != policy.hash, "the hash is over the bytes")
    }

    @Test(arguments: ["!", "&", "*", "?", "|", ">", "%", "@", "`", "\t", "\r", "é", "\u{7f}", "~", "=", "<"])
    func whatYAMLHasBeyondPlainTextIsRefused(character: Character) throws {
        let text = Fixture.text([Self.allow]) + "x: \(character)a\n"
        let fault = try #require(Fixture.faults(text).first)
        #expect(fault.line == Self.ruleLine + 1)
        guard case .character = fault.reason else {
            Issue.record("\(fault)")
            return
        }
    }

    @Test func depthIsLimitedBeforeTheParserSeesIt() {
        for nested in [String(repeating: "[", count: 100_000), "- - - a", String(repeating: " ", count: 50) + "a: b", "[\n[\n[\n[\n["] {
            #expect(Fixture.faults(nested).map(\.reason) == [.nestedTooDeep], "\(nested.prefix(20))")
        }
        let long = String(repeating: "#", count: Policy.maximumByteCount + 1)
        only(long, 1, .tooLarge)
    }

    @Test(arguments: ["", "a", "[a]", "---\na: b\n---\nc: d\n", "a: [b", "a: 'b", ": :\n  b", "{a: b}}"])
    func whatIsNoPolicyIsRefused(text: String) { #expect(!Fixture.faults(text).isEmpty) }

    @Test func fieldsAreKnownAndGivenOnce() {
        let known = ["format", "name", "revision", "network", "utc-offset", "closed-dates", "members", "groups", "accounts", "rules"]
        only(Fixture.text([Self.allow]) + "owner: bank\n", Self.ruleLine + 1, .unknownField("owner", known: known))
        let repeated = Fixture.faults(Fixture.text([Self.allow]) + "name: again\n")
        #expect(repeated.map(\.reason) == [.repeated("name")])
        let missing = Fixture.faults(Fixture.text([Self.allow]).replacingOccurrences(of: "revision: 1\n", with: ""))
        #expect(missing.map(\.reason) == [.missingField("revision")])
        rule(
            "{name: any, operation: [transfer], when: now, then: allow}".replacingOccurrences(of: "when: now", with: "when: now"),
            .unknownField(
                "when",
                known: [
                    "name", "operation", "asset", "amount", "sum", "source", "destination", "initiator", "hours", "weekdays", "open-days",
                    "then", "approvals",
                ]))
    }

    @Test(arguments: [
        ("format: 1", "format: 2", 1, PolicyFault.Reason.notAFormat("2")), ("name: test", "name: Test", 2, .notAName("Test")),
        ("name: test", "name: [a]", 2, .notAText), ("revision: 1", "revision: 0", 3, .notANumber("0", UInt32.max)),
        ("revision: 1", "revision: 01", 3, .notANumber("01", UInt32.max)),
        ("revision: 1", "revision: 4294967296", 3, .notANumber("4294967296", UInt32.max)),
        ("network: ", "network: 0", 4, .otherNetwork("")),
    ])
    func theHeadIsChecked(from: String, to: String, line: Int, reason: PolicyFault.Reason) throws {
        let faults = Fixture.faults(Fixture.text([Self.allow]).replacingOccurrences(of: from, with: to))
        let fault = try #require(faults.first)
        #expect(fault.line == line)
        if case .otherNetwork = fault.reason { #expect(to == "network: 0") } else { #expect(fault.reason == reason) }
    }

    @Test(arguments: [
        ("utc-offset: 1", PolicyFault.Reason.notAnOffset("1")), ("utc-offset: \"+15:00\"", .notAnOffset("+15:00")),
        ("utc-offset: \"+01:60\"", .notAnOffset("+01:60")), ("closed-dates: []", .emptyList),
        ("closed-dates: [2026-02-29]", .notADate("2026-02-29")),
        ("closed-dates: [2026-02-28, 2026-02-28]", .repeated("2026-02-28")), ("closed-dates: 2026-02-28", .notAList),
    ])
    func timesAreChecked(line: String, reason: PolicyFault.Reason) {
        only(Fixture.text([Self.allow], head: Fixture.head + line + "\n"), 5, reason)
    }

    @Test func membersGroupsAndAccountsAreChecked() {
        func with(_ from: String, _ to: String) -> [PolicyFault.Reason] {
            Fixture.faults(Fixture.text([Self.allow], members: Fixture.members.replacingOccurrences(of: from, with: to))).map(\.reason)
        }
        #expect(with("name: ben", "name: ann").contains(.repeated("ann")))
        #expect(with(Fixture.key("ben"), Fixture.key("ann")) == [.repeated("the key or uid of ben")])
        #expect(with(Fixture.key("ben"), "bip340:00").contains(.notAKey("bip340:00")))
        let notOnTheCurve = "bip340:" + String(repeating: "f", count: 64)
        #expect(with(Fixture.key("ben"), notOnTheCurve).contains(.notAKey(notOnTheCurve)))
        #expect(with("uid: 1001", "uid: 4294967295").contains(.notANumber("4294967295", UInt32.max - 1)))
        #expect(with(", uid: 1001", "").contains(.identity))
        #expect(with("uid: 1001", "uid: 1001, key: \"\(Fixture.key("x"))\"").contains(.identity))
        #expect(with("roles: [risk]", "roles: []") == [.emptyList])
        #expect(with("risk: [eve]", "risk: [mallory]") == [.unknown("member", "mallory")])
        #expect(with("risk: [eve]", "risk: [payments]") == [.notAPerson("payments")])
        #expect(with("risk: [eve]", "risk: [eve, eve]") == [.repeated("eve")])
        #expect(with("others: [operator]", "others: [operator, operator]") == [.repeated("operator")])
        let account = with("others: [operator]", "others: [mallory]")
        guard account.count == 1, case .notAnAccount("mallory", _) = account[0] else {
            Issue.record("\(account)")
            return
        }
    }

    @Test(arguments: [
        ("{name: r, operation: [], then: allow}", PolicyFault.Reason.emptyList),
        ("{name: r, operation: [pay], then: allow}", .unknown("operation", "pay")),
        ("{name: r, operation: [transfer], asset: USD, then: allow}", .unknown("asset", "USD")),
        ("{name: r, operation: [transfer], amount: {at-most: 1}, then: allow}", .amountWithoutAsset),
        (
            "{name: r, operation: [transfer], asset: EUR, amount: {at-most: 1.001}, then: allow}",
            .amount("1.001", .tooManyDecimals(allowed: 2))
        ),
        ("{name: r, operation: [transfer], asset: JPY, amount: {above: 1.5}, then: allow}", .amount("1.5", .tooManyDecimals(allowed: 0))),
        ("{name: r, operation: [transfer], asset: EUR, amount: {at-most: -1}, then: allow}", .amount("-1", .malformed)),
        (
            "{name: r, operation: [transfer], asset: JPY, amount: {at-most: 18446744073709551616}, then: allow}",
            .amount("18446744073709551616", .tooLarge)
        ),
        ("{name: r, operation: [transfer], asset: EUR, amount: {}, then: allow}", .missingField("above or at-most")),
        ("{name: r, operation: [transfer], asset: EUR, amount: {above: 2, at-most: 2}, then: allow}", .emptyRange),
        ("{name: r, operation: [transfer], asset: EUR, amount: {at-most: 0}, then: allow}", .emptyRange),
        ("{name: r, operation: [transfer], asset: JPY, amount: {above: 18446744073709551615}, then: allow}", .emptyRange),
        ("{name: r, operation: [transfer], asset: EUR, sum: {at-most: 2, window: 2w, per: source}, then: allow}", .notAWindow("2w")),
        ("{name: r, operation: [transfer], asset: EUR, sum: {at-most: 2, window: 0h, per: source}, then: allow}", .notAWindow("0h")),
        ("{name: r, operation: [transfer], asset: EUR, sum: {at-most: 2, window: 32d, per: source}, then: allow}", .windowTooLong("32d")),
        (
            "{name: r, operation: [transfer], asset: EUR, sum: {at-most: 2, window: 18446744073709551615d, per: source}, then: allow}",
            .windowTooLong("18446744073709551615d")
        ),
        (
            // 34,448,384 ms, if it wrapped.
            "{name: r, operation: [transfer], asset: EUR, sum: {at-most: 2, window: 213503982335d, per: source}, then: allow}",
            .windowTooLong("213503982335d")
        ),
        (
            "{name: r, operation: [transfer], asset: EUR, sum: {at-most: 2, window: 1h, per: week}, then: allow}",
            .unknown("subject of a sum", "week")
        ),
        ("{name: r, operation: [transfer], destination: [ghosts], then: allow}", .unknown("list of accounts", "ghosts")),
        ("{name: r, operation: [setStatus], destination: [banks], then: allow}", .needsDestination(.setStatus)),
        ("{name: r, operation: [policyChange], source: [banks], then: deny}", .needsSource(.policyChange)),
        ("{name: r, operation: [transfer, rotateKeys], asset: EUR, then: allow}", .needsMoney(.rotateKeys)),
        ("{name: r, operation: [transfer], initiator: [ghost], then: allow}", .unknown("role", "ghost")),
        ("{name: r, operation: [transfer], hours: \"18:00-08:00\", then: allow}", .notHours("18:00-08:00")),
        ("{name: r, operation: [transfer], hours: \"08:00-24:01\", then: allow}", .notHours("08:00-24:01")),
        ("{name: r, operation: [transfer], weekdays: [monday], then: allow}", .unknown("weekday", "monday")),
        ("{name: r, operation: [transfer], open-days: yes, then: allow}", .notTrue("yes")),
        ("{name: r, operation: [transfer], then: maybe}", .unknown("outcome", "maybe")),
        ("{name: r, operation: [transfer], then: require}", .requireWithoutApprovals),
        ("{name: r, operation: [transfer], then: allow, approvals: [{group: risk, count: 1}]}", .approvalsWithoutRequire),
        ("{name: r, operation: [transfer], then: require, approvals: [{group: ghosts, count: 1}]}", .unknown("group", "ghosts")),
        ("{name: r, operation: [transfer], then: require, approvals: [{group: risk, count: 0}]}", .notANumber("0", 16)),
        ("{name: r, operation: [transfer], then: require, approvals: [{group: risk, count: 2}]}", .thresholdOutOfReach),
        ("{name: r, operation: [transfer], initiator: [risk], then: require, approvals: [{group: risk, count: 1}]}", .thresholdOutOfReach),
        (
            "{name: r, operation: [transfer], then: require, approvals: [{group: risk, count: 1}, {group: all, count: 3}]}",
            .thresholdOutOfReach
        ),
    ])
    func rulesAreChecked(text: String, reason: PolicyFault.Reason) { rule(text, reason) }

    @Test(arguments: [
        ("operation: [transfer]", "operation: [transfer], asset: EUR, amount: {at-most: 5}"),
        ("operation: [transfer, issue]", "operation: [issue], destination: [others]"),
        ("operation: [transfer], asset: EUR, amount: {at-most: 6}", "operation: [transfer], asset: EUR, amount: {above: 1, at-most: 6}"),
        ("operation: [transfer], asset: EUR, amount: {above: 1}", "operation: [transfer], asset: EUR, amount: {above: 1}"),
        ("operation: [transfer], source: [banks, others]", "operation: [transfer], source: [others], hours: \"08:00-09:00\""),
        ("operation: [transfer], hours: \"08:00-18:00\"", "operation: [transfer], hours: \"09:00-18:00\", weekdays: [mon]"),
        ("operation: [transfer], initiator: [risk, service]", "operation: [transfer], initiator: [risk]"),
        (
            "operation: [transfer], asset: EUR, sum: {at-most: 9, window: 1h, per: source}",
            "operation: [transfer], asset: EUR, sum: {at-most: 9, window: 1h, per: source}, open-days: true"
        ),
    ])
    func aRuleBehindOneThatHoldsWhereverItWouldIsRefused(earlier: String, later: String) {
        let text = Fixture.text(["{name: first, \(earlier), then: allow}", "{name: second, \(later), then: deny}"])
        only(text, Self.ruleLine + 1, .unreachable(rule: "first", line: Self.ruleLine))
        let turned = Fixture.text(["{name: first, \(later), then: allow}", "{name: second, \(earlier), then: deny}"])
        if earlier != later { #expect(Fixture.faults(turned).isEmpty, "the narrow one may stand before the wide one") }
    }

    @Test(arguments: [
        ("operation: [transfer], asset: EUR", "operation: [transfer], asset: JPY"),
        ("operation: [transfer], asset: EUR, amount: {above: 5}", "operation: [transfer], asset: EUR, amount: {above: 4}"),
        ("operation: [transfer], asset: EUR, amount: {at-most: 5}", "operation: [transfer], asset: EUR, amount: {above: 4}"),
        (
            "operation: [transfer], asset: EUR, sum: {at-most: 9, window: 1h, per: source}",
            "operation: [transfer], asset: EUR, sum: {at-most: 9, window: 1h, per: destination}"
        ),
        (
            "operation: [transfer], asset: EUR, sum: {at-most: 9, window: 1h, per: source}",
            "operation: [transfer], asset: EUR, sum: {at-most: 9, window: 2h, per: source}"
        ),
        (
            "operation: [transfer], asset: EUR, sum: {at-most: 9, window: 1h, per: source}",
            "operation: [transfer], asset: EUR, amount: {at-most: 9}"
        ),
        ("operation: [transfer], source: [banks]", "operation: [transfer], destination: [banks]"),
        ("operation: [transfer], hours: \"08:00-18:00\"", "operation: [transfer], hours: \"08:00-18:01\""),
        ("operation: [transfer], weekdays: [mon]", "operation: [transfer], weekdays: [mon, tue]"),
        ("operation: [transfer], open-days: true", "operation: [transfer], weekdays: [mon]"),
        ("operation: [transfer], initiator: [risk]", "operation: [transfer]"),
    ])
    func aRuleThatDecidesSomethingIsKept(earlier: String, later: String) {
        let text = Fixture.text(["{name: first, \(earlier), then: allow}", "{name: second, \(later), then: deny}"])
        #expect(Fixture.faults(text).isEmpty)
    }

    @Test func faultsOfAllPartsAreReportedTogetherByLine() {
        let text = Fixture.text(["{name: r, operation: [pay], then: allow}", "{name: s, operation: [transfer], then: maybe}"])
            .replacingOccurrences(of: "name: test", with: "name: Test")
        #expect(Fixture.faults(text).map(\.line) == [2, Self.ruleLine, Self.ruleLine + 1])
        #expect(Fixture.faults(text).allSatisfy { !$0.description.isEmpty })
    }
}
