import Ledger
import Synchronization

/// The executed state, ahead of the durable one by the blocks on their way to the disk.
///
/// The producer changes it; admission checks transactions against it, in between. Whoever holds the lock holds it briefly: the
/// producer lets go every few transactions.
final class SharedState: Sendable {
    private let state: Mutex<LedgerState>

    init(_ state: consuming LedgerState) {
        self.state = Mutex(state)
    }

    func withLock<Result: Sendable, Failure: Error>(
        _ body: (inout LedgerState) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try state.withLock { (state: inout sending LedgerState) throws(Failure) -> Result in try body(&state) }
    }

    /// What remains to be checked of a transaction, by the state as it is now.
    func requirements(
        of transaction: SignedTransaction, at time: TimeMilliseconds
    ) throws(Refusal) -> SignatureRequirements {
        try withLock { (state: inout LedgerState) throws(Refusal) in try state.requirements(of: transaction, at: time) }
    }

    /// Whether a transaction would apply now: it is applied and taken back.
    func tryOut(_ transaction: VerifiedTransaction, at time: TimeMilliseconds) throws(Refusal) {
        try withLock { (state: inout LedgerState) throws(Refusal) in
            let start = state.savepoint
            try state.apply(transaction, at: 0, in: BlockContext(height: state.height + 1, time: max(time, state.time)))
            state.rollBack(to: start)
        }
    }
}
