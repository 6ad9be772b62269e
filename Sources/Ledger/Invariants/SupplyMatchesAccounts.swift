/// Every supply record is what the accounts add up to.
public struct SupplyMatchesAccounts: Invariant {
    public static let name = "supplyMatchesAccounts"

    public init() {}

    /// An asset and an institution.
    private struct Key: Hashable {
        let asset: AssetIndex
        let institution: InstitutionIndex
    }

    /// The figures of a record, as sums over accounts.
    private struct Figures {
        var issued = WideSum()
        var redeemed = WideSum()
        var balances = WideSum()
        var held = WideSum()
        var frozen = WideSum()
    }

    public func check(_ state: borrowing LedgerState) throws(InvariantViolation) {
        let sums = figures(of: state.accounts)
        let institutionCount = state.chainspec.institutions.count
        guard state.supply.count == state.chainspec.assets.count * institutionCount else {
            throw violation("supply", "\(state.supply.count) records are not one per asset and institution")
        }
        for (position, record) in state.supply.enumerated() {
            let key = Key(
                asset: AssetIndex(position / institutionCount), institution: InstitutionIndex(position % institutionCount))
            guard record.asset == key.asset, record.institution == key.institution else {
                throw violation("supply record \(position)", "it is of asset \(record.asset), institution \(record.institution)")
            }
            let issuers = state.chainspec.assets[Int(key.asset)].issuers
            let quota = issuers.first { $0.bank == key.institution }?.quota ?? 0
            try compare(record, with: sums[key] ?? Figures(), quota: quota)
        }
        let known = Set(state.supply.map { Key(asset: $0.asset, institution: $0.institution) })
        for account in state.accounts {
            for balance in account.balances
            where !known.contains(Key(asset: balance.asset, institution: account.institution)) {
                throw violation(
                    "account \(account.index)",
                    "it has asset \(balance.asset) of institution \(account.institution), which has no supply record")
            }
        }
    }

    private func figures(of accounts: SegmentedList<Account>) -> [Key: Figures] {
        var sums: [Key: Figures] = [:]
        for account in accounts {
            for balance in account.balances {
                let key = Key(asset: balance.asset, institution: account.institution)
                var sum = sums[key] ?? Figures()
                if account.kind == .liability {
                    sum.issued.add(balance.debitsPosted)
                    sum.redeemed.add(balance.creditsPosted)
                } else {
                    // A negative balance is another invariant's finding; here it only must not end the check.
                    let posted = balance.creditsPosted &- balance.debitsPosted
                    sum.balances.add(posted)
                    sum.held.add(balance.debitsPending)
                    if account.status == .debitsFrozen || account.status == .frozen { sum.frozen.add(posted) }
                }
                sums[key] = sum
            }
        }
        return sums
    }

    private func compare(_ record: SupplyRecord, with sum: Figures, quota: UInt64) throws(InvariantViolation) {
        let subject = "asset \(record.asset), institution \(record.institution)"
        func require(_ figure: String, _ recorded: UInt128, _ computed: WideSum) throws(InvariantViolation) {
            var expected = WideSum()
            expected.add(recorded)
            guard expected == computed else {
                throw violation(subject, "\(figure) is recorded as \(recorded), but the accounts add up to \(computed)")
            }
        }
        guard record.quota == quota else {
            throw violation(subject, "the quota is recorded as \(record.quota), but the chain specification says \(quota)")
        }
        try require("issued", record.issued, sum.issued)
        try require("redeemed", record.redeemed, sum.redeemed)
        try require("balances", record.balances, sum.balances)
        try require("held", record.held, sum.held)
        try require("frozen", record.frozen, sum.frozen)
        try require("reserveAttested", record.reserveAttested, WideSum())
    }
}
