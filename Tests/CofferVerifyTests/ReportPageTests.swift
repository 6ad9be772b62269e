import Cryptography
import Foundation
import FoundationXML
import Ledger
import Support
import Testing

@testable import coffer_verify

/// The page itself: what is on it, that it needs nothing else, and that nothing from outside becomes markup.
struct ReportPageTests {
    private static func scene(blocks: Int = 25, name: String = "export") throws -> ReportScene {
        var random = try RandomLedger(SplitMix64(test: "ReportPageTests"))
        try random.add(blocks: blocks, minutesApart: 2_000)
        return try ReportScene(random.ledger.network, random.ledger.blocks, name: name)
    }

    @Test func thePageSaysEverythingInOrder() throws {
        let scene = try Self.scene()
        #expect(try scene.verify().exitCode == 0)
        let page = try Page(scene.text("audit.html"))
        #expect(
            page.sections == [
                "verdict", "scope", "identity", "supply", "transfers", "movements", "frozen", "validators", "annex", "files",
            ])
        #expect(page.text.contains("The export holds"))
        #expect(page.text.contains(scene.network.network.hex))
        let tip = try #require(scene.blocks.last?.block.header)
        for value in [tip.hash.hex, tip.stateRoot.hex, tip.supplyRoot.hex] { #expect(page.text.contains(value)) }
        // A chart for each asset and one for transfers, each with a title, a description and a table behind it.
        #expect(page.drawings == ["supply-0", "supply-1", "transfers-chart"])
        for figure in ["figures-0", "figures-1", "figures-transfers"] {
            #expect(page.ids.contains(figure) && page.links.contains("#\(figure)"))
        }
        #expect(Set(page.links.filter { !$0.hasPrefix("#") }) == Set(ReportScene.reportNames.subtracting(["audit.html"]).map { "./\($0)" }))
        #expect(Set(page.ids).count == page.ids.count, "ids are unique")
    }

    @Test func thePageNeedsNothingElse() throws {
        let scene = try Self.scene()
        #expect(try scene.verify().exitCode == 0)
        let html = try scene.text("audit.html")
        let page = try Page(html)
        #expect(
            page.elements.isDisjoint(with: ["script", "img", "iframe", "object", "embed", "link", "form", "input", "video", "audio", "use"])
        )
        #expect(page.attributes.isDisjoint(with: ["src", "srcset", "style", "onload", "onclick", "onerror", "action"]))
        for word in ["url(", "@import", "http:", "https:", "javascript:"] { #expect(!html.contains(word), "\(word)") }
        #expect(html.contains("default-src 'none'"))
        #expect(try scene.names() == ReportScene.reportNames.union(["export", "chainspec.json"]), "nothing is left behind")
    }

    /// A file's name is the only free text there is, and it may be anything.
    @Test func nothingBecomesMarkup() throws {
        let hostile = "<script>alert(1)<&\"'>\u{202e}<img src=x onerror=alert(2)>\u{1b}[2J"
        let scene = try Self.scene(blocks: 3, name: hostile.replacing("/", with: ""))
        #expect(try scene.verify().exitCode == 0)
        let html = try scene.text("audit.html")
        let page = try Page(html)
        #expect(page.elements.isDisjoint(with: ["script", "img"]))
        #expect(page.text.contains("<script>alert(1)<&\"'>\u{fffd}<img src=x onerror=alert(2)>\u{fffd}[2J"))
        #expect(!html.unicodeScalars.contains { $0 == "\u{202e}" || $0 == "\u{1b}" })
        #expect((try scene.json()["export"] as? String)?.hasSuffix(hostile) == true)
    }

    @Test func markupEscapesWhatIsPutIntoIt() {
        let text = "a<b>&\"'\u{0}\u{85}\u{200f}\u{2066}\u{e000}é€"
        let markup: Markup = "<p title=\"\(text)\">\(text)</p>"
        let escaped = "a&lt;b&gt;&amp;&quot;&#39;\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}é€"
        #expect(markup.html == "<p title=\"\(escaped)\">\(escaped)</p>")
        let nested: Markup = "<b>\(markup)</b>"
        #expect(nested.html == "<b>\(markup.html)</b>")
        let numbers: Markup = "\(12) \(UInt64.max) \(1.25) \(-0.04) \(-3.5)"
        #expect(numbers.html == "12 18446744073709551615 1.3 0 -3.5")
    }

