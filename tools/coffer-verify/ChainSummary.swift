import Cryptography
import Ledger
import Verifier

/// What a replay that held prints: the chain, what was checked and what was not, and the supply per asset and bank.
struct ChainSummary {
    /// What was found, for people and for programs; other checks may add to it.
    var finding = Finding()
    /// What was not checked, as it was asked for.
    let unchecked: [String]
    private let chainspec: Chainspec
    private let start: ReplayStart

    init(
        _ chainspec: Chainspec, _ start: ReplayStart, _ unchecked: [String], _ result: ReplayResult, _ checkpoint: SignedCheckpoint
    ) {
        self.chainspec = chainspec
        self.start = start
        self.unchecked = unchecked
        finding.add("network", "network", "\(chainspec.name) \(chainspec.network.hex)")
        finding.add("blocks", "blocks", count: result.figures.blocks)
        finding.add("transactions", "transactions", count: result.figures.transactions)
        finding.add("height", "height", count: result.tip.height)
        finding.add("time", "time", Timestamp.format(result.tip.time))
        finding.add("block hash", "block", result.tip.hash.hex)
        finding.add("state root", "stateRoot", result.tip.stateRoot.hex)
        finding.add("accounts", "accounts", count: result.tip.accountCount)
        addChecked(result, checkpoint)
        finding.add(
            "NOT CHECKED", "notChecked", .array(unchecked.map { .string($0) }),
            text: unchecked.isEmpty ? "nothing was left out" : unchecked.joined(separator: "; "))
        addSupply(result.supply)
    }

    func print(json: Bool) {
        let all = "every block, root, signature and rule, and the checkpoint"
        finding.print(heading: unchecked.isEmpty ? all : "what was checked; NOT EVERYTHING WAS: see NOT CHECKED", json: json)
    }

    private mutating func addChecked(_ result: ReplayResult, _ checkpoint: SignedCheckpoint) {
        let figures = result.figures
        let checked: JSON = [
            "blocks": .number(figures.blocks),
            "transactions": .number(figures.transactions),
            "transactionsWithSignatures": .number(figures.transactions - figures.assumedTransactions),
            "attestations": .number(figures.attestations),
            "checkpointSize": .number(checkpoint.checkpoint.size),
            "fromHeight": .number(start.height),
        ]
        finding.add(
            "checked", "checked", checked,
            text: "format, rules, roots and \(figures.attestations) attestations of \(figures.blocks) blocks; "
                + "the signatures of \(figures.transactions - figures.assumedTransactions) transactions; "
                + "the signed checkpoint of \(checkpoint.checkpoint.size) headers")
    }

    private mutating func addSupply(_ supply: [SupplyRecord]) {
        var members: [JSON.Member] = []
        for (position, asset) in chainspec.assets.enumerated() {
            let records = supply.filter { $0.asset == AssetIndex(position) }
            func amount(_ units: UInt128) -> String { DecimalAmount.format(units, decimals: asset.decimals) }
            let outstanding = records.reduce(UInt128(0)) { $0 + $1.outstanding }
            finding.add(
                "outstanding", "outstanding.\(asset.code)", .string(amount(outstanding)), text: "\(amount(outstanding)) \(asset.code)")
            // An institution that neither issues nor answers for holders has nothing to show.
            let shown = records.filter { $0.quota > 0 || $0.issued > 0 || $0.balances > 0 }
            for record in shown where record.quota > 0 || record.issued > 0 {
                let bank = chainspec.institutions[Int(record.institution)].name
                finding.note(
                    "",
                    "\(bank): issued \(amount(record.issued)), redeemed \(amount(record.redeemed)), "
                        + "outstanding \(amount(record.outstanding)) of quota \(amount(UInt128(record.quota)))")
            }
            for record in shown {
                let name = chainspec.institutions[Int(record.institution)].name
                finding.note(
                    "", "holders of \(name): \(amount(record.balances)), held \(amount(record.held)), frozen \(amount(record.frozen))")
            }
            members.append(
                JSON.Member(key: asset.code, value: .array(shown.map { $0.json(chainspec: chainspec) })))
        }
        finding.addValue("supply", .object(members))
    }
}

/// What a replay was told not to check.
enum Unchecked {
    static func list(assumedUntil: UInt64, _ start: ReplayStart, _ figures: ReplayProgress) -> [String] {
        var list: [String] = []
        if start.height > 0 {
            list.append(
                "the transactions of heights 1 to \(start.height): they were not executed; "
                    + "their headers are the history that the checkpoint of --from commits to")
        }
        if figures.assumedBlocks > 0 {
            list.append(
                "the signatures and proofs of possession of \(figures.assumedTransactions) transactions "
                    + "in \(figures.assumedBlocks) blocks, up to height \(assumedUntil): only that a quorum of validators attested them")
        }
        return list
    }
}

extension Verdict {
    @discardableResult
    mutating func addUnchecked(_ assumedUntil: UInt64, _ start: ReplayStart) -> [String] {
        var list: [String] = []
        if start.height > 0 { list.append("the transactions of heights 1 to \(start.height)") }
        if assumedUntil > start.height { list.append("the signatures of transactions up to height \(assumedUntil)") }
        guard !list.isEmpty else { return list }
        add("notChecked", .array(list.map { .string($0) }))
        note("NOT CHECKED: \(list.joined(separator: "; "))")
        return list
    }

    /// Where exactly, by which rule, and what was expected and found.
    mutating func add(_ divergence: Divergence) {
        for member in divergence.members { add(member.key, member.value) }
        for line in divergence.lines { note(line) }
    }
}
