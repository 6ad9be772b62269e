import ArgumentParser

/// Every limit of the daemon, with its default. The unit is the last word of each name.
///
/// An option group: `cofferd --help` lists each as a flag (`--maximum-body-bytes`) with its default, and a value outside its range is
/// refused at the start, by name.
struct Settings: ParsableArguments, Sendable {
    // MARK: Requests

    @Option(help: ArgumentHelp("Longest request body, but for batches.", valueName: "bytes"))
    var maximumBodyBytes = 4_194_304

    @Option(help: ArgumentHelp("Longest body of a batch.", valueName: "bytes"))
    var maximumBatchBodyBytes = 16_777_216

    @Option(help: ArgumentHelp("Most transactions in a batch.", valueName: "transactions"))
    var maximumBatchTransactions = 10_000

    @Option(help: ArgumentHelp("Request bodies held in memory, over all requests.", valueName: "bytes"))
    var maximumBodiesInFlightBytes = 268_435_456

    @Option(help: ArgumentHelp("Time for a request's body to arrive, from its head.", valueName: "seconds"))
    var bodyReadDeadlineSeconds = 10

    @Option(help: ArgumentHelp("Longest head of a request: request line and header fields.", valueName: "bytes"))
    var maximumHeaderBytes = 16_384

    // MARK: Connections

    @Option(help: ArgumentHelp("Open connections; more wait until one closes.", valueName: "connections"))
    var maximumConnections = 1_024

    @Option(help: ArgumentHelp("Time after which a connection without a request is closed.", valueName: "seconds"))
    var idleTimeoutSeconds = 60

    @Option(help: ArgumentHelp("Time after which a client that does not read its answer is given up.", valueName: "seconds"))
    var writeStallSeconds = 30

    @Option(help: ArgumentHelp("Time for a client to read an answer that ends its connection.", valueName: "seconds"))
    var closeLingerSeconds = 2

    @Option(help: ArgumentHelp("What Retry-After says where trying again makes sense.", valueName: "seconds"))
    var retryAfterSeconds = 1

    @Option(help: ArgumentHelp("Time for what is under way to end after SIGTERM.", valueName: "seconds"))
    var shutdownGraceSeconds = 10

    // MARK: Transactions

    @Option(help: ArgumentHelp("Transactions waiting for a block; more are answered with queueFull.", valueName: "transactions"))
    var queueCapacityTransactions = 65_536

    @Option(help: ArgumentHelp("Bytes of the transactions waiting for a block.", valueName: "bytes"))
    var queueCapacityBytes = 67_108_864

    @Option(help: ArgumentHelp("Most transactions in a block this node proposes.", valueName: "transactions"))
    var maximumBlockTransactions = 10_000

    @Option(help: ArgumentHelp("Most bytes in a block this node proposes.", valueName: "bytes"))
    var maximumBlockBytes = 16_777_216

    @Option(
        help: ArgumentHelp(
            "Blocks that are executed and wait to become durable; while so many wait, transactions gather.", valueName: "blocks"))
    var commitDepthBlocks = 2

    @Option(help: ArgumentHelp("Refusals remembered for those who ask later.", valueName: "refusals"))
    var rememberedRefusals = 65_536

    @Option(help: ArgumentHelp("Pause before writing is tried again where there was no room.", valueName: "milliseconds"))
    var storageRetryMilliseconds = 500

    @Option(
        help: ArgumentHelp("Longest wait of ?wait=final; then the answer is pending, and the transaction goes on.", valueName: "seconds"))
    var waitForFinalSeconds = 10

    // MARK: Reading

    @Option(help: ArgumentHelp("Entries on a page of a statement when the request does not say.", valueName: "entries"))
    var statementPageEntries = 100

    @Option(help: ArgumentHelp("Most entries on a page of a statement.", valueName: "entries"))
    var maximumStatementPageEntries = 1_000

    // MARK: Events

    @Option(help: ArgumentHelp("Event streams at a time.", valueName: "subscribers"))
    var maximumEventSubscribers = 256

    @Option(
        help: ArgumentHelp("Events held for a subscriber that reads slowly; one that falls further behind is dropped.", valueName: "events")
    )
    var eventBufferEvents = 64

