import CLMDB
import Dispatch
import Glibc
import Synchronization

/// The one owner of an LMDB environment: a data file, its memory map and its named databases.
///
/// At most one exists per directory in a process (LMDB breaks otherwise) and, by the `DirectoryLock` it keeps, on the machine.
/// Commits are durable when they return: none of LMDB's flags that trade that away is ever set. Any number of readers run beside
/// one writer; each sees the state as of its begin. `close` waits for transactions in flight and refuses new ones.
@safe final class Environment: Sendable {
    /// What is reserved when an environment is opened.
    struct Limits: Sendable {
        /// Address space, not memory nor disk: the file can grow up to this without a restart.
        static let defaultMapSizeBytes = 1 << 40

        var mapSizeBytes = Limits.defaultMapSizeBytes
        /// Read transactions at the same time.
        var maximumReaders = 256
        /// Named databases. Each costs every transaction's begin about 50 bytes of cleared memory.
        var maximumDatabases = 64
        /// Whether the kernel reads ahead. It helps scans and the first load; turn it off (`MDB_NORDAHEAD`) when the file is much
        /// larger than memory and reads are random.
        var readsAhead = true
    }

    /// How long `close` waits for transactions in flight. A longer one is a bug of ours.
    static let closeWaitLimitSeconds = 60

    private struct State {
        var isOpen = true
        /// Kept until the data file is closed, so that no environment is ever open without it.
        var lock: DirectoryLock?
        var liveTransactions = 0
        /// Live readers by the transaction number they see: the oldest one keeps freed pages from being used again.
        var readers: [UInt64: Int] = [:]
        var writer: pthread_t?
        var opened: [String: Database] = [:]
    }

    /// The directory's path.
    let path: String
    let limits: Limits
    /// Set once in `init`, closed once in `close` after the last transaction; LMDB synchronises use among threads itself.
    private nonisolated(unsafe) let handle: OpaquePointer
    private let identity: FileIdentity
    private let state: Mutex<State>
    /// Signalled when the last transaction ends after `close` began.
    private let drained = DispatchSemaphore(value: 0)

    /// Opens, and where allowed creates, the environment in a locked directory.
    ///
    /// A data file that is cut short or not LMDB's is refused with `.damaged` before it is mapped.
    init(in directory: DirectoryLock, createIfMissing: Bool, limits: Limits = Limits()) throws(StoreError) {
        let identity = try FileDescriptor(opening: directory.path, flags: O_RDONLY | O_DIRECTORY, during: .open).identity()
        guard Self.registry.withLock({ $0.insert(identity).inserted }) else { throw .inUse(path: directory.path) }
        do throws(StoreError) {
            try DataFile.prepare(directory: directory.path, createIfMissing: createIfMissing, limits: limits)
            unsafe handle = try Self.open(directory.path, limits)
        } catch {
            Self.registry.withLock { _ = $0.remove(identity) }
            throw error
        }
        path = directory.path
        state = Mutex(State(lock: directory))
        self.limits = limits
        self.identity = identity
    }

    deinit { close() }

    /// Directories with an open environment in this process: LMDB's file locks do not protect a process from itself.
    private static let registry = Mutex<Set<FileIdentity>>([])

    private static func open(_ path: String, _ limits: Limits) throws(StoreError) -> OpaquePointer {
        var created: OpaquePointer?
        let code = unsafe mdb_env_create(&created)
        guard code == 0, let handle = unsafe created else { throw StoreError(code: code, during: .open, directory: path) }
        do throws(StoreError) {
            try unsafe configure(handle, path, limits)
        } catch {
            unsafe mdb_env_close(handle)
            throw error
        }
        return unsafe handle
    }

