import Cryptography
import Ledger

/// Makes headers: the chain's end as the producer sees it, ahead of the durable one.
struct BlockAssembly: Sendable {
    let chainspec: Chainspec
    let proposer: ValidatorIndex
    private(set) var tip: BlockHeader
    private(set) var history: HistoryTree

    init(chainspec: Chainspec, proposer: ValidatorIndex, tip: BlockHeader, history: HistoryTree) {
        self.chainspec = chainspec
        self.proposer = proposer
        self.tip = tip
        self.history = history
    }

    /// The next block, from transactions that were applied and the outcome of sealing them.
    mutating func assemble(
        _ applied: [QueuedTransaction], _ outcome: BlockOutcome, time: TimeMilliseconds
    ) -> UnattestedBlock {
        let transactions = applied.map(\.transaction.signed)
        let height = tip.height + 1
        let header = BlockHeader(
            rules: chainspec.rulesVersion(at: height), network: chainspec.network, height: height, time: time,
            parent: tip.hash, transactionRoot: Block.transactionRoot(transactions), stateRoot: outcome.stateRoot,
            supplyRoot: outcome.supplyRoot, historyRoot: history.root, transactionCount: UInt32(transactions.count),
            systemEntryCount: 0, accountCount: outcome.accountCount, proposer: proposer)
        tip = header
        history.append(header.historyLeaf)
        var memos: [TransactionID: Memo] = [:]
        for item in applied {
            if let memo = item.memo { memos[item.transaction.signed.id] = memo }
        }
        return UnattestedBlock(
            block: Block(header: header, transactions: transactions), outcome: outcome, history: history, memos: memos)
    }
}

/// An executed block that no validator has signed yet.
struct UnattestedBlock: Sendable {
    let block: Block
    let outcome: BlockOutcome
    let history: HistoryTree
    let memos: [TransactionID: Memo]
}
