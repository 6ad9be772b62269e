/// Per asset, all debits equal all credits, posted and pending: money only moves.
public struct Conservation: Invariant {
    public static let name = "conservation"

    public init() {}

    public func check(_ state: borrowing LedgerState) throws(InvariantViolation) {
        var sums: [AssetIndex: (debits: WideSum, credits: WideSum, debitsPending: WideSum, creditsPending: WideSum)] = [:]
        for account in state.accounts {
            for balance in account.balances {
                var sum = sums[balance.asset] ?? (WideSum(), WideSum(), WideSum(), WideSum())
                sum.debits.add(balance.debitsPosted)
                sum.credits.add(balance.creditsPosted)
                sum.debitsPending.add(balance.debitsPending)
                sum.creditsPending.add(balance.creditsPending)
                sums[balance.asset] = sum
            }
        }
        for asset in sums.keys.sorted() {
            guard let sum = sums[asset] else { continue }
            guard sum.debits == sum.credits else {
                throw violation("asset \(asset)", "posted debits are \(sum.debits), posted credits \(sum.credits)")
            }
            guard sum.debitsPending == sum.creditsPending else {
                throw violation(
                    "asset \(asset)", "pending debits are \(sum.debitsPending), pending credits \(sum.creditsPending)")
            }
        }
    }
}
