import Cryptography
import Ledger
import Verifier

/// Makes certified blocks as a node does: executes transactions, seals, writes the header and attests it.
struct BlockBuilder: ~Copyable {
    /// Between blocks: about the time in which as many transactions arrive at a node under full load.
    private static let transactionsPerMillisecond: UInt64 = 50
    /// How long transactions may wait, as a wallet sets it: an hour.
    private static let lifetimeMilliseconds: TimeMilliseconds = 3_600_000

    private let network: BenchNetwork
    private let verifier: SignatureVerifier
    private(set) var state: LedgerState
    private var tip: BlockHeader
    private var history: HistoryTree

    init(restored: consuming RestoredLedger, network: BenchNetwork, verifier: SignatureVerifier) {
        tip = restored.tip.header
        history = restored.history
        state = restored.takeState()
        self.network = network
        self.verifier = verifier
    }

    /// The height of the next block.
    var height: UInt64 { tip.height + 1 }

    /// When the next block's transactions expire.
    var expiry: TimeMilliseconds { tip.time + Self.lifetimeMilliseconds }

    /// The next block. Every transaction must apply.
    mutating func build(_ transactions: [SignedTransaction]) throws -> BlockCommit {
        let time = tip.time + max(1, UInt64(transactions.count) / Self.transactionsPerMillisecond)
        let context = BlockContext(height: height, time: time)
        for (position, transaction) in try verify(transactions, at: time).enumerated() {
            try state.apply(transaction, at: UInt32(position), in: context)
        }
        let outcome = state.seal(height: height, time: time)
        let header = BlockHeader(
            rules: network.chainspec.rulesVersion(at: height), network: network.chainspec.network, height: height, time: time,
            parent: tip.hash, transactionRoot: Block.transactionRoot(transactions), stateRoot: outcome.stateRoot,
            supplyRoot: outcome.supplyRoot, historyRoot: history.root, transactionCount: UInt32(transactions.count), systemEntryCount: 0,
            accountCount: outcome.accountCount, proposer: 0)
        tip = header
        history.append(header.historyLeaf)
        let block = Block(header: header, transactions: transactions)
        return BlockCommit(
            certified: CertifiedBlock(block: block, attestations: try network.attestations(of: header)), outcome: outcome,
            history: history)
    }

    private borrowing func verify(_ transactions: [SignedTransaction], at time: TimeMilliseconds) throws -> [VerifiedTransaction] {
        var required: [(requirements: SignatureRequirements, count: Int)] = []
        var checks: [SignatureCheck] = []
        for transaction in transactions {
            let requirements = try state.requirements(of: transaction, at: time)
            let own = requirements.checks
            checks += own
            required.append((requirements, own.count))
        }
        var results = verifier.verify(checks)[...]
        var verified: [VerifiedTransaction] = []
        for (transaction, part) in zip(transactions, required) {
            verified.append(
                try VerifiedTransaction(transaction, requirements: part.requirements, results: Array(results.prefix(part.count))))
            results = results.dropFirst(part.count)
        }
        return verified
    }
}
