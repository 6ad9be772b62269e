import CLMDB
import Glibc

/// What read and write transactions have in common: a consistent state to read from.
protocol ReadableTransaction: ~Copyable {
    var environment: Environment { get }
    /// LMDB's transaction, valid while this value lives.
    var pointer: OpaquePointer { get }
}

/// A consistent view of all databases as of its begin, for reading. Ends when it goes out of scope, or earlier with `end`.
@safe struct ReadTransaction: ~Copyable, ReadableTransaction {
    let environment: Environment
    let pointer: OpaquePointer
    /// The number of the last commit it sees.
    let number: UInt64

    /// Made by `Environment.beginRead` only.
    init(environment: Environment, pointer: OpaquePointer, number: UInt64) {
        self.environment = environment
        unsafe self.pointer = unsafe pointer
        self.number = number
    }

    deinit {
        unsafe mdb_txn_abort(pointer)
        environment.readerEnded(number: number)
    }

    /// Ends the transaction now.
    consuming func end() {}
}

@available(*, unavailable)
extension ReadTransaction: Sendable {}

extension ReadTransaction {
    /// LMDB's slot for the tree of free pages: per transaction number, a count and as many page numbers of 8 bytes.
    private static let freePagesSlot: UInt32 = 0

    /// Bytes of the data file that hold nothing in this view, most of which a commit can use again. Takes a walk over the list of free
    /// pages: for metrics, not for every request.
    borrowing func reusableBytes() throws(StoreError) -> UInt64 {
        var opened: OpaquePointer?
        let code = unsafe mdb_cursor_open(pointer, Self.freePagesSlot, &opened)
        guard code == 0, let handle = unsafe opened else { throw environment.error(code, during: .statistics) }
        defer { unsafe mdb_cursor_close(handle) }
        var status = MDB_stat()
        let statusCode = unsafe mdb_stat(pointer, Self.freePagesSlot, &status)
        guard statusCode == 0 else { throw environment.error(statusCode, during: .statistics) }
        var pages: UInt64 = 0
        while true {
            var key = unsafe MDB_val(), list = unsafe MDB_val()
            let code = unsafe mdb_cursor_get(handle, &key, &list, MDB_NEXT)
            if code == MDB_NOTFOUND { return pages * UInt64(status.ms_psize) }
            guard code == 0 else { throw environment.error(code, during: .statistics) }
            guard unsafe list.mv_size >= 8, let start = unsafe list.mv_data else {
                throw .damaged("a list of free pages in \(environment.path) is shorter than its length word")
            }
            pages += unsafe start.loadUnaligned(as: UInt64.self)
        }
    }
}

// MARK: - Reading

extension ReadableTransaction where Self: ~Copyable {
    /// The value of `key` where it lies in the map, or nil. No copy is made; it can be used while the transaction lives and is not written to.
    @_lifetime(borrow self)
    borrowing func value(of key: Span<UInt8>, in database: Database) throws(StoreError) -> Span<UInt8>? {
        guard let found = try unsafe find(key, in: database) else { return nil }
        return unsafe _overrideLifetime(Span(_unsafeElements: found), borrowing: self)
    }

    /// A copy of the value of `key`, or nil.
    borrowing func copy(of key: Span<UInt8>, in database: Database) throws(StoreError) -> [UInt8]? {
        guard let found = try unsafe find(key, in: database) else { return nil }
        return unsafe Array(found)
    }

    /// Whether `key` has a value.
    borrowing func contains(_ key: Span<UInt8>, in database: Database) throws(StoreError) -> Bool {
        unsafe try find(key, in: database) != nil
    }

    /// Runs `body` with a cursor over `database`; the cursor ends with the call.
    borrowing func withCursor<Result: ~Copyable>(
        over database: Database, _ body: (inout Cursor) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        var opened: OpaquePointer?
        let code = unsafe mdb_cursor_open(pointer, try database.usableSlot(), &opened)
        guard code == 0, let handle = unsafe opened else { throw error(code, during: .read, in: database) }
        var cursor = unsafe Cursor(handle: handle, database: database, environment: environment)
        return try body(&cursor)
    }

    /// The number of entries and pages of `database` as this transaction sees it.
    borrowing func statistics(of database: Database) throws(StoreError) -> DatabaseStatistics {
        var status = MDB_stat()
        let code = unsafe mdb_stat(pointer, try database.usableSlot(), &status)
        guard code == 0 else { throw error(code, during: .statistics, in: database) }
        return DatabaseStatistics(
            entries: UInt64(status.ms_entries), depth: Int(status.ms_depth), branchPages: UInt64(status.ms_branch_pages),
            leafPages: UInt64(status.ms_leaf_pages), overflowPages: UInt64(status.ms_overflow_pages))
    }

    /// An error of a call on `database`: LMDB answers `EINVAL` or `MDB_BAD_DBI` for a handle that this transaction does not know.
    borrowing func error(_ code: Int32, during activity: Activity, in database: Database) -> StoreError {
        code == EINVAL || code == MDB_BAD_DBI ? .databaseNotVisible(name: database.name) : environment.error(code, during: activity)
    }

    private borrowing func find(_ key: Span<UInt8>, in database: Database) throws(StoreError) -> UnsafeBufferPointer<UInt8>? {
        let slot = try database.usableSlot()
        var found = unsafe MDB_val()
        let code = unsafe withValue(ofKey: key) { keyValue in unsafe mdb_get(pointer, slot, &keyValue, &found) }
        if code == MDB_NOTFOUND { return nil }
        guard code == 0 else { throw error(code, during: .read, in: database) }
        return unsafe found.bytes
    }
}

// MARK: - Bytes in and out of LMDB

/// The longest key that LMDB accepts, as built by Debian.
let longestKeyBytes = 511
/// The longest value: its length is stored in 32 bits.
let longestValueBytes = Int(UInt32.max)

/// Runs `body` with `key` as LMDB wants it. A key's length is our own doing, so a wrong one is a bug.
func withValue(ofKey key: Span<UInt8>, _ body: (inout MDB_val) -> Int32) -> Int32 {
    precondition(key.count >= 1 && key.count <= longestKeyBytes, "a key must have 1 to \(longestKeyBytes) bytes")
    return unsafe withValue(of: key, body)
}

/// Runs `body` with `bytes` as LMDB wants them. LMDB does not write through the pointer, whatever its type.
func withValue(of bytes: Span<UInt8>, _ body: (inout MDB_val) -> Int32) -> Int32 {
    unsafe bytes.withUnsafeBufferPointer { buffer in
        var value = unsafe MDB_val(mv_size: buffer.count, mv_data: UnsafeMutableRawPointer(mutating: buffer.baseAddress))
        return unsafe body(&value)
    }
}

extension MDB_val {
    /// The bytes it points to, inside LMDB's map or a dirty page of the transaction.
    var bytes: UnsafeBufferPointer<UInt8> {
        guard let start = unsafe mv_data else { return unsafe UnsafeBufferPointer(start: nil, count: 0) }
        return unsafe UnsafeBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: mv_size)
    }
}
