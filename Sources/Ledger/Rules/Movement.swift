import Cryptography

/// An amount that went from one account to another.
struct Movement: Sendable {
    let debtor: Int
    let creditor: Int
    let asset: AssetIndex
    let amount: UInt64
}

extension LedgerState {
    /// Moves an amount: rules 15 to 21, then one debit and one credit of equal size, which cannot fail.
    ///
    /// Exactly one side may be a liability account: the debtor when a bank issues, the creditor when it redeems.
    mutating func move(
        _ amount: UInt64, of asset: AssetIndex, from debtor: Int, to creditor: Int, item: Int = 0,
        _ context: OperationContext
    ) throws(Refusal) {
        let movement = Movement(debtor: debtor, creditor: creditor, asset: asset, amount: amount)
        try checkParties(movement, item, context)
        let debited = accounts[debtor].balance(of: asset)
        let credited = accounts[creditor].balance(of: asset)
        try checkFunds(movement, debited, credited, item, context)
        try checkCounters(movement, debited, credited, item, context)

        accounts[debtor].balances.update(at: balanceSlot(of: asset, in: debtor)) { $0.debitsPosted += UInt128(amount) }
        accounts[creditor].balances.update(at: balanceSlot(of: asset, in: creditor)) { $0.creditsPosted += UInt128(amount) }
        moveSupply(movement)
        undoLog.append(.moved(movement))
        append(context.entry(.debit, item: item, asset: asset, amount: amount), to: debtor)
        append(context.entry(.credit, item: item, asset: asset, amount: amount), to: creditor)
    }

    /// The opposite of what `move` did last.
    mutating func takeBack(_ movement: Movement) {
        let amount = UInt128(movement.amount)
        accounts[movement.debtor].balances.update(at: balanceSlot(of: movement.asset, in: movement.debtor)) { $0.debitsPosted -= amount }
        accounts[movement.creditor].balances.update(at: balanceSlot(of: movement.asset, in: movement.creditor)) {
            $0.creditsPosted -= amount
        }
        let debited = supplyPosition(of: movement.asset, account: movement.debtor)
        let credited = supplyPosition(of: movement.asset, account: movement.creditor)
        if accounts[movement.creditor].status.refusesDebits { supply[credited].frozen -= amount }
        if accounts[movement.creditor].kind.isHolder { supply[credited].balances -= amount } else { supply[credited].redeemed -= amount }
        if accounts[movement.debtor].kind.isHolder { supply[debited].balances += amount } else { supply[debited].issued -= amount }
    }

    /// Changes the supply records of the institutions that answer for the two accounts.
    private mutating func moveSupply(_ movement: Movement) {
        let amount = UInt128(movement.amount)
        let debited = supplyPosition(of: movement.asset, account: movement.debtor)
        let credited = supplyPosition(of: movement.asset, account: movement.creditor)
        rememberSupply(debited)
        rememberSupply(credited)
        if accounts[movement.debtor].kind.isHolder { supply[debited].balances -= amount } else { supply[debited].issued += amount }
        if accounts[movement.creditor].kind.isHolder { supply[credited].balances += amount } else { supply[credited].redeemed += amount }
        if accounts[movement.creditor].status.refusesDebits { supply[credited].frozen += amount }
    }

    private borrowing func checkParties(
        _ movement: Movement, _ item: Int, _ context: OperationContext
    ) throws(Refusal) {
        let debtor = accounts[movement.debtor].status
        let creditor = accounts[movement.creditor].status
        guard debtor != .closed, creditor != .closed else { throw context.refusal(.accountClosed, item: item) }
        guard !debtor.refusesDebits else { throw context.refusal(.debitsFrozen, item: item) }
        guard !creditor.refusesCredits else { throw context.refusal(.creditsFrozen, item: item) }
    }

    private borrowing func checkFunds(
        _ movement: Movement, _ debited: Balance, _ credited: Balance, _ item: Int, _ context: OperationContext
    ) throws(Refusal) {
        let amount = UInt128(movement.amount)
        if accounts[movement.debtor].kind.isHolder {
            guard amount <= debited.available else {
                throw context.refusal(.insufficientFunds, item: item)
            }
        } else {
            let record = supply[supplyPosition(of: movement.asset, account: movement.debtor)]
            // Outstanding never exceeds the quota, so the difference cannot be negative.
            guard amount <= UInt128(record.quota) - record.outstanding else {
                throw context.refusal(.quotaExceeded, item: item)
            }
        }
        if accounts[movement.creditor].kind == .liability {
            guard amount <= credited.outstanding else {
                throw context.refusal(.exceedsOutstanding, item: item)
            }
        }
    }

    private borrowing func checkCounters(
        _ movement: Movement, _ debited: Balance, _ credited: Balance, _ item: Int, _ context: OperationContext
    ) throws(Refusal) {
        let debits = debited.debitsPosted.addingReportingOverflow(UInt128(movement.amount))
        let credits = credited.creditsPosted.addingReportingOverflow(UInt128(movement.amount))
        guard !debits.overflow, !credits.overflow else { throw context.refusal(.counterOverflow, item: item) }
    }

    /// Where the balance of an asset stands in an account; it is put there, all zero, if it is not yet.
    private mutating func balanceSlot(of asset: AssetIndex, in account: Int) -> Int {
        var slot = 0
        while slot < accounts[account].balances.count, accounts[account].balances[slot].asset < asset { slot += 1 }
        if slot < accounts[account].balances.count, accounts[account].balances[slot].asset == asset { return slot }
        accounts[account].balances.insert(Balance(asset: asset), at: slot)
        undoLog.append(.balanceAdded(account: account, slot: slot))
        return slot
    }

    /// Notes a supply record as it was before the block, unless the block has changed it before.
    mutating func rememberSupply(_ position: Int) {
        if supplyBefore[position] == nil { supplyBefore[position] = supply[position] }
    }

    /// Where the supply record of an asset and the institution that answers for an account stands.
    borrowing func supplyPosition(of asset: AssetIndex, account: Int) -> Int {
        Int(asset) * chainspec.institutions.count + Int(accounts[account].institution)
    }

    mutating func append(_ entry: Entry, to account: Int) {
        entries.append(AccountEntry(account: AccountIndex(account), entry: entry))
    }
}