    @Option(help: ArgumentHelp("Time between the heartbeats of an event stream.", valueName: "seconds"))
    var eventHeartbeatSeconds = 15

    // MARK: Witnesses

    @Option(help: ArgumentHelp("Least time between two rounds in which witnesses are asked to cosign.", valueName: "milliseconds"))
    var witnessIntervalMilliseconds = 2_000

    @Option(help: ArgumentHelp("Time for a witness to answer.", valueName: "seconds"))
    var witnessTimeoutSeconds = 3

    init() {}

    /// Every limit with the range that it must be in, by the name of its flag.
    var ranges: [(name: String, value: Int, range: ClosedRange<Int>)] {
        [
            // Every transaction fits into the lower end, in JSON too; beyond the upper, the reader of submissions reads nothing.
            ("maximum-body-bytes", maximumBodyBytes, 2_097_152...4_194_304),
            // Clients rely on the lower ends (http.md section 1).
            ("maximum-batch-body-bytes", maximumBatchBodyBytes, 4_194_304...268_435_456),
            ("maximum-batch-transactions", maximumBatchTransactions, 10_000...65_536),
            ("maximum-bodies-in-flight-bytes", maximumBodiesInFlightBytes, 16_777_216...68_719_476_736),
            ("body-read-deadline-seconds", bodyReadDeadlineSeconds, 1...600),
            ("maximum-header-bytes", maximumHeaderBytes, 4_096...81_920),
            ("maximum-connections", maximumConnections, 1...65_536),
            ("idle-timeout-seconds", idleTimeoutSeconds, 1...3_600),
            ("write-stall-seconds", writeStallSeconds, 1...600),
            ("close-linger-seconds", closeLingerSeconds, 1...60),
            ("retry-after-seconds", retryAfterSeconds, 1...3_600),
            ("shutdown-grace-seconds", shutdownGraceSeconds, 1...600),
            ("queue-capacity-transactions", queueCapacityTransactions, 1...10_000_000),
            ("queue-capacity-bytes", queueCapacityBytes, 1_048_576...68_719_476_736),
            // Upper ends: rules.md section 5.
            ("maximum-block-transactions", maximumBlockTransactions, 1...65_536),
            ("maximum-block-bytes", maximumBlockBytes, 1_048_576...33_554_432),
            ("commit-depth-blocks", commitDepthBlocks, 1...64),
            ("remembered-refusals", rememberedRefusals, 1...10_000_000),
            ("storage-retry-milliseconds", storageRetryMilliseconds, 10...60_000),
            // Clients give up after 90 seconds.
            ("wait-for-final-seconds", waitForFinalSeconds, 1...80),
            ("statement-page-entries", statementPageEntries, 1...1_000),
            // Clients rely on the lower end and read no more than the upper (http.md section 2).
            ("maximum-statement-page-entries", maximumStatementPageEntries, 100...1_000),
            ("maximum-event-subscribers", maximumEventSubscribers, 1...65_536),
            ("event-buffer-events", eventBufferEvents, 1...1_048_576),
            ("event-heartbeat-seconds", eventHeartbeatSeconds, 1...600),
            ("witness-interval-milliseconds", witnessIntervalMilliseconds, 100...600_000),
            ("witness-timeout-seconds", witnessTimeoutSeconds, 1...60),
        ]
    }

    /// Refuses a value outside its range, and values that contradict each other.
    func validate() throws {
        for (name, value, range) in ranges where !range.contains(value) {
            throw ValidationError(
                "--\(name) is \(value) and must be from \(range.lowerBound) to \(range.upperBound).")
        }
        guard statementPageEntries <= maximumStatementPageEntries else {
            throw ValidationError(
                """
                --statement-page-entries is \(statementPageEntries), more than the \(maximumStatementPageEntries) of \
                --maximum-statement-page-entries; lower the first or raise the second.
                """)
        }
        guard max(maximumBodyBytes, maximumBatchBodyBytes) <= maximumBodiesInFlightBytes else {
            throw ValidationError(
                """
                --maximum-bodies-in-flight-bytes is \(maximumBodiesInFlightBytes), so that a body of the size allowed could never be \
                read; raise it, or lower --maximum-body-bytes and --maximum-batch-body-bytes.
                """)
        }
    }
}
