import Foundation
import Support
import Testing

/// The page in a real browser, where one is installed: `tools/check-report` opens it, prints it and looks at what came of it.
struct ReportBrowserTests {
    private static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium")

    @Test(.enabled(if: isInstalled, "needs chromium")) func theBrowserShowsAndPrintsThePage() throws {
        var random = try RandomLedger(SplitMix64(seed: 7))
        try random.add(blocks: 300, minutesApart: 4_000)
        let scene = try ReportScene(random.ledger.network, random.ledger.blocks)
        #expect(try scene.verify().exitCode == 0)
        let outcome = try BuiltProgram.run("/bin/bash", ["tools/check-report", scene.path("audit.html"), "--pages", "7-12"])
        #expect(outcome.exitCode == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("shows 3 charts"), "\(outcome.output)")
        let fewer = try BuiltProgram.run("/bin/bash", ["tools/check-report", scene.path("audit.html"), "--pages", "1-6"])
        #expect(fewer.exitCode == 1 && fewer.errors.contains("pages"), "\(fewer.output)\(fewer.errors)")
    }

    /// The check itself fails for a chart that nobody sees.
    @Test(.enabled(if: isInstalled, "needs chromium")) func aChartThatDoesNotShowIsFound() throws {
        var random = try RandomLedger(SplitMix64(seed: 8))
        try random.add(blocks: 20, minutesApart: 500)
        let scene = try ReportScene(random.ledger.network, random.ledger.blocks)
        #expect(try scene.verify().exitCode == 0)
        let page = try scene.text("audit.html").replacing("role=\"img\"", with: "role=\"img\" opacity=\"0\"")
        try Data(page.utf8).write(to: scene.file("changed.html"))
        let outcome = try BuiltProgram.run("/bin/bash", ["tools/check-report", scene.path("changed.html"), "--pages", "1-20"])
        #expect(outcome.exitCode == 1 && outcome.errors.contains("shows nothing"), "\(outcome.output)\(outcome.errors)")
    }

    /// The check itself fails for a page that asks for what it may not have.
    @Test(.enabled(if: isInstalled, "needs chromium")) func aPageWithAnErrorIsFound() throws {
        let scene = try ReportScene(TestNetwork(), [])
        #expect(try scene.verify().exitCode == 0)
        let page = try scene.text("audit.html").replacing("</main>", with: "<img src=\"http://127.0.0.1:1/x.png\"></main>")
        try Data(page.utf8).write(to: scene.file("changed.html"))
        let outcome = try BuiltProgram.run("/bin/bash", ["tools/check-report", scene.path("changed.html"), "--pages", "1-9"])
        #expect(outcome.exitCode == 1 && outcome.errors.contains("console"), "\(outcome.output)\(outcome.errors)")
    }
}
