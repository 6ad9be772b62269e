import Cryptography
import Ledger
import Verifier

// Supply, transfers, the largest movements, frozen accounts, validators.

extension ReportPage {
    var supply: Markup {
        let assets = report.chainspec.assets.indices.map { supply(of: AssetIndex($0)) }
        return section("supply", "Supply", assets.joined())
    }

    private func supply(of asset: AssetIndex) -> Markup {
        let records = report.records(of: asset)
        let code = report.code(asset)
        guard records.contains(where: { $0.issued > 0 }) else {
            return "<h3>\(code)</h3>\n<p>None was issued.</p>"
        }
        func sum(_ figure: (SupplyRecord) -> UInt128) -> Markup { "\(amount(records.reduce(0) { $0 + figure($1) }, asset))" }
        let table = TableMarkup(
            layout: .whole, caption: "\(code) by institution, after block \(Grouped.count(report.figures.tip.height))",
            columns: [
                .text("Institution"), .number("Quota"), .number("Issued"), .number("Redeemed"), .number("Outstanding"),
                .number("Balances"), .number("Held"), .number("Frozen"),
            ],
            rows: records.map { record in
                let isIssuer = report.isIssuer(record)
                let own: [Markup] = [
                    "\(amount(record.quota, asset))", "\(amount(record.issued, asset))", "\(amount(record.redeemed, asset))",
                    "\(amount(record.outstanding, asset))",
                ]
                let held: [Markup] = [
                    "\(amount(record.balances, asset))", "\(amount(record.held, asset))", "\(amount(record.frozen, asset))",
                ]
                return ["\(report.name(record.institution))"] + (isIssuer ? own : own.map { _ in "–" }) + held
            },
            total: [
                "Total", "", sum { $0.issued }, sum { $0.redeemed }, sum { $0.outstanding }, sum { $0.balances }, sum { $0.held },
                sum { $0.frozen },
            ])
        let chart = chart(of: asset)
        return """
            <h3>\(code)</h3>
            \(table.markup)
            <figure>
            <figcaption>\(code) outstanding over time, at the end of each \(outstanding.length.name). <a href="#figures-\(Int(asset))">Figures</a></figcaption>
            \(chart.markup)
            \(chart.legend)
            </figure>
            """
    }

    private func chart(of asset: AssetIndex) -> SupplyChart {
        SupplyChart(id: "supply-\(asset)", asset: asset, in: report, series: outstanding)
    }

    var transfers: Markup {
        guard activity.items.contains(where: { $0.figure.transfers > 0 }) else {
            return section("transfers", "Transfers", "<p>There were none.</p>")
        }
        return section(
            "transfers", "Transfers per \(activity.length.name)",
            """
            <figure>
            <figcaption>Transfers in each \(activity.length.name), all assets. <a href="#figures-transfers">Figures</a></figcaption>
            \(BarChart(id: "transfers-chart", series: activity).markup)
            </figure>
            """)
    }

    var movements: Markup {
        let tables = report.figures.largest.enumerated().filter { !$1.movements.isEmpty }.map { position, largest -> Markup in
            let asset = AssetIndex(position)
            return TableMarkup(
                caption: "\(report.code(asset)), the \(largest.movements.count) largest of any kind",
                columns: [.number("Amount"), .text("Kind"), .text("Time (UTC)"), .text("From, to"), .text("Block and transaction")],
                rows: largest.movements.map { row(of: $0, asset) }
            ).markup
        }
        return section("movements", "Largest movements", tables.isEmpty ? "<p>No money moved.</p>" : tables.joined())
    }

    private func row(of movement: Movement, _ asset: AssetIndex) -> [Markup] {
        [
            "\(amount(movement.entry.amount, asset))", "\(movement.kind.name)", time(movement.time),
            "\(party(movement.debtor))<br>\(party(movement.creditor))",
            "\(Grouped.count(movement.entry.height)), position \(movement.entry.transaction)<br><code>\(movement.entry.id.hex)</code>",
        ]
    }

    private func party(_ party: Movement.Party) -> Markup {
        let name = report.name(party.institution)
        switch party.kind {
        case .liability: return "liability of \(name)"
        case .institution: return "\(name) itself <code>\(report.chainspec.address(of: party.id))</code>"
        case .bankIssued, .walletHeld: return "<code>\(report.chainspec.address(of: party.id))</code> (\(name))"
        }
    }

    var frozen: Markup {
        let all = report.figures.frozen
        guard all.count > 0 else { return section("frozen", "Frozen accounts", "<p>There are none.</p>") }
        let shown = all.accounts.prefix(Self.maximumFrozenRowCount)
        let table = TableMarkup(
            caption: "\(shown.count) of \(Grouped.count(UInt64(all.count))) frozen accounts, in the order of opening",
            columns: [.text("Account"), .text("Refuses"), .text("Since (UTC)"), .text("By transaction"), .number("Balance")],
            rows: shown.map { frozen in
                let account = frozen.account
                let balances = account.balances.filter { $0.posted > 0 }.map { balance -> Markup in
                    "\(amount(balance.posted, balance.asset)) \(report.code(balance.asset))<br>"
                }
                return [
                    "<code>\(report.chainspec.address(of: account.id))</code> (\(report.name(account.institution)))",
                    "\(account.status.refusal)", time(frozen.time),
                    "block \(Grouped.count(frozen.change.height))<br><code>\(frozen.change.id.hex)</code>",
                    balances.isEmpty ? "0" : balances.joined(),
                ]
            })
        let rest = all.count - shown.count
        let more: Markup =
            rest > 0
            ? "<p>\(Grouped.count(UInt64(rest))) more are not shown; \(link("-frozen.csv")) lists up to \(Grouped.count(UInt64(FrozenAccounts.maximumListedCount))).</p>"
            : ""
        return section("frozen", "Frozen accounts", "\(table.markup)\(more)")
    }

    var validators: Markup {
        let table = TableMarkup(
            caption: "Blocks 1 to \(Grouped.count(report.figures.tip.height))",
            columns: [.text("Validator"), .text("Institution"), .number("Blocks proposed"), .number("Blocks attested")],
            rows: zip(report.chainspec.validators, report.figures.validators).map { validator, figure in
                [
                    "\(validator.name)", "\(report.name(validator.institution))", "\(Grouped.count(figure.proposed))",
                    "\(Grouped.count(figure.attested))",
                ]
            })
        return section("validators", "Validators", table.markup)
    }
}

extension AccountStatus {
    /// What a frozen account refuses.
    fileprivate var refusal: String {
        switch self {
        case .active: "nothing"
        case .debitsFrozen: "debits"
        case .creditsFrozen: "credits"
        case .frozen: "debits and credits"
        case .closed: "everything, being closed"
        }
    }
}
