import Cryptography
import Ledger
import Synchronization
import Verifier

/// Attests executed blocks and makes them durable, on one thread: all that wait, together.
final class BlockCommitter: Sendable {
    /// How far a block's time may be ahead of a validator's clock (`docs/spec/block.md` section 4).
    static let maximumLeadMilliseconds: TimeMilliseconds = 2_000

    private let queue = Monitor(Queue())
    private let chainspec: Chainspec
    private let storage: any LedgerStorage
    private let signers: [any BlockSigner]
    private let registry: TransactionRegistry
    private let observer: any NodeObserver
    private let configuration: NodeConfiguration
    /// Of signers in another process: what they are shown is durable first.
    private let proposals: (any ProposalStore)?
    private let clock: @Sendable () -> TimeMilliseconds
    private let durable: Mutex<DurableTip>
    private let listeners = Mutex(Listeners())
    private let problem = Mutex<StorageError?>(nil)
    private let waiters = Mutex(Waiters())

    /// Who is told. A function that is itself the mutex's value would be wrapped once more by every look at it, until calling it takes more
    /// stack than a thread has; as a structure's field it stays what it is.
    private struct Listeners {
        /// Is called when fewer blocks wait, and when the thread gives up.
        var onRoom: (@Sendable () -> Void)?
        /// Is told of the history tree of every durable block.
        var onDurable: (@Sendable (HistoryTree) -> Void)?
    }

    private struct Queue {
        var blocks: [UnattestedBlock] = []
        var isStopping = false
        /// What storage does not take now is given up, not tried again and again.
        var isLastTry = false
        /// Nothing becomes durable any more; nobody was told that what waits here is final.
        var hasGivenUp = false
    }

    /// Tasks that wait for a height to become durable.
    private struct Waiters {
        var waiting: [UInt64: (height: UInt64, continuation: CheckedContinuation<Void, Never>)] = [:]
        var next: UInt64 = 0
        /// The thread has ended.
        var isEnded = false
    }

    /// The last durable header, and the history tree that ends with it.
    struct DurableTip: Sendable {
        var header: BlockHeader
        var history: HistoryTree
    }

    init(
        chainspec: Chainspec, storage: any LedgerStorage, signers: [any BlockSigner], registry: TransactionRegistry,
        observer: any NodeObserver, configuration: NodeConfiguration, proposals: (any ProposalStore)?,
        clock: @escaping @Sendable () -> TimeMilliseconds, tip: DurableTip
    ) {
        self.chainspec = chainspec
        self.storage = storage
        self.signers = signers
        self.registry = registry
        self.observer = observer
        self.configuration = configuration
        self.proposals = proposals
        self.clock = clock
        durable = Mutex(tip)
    }

    var tip: DurableTip { durable.withLock { $0 } }

    /// Why storage takes no blocks at present; nil when it does.
    var storageProblem: StorageError? { problem.withLock { $0 } }

