import Ledger
import Verifier

// The tables behind the charts: the same periods, in numbers.

extension ReportPage {
    var annex: Markup {
        var tables: [Markup] = []
        for position in report.chainspec.assets.indices {
            let asset = AssetIndex(position)
            guard report.records(of: asset).contains(where: { $0.issued > 0 }) else { continue }
            tables.append("<div id=\"figures-\(position)\">\n\(supplyFigures(asset))\n</div>")
        }
        if activity.items.contains(where: { $0.figure.transfers > 0 }) {
            tables.append("<div id=\"figures-transfers\">\n\(transferFigures)\n</div>")
        }
        guard !tables.isEmpty else { return .nothing }
        return section(
            "annex", "Figures behind the charts",
            "<p>Periods in which no block was made are left out.</p>\n\(tables.joined())")
    }

    private func supplyFigures(_ asset: AssetIndex) -> Markup {
        let chart = SupplyChart(id: "", asset: asset, in: report, series: outstanding)
        return TableMarkup(
            layout: chart.lines.count < 3 ? .narrow : .long,
            caption: "\(report.code(asset)) outstanding at the end of each \(outstanding.length.name)",
            columns: [.text("From (UTC)")] + chart.lines.map { .number("\($0.letter) \($0.name)") },
            rows: outstanding.items.indices.map { position in
                ["\(outstanding.length.label(of: outstanding.items[position].period))"]
                    + chart.lines.map { "\(amount($0.units[position], asset))" }
            }
        ).markup
    }

    private var transferFigures: Markup {
        let assets = report.chainspec.assets.indices.map { AssetIndex($0) }
        let shown = assets.count <= Self.maximumAssetColumnCount ? assets : []
        return TableMarkup(
            caption: "What happened in each \(activity.length.name)",
            columns: [
                .text("From (UTC)"), .number("Blocks"), .number("Transactions"), .number("Accounts opened"), .number("Transfers"),
            ] + shown.map { .number("\(report.code($0)) transferred") },
            rows: activity.items.map { row(activity.length.label(of: $0.period), $0.figure, shown) },
            total: row("Total", report.figures.total, shown)
        ).markup
    }

    private func row(_ label: String, _ figure: ActivityFigures, _ assets: [AssetIndex]) -> [Markup] {
        let counts = [figure.blocks, figure.transactions, figure.accountsOpened, figure.transfers]
        let amounts = assets.map { amount(figure.assets[Int($0)].transferred, $0) }
        return ["\(label)"] + counts.map { "\(Grouped.count($0))" } + amounts.map { "\($0)" }
    }
}
