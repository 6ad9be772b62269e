import Cryptography
import Foundation
public import Ledger
import Synchronization
public import Verifier

/// A custody node: admits transactions, puts them into blocks, makes these durable and final, and proves what it holds.
///
/// Submissions come from any thread or task. One thread admits them; their signatures are checked on the verifier's threads; one thread
/// executes blocks, one makes them durable.
public final class Node: Sendable {
    public let chainspec: Chainspec
    let storage: any LedgerStorage
    let committer: BlockCommitter
    let producer: BlockProducer
    let registry: TransactionRegistry
    private let state: SharedState
    private let signers: [any BlockSigner]
    let admission: Admission
    private let admitThread: WorkerThread
    private let produceThread: WorkerThread
    private let commitThread: WorkerThread
    let history: HistoryIndex
    private let historyThread: WorkerThread
    private let checkpoint = Mutex<SignedCheckpoint?>(nil)

    /// Restores the state from storage and starts the node's threads.
    ///
    /// `signers` are the validators this node signs for; the first proposes. Where they are another process's, `proposals` keeps what they
    /// are shown until it is durable: after a crash the same blocks are proposed again. Throws `NodeError`.
    public init(
        chainspec: Chainspec, storage: any LedgerStorage, signers: [any BlockSigner], verifier: SignatureVerifier,
        proposals: (any ProposalStore)? = nil, configuration: NodeConfiguration = NodeConfiguration(), observer: any NodeObserver,
        clock: @escaping @Sendable () -> TimeMilliseconds
    ) throws(NodeError) {
        configuration.check()
        let signers = Self.oneEach(signers)
        precondition(
            signers.allSatisfy { Int($0.validator) < chainspec.validators.count }, "every signer is a validator of the chain specification")
        guard let proposer = signers.first?.validator, signers.count >= Int(chainspec.quorum) else {
            throw .quorumOutOfReach(held: signers.count, quorum: Int(chainspec.quorum))
        }
        let restored: RestoredLedger
        do {
            restored = try storage.restore()
        } catch {
            throw .storage(error)
        }
        let tip = restored.tip.header
        let history = restored.history
        let index = HistoryIndex(storage: storage, size: history.count)
        self.chainspec = chainspec
        self.storage = storage
        self.signers = signers
        var ledger = restored.takeState()
        var assembly = BlockAssembly(chainspec: chainspec, proposer: proposer, tip: tip, history: history)
        let proposed: [UnattestedBlock]
        do throws(StorageError) {
            proposed = try Proposals.execute(proposals?.load() ?? [], &ledger, &assembly)
        } catch {
            throw .storage(error)
        }
        let state = SharedState(ledger)
        let registry = TransactionRegistry(configuration: configuration)
        let committer = BlockCommitter(
            chainspec: chainspec, storage: storage, signers: signers, registry: registry, observer: observer, configuration: configuration,
            proposals: proposals, clock: clock, tip: BlockCommitter.DurableTip(header: tip, history: history))
        for block in proposed { committer.enqueue(block) }
        let producer = BlockProducer(
            state: state,
            assembly: assembly,
            committer: committer, registry: registry, observer: observer, configuration: configuration, clock: clock)
        let admission = Admission(
            verifier: verifier, state: state, registry: registry, producer: producer, committer: committer, observer: observer,
            clock: clock, finalStatus: { (id) throws(StorageError) in try Self.finalStatus(of: id, in: storage) })
        committer.whenDurable { index.grow(to: $0.count) }
        self.state = state
        self.history = index
        self.registry = registry
        self.committer = committer
        self.producer = producer
        self.admission = admission
        admitThread = WorkerThread(name: "admit") { admission.run() }
        produceThread = WorkerThread(name: "produce") { producer.run() }
        commitThread = WorkerThread(name: "commit") { committer.run() }
        historyThread = WorkerThread(name: "history") { index.run() }
    }

    /// One signer per validator, ascending: two for one validator make one attestation.
    private static func oneEach(_ signers: [any BlockSigner]) -> [any BlockSigner] {
        var result: [any BlockSigner] = []
        for signer in signers.sorted(by: { $0.validator < $1.validator }) where result.last?.validator != signer.validator {
            result.append(signer)
        }
        return result
    }

    /// Takes nothing new, finishes what was admitted, and ends the threads. Where storage takes no blocks, what is not durable is
    /// given up; nobody was told that it is final. Calling it again waits for the same end.
    public func shutDown() async {
        await withCheckedContinuation { continuation in
            _ = WorkerThread(name: "shut-down") {
                self.stopThreads()
                continuation.resume()
            }
        }
    }

