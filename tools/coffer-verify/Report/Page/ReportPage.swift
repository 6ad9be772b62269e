import Cryptography
import Ledger
import Verifier

/// The report as one page that needs nothing else: no network, no script (`docs/spec/report.md`).
struct ReportPage {
    /// A chart and the table behind it show at most so many periods; the CSV files have them all.
    static let maximumPeriodCount: UInt64 = 100
    /// The page lists so many frozen accounts; the CSV file has more.
    static let maximumFrozenRowCount = 50
    /// Beyond these, a table by asset is in the CSV file alone.
    static let maximumAssetColumnCount = 4

    let report: Report
    /// The page's file name without its ending.
    let fileName: String
    let activity: PeriodSeries<ActivityFigures>
    let outstanding: PeriodSeries<OutstandingFigures>

    init(_ report: Report, fileName: String) {
        self.report = report
        self.fileName = fileName
        activity = report.figures.activity.coarsened(maximumSpan: Self.maximumPeriodCount)
        outstanding = report.figures.outstanding.coarsened(maximumSpan: Self.maximumPeriodCount)
    }

    var markup: Markup {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-\(Base64.encode(styleHash))'">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Audit report: \(report.chainspec.name), \(report.advice.headline)</title>
        <style>\(style)</style>
        </head>
        <body>
        <header>
        <p class="kind">Coffer audit report</p>
        <h1>Network \(report.chainspec.name)</h1>
        <p class="sub">Written \(time(report.written)) by \(report.program), from the export \(report.export)</p>
        </header>
        <main>
        \(verdict)
        \(findings)
        \(scope)
        \(identity)
        \(supply)
        \(transfers)
        \(movements)
        \(frozen)
        \(validators)
        \(annex)
        \(notes)
        </main>
        </body>
        </html>

        """
    }

    private var style: Markup { Stylesheet.markup(footer: footer) }

    /// The policy allows this one style sheet and nothing else.
    private var styleHash: [UInt8] { Array(SHA256.hash(Array(style.html.utf8)).bytes) }

    /// For the foot of printed pages. It stands within a style sheet, so it is made of digits and letters of ours alone.
    private var footer: String {
        "Coffer audit report, network \(report.chainspec.network.hex.prefix(16)), written \(Timestamp.format(report.written))"
    }

    // MARK: Words and cells

    func time(_ time: TimeMilliseconds) -> Markup {
        let text = Timestamp.format(time)
        let parts = text.split(separator: "T", maxSplits: 1)
        return "<time datetime=\"\(text)\">\(String(parts[0])) \(String(parts[1].prefix(8))) UTC</time>"
    }

    func amount(_ units: some FixedWidthInteger & UnsignedInteger, _ asset: AssetIndex) -> String {
        Grouped.amount(units, decimals: report.chainspec.assets[Int(asset)].decimals)
    }

    func section(_ id: String, _ title: Markup, _ content: Markup) -> Markup {
        """
        <section id="\(id)" aria-labelledby="\(id)-heading">
        <h2 id="\(id)-heading">\(title)</h2>
        \(content)
        </section>

        """
    }

    /// A definition list of facts, those with hashes in full.
    func facts(_ facts: [(Markup, Markup)]) -> Markup {
        "<dl>\n\(facts.map { "<div><dt>\($0)</dt><dd>\($1)</dd></div>" as Markup }.joined())</dl>"
    }

    func code(_ text: String) -> Markup { "<code>\(text)</code>" }

    /// A file beside the page.
    func link(_ name: String) -> Markup {
        let file = "\(fileName)\(name)"
        return "<a href=\"\(PercentEncoding.encode(file))\">\(file)</a>"
    }
}

/// A table: columns that hold numbers are aligned to their ends.
struct TableMarkup {
    struct Column {
        let title: Markup
        var isNumber = false

        static func text(_ title: Markup) -> Column { Column(title: title) }
        static func number(_ title: Markup) -> Column { Column(title: title, isNumber: true) }
    }

    /// How a table takes its place: over the page's width, split where a page ends; kept on one page; in two columns.
    enum Layout {
        case long
        case whole
        case narrow

        fileprivate var classes: String {
            switch self {
            case .long: "table"
            case .whole: "table whole"
            case .narrow: "table narrow"
            }
        }
    }

    var layout = Layout.long
    let caption: Markup
    let columns: [Column]
    var rows: [[Markup]]
    /// A row below the others, for sums.
    var total: [Markup]?

    var markup: Markup {
        let head = zip(columns, columns.map(\.title)).map { cell("th scope=\"col\"", "th", $0, $1) }
        let body = rows.map { row -> Markup in "<tr>\(cells(row))</tr>" }
        var foot = Markup.nothing
        if let total { foot = "<tfoot><tr>\(cells(total))</tr></tfoot>\n" }
        return """
            <div class="\(layout.classes)"><table>
            <caption>\(caption)</caption>
            <thead><tr>\(head.reduce(into: Markup.nothing) { $0 += $1 })</tr></thead>
            <tbody>
            \(body.joined())</tbody>
            \(foot)</table></div>
            """
    }

    private func cells(_ row: [Markup]) -> Markup {
        zip(columns, row).reduce(into: .nothing) { $0 += cell("td", "td", $1.0, $1.1) }
    }

    private func cell(_ opening: Markup, _ closing: Markup, _ column: Column, _ content: Markup) -> Markup {
        column.isNumber ? "<\(opening) class=\"n\">\(content)</\(closing)>" : "<\(opening)>\(content)</\(closing)>"
    }
}

/// File names as relative references (RFC 3986).
enum PercentEncoding {
    /// Everything but unreserved characters is encoded; `./` in front, so that no name is taken for a scheme.
    static func encode(_ name: String) -> String {
        var text = "./"
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return text
    }
}
