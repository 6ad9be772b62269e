public import Ledger

extension SigningRequest {
    /// Facts that are shown one by one where not all are asked for.
    public static let shownFactCount = 20

    /// What it would do, a line for each fact, for people who must answer for it.
    public func words(_ chainspec: Chainspec) -> [String] { facts.map { $0.words(chainspec) } }

    /// The same in a few lines: of many facts what they come to, and the first of them.
    public func shortWords(_ chainspec: Chainspec) -> [String] {
        let facts = facts
        let shown = facts.prefix(Self.shownFactCount).map { $0.words(chainspec) }
        guard facts.count > shown.count else { return shown }
        return Self.totals(facts, chainspec) + shown + ["and \(facts.count - shown.count) more"]
    }

    /// How many facts of each kind there are, and what they move of each asset.
    private static func totals(_ facts: [Fact], _ chainspec: Chainspec) -> [String] {
        var lines: [String] = []
        for kind in Fact.Kind.allCases {
            let ofKind = facts.filter { $0.kind == kind }
            guard !ofKind.isEmpty else { continue }
            var sums: [AssetIndex: UInt128] = [:]
            for money in ofKind.compactMap(\.money) { sums[money.asset, default: 0] += UInt128(money.amount) }
            let amounts = sums.sorted { $0.key < $1.key }.map { asset, sum in
                guard let asset = chainspec.asset(asset) else { return "\(sum) of asset \(asset)" }
                return "\(DecimalAmount.format(sum, decimals: asset.decimals)) \(asset.code)"
            }
            lines.append("\(ofKind.count) × \(kind.rawValue)" + (amounts.isEmpty ? "" : ", \(amounts.joined(separator: ", ")) in all"))
        }
        return lines
    }
}

extension Fact {
    /// The fact in words, with amounts as decimals and accounts as addresses, institutions by their names.
    public func words(_ chainspec: Chainspec) -> String {
        var parts = [kind.rawValue]
        if let money {
            if let asset = chainspec.asset(money.asset) {
                parts.append("\(DecimalAmount.format(money.amount, decimals: asset.decimals)) \(asset.code)")
            } else {
                parts.append("\(money.amount) of asset \(money.asset)")
            }
        }
        if let source { parts.append("from \(Self.name(source, chainspec))") }
        if let destination { parts.append("to \(Self.name(destination, chainspec))") }
        return parts.joined(separator: " ")
    }

    static func name(_ account: AccountID, _ chainspec: Chainspec) -> String {
        for (index, institution) in chainspec.institutions.enumerated()
        where chainspec.institutionAccount(InstitutionIndex(index)) == account { return institution.name }
        return chainspec.address(of: account)
    }
}
