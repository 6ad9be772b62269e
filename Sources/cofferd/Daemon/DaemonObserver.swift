import Ledger
import Logging
import Metrics
import Node

/// Turns what happens in the node into metrics, log lines and events.
struct DaemonObserver: NodeObserver {
    private let chainspec: Chainspec
    private let logger: Logger
    private let events: EventHub
    private let metrics: NodeMetrics

    init(chainspec: Chainspec, logger: Logger, events: EventHub, metrics: PrometheusMetrics) {
        self.chainspec = chainspec
        self.logger = logger
        self.events = events
        self.metrics = NodeMetrics(metrics)
    }

    func admitted(_ id: TransactionID) {
        metrics.admitted.increment()
    }

    func refused(_ id: TransactionID, _ refusal: Refusal) {
        metrics.refused(refusal.reason)
        logger.debug("transaction refused", metadata: ["transaction": "\(id)", "code": "\(refusal.reason.rawValue)"])
    }

    func finalized(_ blocks: [FinalizedBlock], commitMilliseconds: UInt64) {
        metrics.commit.recordMilliseconds(Int64(commitMilliseconds))
        for block in blocks {
            let header = block.certified.block.header
            metrics.blocks.increment()
            metrics.transactions.increment(by: Int64(header.transactionCount))
            logger.info(
                "block final",
                metadata: [
                    "height": "\(header.height)", "hash": "\(header.hash)", "transactions": "\(header.transactionCount)",
                    "commitMilliseconds": "\(commitMilliseconds)",
                ])
            // Making the event costs time that nobody needs when nobody listens.
            if events.subscriberCount > 0 { events.publish(BlockEvent.make(block.certified, chainspec), at: header.height) }
        }
    }

    func storageFailed(_ error: StorageError) {
        metrics.storageFailures.increment()
        logger.error("storage takes no blocks; submissions are refused until it does", metadata: ["error": "\(error)"])
    }

    func storageRecovered() {
        logger.notice("storage takes blocks again")
    }
}

/// The node's metrics.
struct NodeMetrics: Sendable {
    let admitted: Counter
    let transactions: Counter
    let blocks: Counter
    let storageFailures: Counter
    let commit: Timer
    private let refusals: [Refusal.Reason: Counter]

    init(_ metrics: PrometheusMetrics) {
        metrics.describe("coffer_transactions_admitted_total", "Transactions admitted to the queue.")
        metrics.describe("coffer_transactions_final_total", "Transactions in final blocks, since the start.")
        metrics.describe("coffer_transactions_refused_total", "Transactions refused by the rules, by reason.")
        metrics.describe("coffer_blocks_final_total", "Blocks made final, since the start.")
        metrics.describe("coffer_storage_failures_total", "Times storage began to take no blocks.")
        metrics.describe("coffer_commit_duration_seconds", "Time to make blocks durable.")
        admitted = Counter(label: "coffer_transactions_admitted_total", factory: metrics)
        transactions = Counter(label: "coffer_transactions_final_total", factory: metrics)
        blocks = Counter(label: "coffer_blocks_final_total", factory: metrics)
        storageFailures = Counter(label: "coffer_storage_failures_total", factory: metrics)
        commit = Timer(label: "coffer_commit_duration_seconds", factory: metrics)
        refusals = Dictionary(
            uniqueKeysWithValues: Refusal.Reason.allCases.map {
                ($0, Counter(label: "coffer_transactions_refused_total", dimensions: [("reason", $0.rawValue)], factory: metrics))
            })
    }

    func refused(_ reason: Refusal.Reason) {
        refusals[reason]?.increment()
    }

    /// Figures that are read when the metrics are asked for, and what the HTTP interface's own count.
    static func sample(_ node: Node, _ events: EventHub, in metrics: PrometheusMetrics) {
        for (name, help) in RequestMetrics.descriptions { metrics.describe(name, help) }
        metrics.describe("coffer_height", "Height of the last final block.")
        metrics.describe("coffer_queue_transactions", "Transactions waiting for a block.")
        metrics.describe("coffer_event_subscribers", "Open event streams.")
        metrics.describe("coffer_storage_available", "1 while storage takes blocks, 0 while it does not.")
        metrics.sample("coffer_height") { Double(node.tip.height) }
        metrics.sample("coffer_queue_transactions") { Double(node.waitingTransactions) }
        metrics.sample("coffer_event_subscribers") { Double(events.subscriberCount) }
        metrics.sample("coffer_storage_available") { node.storageProblem == nil ? 1 : 0 }
    }
}
