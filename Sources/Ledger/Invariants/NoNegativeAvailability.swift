/// No holder has less than nothing available, and no bank owes less than nothing.
public struct NoNegativeAvailability: Invariant {
    public static let name = "noNegativeAvailability"

    public init() {}

    public func check(_ state: borrowing LedgerState) throws(InvariantViolation) {
        for account in state.accounts { try check(account) }
    }

    /// The same of one account.
    func check(_ account: Account) throws(InvariantViolation) {
        for balance in account.balances {
            switch account.kind {
            case .institution, .bankIssued, .walletHeld:
                let (spent, overflow) = balance.debitsPosted.addingReportingOverflow(balance.debitsPending)
                guard !overflow, spent <= balance.creditsPosted else {
                    throw violation(
                        "account \(account.index), asset \(balance.asset)",
                        "received \(balance.creditsPosted), but paid \(balance.debitsPosted) and reserved \(balance.debitsPending)")
                }
            case .liability:
                guard balance.creditsPosted <= balance.debitsPosted else {
                    throw violation(
                        "account \(account.index), asset \(balance.asset)",
                        "issued \(balance.debitsPosted), but redeemed \(balance.creditsPosted)")
                }
            }
        }
    }
}
