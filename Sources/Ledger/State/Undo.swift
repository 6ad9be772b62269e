import Cryptography

extension LedgerState {
    /// How to take back one effect.
    enum Undo: Sendable {
        case applied(TransactionID, expiry: TimeMilliseconds)
        case opened
        case moved(Movement)
        case balanceAdded(account: Int, slot: Int)
        /// An account's share of a supply record is counted as frozen, or no longer.
        case frozen(position: Int, before: UInt128)
        indirect case policy(account: Int, KeyPolicy)
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
        case .opened: takeBackLastAccount()
        case .moved(let movement): takeBack(movement)
        case .balanceAdded(let account, let slot): accounts[account].balances.remove(at: slot)
        case .frozen(let position, let before): supply[position].frozen = before
        case .policy(let account, let policy): accounts[account].policy = policy
        case .status(let account, let status): accounts[account].status = status
        }
    }
}
