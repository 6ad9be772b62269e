import Cryptography
import Ledger
import Verifier

extension Report {
    /// The report for programs (`docs/spec/report.md` section 2): the tables' figures, the verdict, and what was checked.
    var json: JSON {
        var members: [JSON.Member] = [
            JSON.Member(key: "format", value: "coffer-report/v1"),
            JSON.Member(key: "verdict", value: .string(verdict)),
            JSON.Member(key: "exceptions", value: .array(exceptions.map { .string($0) })),
        ]
        if let finding { members.append(JSON.Member(key: "finding", value: finding.json(evidence: evidenceFile))) }
        if case .holds(let checkpoint) = conclusion {
            members.append(
                JSON.Member(key: "checkpoint", value: ["size": .number(checkpoint.size), "root": .string(checkpoint.root.hex)]))
        }
        members += [
            JSON.Member(key: "program", value: .string(program)),
            JSON.Member(key: "written", value: .string(Timestamp.format(written))),
            JSON.Member(key: "export", value: .string(export)),
            JSON.Member(key: "network", value: network),
            JSON.Member(key: "covered", value: covered),
        ]
        // The tables' rows as they are: the two forms cannot differ.
        members += ReportTable.all(of: self).map { JSON.Member(key: $0.jsonName, value: $0.json) }
        members.append(JSON.Member(key: "frozenCount", value: .number(UInt64(figures.frozen.count))))
        return .object(members)
    }

    private var network: JSON {
        [
            "name": .string(chainspec.name),
            "id": .string(chainspec.network.hex),
            "development": .boolean(chainspec.isDevelopment),
            "genesisTime": .string(Timestamp.format(chainspec.genesisTime)),
            "quorum": .number(UInt64(chainspec.quorum)),
        ]
    }

    /// How far the figures go.
    private var covered: JSON {
        [
            "height": .number(figures.tip.height),
            "block": .string(figures.tip.hash.hex),
            "time": .string(Timestamp.format(figures.tip.time)),
            "stateRoot": .string(figures.tip.stateRoot.hex),
            "supplyRoot": .string(figures.tip.supplyRoot.hex),
            "accounts": .number(figures.accountCount),
            "transactions": .number(figures.total.transactions),
            "transfers": .number(figures.total.transfers),
        ]
    }
}

extension Divergence {
    fileprivate func json(evidence: String?) -> JSON {
        let head = [JSON.Member(key: "code", value: .string(code)), JSON.Member(key: "detail", value: .string(detail))]
        return .object(head + members + (evidence.map { [JSON.Member(key: "evidence", value: .string($0))] } ?? []))
    }
}

extension ReportTable {
    /// The table's name as a member: `supply-over-time` is `supplyOverTime`.
    fileprivate var jsonName: String {
        let words = name.split(separator: "-")
        return words.dropFirst().reduce(String(words[0])) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }

    /// The rows as objects. Everything is text, as in CSV, except what is empty there.
    fileprivate var json: JSON {
        .array(
            rows.map { row in
                .object(zip(columns, row).filter { !$1.isEmpty }.map { JSON.Member(key: $0, value: .string($1)) })
            })
    }
}
