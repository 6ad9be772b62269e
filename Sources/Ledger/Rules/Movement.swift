import Cryptography

extension LedgerState {
    /// Moves an amount: rules 15 to 21, then one debit and one credit of equal size, which cannot fail.
    ///
    /// Exactly one side may be a liability account: the debtor when a bank issues, the creditor when it redeems.
    mutating func move(
        _ amount: UInt64, of asset: AssetIndex, from debtor: Int, to creditor: Int, item: Int = 0,
        _ context: OperationContext
    ) throws(Refusal) {
        try checkParties(debtor, creditor, item, context)
        try checkFunds(amount, asset, debtor, creditor, item, context)
        try checkCounters(amount, asset, debtor, creditor, item, context)

        let debitSlot = balanceSlot(of: asset, in: debtor)
        accounts[debtor].balances[debitSlot].debitsPosted += UInt128(amount)
        undoLog.append(.debited(account: debtor, slot: debitSlot, amount: amount))
        let creditSlot = balanceSlot(of: asset, in: creditor)
        accounts[creditor].balances[creditSlot].creditsPosted += UInt128(amount)
        undoLog.append(.credited(account: creditor, slot: creditSlot, amount: amount))

        updateSupply(of: asset, debtor) { record, account in
            if account.kind.isHolder { record.balances -= UInt128(amount) } else { record.issued += UInt128(amount) }
        }
        updateSupply(of: asset, creditor) { record, account in
            if account.kind.isHolder { record.balances += UInt128(amount) } else { record.redeemed += UInt128(amount) }
            if account.status.refusesDebits { record.frozen += UInt128(amount) }
        }
        append(context.entry(.debit, item: item, asset: asset, amount: amount), to: debtor)
        append(context.entry(.credit, item: item, asset: asset, amount: amount), to: creditor)
    }

    private borrowing func checkParties(
        _ debtor: Int, _ creditor: Int, _ item: Int, _ context: OperationContext
    ) throws(Refusal) {
        guard accounts[debtor].status != .closed, accounts[creditor].status != .closed else {
            throw context.refusal(.accountClosed, item: item)
        }
        guard !accounts[debtor].status.refusesDebits else { throw context.refusal(.debitsFrozen, item: item) }
        guard !accounts[creditor].status.refusesCredits else { throw context.refusal(.creditsFrozen, item: item) }
    }

    private borrowing func checkFunds(
        _ amount: UInt64, _ asset: AssetIndex, _ debtor: Int, _ creditor: Int, _ item: Int,
        _ context: OperationContext
    ) throws(Refusal) {
        if accounts[debtor].kind.isHolder {
            guard UInt128(amount) <= accounts[debtor].balance(of: asset).available else {
                throw context.refusal(.insufficientFunds, item: item)
            }
        } else {
            let record = supply[supplyPosition(asset: asset, institution: accounts[debtor].institution)]
            // Outstanding never exceeds the quota, so the difference cannot be negative.
            guard UInt128(amount) <= UInt128(record.quota) - record.outstanding else {
                throw context.refusal(.quotaExceeded, item: item)
            }
        }
        if accounts[creditor].kind == .liability {
            guard UInt128(amount) <= accounts[creditor].balance(of: asset).outstanding else {
                throw context.refusal(.exceedsOutstanding, item: item)
            }
        }
    }

    private borrowing func checkCounters(
        _ amount: UInt64, _ asset: AssetIndex, _ debtor: Int, _ creditor: Int, _ item: Int,
        _ context: OperationContext
    ) throws(Refusal) {
        let debits = accounts[debtor].balance(of: asset).debitsPosted.addingReportingOverflow(UInt128(amount))
        let credits = accounts[creditor].balance(of: asset).creditsPosted.addingReportingOverflow(UInt128(amount))
        guard !debits.overflow, !credits.overflow else { throw context.refusal(.counterOverflow, item: item) }
    }

    /// Where the balance of an asset stands in an account; it is put there, all zero, if it is not yet.
    private mutating func balanceSlot(of asset: AssetIndex, in account: Int) -> Int {
        let balances = accounts[account].balances
        let slot = balances.firstIndex { $0.asset >= asset } ?? balances.count
        if slot == balances.count || balances[slot].asset != asset {
            accounts[account].balances.insert(Balance(asset: asset), at: slot)
            undoLog.append(.balanceAdded(account: account, slot: slot))
        }
        return slot
    }

    /// Changes the supply record of an asset and the institution that answers for an account.
    mutating func updateSupply(
        of asset: AssetIndex, _ account: Int, _ change: (inout SupplyRecord, Account) -> Void
    ) {
        let position = supplyPosition(asset: asset, institution: accounts[account].institution)
        undoLog.append(.supply(position: position, supply[position]))
        change(&supply[position], accounts[account])
    }

    mutating func append(_ entry: Entry, to account: Int) {
        entries.append(AccountEntry(account: AccountIndex(account), entry: entry))
    }
}