    private static func configure(_ handle: OpaquePointer, _ path: String, _ limits: Limits) throws(StoreError) {
        func check(_ code: Int32) throws(StoreError) {
            guard code == 0 else { throw StoreError(code: code, during: .open, directory: path, limits: limits) }
        }
        try check(unsafe mdb_env_set_mapsize(handle, limits.mapSizeBytes))
        try check(unsafe mdb_env_set_maxreaders(handle, UInt32(limits.maximumReaders)))
        try check(unsafe mdb_env_set_maxdbs(handle, UInt32(limits.maximumDatabases)))
        // NOTLS: a reader's slot belongs to its transaction, not to the thread that happens to run it.
        let flags = MDB_NOTLS | (limits.readsAhead ? 0 : MDB_NORDAHEAD)
        try check(unsafe mdb_env_open(handle, path, UInt32(flags), 0o600))
        var cleared: Int32 = 0
        try check(unsafe mdb_reader_check(handle, &cleared))
        // A process that was killed between writing a commit and syncing it left one that is seen but may not survive the power. Nobody
        // may rely on it, or derive anything from it, before it is durable.
        try check(unsafe mdb_env_sync(handle, 1))
    }

    /// Refuses new transactions, waits for those in flight, closes the data file and lets go of the directory's lock. Calling it again
    /// does nothing, and does not wait.
    func close() {
        let mustWait = state.withLock { state -> Bool? in
            guard state.isOpen else { return nil }
            precondition(!isCurrentThread(state.writer), "the environment was closed inside its own write transaction")
            state.isOpen = false
            state.opened = [:]
            return state.liveTransactions > 0
        }
        guard let mustWait else { return }
        if mustWait {
            let outcome = drained.wait(timeout: .now() + .seconds(Self.closeWaitLimitSeconds))
            precondition(outcome == .success, "a transaction was still open \(Self.closeWaitLimitSeconds) s after close began")
        }
        unsafe mdb_env_close(handle)
        Self.registry.withLock { _ = $0.remove(identity) }
        state.withLock { $0.lock = nil }
    }

    /// An LMDB or system code as an error, with this environment's path and limits.
    func error(_ code: Int32, during activity: Activity) -> StoreError {
        StoreError(code: code, during: activity, directory: path, limits: limits)
    }
}

// MARK: - Transactions

