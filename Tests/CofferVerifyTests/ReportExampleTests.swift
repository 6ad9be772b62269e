import Foundation
import Support
import Testing

/// The worked example of the specification is what the program writes.
struct ReportExampleTests {
    @Test func theSpecificationsExampleIsReal() throws {
        var ledger = TestLedger()
        let alice = try ledger.open("alice")
        ledger.seal()
        try ledger.issue(100_00, to: alice)
        ledger.seal()
        let scene = try ReportScene(ledger.network, ledger.blocks)
        #expect(try scene.verify().exitCode == 0)
        let own = #/  "(program|written|export)": "[^"]*",\n/#
        let report = try scene.text("audit.json").replacing(own, with: "").trimmingCharacters(in: .newlines)
        let page = String(decoding: try ProjectFiles.read("docs/spec/report.md"), as: UTF8.self)
        let example = page.components(separatedBy: "```json\n").last?.components(separatedBy: "\n```").first
        #expect(example == report, "\(report)")
    }

    /// What was left out on purpose qualifies the verdict, on the page and in JSON.
    @Test func assumedSignaturesAreNamedOnThePage() throws {
        var ledger = TestLedger()
        _ = try ledger.open("alice")
        ledger.seal()
        let scene = try ReportScene(ledger.network, ledger.blocks)
        #expect(try scene.verify("--assume-signatures-until", "1").exitCode == 0)
        let page = try scene.text("audit.html")
        #expect(page.contains("<ul class=\"exceptions\">\n<li><strong>Not checked:</strong> the signatures"))
        #expect(page.contains("except for what was not checked") && !page.contains("&lt;"))
        #expect(!page.contains("Every signature and proof of possession") && !page.contains("unsafe-inline"))
        #expect((try scene.json()["exceptions"] as? [String])?.count == 1)
    }

    @Test func aReportIsOfAWholeChain() throws {
        let scene = try ReportScene(TestNetwork(), [])
        let outcome = try scene.verify("--from", "checkpoint", "--snapshot", "state")
        #expect(outcome.exitCode == 2 && outcome.errors.contains("--report is of a whole chain"))
    }
}
