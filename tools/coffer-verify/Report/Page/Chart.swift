import Ledger
import Verifier

/// The frame that charts are drawn into: axes, marks, and the place of every period. Drawings carry their meaning without colour.
struct ChartFrame {
    static let width = 680.0
    static let height = 200.0
    private static let left = 54.0
    private static let top = 10.0
    private static let bottom = 22.0
    private static let timeMarkCount: UInt64 = 6

    private let right: Double
    private let scale: ChartScale
    private let length: PeriodLength
    private let first: UInt64
    private let span: UInt64

    /// For a series with at least one period. `right` is the room for labels behind the last period.
    init(_ series: PeriodSeries<some PeriodFigure>, scale: ChartScale, right: Double) {
        precondition(series.span > 0, "a chart shows at least one period")
        self.scale = scale
        self.right = right
        length = series.length
        first = series.items[0].period
        span = series.span
    }

    private var plotWidth: Double { Self.width - Self.left - right }
    /// How wide a period is.
    var periodWidth: Double { plotWidth / Double(span) }
    var baseline: Double { Self.height - Self.bottom }
    var end: Double { Self.width - right }

    /// Where a period begins.
    func x(_ period: UInt64) -> Double { Self.left + Double(period - first) * periodWidth }
    func y(_ value: UInt128) -> Double { baseline - Double(value) / Double(scale.top) * (baseline - Self.top) }

    /// The drawing with its text alternative: what it shows, and in a sentence what is to be seen.
    func drawing(id: String, title: Markup, description: Markup, _ content: Markup) -> Markup {
        """
        <svg viewBox="0 0 \(Self.width) \(Self.height)" role="img" aria-labelledby="\(id)-title \(id)-text">
        <title id="\(id)-title">\(title)</title>
        <desc id="\(id)-text">\(description)</desc>
        \(axes)\(content)</svg>
        """
    }

    private var axes: Markup {
        var markup = Markup.nothing
        for mark in scale.marks {
            let y = y(mark.value)
            markup += """
                <line class="\(mark.value == 0 ? "axis" : "grid")" x1="\(Self.left)" y1="\(y)" x2="\(end)" y2="\(y)"/>\
                <text class="mark" x="\(Self.left - 6)" y="\(y + 3.5)" text-anchor="end">\(mark.label)</text>

                """
        }
        let step = (span + Self.timeMarkCount - 1) / Self.timeMarkCount
        for offset in stride(from: 0, to: span, by: Int(step)) {
            let x = x(first + offset)
            markup += """
                <line class="axis" x1="\(x)" y1="\(baseline)" x2="\(x)" y2="\(baseline + 4)"/>\
                <text class="mark" x="\(x)" y="\(baseline + 15)">\(length.label(of: first + offset))</text>

                """
        }
        return markup
    }
}

extension PeriodLength {
    /// When a period begins, as short as its length allows: a date, or a date and time.
    func label(of period: UInt64) -> String {
        let text = Timestamp.format(start(of: period))
        guard let split = text.firstIndex(of: "T") else { return text }
        return isWholeDays ? String(text[..<split]) : "\(text[..<split]) \(text[split...].dropFirst().prefix(5))"
    }
}

/// How often something happened in each period.
struct BarChart {
    let id: String
    let series: PeriodSeries<ActivityFigures>

    var markup: Markup {
        let values = series.items.map { $0.figure.transfers }
        let most = values.max() ?? 0
        let frame = ChartFrame(series, scale: ChartScale(maximum: UInt128(most)), right: 12)
        let gap = min(3, frame.periodWidth * 0.2)
        let bars = zip(series.items, values).filter { $0.1 > 0 }.map { item, value in
            let y = frame.y(UInt128(value))
            // A single period would be a wall.
            let width = min(48, frame.periodWidth - gap)
            let bar: Markup =
                "<rect class=\"bar\" x=\"\(frame.x(item.period) + gap / 2)\" y=\"\(y)\" width=\"\(width)\" height=\"\(frame.baseline - y)\"/>"
            return bar
        }
        let busiest = series.items.first { $0.figure.transfers == most }.map { series.length.label(of: $0.period) } ?? ""
        let total = values.reduce(0, +)
        return frame.drawing(
            id: id, title: "Transfers per \(series.length.name)",
            description:
                "Bars. \(Grouped.count(total)) transfers in all; the most in one \(series.length.name), \(Grouped.count(most)), in the one that begins \(busiest).",
            bars.joined())
    }
}

/// What banks owe in one asset, over time: a line each, told apart by dashes and letters.
struct SupplyChart {
    /// More lines than these cannot be told apart: the rest are one.
    static let maximumBankCount = 5
    private static let letters = ["A", "B", "C", "D", "E", "R", "Σ"]
    /// One for each letter.
    private static let dashes = ["7 3", "2 3", "9 3 2 3", "1 2 5 2", "12 4", "4 2 1 2 1 2", ""]

    /// A line, and the bank or banks it is of.
    struct Line {
        let letter: String
        var dash: String
        let name: String
        /// In minor units, for every item of the series.
        let units: [UInt128]
    }

    let id: String
    let code: String
    let decimals: UInt8
    let series: PeriodSeries<OutstandingFigures>
    let lines: [Line]

