/// Per asset, what the banks owe together is what the holders have together.
public struct OutstandingIsHeld: Invariant {
    public static let name = "outstandingIsHeld"

    public init() {}

    public func check(_ state: borrowing LedgerState) throws(InvariantViolation) {
        var sums: [AssetIndex: (outstanding: WideSum, held: WideSum)] = [:]
        for account in state.accounts {
            for balance in account.balances {
                var sum = sums[balance.asset] ?? (WideSum(), WideSum())
                if account.kind == .liability {
                    sum.outstanding.add(try difference(balance.debitsPosted, balance.creditsPosted, of: account))
                } else {
                    sum.held.add(try difference(balance.creditsPosted, balance.debitsPosted, of: account))
                }
                sums[balance.asset] = sum
            }
        }
        for asset in sums.keys.sorted() {
            guard let sum = sums[asset], sum.outstanding != sum.held else { continue }
            throw violation("asset \(asset)", "the banks owe \(sum.outstanding), the holders have \(sum.held)")
        }
    }

    private func difference(_ larger: UInt128, _ smaller: UInt128, of account: Account) throws(InvariantViolation) -> UInt128 {
        let (difference, overflow) = larger.subtractingReportingOverflow(smaller)
        guard !overflow else { throw violation("account \(account.index)", "\(larger) − \(smaller) is negative") }
        return difference
    }
}
