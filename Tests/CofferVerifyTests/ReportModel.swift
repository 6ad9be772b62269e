import Foundation
import Ledger
import Support

/// A report's figures worked out another way: from the operations in the blocks alone, all of them kept in memory.
struct ReportModel {
    typealias Row = [String: String]

    private struct Moved {
        let kind: String
        let asset: Int
        let amount: UInt64
        let day: String
        let row: Row
    }

    private struct Day {
        var blocks = 0
        var transactions = 0
        var opened = 0
        var statuses = 0
    }

    private let network: TestNetwork
    private var institution: [AccountID: Int] = [:]
    private var balance: [AccountID: [Int: UInt64]] = [:]
    private var status: [AccountID: (AccountStatus, since: String, height: UInt64, transaction: String)] = [:]
    private var order: [AccountID] = []
    private var moved: [Moved] = []
    private var days: [String: Day] = [:]
    private var issuedByBank: [[Int]: UInt64] = [:]
    private var redeemedByBank: [[Int]: UInt64] = [:]
    private var owedAtMinute: [String: [[Int]: UInt64]] = [:]
    private var proposed: [Int: Int] = [:]
    private var attested: [Int: Int] = [:]

    init(_ network: TestNetwork, _ blocks: [CertifiedBlock]) {
        self.network = network
        for position in network.chainspec.institutions.indices {
            institution[network.chainspec.institutionAccount(InstitutionIndex(position))] = position
        }
        for block in blocks { follow(block) }
    }

    private mutating func follow(_ certified: CertifiedBlock) {
        let header = certified.block.header
        let time = Timestamp.format(header.time)
        let day = "\(time.prefix(10))T00:00:00.000Z"
        proposed[Int(header.proposer), default: 0] += 1
        for attestation in certified.attestations { attested[Int(attestation.validator), default: 0] += 1 }
        days[day, default: Day()].blocks += 1
        days[day, default: Day()].transactions += certified.block.transactions.count
        for (position, transaction) in certified.block.transactions.enumerated() {
            for (number, operation) in transaction.content.operations.enumerated() {
                let place: Row = [
                    "time": time, "height": "\(header.height)", "position": "\(position)", "operation": "\(number)",
                    "transaction": "\(transaction.id)",
                ]
                follow(operation, transaction.content, place, day)
            }
        }
        owedAtMinute["\(time.prefix(16)):00.000Z"] = issuedByBank.merging(redeemedByBank) { $0 - $1 }
    }

    private mutating func follow(_ operation: Ledger.Operation, _ content: Transaction, _ place: Row, _ day: String) {
        switch operation {
        case .openAccounts(let open):
            let sponsor = content.account(at: open.sponsor)
            for opening in open.openings {
                let id = opening.accountID(network: network.network, sponsor: sponsor)
                institution[id] = institution[sponsor]
                order.append(id)
                days[day, default: Day()].opened += 1
            }
        case .transfer(let transfer):
            for (item, leg) in transfer.legs.enumerated() {
                move("transfer", leg.amount, leg.asset, content.account(at: leg.from), content.account(at: leg.to), place, item, day)
            }
        case .issue(let issue):
            let bank = content.account(at: issue.bank)
            issuedByBank[[Int(issue.asset), institution[bank] ?? -1], default: 0] += issue.amount
            redeemedByBank[[Int(issue.asset), institution[bank] ?? -1], default: 0] += 0
            move("issue", issue.amount, issue.asset, liability(issue.asset, bank), content.account(at: issue.to), place, 0, day)
        case .redeem(let redeem):
            let bank = content.account(at: redeem.bank)
            redeemedByBank[[Int(redeem.asset), institution[bank] ?? -1], default: 0] += redeem.amount
            move("redeem", redeem.amount, redeem.asset, content.account(at: redeem.from), liability(redeem.asset, bank), place, 0, day)
        case .rotateKeys: break
        case .setStatus(let set):
            days[day, default: Day()].statuses += 1
            status[content.account(at: set.account)] = (
                set.status, place["time"] ?? "", UInt64(place["height"] ?? "") ?? 0, place["transaction"] ?? ""
            )
        }
    }

    private func liability(_ asset: AssetIndex, _ bank: AccountID) -> AccountID {
        network.chainspec.liabilityAccount(asset: asset, bank: InstitutionIndex(institution[bank] ?? -1))
    }

    private mutating func move(
        _ kind: String, _ amount: UInt64, _ asset: AssetIndex, _ from: AccountID, _ to: AccountID, _ place: Row, _ item: Int,
        _ day: String
    ) {
        let asset = Int(asset)
        if kind != "issue" { balance[from, default: [:]][asset, default: 0] -= amount }
        if kind != "redeem" { balance[to, default: [:]][asset, default: 0] += amount }
        func bank(_ id: AccountID) -> String {
            let known =
                institution[id]
                ?? network.chainspec.institutions.indices.first { bank in
                    network.chainspec.liabilityAccount(asset: AssetIndex(asset), bank: InstitutionIndex(bank)) == id
                }
            return name(known ?? -1)
        }
        let row: Row = [
            "asset": code(asset), "kind": kind, "amount": text(amount, asset), "item": "\(item)",
            "from": network.chainspec.address(of: from),
            "fromInstitution": bank(from), "to": network.chainspec.address(of: to), "toInstitution": bank(to),
        ]
        moved.append(Moved(kind: kind, asset: asset, amount: amount, day: day, row: row.merging(place) { $1 }))
    }