    init(id: String, asset: AssetIndex, in report: Report, series: PeriodSeries<OutstandingFigures>) {
        self.id = id
        self.series = series
        code = report.code(asset)
        decimals = report.chainspec.assets[Int(asset)].decimals
        let positions = report.figures.issuers.indices.filter { report.figures.issuers[$0].asset == asset }
        func units(_ positions: [Int]) -> [UInt128] {
            series.items.map { item in positions.reduce(0) { $0 + item.figure.units[$1] } }
        }
        func line(_ style: Int, _ name: String, _ positions: [Int]) -> Line {
            Line(letter: Self.letters[style], dash: Self.dashes[style], name: name, units: units(positions))
        }
        // Those who owe most now, in the order of the chain specification.
        let last = series.items.last?.figure.units ?? []
        let largest = positions.sorted { (last[$0], $1) > (last[$1], $0) }.prefix(Self.maximumBankCount).sorted()
        let rest = positions.filter { !largest.contains($0) }
        var lines = largest.enumerated().map { line($0, report.name(report.figures.issuers[$1].bank), [$1]) }
        if !rest.isEmpty { lines.append(line(Self.maximumBankCount, "\(rest.count) other banks", rest)) }
        // The only bank's line is the sum.
        if positions.count == 1 { lines[0].dash = "" }
        if positions.count > 1 { lines.append(line(Self.letters.count - 1, "all banks", positions)) }
        self.lines = lines
    }

    var markup: Markup {
        let most = lines.flatMap(\.units).max() ?? 0
        let frame = ChartFrame(series, scale: ChartScale(maximum: most, decimals: decimals), right: 24)
        var content = Markup.nothing
        for line in lines {
            content +=
                "<path class=\"\(line.dash.isEmpty ? "line total" : "line")\" stroke-dasharray=\"\(line.dash)\" d=\"\(path(line, frame))\"/>\n"
        }
        for (line, y) in letterPlaces(frame) {
            content += "<text class=\"letter\" x=\"\(frame.end + 6)\" y=\"\(y)\">\(line.letter)</text>\n"
        }
        return frame.drawing(
            id: id, title: "\(code) outstanding over time", description: description, content)
    }

    private func path(_ line: Line, _ frame: ChartFrame) -> Markup {
        var path = Markup.nothing
        for (position, item) in series.items.enumerated() {
            let y = frame.y(line.units[position])
            path += position == 0 ? "M\(frame.x(item.period)) \(y)" : "H\(frame.x(item.period))V\(y)"
        }
        path += "H\(frame.end)"
        return path
    }

    /// Letters stand where their lines end, moved apart where they would cover each other.
    private func letterPlaces(_ frame: ChartFrame) -> [(Line, Double)] {
        let spacing = 11.0
        var places = lines.map { ($0, frame.y($0.units.last ?? 0) + 4) }.sorted { $0.1 < $1.1 }
        for position in places.indices.dropFirst() { places[position].1 = max(places[position].1, places[position - 1].1 + spacing) }
        var limit = frame.baseline + 4
        for position in places.indices.reversed() {
            places[position].1 = min(places[position].1, limit)
            limit = places[position].1 - spacing
        }
        return places
    }

    private var description: Markup {
        guard let first = series.items.first, let last = series.items.last else { return .nothing }
        let ends = lines.map { line -> Markup in
            let most = line.units.max() ?? 0
            return
                "\(line.name): \(amount(line.units.first ?? 0)) at first, \(amount(most)) at most, \(amount(line.units.last ?? 0)) at the end"
        }
        return
            "Lines, in \(code), from \(series.length.label(of: first.period)) to \(series.length.label(of: last.period)) UTC. \(ends.reduce(into: Markup.nothing) { $0 += "\($1). " })"
    }

    private func amount(_ units: UInt128) -> String { Grouped.amount(units, decimals: decimals) }

    /// Which line is whose.
    var legend: Markup {
        let items = lines.map { line -> Markup in
            """
            <li><svg class="sample" viewBox="0 0 34 8" aria-hidden="true"><path class="\(line.dash.isEmpty ? "line total" : "line")" \
            stroke-dasharray="\(line.dash)" d="M0 4H34"/></svg> <b>\(line.letter)</b> \(line.name)</li>
            """
        }
        return "<ul class=\"legend\">\n\(items.joined())</ul>"
    }
}

/// Numbers for people: digits in groups of three, with narrow spaces that do not break.
enum Grouped {
    static func count(_ number: UInt64) -> String { grouped(String(number)[...]) }

    static func amount(_ units: some FixedWidthInteger & UnsignedInteger, decimals: UInt8) -> String {
        let text = DecimalAmount.format(units, decimals: decimals)
        let parts = text.split(separator: ".", maxSplits: 1)
        return parts.count == 2 ? "\(grouped(parts[0])).\(parts[1])" : grouped(parts[0])
    }

    private static func grouped(_ digits: Substring) -> String {
        var groups: [Substring] = []
        var rest = digits
        while rest.count > 3 {
            groups.insert(rest.suffix(3), at: 0)
            rest = rest.dropLast(3)
        }
        return ([rest] + groups).joined(separator: "\u{202f}")
    }
}
