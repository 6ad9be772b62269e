/// No bank has more outstanding than the chain specification lets it, and nobody else has anything outstanding.
public struct WithinQuota: Invariant {
    public static let name = "withinQuota"

    public init() {}

    public func check(_ state: borrowing LedgerState) throws(InvariantViolation) {
        for account in state.accounts where account.kind == .liability {
            for balance in account.balances {
                let issuers = state.chainspec.asset(balance.asset)?.issuers ?? []
                let quota = issuers.first { $0.bank == account.institution }?.quota ?? 0
                let (limit, overflow) = balance.creditsPosted.addingReportingOverflow(UInt128(quota))
                // A limit past 128 bits is above anything that could have been issued.
                guard overflow || balance.debitsPosted <= limit else {
                    throw violation(
                        "asset \(balance.asset), institution \(account.institution)",
                        "issued \(balance.debitsPosted) and redeemed \(balance.creditsPosted), with a quota of \(quota)")
                }
            }
        }
    }
}