    /// Returns when a block of this height is durable, or when that is not to be awaited: storage takes no blocks, the node stops, or the
    /// task is cancelled.
    func waitUntilDurable(_ height: UInt64) async {
        let token = waiters.withLock { waiters in
            defer { waiters.next += 1 }
            return waiters.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiters.withLock { $0.waiting[token] = (height, continuation) }
                // Only now, so that nothing that ends the waiting falls between looking and registering.
                resumeWaiters()
                if Task.isCancelled { resume(token) }
            }
        } onCancel: {
            resume(token)
        }
    }

    private func resume(_ token: UInt64) {
        let waiter = waiters.withLock { $0.waiting.removeValue(forKey: token) }
        waiter?.continuation.resume()
    }

    /// Resumes those whose height is durable, and all of them when waiting is in vain.
    private func resumeWaiters() {
        let height = tip.header.height
        let hasProblem = storageProblem != nil
        let ready = waiters.withLock { waiters in
            let ready = waiters.waiting.filter { hasProblem || waiters.isEnded || $0.value.height <= height }
            for token in ready.keys { waiters.waiting[token] = nil }
            return ready
        }
        for waiter in ready.values { waiter.continuation.resume() }
    }

    /// Sets who is told when there is room for a block.
    func whenRoom(_ call: @escaping @Sendable () -> Void) {
        listeners.withLock { $0.onRoom = call }
    }

    /// Sets who is told when blocks became durable.
    func whenDurable(_ call: @escaping @Sendable (HistoryTree) -> Void) {
        listeners.withLock { $0.onDurable = call }
    }

    private func tellOfRoom() {
        let call = listeners.withLock { $0.onRoom }
        call?()
    }

    func enqueue(_ block: UnattestedBlock) {
        queue.withLock { $0.blocks.append(block) }
    }

    /// How many blocks wait for the disk or are on their way to it; nil when nothing becomes durable any more.
    var waitingBlocks: Int? { queue.withLockWakingNobody { $0.hasGivenUp ? nil : $0.blocks.count } }

    /// Whether the node stopped while storage took no blocks.
    var hasGivenUp: Bool { queue.withLock { $0.hasGivenUp } }

    /// From now on what storage does not take is given up: the node is about to stop, and must not wait for room on a disk.
    func stopRetrying() {
        queue.withLock { $0.isLastTry = true }
    }

    /// Lets the thread end once every block is durable or given up.
    func stop() {
        queue.withLock { $0.isStopping = true }
    }

    /// The thread's work; returns after `stop`, or when it gave up.
    @available(*, noasync)
    func run() {
        defer {
            waiters.withLock { $0.isEnded = true }
            resumeWaiters()
        }
        while let blocks = nextBlocks() {
            guard let commits = attest(blocks), makeDurable(commits) else {
                queue.withLock { $0.hasGivenUp = true }
                tellOfRoom()
                return
            }
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
        if let proposals {
            let proposed = blocks.map { Proposal(block: $0.block, memos: $0.memos) }
            guard retrying({ () throws(StorageError) in try proposals.save(proposed) }) != nil else { return nil }
        }
        for block in blocks {
            let header = block.block.header
            guard let attestations = retrying({ () throws(BlockSigningError) in try attest(header) }) else { return nil }
            commits.append(
                BlockCommit(
                    certified: CertifiedBlock(block: block.block, attestations: attestations), outcome: block.outcome,
                    history: block.history, memos: block.memos))
        }
        return commits
    }

    /// All validators' attestations, checked as everyone else will check them: `final` is said on their strength.
    private func attest(_ header: BlockHeader) throws(BlockSigningError) -> [Attestation] {
        let now = clock()
        guard header.time <= now + Self.maximumLeadMilliseconds else {
            throw BlockSigningError(
                "Block \(header.height) has the time \(Timestamp.format(header.time)), and this machine's clock says "
                    + "\(Timestamp.format(now)): the clock was set back, or was ahead before. No validator attests a block more than "
                    + "\(Self.maximumLeadMilliseconds) ms ahead of its clock. Set the clock right; the node goes on when it has caught up.")
        }
        var attestations: [Attestation] = []
        for signer in signers { attestations.append(try signer.attest(header)) }
        do {
            try chainspec.checkFinality(of: header, attestations: attestations)
        } catch {
            throw BlockSigningError(
                "The attestations that the signers made of block \(header.height) do not make it final: \(error). Check the keys.")
        }
        return attestations
    }

    /// Repeats until storage takes the blocks; false when the node gave up waiting.
    @available(*, noasync)
    private func makeDurable(_ commits: [BlockCommit]) -> Bool {
        let start = ContinuousClock.now
        guard retrying({ () throws(StorageError) in try storage.commit(commits) }) != nil else { return false }
        let elapsed = (ContinuousClock.now - start) / Duration.milliseconds(1)
        guard let last = commits.last else { return true }
        durable.withLock { $0 = DurableTip(header: last.certified.block.header, history: last.history) }
        // Before everybody is told: the next block is made meanwhile.
        queue.withLock { $0.blocks.removeFirst(commits.count) }
        tellOfRoom()
        resumeWaiters()
        let onDurable = listeners.withLock { $0.onDurable }
        onDurable?(last.history)
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

    /// Calls until it succeeds; while it fails, submissions are refused. Nil when it failed and the node is about to stop.
    @available(*, noasync)
    private func retrying<Value, Failure: Error>(_ body: () throws(Failure) -> Value) -> Value? {
        var hasFailed = false
        while true {
            let isLastTry = queue.withLock { $0.isLastTry }
            do {
                let value = try body()
                if hasFailed {
                    problem.withLock { $0 = nil }
                    observer.storageRecovered()
                }
                return value
            } catch {
                report((error as? StorageError) ?? .failed("\(error)"), isNew: !hasFailed)
                hasFailed = true
                if isLastTry { return nil }
                let seconds = Double(configuration.storageRetryMilliseconds) / 1_000
                _ = queue.wait(atMostSeconds: seconds) { $0.isLastTry ? true : nil }
            }
        }
    }

    private func report(_ failure: StorageError, isNew: Bool) {
        problem.withLock { $0 = failure }
        if isNew { observer.storageFailed(failure) }
        // What they wait for may take as long as it takes somebody to make room.
        resumeWaiters()
    }
}
