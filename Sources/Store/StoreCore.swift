import Ledger
import Synchronization

/// What an open store is made of. `LedgerStore` and the folding thread share it.
final class StoreCore: Sendable {
    let chainspec: Chainspec
    /// The accounts of block 0, by index.
    let genesisAccounts: [Account]
    let log: Environment
    let logTables: LogTables
    let state: Environment
    let stateTables: StateTables
    let configuration: StoreConfiguration
    /// Readers take this lock for a moment each, a commit once its blocks are durable.
    let recent: Lock<Recent>
    /// One commit at a time. Whoever needs both locks takes this one first.
    let writer: Lock<LogWriter>
    /// The archives of blocks whose bodies are pruned, in the order of heights. Grows before the first of the bodies goes.
    let archives = Lock<[ArchivedSegment]>([])
    /// What kept the last fold from ending; nil when it ended.
    let foldProblem = Lock<StoreError?>(nil)
    /// Signalled when there may be something for the folding thread to do.
    let work = Signal()
    /// Signalled when a fold has taken what was recent, so that there is room again.
    let progress = Signal()
    let isStopping = Atomic<Bool>(false)
    /// False while what was replayed at the start was not compared with what the tip's header commits to: nothing is folded before.
    let isReplayCompared = Atomic<Bool>(true)

    init(
        chainspec: Chainspec, genesisAccounts: [Account], log: Environment, logTables: LogTables, state: Environment,
        stateTables: StateTables, configuration: StoreConfiguration, recent: Recent, writer: consuming LogWriter
    ) {
        self.chainspec = chainspec
        self.genesisAccounts = genesisAccounts
        self.log = log
        self.logTables = logTables
        self.state = state
        self.stateTables = stateTables
        self.configuration = configuration
        self.recent = Lock(recent)
        self.writer = Lock(writer)
    }

    /// Runs `body` on the log as of now; it is told the height of the last block that readers see.
    func readLog<Result: ~Copyable>(
        _ body: (borrowing ReadTransaction, LogTables, UInt64) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let height = recent.withLock { $0.tip.header.height }
        return try log.read { (transaction) throws(StoreError) in try body(transaction, logTables, height) }
    }

    /// Runs `body` on the store as of now, with what `capture` takes from the recent changes at the same moment.
    ///
    /// The state's transaction begins while nothing can move from the recent changes to the state, so that whatever `capture` does not
    /// find is in the state or nowhere. The log begins after both: it has all that they point to.
    func view<Captured, Result: ~Copyable>(
        capture: (borrowing Recent) -> Captured, _ body: (borrowing StoreView, Captured) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        var begun: ReadTransaction?
        let (captured, height, folding) = try recent.withLock { (recent) throws(StoreError) in
            begun = try state.beginRead()
            return (capture(recent), recent.tip.header.height, recent.folding)
        }
        guard let state = begun.take() else { preconditionFailure("the transaction was begun") }
        return try body(StoreView(core: self, log: try log.beginRead(), state: state, tipHeight: height, folding: folding), captured)
    }
}

/// The store as of one moment. Short-lived: it keeps pages of both files from being used again.
struct StoreView: ~Copyable {
    let core: StoreCore
    let log: ReadTransaction
    let state: ReadTransaction
    /// The last block.
    let tipHeight: UInt64
    /// What a fold was writing at that moment.
    let folding: RecentLayer?

    var logTables: LogTables { core.logTables }
    var stateTables: StateTables { core.stateTables }
}
