public import Ledger
import Synchronization

/// The durable part of a ledger: blocks, headers, the state after the last block, what earlier blocks left of every account, and memos, in
/// one directory that one process uses at a time (`docs/decisions/0002-storage-layout.md`).
///
/// Every call is safe from any thread, also while another one commits: it sees the store as of its begin, and holds nothing once it has
/// returned. All of them may wait for the disk, so keep them off the threads that serve requests. A record whose checksum is
/// wrong is an error that names it, and is never served.
public final class LedgerStore: Sendable {
    /// The data file and what is in it, as long as the store is open.
    struct Opened: Sendable {
        let environment: Environment
        let tables: Tables
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

    /// Opens the store of a network in `directory`; makes one, with the genesis state, where the directory is absent or empty.
    ///
    /// The directory stays locked until `close`. Throws `.refused`, before anything in the data file is written, for a directory that
    /// belongs to another network, has a newer or unknown format, is in use by another process, or holds other files and no store;
    /// `.damaged` for a data file that was cut short or is not what it should be.
    public static func open(
        directory: String, chainspec: Chainspec, configuration: StoreConfiguration = StoreConfiguration()
    ) throws(StorageError) -> LedgerStore {
        let directory = try DataDirectory.prepare(directory)
        let outcome: FormatCheck.Outcome
        let environment: Environment
        do throws(StoreError) {
            let lock = try DirectoryLock(path: directory)
            environment = try Environment(in: lock, createIfMissing: true, limits: configuration.limits)
            outcome = try FormatCheck(chainspec: chainspec, directory: directory).openOrCreate(environment)
        } catch {
            throw StorageError(error)
        }
        switch outcome {
        case .tables(let tables):
            return LedgerStore(
                chainspec: chainspec, directory: directory, opened: Opened(environment: environment, tables: tables))
        case .refused(let reason):
            environment.close()
            throw .refused(reason)
        }
    }

    /// Waits for calls in flight, refuses later ones and releases the directory. Calling it again does nothing.
    public func close() {
        let last = opened.withLock { opened in
            let last = opened
            opened = nil
            return last
        }
        last?.environment.close()
    }

    private func current() throws(StoreError) -> Opened {
        guard let opened = opened.withLock({ $0 }) else { throw .closed }
        return opened
    }

    /// Runs `body` on the store as of now.
    func read<Result: ~Copyable>(
        _ body: (borrowing ReadTransaction, Tables) throws(StoreError) -> Result
    ) throws(StorageError) -> Result {
        do throws(StoreError) {
            let opened = try current()
            return try opened.environment.read { (transaction) throws(StoreError) in try body(transaction, opened.tables) }
        } catch {
            throw StorageError(error)
        }
    }

    /// Runs `body` and makes its changes durable, all or none.
    func write<Result>(_ body: (inout WriteTransaction, Tables) throws(StoreError) -> Result) throws(StorageError) -> Result {
        do throws(StoreError) {
            let opened = try current()
            return try opened.environment.write { (transaction) throws(StoreError) in try body(&transaction, opened.tables) }
        } catch {
            throw StorageError(error)
        }
    }

    /// Sizes, for metrics. Walks the list of free pages: for a scrape every few seconds, not for every request.
    public func statistics() throws(StorageError) -> StoreStatistics {
        do throws(StoreError) {
            let opened = try current()
            let environment = try opened.environment.statistics()
            return try opened.environment.read { (transaction) throws(StoreError) in
                var entries: [String: UInt64] = [:]
                for database in opened.tables.databases {
                    entries[database.name] = try transaction.statistics(of: database).entries
                }
                return StoreStatistics(
                    usedBytes: environment.usedBytes, reusableBytes: try transaction.reusableBytes(),
                    mapBytes: environment.mapSizeBytes, fileBytes: environment.fileSizeBytes, readers: environment.readers,
                    oldestReaderLagCommits: environment.oldestReaderLagTransactions, entries: entries)
            }
        } catch {
            throw StorageError(error)
        }
    }
}
