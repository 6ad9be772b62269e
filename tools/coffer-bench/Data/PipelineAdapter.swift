import Cryptography
import Ledger
import Verifier

/// What is measured, behind one small interface: blocks' bytes go in, in the order of the chain, and what the store needs comes out.
struct PipelineAdapter: ~Copyable {
    private let verifier: SignatureVerifier
    private var state: LedgerState
    private var tip: BlockHeader
    private var history: HistoryTree

    init(restored: consuming RestoredLedger, verifier: SignatureVerifier) {
        tip = restored.tip.header
        history = restored.history
        state = restored.takeState()
        self.verifier = verifier
    }

    /// Starts with this block, and gives the one before it, if that was not given yet.
    mutating func push(_ bytes: [UInt8]) throws -> BlockCommit? {
        let certified = try CertifiedBlock(decoding: bytes)
        let header = certified.block.header
        let transactions = certified.block.transactions
        guard header.parent == tip.hash, header.historyRoot == history.root,
            header.transactionRoot == Block.transactionRoot(transactions)
        else { throw BenchFailure("block \(header.height) does not follow the chain") }
        try state.chainspec.checkFinality(of: header, attestations: certified.attestations)
        let context = BlockContext(height: header.height, time: header.time)
        for (position, transaction) in try verify(transactions, at: header.time).enumerated() {
            try state.apply(transaction, at: UInt32(position), in: context)
        }
        let outcome = state.seal(height: header.height, time: header.time)
        guard outcome.stateRoot == header.stateRoot, outcome.supplyRoot == header.supplyRoot else {
            throw BenchFailure("block \(header.height) has other roots than execution gives")
        }
        try BlockInvariants.check(outcome, in: state)
        tip = header
        history.append(header.historyLeaf)
        return BlockCommit(certified: certified, outcome: outcome, history: history)
    }

    /// Ends, and gives the last block, if it was not given yet.
    mutating func finish() throws -> BlockCommit? { nil }

    private borrowing func verify(_ transactions: [SignedTransaction], at time: TimeMilliseconds) throws -> [VerifiedTransaction] {
        var required: [SignatureRequirements] = []
        var checks: [SignatureCheck] = []
        for transaction in transactions {
            let requirements = try state.requirements(of: transaction, at: time)
            required.append(requirements)
            checks += requirements.checks
        }
        var results = verifier.verify(checks)[...]
        var verified: [VerifiedTransaction] = []
        for (transaction, requirements) in zip(transactions, required) {
            let own = Array(results.prefix(requirements.checks.count))
            results = results.dropFirst(own.count)
            verified.append(try VerifiedTransaction(transaction, requirements: requirements, results: own))
        }
        return verified
    }
}
