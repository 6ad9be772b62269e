extension LedgerState {
    /// The accounts whose authority a transaction uses, ascending (`docs/spec/rules.md` section 2), after rules 7 and 8.
    ///
    /// `accounts` are the resolved accounts of the account list.
    borrowing func requiredAuthorities(
        _ transaction: SignedTransaction, _ accounts: PositionList
    ) throws(Refusal) -> PositionList {
        var authorities = PositionList()
        var position = 0
        for operation in transaction.content.operations {
            defer { position += 1 }
            switch operation {
            case .openAccounts(let open):
                try checkSponsor(of: open, accounts, at: position)
                authorities.append(accounts[Int(open.sponsor)])
            case .transfer(let transfer):
                for item in 0..<transfer.legs.count {
                    let leg = transfer.legs[item]
                    try checkHolder(accounts[Int(leg.from)], at: .operation(position, item: item))
                    try checkHolder(accounts[Int(leg.to)], at: .operation(position, item: item))
                    let from = accounts[Int(leg.from)]
                    if authorities.last != from { authorities.append(from) }
                }
            case .issue(let issue):
                try checkIssuer(accounts[Int(issue.bank)], of: issue.asset, at: position)
                try checkHolder(accounts[Int(issue.to)], at: .operation(position, item: 0))
                authorities.append(accounts[Int(issue.bank)])
            case .redeem(let redeem):
                try checkIssuer(accounts[Int(redeem.bank)], of: redeem.asset, at: position)
                try checkHolder(accounts[Int(redeem.from)], at: .operation(position, item: 0))
                authorities.append(accounts[Int(redeem.bank)])
                authorities.append(accounts[Int(redeem.from)])
            case .rotateKeys(let rotate):
                try checkHolder(accounts[Int(rotate.account)], at: .operation(position, item: 0))
                authorities.append(accounts[Int(rotate.account)])
            case .setStatus(let setStatus):
                let account = accounts[Int(setStatus.account)]
                let kind = self.accounts[account].kind
                guard kind == .bankIssued || kind == .walletHeld else {
                    throw Refusal(.wrongAccountKind, at: .operation(position, item: 0))
                }
                // Institution accounts come first in the state, in the order of the chainspec.
                authorities.append(Int(self.accounts[account].institution))
            }
        }
        return authorities.sortedUnique
    }

    private borrowing func checkHolder(_ account: Int, at place: Refusal.Place) throws(Refusal) {
        guard accounts[account].kind.isHolder else { throw Refusal(.wrongAccountKind, at: place) }
    }

    private borrowing func checkSponsor(
        of open: OpenAccounts, _ resolved: PositionList, at position: Int
    ) throws(Refusal) {
        let account = accounts[resolved[Int(open.sponsor)]]
        let kind = account.kind == .institution ? chainspec.institutions[Int(account.institution)].kind : nil
        for (item, opening) in open.openings.enumerated() {
            let isAllowed = kind == .bank || (kind == .operator && opening.kind == .walletHeld)
            guard isAllowed else { throw Refusal(.wrongInstitution, at: .operation(position, item: item)) }
        }
    }

    private borrowing func checkIssuer(_ account: Int, of asset: AssetIndex, at position: Int) throws(Refusal) {
        let bank = accounts[account]
        let issuers = chainspec.assets[Int(asset)].issuers
        guard bank.kind == .institution, issuers.contains(where: { $0.bank == bank.institution }) else {
            throw Refusal(.wrongInstitution, at: .operation(position, item: 0))
        }
    }
}
