public import Ledger
import Synchronization

/// The durable part of a ledger: blocks, headers, the state after the last block, what earlier blocks left of every account, and memos, in
/// one directory that one process uses at a time (`docs/decisions/0002-storage-layout.md`, `0004-block-log-and-fold.md`).
///
/// Every call is safe from any thread, also while another one commits: it sees the store as of its begin, and holds nothing once it has
/// returned. All of them may wait for the disk, so keep them off the threads that serve requests. A record whose checksum is
/// wrong is an error that names it, and is never served.
public final class LedgerStore: Sendable {
    /// The data files and what is in them, as long as the store is open.
    private struct Opened: Sendable {
        let core: StoreCore
        let thread: FoldThread
    }

    /// The network that the store belongs to.
    public let chainspec: Chainspec
    /// The data directory, without symbolic links.
    public let directory: String
    /// Nil once the store was closed, so that the directory's lock goes with the last call in flight.
    private let opened: Mutex<Opened?>

    private init(chainspec: Chainspec, directory: String, opened: Opened) {
        self.chainspec = chainspec
        self.directory = directory
        self.opened = Mutex(opened)
    }

    deinit { close() }

    /// Opens the store of a network in `directory`; makes one, with the genesis state, where the directory is absent or empty.
    ///
    /// What the log has and the derived state does not, because the process before was killed, is executed again, some hundred
    /// thousand transactions a second. The directory stays locked until `close`. Throws `.refused`, before anything in the data files
    /// is written, for a directory that belongs to another network, has a newer or unknown format, is in use by another process, holds
    /// other files and no store, or a log and a state that are not of the same store; `.damaged` for a data file that was cut short or
    /// is not what it should be.
    public static func open(
        directory: String, chainspec: Chainspec, configuration: StoreConfiguration = StoreConfiguration()
    ) throws(StorageError) -> LedgerStore {
        let directory = try DataDirectory.prepare(directory)
        do throws(StoreError) {
            let core = try StoreOpening(chainspec: chainspec, configuration: configuration).open(directory)
            let thread = try FoldThread(core)
            return LedgerStore(chainspec: chainspec, directory: directory, opened: Opened(core: core, thread: thread))
        } catch {
            throw StorageError(error)
        }
    }

    /// Folds what is recent into the state, so that the next start has nothing to execute, waits for calls in flight, refuses later ones and
    /// releases the directory. Calling it again does nothing.
    public func close() {
        let last = opened.withLock { opened in
            let last = opened
            opened = nil
            return last
        }
        guard let last else { return }
        last.thread.stop()
        last.core.state.close()
        last.core.log.close()
    }

    /// Runs `body` with the store's parts.
    func withCore<Result: ~Copyable>(_ body: (StoreCore) throws(StoreError) -> Result) throws(StorageError) -> Result {
        do throws(StoreError) {
            guard let core = opened.withLock({ $0?.core }) else { throw .closed }
            return try body(core)
        } catch {
            throw StorageError(error)
        }
    }

    /// Runs `body` on the log as of now, with the height of the last block.
    func readLog<Result: ~Copyable>(
        _ body: (borrowing ReadTransaction, LogTables, UInt64) throws(StoreError) -> Result
    ) throws(StorageError) -> Result {
        try withCore { (core) throws(StoreError) in try core.readLog(body) }
    }

    /// Sizes, for metrics. Walks the lists of free pages: for a scrape every few seconds, not for every request.
    public func statistics() throws(StorageError) -> StoreStatistics {
        try withCore { (core) throws(StoreError) in
            let (log, state) = (try core.log.statistics(), try core.state.statistics())
            let (unfolded, folding) = core.recent.withLock { ($0.current, $0.folding) }
            let counts = core.recent.withLock { _ in (unfolded.transactionCount, unfolded.accountCount) }
            return try core.view(capture: { _ in () }) { (view, _) throws(StoreError) in
                var entries: [String: UInt64] = [:]
                for database in core.logTables.databases { entries[database.name] = try view.log.statistics(of: database).entries }
                for database in core.stateTables.databases { entries[database.name] = try view.state.statistics(of: database).entries }
                return StoreStatistics(
                    usedBytes: log.usedBytes + state.usedBytes, reusableBytes: try view.log.reusableBytes() + view.state.reusableBytes(),
                    mapBytes: log.mapSizeBytes + state.mapSizeBytes, fileBytes: log.fileSizeBytes + state.fileSizeBytes,
                    readers: log.readers + state.readers,
                    oldestReaderLagCommits: max(log.oldestReaderLagTransactions, state.oldestReaderLagTransactions), entries: entries,
                    foldedHeight: try view.state.foldRecord(in: core.stateTables).folded.height,
                    unfoldedTransactions: counts.0 + (folding?.transactionCount ?? 0),
                    unfoldedAccounts: counts.1 + (folding?.accountCount ?? 0))
            }
        }
    }
}