extension Environment {
    /// Runs `body` on the state as of now. The transaction ends with the call; nothing read by reference outlives it.
    @available(*, noasync, message: "a read holds its thread; run it on a thread of its own")
    func read<Result: ~Copyable>(
        _ body: (borrowing ReadTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let transaction = try beginRead()
        return try body(transaction)
    }

    /// Runs `body` in a write transaction and commits it: all of it is durable on return, or none of it happened.
    ///
    /// Waits for any other writer. An error from `body` undoes everything. The closure cannot suspend: a transaction committed on
    /// another thread than it began on would block every later writer.
    @available(*, noasync, message: "a write must begin and commit on one thread; use the writer thread")
    func write<Result: ~Copyable>(
        _ body: (inout WriteTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        var transaction = try beginWrite()
        let result = try body(&transaction)
        try transaction.commit()
        return result
    }

    /// Begins a read transaction. Keep it short: while it lives, no page freed after its begin can be used again.
    @available(*, noasync)
    func beginRead() throws(StoreError) -> ReadTransaction {
        try enter()
        var begun: OpaquePointer?
        let code = unsafe mdb_txn_begin(handle, nil, UInt32(MDB_RDONLY), &begun)
        guard code == 0, let pointer = unsafe begun else {
            leave { _ in }
            throw error(code, during: .beginRead)
        }
        let number = unsafe UInt64(mdb_txn_id(pointer))
        state.withLock { $0.readers[number, default: 0] += 1 }
        return unsafe ReadTransaction(environment: self, pointer: pointer, number: number)
    }

    /// Begins a write transaction, waiting for any other writer. It must end on the calling thread.
    @available(*, noasync)
    func beginWrite() throws(StoreError) -> WriteTransaction {
        try enter()
        state.withLock { state in
            precondition(!isCurrentThread(state.writer), "a write transaction was begun inside another on the same thread")
        }
        var begun: OpaquePointer?
        let code = unsafe mdb_txn_begin(handle, nil, 0, &begun)
        guard code == 0, let pointer = unsafe begun else {
            leave { _ in }
            throw error(code, during: .beginWrite)
        }
        state.withLock { $0.writer = pthread_self() }
        return unsafe WriteTransaction(environment: self, pointer: pointer)
    }

    private func enter() throws(StoreError) {
        let admitted = state.withLock { state -> Bool in
            guard state.isOpen else { return false }
            state.liveTransactions += 1
            return true
        }
        guard admitted else { throw .closed }
    }

    private func leave(_ update: (inout sending State) -> Void) {
        let isLast = state.withLock { state -> Bool in
            update(&state)
            state.liveTransactions -= 1
            return !state.isOpen && state.liveTransactions == 0
        }
        if isLast { drained.signal() }
    }

    /// Called once by each read transaction, after LMDB's end of it.
    func readerEnded(number: UInt64) {
        leave { state in
            let remaining = (state.readers[number] ?? 1) - 1
            state.readers[number] = remaining == 0 ? nil : remaining
        }
    }

    /// Called once by each write transaction, after LMDB's end of it; `opened` are the handles its commit made good.
    func writerEnded(opened: [Database]) {
        leave { state in
            state.writer = nil
            for database in opened { state.opened[database.name] = database }
        }
    }

    /// Whether a failed commit left the environment unusable, in which case the commit may or may not be on disk.
    func refusesWork() -> Bool {
        var begun: OpaquePointer?
        let code = unsafe mdb_txn_begin(handle, nil, 0, &begun)
        if let pointer = unsafe begun { unsafe mdb_txn_abort(pointer) }
        return code == MDB_PANIC
    }
}

// MARK: - Databases and statistics

extension Environment {
    /// The handle of a named database that was opened before, or nil.
    func database(named name: String) -> Database? { state.withLock { $0.opened[name] } }

    /// Opens a named database, or answers nil when there is none of that name. To create one, see `WriteTransaction`.
    ///
    /// LMDB allows only one transaction at a time to open handles, so this waits for the writer: open handles at the start.
    /// The handle works in every transaction begun afterwards, on any thread.
    @available(*, noasync)
    func openDatabase(named name: String) throws(StoreError) -> Database? {
        if let database = database(named: name) { return database }
        return try write { (transaction) throws(StoreError) in try transaction.openDatabase(named: name) }
    }

    /// Sizes and readers, for metrics and for warning in time.
    func statistics() throws(StoreError) -> EnvironmentStatistics {
        try enter()
        defer { leave { _ in } }
        var information = unsafe MDB_envinfo()
        var status = MDB_stat()
        var code = unsafe mdb_env_info(handle, &information)
        guard code == 0 else { throw error(code, during: .statistics) }
        code = unsafe mdb_env_stat(handle, &status)
        guard code == 0 else { throw error(code, during: .statistics) }
        let oldest = state.withLock { $0.readers.keys.min() }
        let last = unsafe UInt64(information.me_last_txnid)
        let file = try FileDescriptor(opening: "\(path)/\(DataFile.dataName)", flags: O_RDONLY, during: .statistics)
        return unsafe EnvironmentStatistics(
            pageSizeBytes: UInt64(status.ms_psize),
            mapSizeBytes: UInt64(information.me_mapsize),
            usedBytes: (UInt64(information.me_last_pgno) + 1) * UInt64(status.ms_psize),
            fileSizeBytes: try file.sizeBytes(),
            lastTransaction: last,
            readers: state.withLock { $0.readers.values.reduce(0, +) },
            maximumReaders: Int(information.me_maxreaders),
            oldestReaderLagTransactions: oldest.map { last > $0 ? last - $0 : 0 } ?? 0)
    }
}

/// The state of an environment's file and readers at one moment.
struct EnvironmentStatistics: Equatable, Sendable {
    let pageSizeBytes: UInt64
    /// Reserved address space, the file's limit.
    let mapSizeBytes: UInt64
    /// Pages ever taken, times the page size: what must fit below `mapSizeBytes`. Includes pages free for use again.
    let usedBytes: UInt64
    /// The data file's size; it never shrinks.
    let fileSizeBytes: UInt64
    /// The last committed transaction's number.
    let lastTransaction: UInt64
    /// Live read transactions.
    let readers: Int
    let maximumReaders: Int
    /// How many commits the oldest live reader is behind. A growing number means that the file grows because of it.
    let oldestReaderLagTransactions: UInt64
}

/// Whether `thread` is the calling one; nil is nobody.
private func isCurrentThread(_ thread: pthread_t?) -> Bool {
    guard let thread else { return false }
    return pthread_equal(thread, pthread_self()) != 0
}