    @available(*, noasync)
    private func stopThreads() {
        registry.shutDown()
        committer.stopRetrying()
        // What is being checked reaches the queue, and what is in the queue a block, before the threads end.
        while registry.transactionsBeingChecked > 0 || (registry.waitingTransactions > 0 && !committer.hasGivenUp) {
            Thread.sleep(forTimeInterval: 0.002)
        }
        producer.stop()
        produceThread.join()
        committer.stop()
        commitThread.join()
        history.stop()
        historyThread.join()
        // Until now it said of what is on its way to the disk that it is pending, and of all else that the node is shutting down.
        admission.stop()
        admitThread.join()
        registry.abandon()
    }
}

/// Why a node did not start.
public enum NodeError: Error, Hashable, Sendable, CustomStringConvertible {
    case quorumOutOfReach(held: Int, quorum: Int)
    case storage(StorageError)

    public var description: String {
        switch self {
        case .quorumOutOfReach(let held, let quorum):
            "This node holds the keys of \(held) validators and the chain specification asks for \(quorum) attestations, so no block could become final. Give the key files of \(quorum) validators, or use a chain specification with a smaller quorum."
        case .storage(let error): error.description
        }
    }
}

extension Node {
    /// The header of the last durable block.
    public var tip: BlockHeader { committer.tip.header }

    /// Transactions that are admitted or being checked and not yet in a block.
    public var waitingTransactions: Int { registry.waitingTransactions }

    /// Why the node cannot make blocks durable at present; nil when it can.
    public var storageProblem: StorageError? { committer.storageProblem }

    /// The receipt of a final transaction; nil for any other. `memo` says whether to put the memo into it, where the node has it.
    public func receipt(of id: TransactionID, includingMemo memo: Bool) throws(StorageError) -> Receipt? {
        guard let location = try storage.location(of: id) else { return nil }
        guard let certified = try storage.certifiedBlock(at: location.height),
            Int(location.position) < certified.block.transactions.count
        else {
            throw .damaged("The index places transaction \(id) in block \(location.height), where it is not.")
        }
        return Receipt(of: Int(location.position), in: certified, memo: memo ? try storage.memo(of: id) : nil)
    }

    /// The proof of an account's state after the last executed block, as soon as that block is final; nil when there is no such account.
    ///
    /// Throws what keeps storage from taking blocks, if something does before the block is final.
    public func balanceProof(of id: AccountID) async throws(StorageError) -> BalanceProof? {
        let reading = await withCheckedContinuation { continuation in
            state.read { state in
                let account = state.account(id)
                continuation.resume(
                    returning: account.map {
                        Reading(account: $0, path: state.inclusionPath(of: $0.index), height: state.height)
                    })
            }
        }
        guard let reading else { return nil }
        let certified = try await durableHeader(at: reading.height)
        return BalanceProof(
            account: reading.account, path: reading.path, header: certified.header, attestations: certified.attestations)
    }

    /// All supply records after the last executed block, and its height.
    func executedSupply() async -> (supply: [SupplyRecord], height: UInt64) {
        await withCheckedContinuation { continuation in
            state.read { state in continuation.resume(returning: (state.supply, state.height)) }
        }
    }

    /// The header of an executed block, as soon as it is final.
    func durableHeader(at height: UInt64) async throws(StorageError) -> CertifiedHeader {
        await committer.waitUntilDurable(height)
        guard let certified = try storage.certifiedHeader(at: height) else {
            throw committer.storageProblem ?? .failed("Block \(height), which the proof is of, is not durable yet. Ask again.")
        }
        return certified
    }

    private struct Reading: Sendable {
        let account: Account
        let path: [Bytes32]
        let height: UInt64
    }

    /// The tree of the headers before the last durable one.
    private func treeBefore(_ tip: BlockCommitter.DurableTip) throws(BlockSigningError) -> HistoryTree {
        let size = tip.history.count
        do throws(HistoryProofError) {
            return MerkleProof.tree(
                beforeLastOf: size, path: try history.inclusionPath(of: size - 1, in: size, root: tip.history.root))
        } catch {
            throw BlockSigningError("The checkpoint cannot be signed yet: \(error)")
        }
    }

    /// The checkpoint of the last durable block, signed by this node's validators.
    public func latestCheckpoint() throws(BlockSigningError) -> SignedCheckpoint {
        let tip = committer.tip
        let fresh = Checkpoint(network: chainspec.network, size: tip.history.count, root: tip.history.root)
        if let known = checkpoint.withLock({ $0 }), known.checkpoint == fresh { return known }
        var signatures: [CheckpointSignature] = []
        for signer in signers {
            signatures.append(
                try signer.sign(fresh, endingWith: tip.header) { () throws(BlockSigningError) in try treeBefore(tip) })
        }
        let signed = SignedCheckpoint(fresh, signatures: signatures)
        checkpoint.withLock { $0 = signed }
        return signed
    }
}
