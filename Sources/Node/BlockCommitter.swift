import Cryptography
import Ledger
import Synchronization
import Verifier

/// Attests executed blocks and makes them durable, on one thread: all that wait, together.
final class BlockCommitter: Sendable {
    private let queue = Monitor(Queue())
    private let storage: any LedgerStorage
    private let signers: [any BlockSigner]
    private let registry: TransactionRegistry
    private let observer: any NodeObserver
    private let configuration: NodeConfiguration
    private let durable: Mutex<DurableTip>
    private let problem = Mutex<StorageError?>(nil)
    private let waiters = Mutex(Waiters())

    private struct Queue {
        var blocks: [UnattestedBlock] = []
        var isStopping = false
        var isAbandoned = false
    }

    /// Tasks that wait for a height to become durable.
    private struct Waiters {
        var waiting: [(height: UInt64, continuation: CheckedContinuation<Void, Never>)] = []
        /// Nothing becomes durable any more.
        var isEnded = false
    }

    /// The last durable header, and the history tree that ends with it.
    struct DurableTip: Sendable {
        var header: BlockHeader
        var history: HistoryTree
    }

    init(
        storage: any LedgerStorage, signers: [any BlockSigner], registry: TransactionRegistry,
        observer: any NodeObserver, configuration: NodeConfiguration, tip: DurableTip
    ) {
        self.storage = storage
        self.signers = signers
        self.registry = registry
        self.observer = observer
        self.configuration = configuration
        durable = Mutex(tip)
    }

    var tip: DurableTip { durable.withLock { $0 } }

    /// Why storage takes no blocks at present; nil when it does.
    var storageProblem: StorageError? { problem.withLock { $0 } }

    /// Returns when a block of this height is durable, or never will be because the node stops.
    func waitUntilDurable(_ height: UInt64) async {
        await withCheckedContinuation { continuation in
            waiters.withLock { $0.waiting.append((height, continuation)) }
            resumeWaiters()
        }
    }

    /// Looks at the durable tip after a waiter has registered, so that none misses its height.
    private func resumeWaiters() {
        let height = tip.header.height
        let ready = waiters.withLock { waiters in
            let ready = waiters.waiting.filter { $0.height <= height || waiters.isEnded }
            waiters.waiting.removeAll { $0.height <= height || waiters.isEnded }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    func enqueue(_ block: UnattestedBlock) {
        queue.withLock { $0.blocks.append(block) }
    }

    /// Waits until fewer blocks wait for the disk than the configuration allows.
    @available(*, noasync)
    func waitForRoom() {
        queue.wait { $0.blocks.count < configuration.commitDepthBlocks || $0.isAbandoned ? () : nil }
    }

    /// Lets the thread end once every block is durable. With `abandoning`, blocks that storage does not take are given up;
    /// nobody was told that they are final.
    func stop(abandoning: Bool) {
        queue.withLock { queue in
            queue.isStopping = true
            queue.isAbandoned = queue.isAbandoned || abandoning
        }
    }

    /// The thread's work; returns after `stop`.
    @available(*, noasync)
    func run() {
        defer {
            waiters.withLock { $0.isEnded = true }
            resumeWaiters()
        }
        while let blocks = nextBlocks() {
            guard let commits = attest(blocks), makeDurable(commits) else { return }
            queue.withLock { $0.blocks.removeFirst(blocks.count) }
        }
    }

    /// Blocks stay in the queue until they are durable, so that the queue's length is what is not.
    @available(*, noasync)
    private func nextBlocks() -> [UnattestedBlock]? {
        queue.wait { (queue: inout Queue) -> [UnattestedBlock]?? in
            if !queue.blocks.isEmpty { return .some(queue.blocks) }
            return queue.isStopping ? .some(nil) : nil
        }
    }

    @available(*, noasync)
    private func attest(_ blocks: [UnattestedBlock]) -> [BlockCommit]? {
        var commits: [BlockCommit] = []
        for block in blocks {
            var attestations: [Attestation] = []
            for signer in signers {
                guard let attestation = retrying({ () throws(BlockSigningError) in try signer.attest(block.block.header) })
                else { return nil }
                attestations.append(attestation)
            }
            commits.append(
                BlockCommit(
                    certified: CertifiedBlock(block: block.block, attestations: attestations), outcome: block.outcome,
                    history: block.history, memos: block.memos))
        }
        return commits
    }

    /// Repeats until storage takes the blocks; false when the node gave up waiting.
    @available(*, noasync)
    private func makeDurable(_ commits: [BlockCommit]) -> Bool {
        let start = ContinuousClock.now
        guard retrying({ () throws(StorageError) in try storage.commit(commits) }) != nil else { return false }
        let elapsed = (ContinuousClock.now - start) / Duration.milliseconds(1)
        guard let last = commits.last else { return true }
        durable.withLock { $0 = DurableTip(header: last.certified.block.header, history: last.history) }
        resumeWaiters()
        var endings: [(TransactionID, TransactionRegistry.Ending)] = []
        for commit in commits {
            let header = commit.certified.block.header
            for (position, transaction) in commit.certified.block.transactions.enumerated() {
                let location = TransactionLocation(height: header.height, position: UInt32(position))
                endings.append((transaction.id, .status(.final(location, time: header.time))))
            }
        }
        registry.end(endings)
        observer.finalized(
            commits.map { FinalizedBlock(certified: $0.certified, accounts: $0.outcome.accounts) },
            commitMilliseconds: UInt64(max(0, elapsed)))
        return true
    }

    /// Calls until it succeeds; while it fails, submissions are refused. Nil when the node gave up.
    @available(*, noasync)
    private func retrying<Value, Failure: Error>(_ body: () throws(Failure) -> Value) -> Value? {
        var hasFailed = false
        while true {
            do {
                let value = try body()
                if hasFailed {
                    problem.withLock { $0 = nil }
                    observer.storageRecovered()
                }
                return value
            } catch {
                let failure = (error as? StorageError) ?? .failed("\(error)")
                problem.withLock { $0 = failure }
                if !hasFailed { observer.storageFailed(failure) }
                hasFailed = true
                let seconds = Double(configuration.storageRetryMilliseconds) / 1_000
                let isAbandoned = queue.wait(atMostSeconds: seconds) { $0.isAbandoned ? true : nil } ?? false
                if isAbandoned { return nil }
            }
        }
    }
}