    @Test func formulasAndSeparatorsStayTextInTables() {
        let cases = [
            "plain": "plain", "": "", "-name": "'-name", "=1+1": "'=1+1", "@x": "'@x", "+1": "'+1", "a,b": "\"a,b\"", "a\"b": "\"a\"\"b\"",
            "a\r\nb": "\"a\r\nb\"", "=\"x\"": "\"'=\"\"x\"\"\"", "12.34": "12.34",
        ]
        for (text, field) in cases { #expect(ReportTable.field(text) == field) }
    }

    @Test func linksAreRelativeWhateverTheName() {
        #expect(PercentEncoding.encode("javascript:alert(1)") == "./javascript%3Aalert%281%29")
        #expect(PercentEncoding.encode("a b/ü\"\n") == "./a%20b%2F%C3%BC%22%0A")
    }

    @Test func axesHaveFewRoundMarks() {
        let cases: [(UInt128, UInt8, [String])] = [
            (0, 0, ["0", "1"]), (1, 0, ["0", "1"]), (7, 0, ["0", "2", "4", "6", "8"]), (43, 0, ["0", "10", "20", "30", "40", "50"]),
            (128_271_46, 2, ["0", "50 k", "100 k", "150 k"]), (1, 2, ["0", "0.01"]), (30, 2, ["0", "0.1", "0.2", "0.3"]),
            (2_500_000, 0, ["0", "500 k", "1 M", "1.5 M", "2 M", "2.5 M"]), (900, 0, ["0", "200", "400", "600", "800", "1 k"]),
            (1, 8, ["0", "0.00000001"]), (4_000_000_000_000, 0, ["0", "1 tn", "2 tn", "3 tn", "4 tn"]),
        ]
        for (maximum, decimals, labels) in cases {
            #expect(ChartScale(maximum: maximum, decimals: decimals).marks.map(\.label) == labels, "\(maximum)")
        }
        var random = SplitMix64(test: "axesHaveFewRoundMarks")
        for _ in 0..<2_000 {
            let maximum = UInt128(random.next() >> UInt64(random.below(64))) * 64
            let scale = ChartScale(maximum: maximum, decimals: UInt8(random.below(9)))
            #expect((2...6).contains(scale.marks.count) && scale.top >= maximum && scale.marks.last?.value == scale.top)
            #expect(Set(scale.marks.map(\.label)).count == scale.marks.count && scale.marks.allSatisfy { $0.label.count <= 12 })
        }
    }

    @Test func digitsAreGrouped() {
        #expect(Grouped.count(1_234_567) == "1\u{202f}234\u{202f}567")
        #expect(Grouped.amount(123_456_78 as UInt128, decimals: 2) == "123\u{202f}456.78")
        #expect(Grouped.amount(5 as UInt64, decimals: 8) == "0.00000005")
        #expect(Grouped.count(999) == "999")
    }
}

/// A page, read by an XML parser: it is written so that one can.
struct Page {
    private(set) var elements: Set<String> = []
    private(set) var attributes: Set<String> = []
    private(set) var ids: [String] = []
    private(set) var links: [String] = []
    private(set) var sections: [String] = []
    /// The ids of charts that have a title and a description.
    private(set) var drawings: [String] = []
    let text: String

    init(_ html: String) throws {
        // Elements that HTML leaves open, and the declaration that XML has in capitals.
        let xml = html.replacing("<!doctype html>", with: "").replacing("<br>", with: "<br/>")
            .replacing(/<meta ([^>]*)>/) { "<meta \($0.1)/>" }
        let document = try XMLDocument(xmlString: xml)
        let root = try #require(document.rootElement())
        text = try root.nodes(forXPath: "//body").first?.stringValue ?? ""
        collect(root)
    }

    private mutating func collect(_ element: XMLElement) {
        let name = element.name ?? ""
        elements.insert(name)
        for attribute in element.attributes ?? [] {
            attributes.insert(attribute.name ?? "")
            if attribute.name == "id" { ids.append(attribute.stringValue ?? "") }
            if attribute.name == "href" { links.append(attribute.stringValue ?? "") }
        }
        if name == "section" { sections.append(element.attribute(forName: "id")?.stringValue ?? "") }
        let children = (element.children ?? []).compactMap { $0 as? XMLElement }
        if name == "svg", element.attribute(forName: "role")?.stringValue == "img" {
            let labels = (element.attribute(forName: "aria-labelledby")?.stringValue ?? "").split(separator: " ")
            let described = children.filter { ["title", "desc"].contains($0.name) && $0.stringValue?.isEmpty == false }
            if described.compactMap({ $0.attribute(forName: "id")?.stringValue }) == labels.map(String.init), labels.count == 2 {
                drawings.append(String(labels[0].dropLast("-title".count)))
            }
        }
        for child in children { collect(child) }
    }
}
