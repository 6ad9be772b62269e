import Cryptography
import Ledger
import Verifier

/// A verified transaction and the memo that came with it. A class: it passes from list to list, and a transaction has many parts to count.
final class QueuedTransaction: Sendable {
    let transaction: VerifiedTransaction
    let memo: Memo?

    init(transaction: VerifiedTransaction, memo: Memo?) {
        self.transaction = transaction
        self.memo = memo
    }
}

/// Puts admitted transactions into blocks, on one thread: at once when the disk is idle, in larger blocks while it is busy,
/// none when there is nothing to put in.
final class BlockProducer: Sendable {
    /// For so many transactions the producer holds the state's lock before it lets others at it.
    private static let transactionsPerLock = 64

    private let state: SharedState
    private let queue = Monitor(Queue())
    private let work: BlockAssembly
    private let committer: BlockCommitter
    private let registry: TransactionRegistry
    private let observer: any NodeObserver
    private let configuration: NodeConfiguration
    private let clock: @Sendable () -> TimeMilliseconds

    private struct Queue {
        var transactions: [QueuedTransaction] = []
        var isStopping = false
    }

    init(
        state: SharedState, assembly: BlockAssembly, committer: BlockCommitter, registry: TransactionRegistry,
        observer: any NodeObserver, configuration: NodeConfiguration, clock: @escaping @Sendable () -> TimeMilliseconds
    ) {
        self.state = state
        self.work = assembly
        self.committer = committer
        self.registry = registry
        self.observer = observer
        self.configuration = configuration
        self.clock = clock
    }

    func enqueue(_ transactions: [QueuedTransaction]) {
        queue.withLock(wakingIf: { queue in
            queue.transactions += transactions
            return ((), canMakeBlock(queue, ahead: committer.waitingBlocks ?? 0))
        })
    }

    /// Lets the thread end once the queue is empty.
    func stop() {
        queue.withLock { $0.isStopping = true }
    }

    /// The thread's work; returns after `stop`.
    @available(*, noasync)
    func run() {
        committer.whenRoom { [weak self] in self?.lookAgain() }
        var assembly = work
        while let transactions = nextTransactions() { produce(transactions, &assembly) }
    }

    /// Waits for transactions, and for room before the disk; nil when the producer stops, or the committer gave up.
    ///
    /// While a block is on its way to the disk, transactions gather: that is what makes blocks large under load. A block is made ahead of
    /// the disk only when enough have gathered for it to be worth a commit of its own.
    @available(*, noasync)
    private func nextTransactions() -> [QueuedTransaction]? {
        queue.wait { (queue: inout Queue) -> [QueuedTransaction]?? in
            guard let ahead = committer.waitingBlocks else { return .some(nil) }
            guard !queue.transactions.isEmpty else { return queue.isStopping ? .some(nil) : nil }
            guard canMakeBlock(queue, ahead: ahead) else { return nil }
            let count = blockCount(queue.transactions)
            defer { queue.transactions.removeFirst(count) }
            return .some(Array(queue.transactions.prefix(count)))
        }
    }

    private func canMakeBlock(_ queue: borrowing Queue, ahead: Int) -> Bool {
        let worthwhile = min(configuration.minimumBlockAheadTransactions, configuration.maximumBlockTransactions)
        return ahead == 0 || (queue.transactions.count >= worthwhile && ahead < configuration.commitDepthBlocks)
    }

    /// Looks again whether there is room for a block.
    private func lookAgain() {
        queue.withLock { _ in }
    }

    /// How many of the waiting transactions fit into a block.
    private func blockCount(_ transactions: [QueuedTransaction]) -> Int {
        var bytes = BlockHeader.byteCount
        var count = 0
        for item in transactions.prefix(configuration.maximumBlockTransactions) {
            bytes += 4 + item.transaction.signed.bytes.count
            if bytes > configuration.maximumBlockBytes, count > 0 { break }
            count += 1
        }
        return count
    }

    private func produce(_ transactions: [QueuedTransaction], _ assembly: inout BlockAssembly) {
        let time = max(clock(), assembly.tip.time)
        let context = BlockContext(height: assembly.tip.height + 1, time: time)
        var applied: [QueuedTransaction] = []
        applied.reserveCapacity(transactions.count)
        for chunk in stride(from: 0, to: transactions.count, by: Self.transactionsPerLock) {
            let end = min(chunk + Self.transactionsPerLock, transactions.count)
            let refusals = apply(transactions[chunk..<end], to: &applied, in: context)
            for (id, refusal) in refusals { observer.refused(id, refusal) }
            registry.end(refusals.map { ($0, .status(.refused($1))) })
        }
        let outcome: BlockOutcome? = state.endBlock { state in
            guard !applied.isEmpty else { return nil }
            let outcome = state.seal(height: context.height, time: context.time)
            do {
                try BlockInvariants.check(outcome, in: state)
            } catch {
                // The rules and their double disagree: this process must not sign anything more.
                preconditionFailure("block \(context.height): \(error)")
            }
            return outcome
        }
        guard let outcome else { return }
        let block = assembly.assemble(applied, outcome, time: time)
        registry.order(applied.map(\.transaction.signed.id))
        committer.enqueue(block)
    }

    private func apply(
        _ transactions: ArraySlice<QueuedTransaction>, to applied: inout [QueuedTransaction], in context: BlockContext
    ) -> [(TransactionID, Refusal)] {
        let start = applied.count
        let results: [Refusal?] = state.applyPart { state in
            var position = UInt32(start)
            return transactions.map { item -> Refusal? in
                do throws(Refusal) {
                    try state.apply(item.transaction, at: position, in: context)
                    position += 1
                    return nil
                } catch {
                    return error
                }
            }
        }
        var refusals: [(TransactionID, Refusal)] = []
        for (item, refusal) in zip(transactions, results) {
            if let refusal { refusals.append((item.transaction.signed.id, refusal)) } else { applied.append(item) }
        }
        return refusals
    }
}
