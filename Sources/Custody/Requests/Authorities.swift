internal import Ledger

extension Transaction {
    /// Positions of the accounts that a transaction needs the word of, as far as it shows without the ledger: who pays, issues, redeems,
    /// opens or rotates, and whoever is in the list and in no operation, such as the institution that freezes an account.
    func signerPositions() -> [AccountPosition] {
        var acts = [Bool](repeating: true, count: accounts.count)
        for operation in operations { operation.forEachAccount { acts[Int($0)] = false } }
        for operation in operations {
            switch operation {
            case .openAccounts(let open): acts[Int(open.sponsor)] = true
            case .transfer(let transfer):
                for item in 0..<transfer.legs.count { acts[Int(transfer.legs[item].from)] = true }
            case .issue(let issue): acts[Int(issue.bank)] = true
            case .redeem(let redeem):
                acts[Int(redeem.bank)] = true
                acts[Int(redeem.from)] = true
            case .rotateKeys(let rotate): acts[Int(rotate.account)] = true
            case .setStatus: break
            }
        }
        return acts.indices.filter { acts[$0] }.map { AccountPosition($0) }
    }
}
