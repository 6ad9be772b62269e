public import Ledger

extension SigningRequest {
    /// What it would do, a line for each fact, for people who must answer for it.
    public func words(_ chainspec: Chainspec) -> [String] { facts.map { $0.words(chainspec) } }
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