    // MARK: Words

    private func code(_ asset: Int) -> String { ["EUR", "JPY"][asset] }
    private func name(_ institution: Int) -> String { ["authority", "bank-a", "bank-b", "operator", "auditor"][institution] }
    private func text(_ units: UInt64, _ asset: Int) -> String {
        asset == 1 ? "\(units)" : "\(units / 100)." + (units % 100 < 10 ? "0" : "") + "\(units % 100)"
    }

    // MARK: Tables

    private static let issuers = [[0, 1], [0, 2], [1, 1]]

    var supply: [Row] {
        (0...1).flatMap { asset in
            (0...4).compactMap { bank -> Row? in
                let holders = balance.filter { institution[$0.key] == bank }
                let held = holders.reduce(0) { $0 + ($1.value[asset] ?? 0) }
                let isIssuer = Self.issuers.contains([asset, bank])
                guard isIssuer || held > 0 else { return nil }
                let frozen = holders.filter { [.frozen, .debitsFrozen].contains(status[$0.key]?.0) }
                let quota = [[0, 1]: "1000000000.00", [0, 2]: "500000.00", [1, 1]: "1000000000"][[asset, bank]] ?? text(0, asset)
                let issued = issuedByBank[[asset, bank]] ?? 0
                let redeemed = redeemedByBank[[asset, bank]] ?? 0
                return [
                    "asset": code(asset), "institution": name(bank), "quota": quota, "issued": text(issued, asset),
                    "redeemed": text(redeemed, asset), "outstanding": text(issued - redeemed, asset), "balances": text(held, asset),
                    "held": text(0, asset), "frozen": text(frozen.reduce(0) { $0 + ($1.value[asset] ?? 0) }, asset),
                    "reserveAttested": text(0, asset),
                ]
            }
        }
    }

    var supplyOverTime: [Row] {
        owedAtMinute.keys.sorted().flatMap { minute in
            Self.issuers.map { issuer in
                [
                    "from": minute, "period": "minute", "asset": code(issuer[0]), "bank": name(issuer[1]),
                    "outstanding": text(owedAtMinute[minute]?[issuer] ?? 0, issuer[0]),
                ]
            }
        }
    }

    var activity: [Row] {
        days.keys.sorted().map { day in
            let figure = days[day] ?? Day()
            return [
                "from": day, "period": "day", "blocks": "\(figure.blocks)", "transactions": "\(figure.transactions)",
                "transfers": "\(moved.filter { $0.day == day && $0.kind == "transfer" }.count)", "accountsOpened": "\(figure.opened)",
                "keyRotations": "0", "statusChanges": "\(figure.statuses)",
            ]
        }
    }

    var activityByAsset: [Row] {
        days.keys.sorted().flatMap { day in
            (0...1).map { asset in
                var row: Row = ["from": day, "period": "day", "asset": code(asset)]
                for (kind, count, sum) in [
                    ("transfer", "transfers", "transferred"), ("issue", "issues", "issued"), ("redeem", "redemptions", "redeemed"),
                ] {
                    let own = moved.filter { $0.day == day && $0.asset == asset && $0.kind == kind }
                    row[count] = "\(own.count)"
                    row[sum] = text(own.reduce(0) { $0 + $1.amount }, asset)
                }
                return row
            }
        }
    }

    /// The 20 largest of each asset; of equal ones the earlier.
    var movements: [Row] {
        (0...1).flatMap { asset in
            let own = moved.enumerated().filter { $0.element.asset == asset }
            let sorted = own.sorted { ($0.element.amount, $1.offset) > ($1.element.amount, $0.offset) }
            return sorted.prefix(20).enumerated().map { rank, item in
                item.element.row.merging(["rank": "\(rank + 1)"]) { $1 }
            }
        }
    }

    var frozen: [Row] {
        order.flatMap { id -> [Row] in
            guard let status = status[id], status.0 != .active else { return [] }
            let row: Row = [
                "address": network.chainspec.address(of: id), "institution": name(institution[id] ?? -1), "status": status.0.name,
                "since": status.since, "height": "\(status.height)", "transaction": status.transaction,
            ]
            let balances = (balance[id] ?? [:]).sorted { $0.key < $1.key }
            return balances.isEmpty
                ? [row]
                : balances.map { asset, units in
                    row.merging(["asset": code(asset), "balance": text(units, asset)]) { $1 }
                }
        }
    }

    var validators: [Row] {
        (0...2).map {
            [
                "validator": "validator-\($0)", "institution": name($0 % 2 == 0 ? 1 : 2), "proposed": "\(proposed[$0] ?? 0)",
                "attested": "\(attested[$0] ?? 0)",
            ]
        }
    }
}
