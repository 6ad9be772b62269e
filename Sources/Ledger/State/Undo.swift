import Cryptography

extension LedgerState {
    /// How to take back one effect.
    enum Undo: Sendable {
        case applied(TransactionID, expiry: TimeMilliseconds)
        case opened(AccountID)
        case debited(account: Int, slot: Int, amount: UInt64)
        case credited(account: Int, slot: Int, amount: UInt64)
        case balanceAdded(account: Int, slot: Int)
        case supply(position: Int, SupplyRecord)
        case policy(account: Int, KeyPolicy)
        case status(account: Int, AccountStatus)
    }

    /// A point within a block to return to.
    public struct Savepoint: Sendable {
        fileprivate let undoCount: Int
        fileprivate let entryCount: Int
    }

    /// The present point.
    public var savepoint: Savepoint {
        Savepoint(undoCount: undoLog.count, entryCount: entries.count)
    }

    /// Takes back everything applied since a savepoint of the same block.
    public mutating func rollBack(to savepoint: Savepoint) {
        precondition(savepoint.undoCount <= undoLog.count, "a savepoint does not outlive its block")
        while undoLog.count > savepoint.undoCount { takeBack(undoLog.removeLast()) }
        entries.removeLast(entries.count - savepoint.entryCount)
    }

    private mutating func takeBack(_ undo: Undo) {
        switch undo {
        case .applied(let id, let expiry): replayWindow.remove(id, expiry: expiry)
        case .opened(let id):
            accounts.removeLast()
            indexes[id] = nil
        case .debited(let account, let slot, let amount):
            accounts[account].balances[slot].debitsPosted -= UInt128(amount)
        case .credited(let account, let slot, let amount):
            accounts[account].balances[slot].creditsPosted -= UInt128(amount)
        case .balanceAdded(let account, let slot): accounts[account].balances.remove(at: slot)
        case .supply(let position, let record): supply[position] = record
        case .policy(let account, let policy): accounts[account].policy = policy
        case .status(let account, let status): accounts[account].status = status
        }
    }
}
