import Cryptography
import Ledger
import Verifier

/// Figures of a report as a CSV file (`docs/spec/report.md` section 3).
struct ReportTable {
    static let names = [
        "supply", "supply-over-time", "activity", "activity-by-asset", "movements", "frozen", "validators",
    ]

    let name: String
    let columns: [String]
    let rows: [[String]]

    private init(_ name: String, _ columns: [String], _ rows: [[String]]) {
        precondition(Self.names.contains(name), "every table's path is checked before the replay")
        self.name = name
        self.columns = columns
        self.rows = rows
    }

    /// RFC 4180, with a header.
    var csv: String {
        ([columns] + rows).map { $0.map(Self.field).joined(separator: ",") + "\r\n" }.joined()
    }

    /// A field that a spreadsheet would take for a formula gets an apostrophe before it.
    static func field(_ text: String) -> String {
        let isFormula = text.utf8.first.map { "=+-@\t\r".utf8.contains($0) } ?? false
        let safe = isFormula ? "'\(text)" : text
        guard safe.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return safe }
        return "\"\(safe.replacing("\"", with: "\"\""))\""
    }

    static func all(of report: Report) -> [ReportTable] {
        [
            supply(report), supplyOverTime(report), activity(report), activityByAsset(report), movements(report), frozen(report),
            validators(report),
        ]
    }
}

extension ReportTable {
    private static func supply(_ report: Report) -> ReportTable {
        let records = report.chainspec.assets.indices.flatMap { report.records(of: AssetIndex($0)) }
        let columns = [
            "asset", "institution", "quota", "issued", "redeemed", "outstanding", "balances", "held", "frozen", "reserveAttested",
        ]
        return ReportTable(
            "supply", columns,
            records.map { record in
                let units = [
                    UInt128(record.quota), record.issued, record.redeemed, record.outstanding, record.balances, record.held, record.frozen,
                    record.reserveAttested,
                ]
                return [report.code(record.asset), report.name(record.institution)] + units.map { report.amount($0, record.asset) }
            })
    }

    private static func supplyOverTime(_ report: Report) -> ReportTable {
        let series = report.figures.outstanding
        return ReportTable(
            "supply-over-time", ["from", "period", "asset", "bank", "outstanding"],
            series.items.flatMap { item in
                zip(report.figures.issuers, item.figure.units).map { issuer, units in
                    [
                        Timestamp.format(series.start(of: item)), series.length.name, report.code(issuer.asset), report.name(issuer.bank),
                        report.amount(units, issuer.asset),
                    ]
                }
            })
    }

    private static func activity(_ report: Report) -> ReportTable {
        let series = report.figures.activity
        let columns = [
            "from", "period", "blocks", "transactions", "transfers", "accountsOpened", "keyRotations", "statusChanges",
        ]
        return ReportTable(
            "activity", columns,
            series.items.map { item in
                let figure = item.figure
                let counts = [
                    figure.blocks, figure.transactions, figure.transfers, figure.accountsOpened, figure.keyRotations, figure.statusChanges,
                ]
                return [Timestamp.format(series.start(of: item)), series.length.name] + counts.map { String($0) }
            })
    }

    private static func activityByAsset(_ report: Report) -> ReportTable {
        let series = report.figures.activity
        let columns = [
            "from", "period", "asset", "transfers", "transferred", "issues", "issued", "redemptions", "redeemed",
        ]
        return ReportTable(
            "activity-by-asset", columns,
            series.items.flatMap { item in
                item.figure.assets.enumerated().map { position, figure in
                    let asset = AssetIndex(position)
                    return [
                        Timestamp.format(series.start(of: item)), series.length.name, report.code(asset), String(figure.transfers),
                        report.amount(figure.transferred, asset), String(figure.issues), report.amount(figure.issued, asset),
                        String(figure.redemptions), report.amount(figure.redeemed, asset),
                    ]
                }
            })
    }

    private static func movements(_ report: Report) -> ReportTable {
        let columns = [
            "asset", "rank", "kind", "amount", "time", "height", "position", "operation", "item", "transaction", "from", "fromInstitution",
            "to", "toInstitution",
        ]
        let rows = report.figures.largest.flatMap { largest in
            largest.movements.enumerated().map { rank, movement in
                let entry = movement.entry
                return [
                    report.code(entry.asset), String(rank + 1), movement.kind.name, report.amount(entry.amount, entry.asset),
                    Timestamp.format(movement.time), String(entry.height), String(entry.transaction), String(entry.operation),
                    String(entry.item), entry.id.hex, report.chainspec.address(of: movement.debtor.id),
                    report.name(movement.debtor.institution), report.chainspec.address(of: movement.creditor.id),
                    report.name(movement.creditor.institution),
                ]
            }
        }
        return ReportTable("movements", columns, rows)
    }

    private static func frozen(_ report: Report) -> ReportTable {
        let columns = [
            "address", "kind", "institution", "status", "since", "height", "transaction", "asset", "balance",
        ]
        let rows = report.figures.frozen.accounts.flatMap { frozen in
            let account = frozen.account
            let start = [
                report.chainspec.address(of: account.id), account.kind.name, report.name(account.institution), account.status.name,
                Timestamp.format(frozen.time), String(frozen.change.height), frozen.change.id.hex,
            ]
            let balances = account.balances.map { [report.code($0.asset), report.amount($0.posted, $0.asset)] }
            return (balances.isEmpty ? [["", ""]] : balances).map { start + $0 }
        }
        return ReportTable("frozen", columns, rows)
    }

    private static func validators(_ report: Report) -> ReportTable {
        ReportTable(
            "validators", ["validator", "institution", "proposed", "attested"],
            zip(report.chainspec.validators, report.figures.validators).map { validator, figure in
                [validator.name, report.name(validator.institution), String(figure.proposed), String(figure.attested)]
            })
    }
}

extension Movement.Kind {
    /// The name in JSON and CSV.
    var name: String {
        switch self {
        case .transfer: "transfer"
        case .issue: "issue"
        case .redeem: "redeem"
        }
    }
}
