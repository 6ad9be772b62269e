import Ledger
import Synchronization

/// The executed state, ahead of the durable one by the blocks on their way to the disk.
///
/// The producer changes it; admission checks transactions against it, in between. Whoever holds the lock holds it briefly: the
/// producer lets go every few transactions.
final class SharedState: Sendable {
    typealias Reader = @Sendable (borrowing LedgerState) -> Void

    private struct Content: ~Copyable {
        var state: LedgerState
        /// Part of a block is applied: what is read now is in no block yet.
        var isWithinBlock = false
        /// Who needs the state as a block leaves it, and came within one. The producer serves them at the block's end.
        var readers: [Reader] = []

        init(_ state: consuming LedgerState) {
            self.state = state
        }
    }

    private let content: Mutex<Content>

    init(_ state: consuming LedgerState) {
        content = Mutex(Content(state))
    }

    /// Changes the state within a block, which `endBlock` must end.
    func applyPart<Result: Sendable>(_ body: (inout LedgerState) -> Result) -> Result {
        content.withLock { content in
            content.isWithinBlock = true
            return body(&content.state)
        }
    }

    /// Ends a block, then serves those who waited for that. A `body` that does not seal leaves a state to which nothing was applied.
    func endBlock<Result: Sendable>(_ body: (inout LedgerState) -> Result) -> Result {
        content.withLock { content in
            let result = body(&content.state)
            content.isWithinBlock = false
            for reader in content.readers { reader(content.state) }
            content.readers = []
            return result
        }
    }

    /// Calls `reader` with the state as the last executed block left it: at once, or when the present block ends.
    func read(_ reader: @escaping Reader) {
        content.withLock { content in
            if content.isWithinBlock { content.readers.append(reader) } else { reader(content.state) }
        }
    }

    /// What remains to be checked of a transaction, by the state as it is now. `time` is the clock's; blocks are never before their parents.
    func requirements(
        of transaction: SignedTransaction, at time: TimeMilliseconds
    ) throws(Refusal) -> SignatureRequirements {
        try withLock { (state) throws(Refusal) in
            try state.requirements(of: transaction, at: max(time, state.time))
        }
    }

    /// Whether a transaction would apply now: it is applied and taken back.
    func tryOut(_ transaction: VerifiedTransaction, at time: TimeMilliseconds) throws(Refusal) {
        try withLock { (state) throws(Refusal) in
            let start = state.savepoint
            try state.apply(transaction, at: 0, in: BlockContext(height: state.height + 1, time: max(time, state.time)))
            state.rollBack(to: start)
        }
    }

    private func withLock<Result: Sendable>(
        _ body: (inout LedgerState) throws(Refusal) -> Result
    ) throws(Refusal) -> Result {
        try content.withLock { (content: inout sending Content) throws(Refusal) -> Result in try body(&content.state) }
    }
}
