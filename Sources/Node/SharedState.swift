import Ledger
import Synchronization

/// The executed state, ahead of the durable one by the blocks on their way to the disk.
///
/// The producer changes it; admission checks transactions against it, in between. These two wait for each other: the producer lets go
/// every few transactions. Who only reads waits for neither, for the sealing of a large block takes long.
final class SharedState: Sendable {
    typealias Reader = @Sendable (borrowing LedgerState) -> Void

    private struct Content: ~Copyable {
        var state: LedgerState
        /// Part of a block is applied: what is read now is in no block yet.
        var isWithinBlock = false

        init(_ state: consuming LedgerState) {
            self.state = state
        }
    }

    private let content: Mutex<Content>
    /// Who needs the state as a block leaves it, and was not served yet: whoever holds the state does that before it lets go, or right after.
    private let readers = Mutex<[Reader]>([])

    init(_ state: consuming LedgerState) {
        content = Mutex(Content(state))
    }

    /// Changes the state within a block, which `endBlock` must end. Who comes to read meanwhile is served then.
    func applyPart<Result: Sendable>(_ body: (inout LedgerState) -> Result) -> Result {
        content.withLock { content in
            content.isWithinBlock = true
            return body(&content.state)
        }
    }

    /// Ends a block, then serves those who waited for that. A `body` that does not seal leaves a state to which nothing was applied.
    func endBlock<Result: Sendable>(_ body: (inout LedgerState) -> Result) -> Result {
        let result = content.withLock { content in
            let result = body(&content.state)
            content.isWithinBlock = false
            serveReaders(content.state)
            return result
        }
        serveLateReaders()
        return result
    }

    /// Calls `reader` with the state as the last executed block left it: at once, or as soon as whoever holds the state lets go of it
    /// between two blocks. Never waits for that: it is called by threads that serve requests.
    func read(_ reader: @escaping Reader) {
        readers.withLock { $0.append(reader) }
        serveLateReaders()
    }

    private func serveReaders(_ state: borrowing LedgerState) {
        let waiting = readers.withLock { readers in
            let waiting = readers
            readers = []
            return waiting
        }
        for reader in waiting { reader(state) }
    }

    /// Serves readers, unless somebody holds the state, who then does it after letting go, or within a block, whose end does.
    private func serveLateReaders() {
        while readers.withLock({ !$0.isEmpty }) {
            let isServed = content.withLockIfAvailable { content in
                if content.isWithinBlock { return false }
                serveReaders(content.state)
                return true
            }
            guard isServed == true else { return }
        }
    }

    /// For so many transactions admission holds the lock before it lets others at it.
    private static let transactionsPerLock = 64

    /// What remains to be checked of transactions, by the state as it is now. `time` is the clock's; blocks are never before their parents.
    func requirements(
        of candidates: [Candidate], at time: TimeMilliseconds
    ) -> [Result<SignatureRequirements, Refusal>] {
        inParts(candidates) { (state, candidate) throws(Refusal) in
            try state.requirements(of: candidate.transaction, at: max(time, state.time))
        }
    }

    /// Whether transactions would apply now, each by itself: it is applied and taken back.
    func tryOut(_ transactions: [QueuedTransaction], at time: TimeMilliseconds) -> [Result<Void, Refusal>] {
        inParts(transactions) { (state, item) throws(Refusal) in
            let start = state.savepoint
            try state.apply(item.transaction, at: 0, in: BlockContext(height: state.height + 1, time: max(time, state.time)))
            state.rollBack(to: start)
        }
    }

    private func inParts<Value: Sendable, Output: Sendable>(
        _ values: [Value], _ body: (inout LedgerState, Value) throws(Refusal) -> Output
    ) -> [Result<Output, Refusal>] {
        var results: [Result<Output, Refusal>] = []
        results.reserveCapacity(values.count)
        for start in stride(from: 0, to: values.count, by: Self.transactionsPerLock) {
            let part = values[start..<min(start + Self.transactionsPerLock, values.count)]
            results += content.withLock { content in
                part.map { value in
                    do throws(Refusal) {
                        return .success(try body(&content.state, value))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            serveLateReaders()
        }
        return results
    }
}
