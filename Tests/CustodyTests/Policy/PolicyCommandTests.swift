import Foundation
import Ledger
import Support
import Testing

/// `coffer policy check` and `coffer policy simulate`, as people run them.
struct PolicyCommandTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func path(_ name: String) -> String { directory.url.appending(path: name).path }

    private func build(_ kind: String, _ options: [String]) throws -> String {
        let out = path("\(kind).json")
        let built = try BuiltProgram.run(
            "coffer", ["tx", "build", kind, "--offline", "--asset", "EUR", "--amount", "5.00", "--out", out] + options)
        #expect(built.exitCode == 0, "\(built.errors)")
        return out
    }

    private func simulate(_ options: [String]) throws -> BuiltProgram.Outcome {
        try BuiltProgram.run("coffer", ["policy", "simulate", "--policy", "policy/development.yaml", "--json"] + options)
    }

    @Test func checkSaysWhatEachRuleDoes() throws {
        let outcome = try BuiltProgram.run("coffer", ["policy", "check", "policy/development.yaml"])
        #expect(outcome.exitCode == 0)
        #expect(outcome.output.contains("issue-to-operators (line 51): issue, of EUR, in all at most 1000000.00, to one of 1 accounts"))
        #expect(outcome.output.contains("require 1 of treasury and 1 of control"))
    }

    @Test func checkNamesLineAndReason() throws {
        let text = String(decoding: try ProjectFiles.read("policy/development.yaml"), as: UTF8.self)
        let file = path("policy.yaml")
        try Data(text.replacingOccurrences(of: "1000.00}", with: "1000.001}").utf8).write(to: URL(filePath: file))
        let outcome = try BuiltProgram.run("coffer", ["policy", "check", file])
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("\(file):39: \"1000.001\": an amount must have at most 2 digits after the point"))
        #expect(try BuiltProgram.run("coffer", ["policy", "check", path("missing.yaml")]).exitCode == 2)
    }

    @Test func simulateSaysWhatIsMissing() throws {
        let payment = try build("transfer", ["--from", "wallet-operator", "--to", "first-bank"])
        let allowed = try simulate(["--initiator", "payments", payment])
        #expect(allowed.exitCode == 0)
        #expect(allowed.output.contains("\"decision\": \"allowed\"") && allowed.output.contains("everyday-payments"))

        let issue = try build("issue", ["--bank", "first-bank", "--to", "wallet-operator"])
        let asked = ["--initiator", "treasurer-1", "--time", "2026-12-01T09:30:00Z", issue]
        let missing = try simulate(asked)
        #expect(missing.exitCode == 1)
        #expect(missing.output.contains("\"group\": \"control\"") && missing.output.contains("\"group\": \"treasury\""))
        let own = try simulate(["--approver", "treasurer-1", "--approver", "risk-officer"] + asked)
        #expect(own.exitCode == 1 && own.output.contains("\"group\": \"treasury\""), "nobody approves what they ask for")
        #expect(try simulate(["--approver", "treasurer-2", "--approver", "risk-officer"] + asked).exitCode == 0)

        let closed = try simulate(["--initiator", "treasurer-1", "--time", "2026-12-25T09:30:00Z", issue])
        #expect(closed.exitCode == 1 && closed.output.contains("\"decision\": \"denied\""))
        #expect(try simulate(["--initiator", "mallory", issue]).exitCode == 2)
        #expect(try simulate(["--initiator", "treasurer-1", "--time", "yesterday", issue]).exitCode == 2)
    }
}
