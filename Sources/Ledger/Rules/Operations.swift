import Cryptography

// One function per operation (`docs/spec/rules.md` section 4). Kinds, institutions and signatures were checked before.

extension LedgerState {
    mutating func apply(_ open: OpenAccounts, sponsor: Int, _ context: OperationContext) throws(Refusal) {
        for (item, opening) in open.openings.enumerated() {
            let id = opening.accountID(network: chainspec.network, sponsor: accounts[sponsor].id)
            guard position(of: id) == nil else { throw context.refusal(.accountExists, item: item) }
            let index = accounts.count
            add(
                Account(
                    index: AccountIndex(index), id: id, kind: opening.kind, tier: opening.tier,
                    institution: accounts[sponsor].institution, openedHeight: context.height, policy: opening.policy))
            undoLog.append(.opened)
            append(context.entry(.opened, item: item), to: index)
        }
    }

    mutating func apply(_ transfer: Transfer, _ accounts: PositionList, _ context: OperationContext) throws(Refusal) {
        for item in 0..<transfer.legs.count {
            let leg = transfer.legs[item]
            try move(
                leg.amount, of: leg.asset, from: accounts[Int(leg.from)], to: accounts[Int(leg.to)], item: item, context)
        }
    }

    mutating func apply(_ issue: Issue, bank: Int, to: Int, _ context: OperationContext) throws(Refusal) {
        let liability = liabilityAccount(of: issue.asset, bank: bank)
        try move(issue.amount, of: issue.asset, from: liability, to: to, context)
    }

    mutating func apply(_ redeem: Redeem, bank: Int, from: Int, _ context: OperationContext) throws(Refusal) {
        let liability = liabilityAccount(of: redeem.asset, bank: bank)
        try move(redeem.amount, of: redeem.asset, from: from, to: liability, context)
    }

    private borrowing func liabilityAccount(of asset: AssetIndex, bank: Int) -> Int {
        let id = chainspec.liabilityAccount(asset: asset, bank: accounts[bank].institution)
        guard let index = position(of: id) else { preconditionFailure("genesis opens one per asset and issuer") }
        return index
    }

    mutating func apply(_ rotate: RotateKeys, account: Int, _ context: OperationContext) throws(Refusal) {
        guard accounts[account].status != .closed else { throw context.refusal(.accountClosed) }
        guard accounts[account].policy != rotate.policy else { throw context.refusal(.policyUnchanged) }
        undoLog.append(.policy(account: account, accounts[account].policy))
        accounts[account].policy = rotate.policy
        append(context.entry(.keysRotated), to: account)
    }

    mutating func apply(_ setStatus: SetStatus, account: Int, _ context: OperationContext) throws(Refusal) {
        let old = accounts[account].status
        guard old != .closed else { throw context.refusal(.accountClosed) }
        guard old != setStatus.status else { throw context.refusal(.statusUnchanged) }
        if setStatus.status == .closed {
            let isEmpty = accounts[account].balances.allSatisfy {
                $0.posted == 0 && $0.debitsPending == 0 && $0.creditsPending == 0
            }
            guard isEmpty else { throw context.refusal(.accountNotEmpty) }
        }
        undoLog.append(.status(account: account, old))
        accounts[account].status = setStatus.status
        if old.refusesDebits != setStatus.status.refusesDebits { moveFrozenSupply(account) }
        append(context.entry(.statusSet), to: account)
    }

    /// Brings the frozen figures in line with a changed status.
    private mutating func moveFrozenSupply(_ account: Int) {
        for balance in accounts[account].balances where balance.posted > 0 {
            let position = supplyPosition(of: balance.asset, account: account)
            rememberSupply(position)
            undoLog.append(.frozen(position: position, before: supply[position].frozen))
            if accounts[account].status.refusesDebits {
                supply[position].frozen += balance.posted
            } else {
                supply[position].frozen -= balance.posted
            }
        }
    }
}
