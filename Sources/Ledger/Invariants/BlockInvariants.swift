/// The invariants as far as one block can have broken them, in time proportional to what it touched: a node checks them before it
/// attests a block of its own or another's.
public enum BlockInvariants {
    /// `state` is the state right after the block was sealed, `outcome` what sealing it gave.
    public static func check(_ outcome: BlockOutcome, in state: borrowing LedgerState) throws(InvariantViolation) {
        try checkEntriesBalance(outcome.entries, assetCount: state.chainspec.assets.count)
        try checkOnce(outcome.entries)
        try checkSupply(outcome, in: state)
        try checkTotals(state.supply, assetCount: state.chainspec.assets.count)
        for account in outcome.accounts { try NoNegativeAvailability().check(account) }
    }

    /// Conservation of this block's movements: per asset, debits equal credits.
    private static func checkEntriesBalance(_ entries: [AccountEntry], assetCount: Int) throws(InvariantViolation) {
        var debits = [UInt128](repeating: 0, count: assetCount)
        var credits = debits
        // Fewer than 2⁶⁴ entries of less than 2⁶⁴ each: the sums stay below 2¹²⁸.
        for item in entries {
            let asset = Int(item.entry.asset)
            switch item.entry.kind {
            case .debit, .credit:
                guard asset < assetCount else {
                    throw Conservation().violation("asset \(asset)", "an entry moves an asset that this network does not have")
                }
                if item.entry.kind == .debit {
                    debits[asset] += UInt128(item.entry.amount)
                } else {
                    credits[asset] += UInt128(item.entry.amount)
                }
            case .opened, .keysRotated, .statusSet: break
            }
        }
        for asset in 0..<assetCount where debits[asset] != credits[asset] {
            throw Conservation().violation(
                "asset \(asset)", "the block's debits are \(debits[asset]), its credits \(credits[asset])")
        }
    }

    /// No two positions of the block have the same id. Entries come in the order of positions.
    private static func checkOnce(_ entries: [AccountEntry]) throws(InvariantViolation) {
        var seen = TransactionIDSet()
        var last: UInt32?
        for item in entries where item.entry.transaction != last {
            last = item.entry.transaction
            guard seen.insert(item.entry.id) else {
                throw AppliesOnce().violation("transaction \(item.entry.id)", "it is in the block twice")
            }
        }
    }

    /// What one supply record grew and shrank by, according to the entries.
    private struct Movement {
        var issued: UInt128 = 0
        var redeemed: UInt128 = 0
        var received: UInt128 = 0
        var paid: UInt128 = 0
    }

    private static func checkSupply(
        _ outcome: BlockOutcome, in state: borrowing LedgerState
    ) throws(InvariantViolation) {
        let institutionCount = state.chainspec.institutions.count
        var movements = [Movement?](repeating: nil, count: state.supply.count)
        for item in outcome.entries where item.entry.kind == .debit || item.entry.kind == .credit {
            let position = Int(item.entry.asset) * institutionCount + Int(state.accounts[Int(item.account)].institution)
            let isLiability = state.accounts[Int(item.account)].kind == .liability
            let amount = UInt128(item.entry.amount)
            var movement = movements[position] ?? Movement()
            switch (item.entry.kind == .debit, isLiability) {
            case (true, true): movement.issued += amount
            case (false, true): movement.redeemed += amount
            case (true, false): movement.paid += amount
            case (false, false): movement.received += amount
            }
            movements[position] = movement
        }
        for (changed, before) in zip(outcome.supply, outcome.supplyBefore) {
            let movement = movements[changed.position] ?? Movement()
            movements[changed.position] = nil
            try compare(before, changed.record, movement)
        }
        if let position = movements.firstIndex(where: { $0 != nil }) {
            throw SupplyMatchesAccounts().violation("supply record \(position)", "entries touch it, but it did not change")
        }
    }

    private static func compare(
        _ before: SupplyRecord, _ after: SupplyRecord, _ movement: Movement
    ) throws(InvariantViolation) {
        let subject = "asset \(after.asset), institution \(after.institution)"
        func require(
            _ figure: String, _ old: UInt128, _ new: UInt128, plus: UInt128, minus: UInt128 = 0
        ) throws(InvariantViolation) {
            let grown = old.addingReportingOverflow(plus)
            let shrunk = grown.partialValue.subtractingReportingOverflow(minus)
            guard !grown.overflow, !shrunk.overflow, shrunk.partialValue == new else {
                throw SupplyMatchesAccounts().violation(
                    subject, "\(figure) went from \(old) to \(new), but the block's entries add \(plus) and take \(minus)")
            }
        }
        try require("issued", before.issued, after.issued, plus: movement.issued)
        try require("redeemed", before.redeemed, after.redeemed, plus: movement.redeemed)
        try require("balances", before.balances, after.balances, plus: movement.received, minus: movement.paid)
        guard after.frozen <= after.balances, after.held <= after.balances else {
            throw SupplyMatchesAccounts().violation(
                subject, "of balances of \(after.balances), \(after.frozen) are frozen and \(after.held) held")
        }
        let limit = after.redeemed.addingReportingOverflow(UInt128(after.quota))
        guard limit.overflow || after.issued <= limit.partialValue else {
            throw WithinQuota().violation(
                subject, "issued \(after.issued) and redeemed \(after.redeemed), with a quota of \(after.quota)")
        }
    }

    /// Outstanding is held: per asset, over the supply records.
    private static func checkTotals(_ supply: [SupplyRecord], assetCount: Int) throws(InvariantViolation) {
        var outstanding = [UInt128](repeating: 0, count: assetCount)
        var balances = outstanding
        for record in supply {
            let asset = Int(record.asset)
            let owed = record.issued.subtractingReportingOverflow(record.redeemed)
            guard !owed.overflow else {
                throw NoNegativeAvailability().violation(
                    "asset \(asset), institution \(record.institution)",
                    "issued \(record.issued), but redeemed \(record.redeemed)")
            }
            let owedSum = outstanding[asset].addingReportingOverflow(owed.partialValue)
            let heldSum = balances[asset].addingReportingOverflow(record.balances)
            guard !owedSum.overflow, !heldSum.overflow else {
                throw OutstandingIsHeld().violation("asset \(asset)", "the totals exceed 128 bits")
            }
            outstanding[asset] = owedSum.partialValue
            balances[asset] = heldSum.partialValue
        }
        for asset in 0..<assetCount where outstanding[asset] != balances[asset] {
            throw OutstandingIsHeld().violation(
                "asset \(asset)", "the banks owe \(outstanding[asset]), the holders have \(balances[asset])")
        }
    }
}
