import CLMDB
import Glibc

/// The one transaction that may change databases, all or nothing. Undone when it goes out of scope without `commit`.
///
/// It must begin and end on one thread: LMDB holds a lock that only its taker can release, and answers success when another
/// thread tries, after which every later writer waits for ever. That is checked at each end.
@safe struct WriteTransaction: ~Copyable, ReadableTransaction {
    let environment: Environment
    let pointer: OpaquePointer
    private let thread = pthread_self()
    /// Handles opened here, which LMDB keeps only if this commits.
    private var opened: [Database] = []
    private var isFinished = false

    /// Made by `Environment.beginWrite` only.
    init(environment: Environment, pointer: OpaquePointer) {
        self.environment = environment
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        guard !isFinished else { return }
        requireOwnThread()
        unsafe mdb_txn_abort(pointer)
        for database in opened { database.invalidate() }
        environment.writerEnded(opened: [])
    }

    /// Makes every change durable and visible; on an error nothing was changed, except as `.outcomeUnknown` says.
    consuming func commit() throws(StoreError) {
        requireOwnThread()
        isFinished = true
        let code = unsafe mdb_txn_commit(pointer)
        guard code == 0 else {
            for database in opened { database.invalidate() }
            let mustReopen = environment.refusesWork()
            environment.writerEnded(opened: [])
            throw mustReopen
                ? .outcomeUnknown(operation: Activity.commit.rawValue, code: code)
                : environment.error(code, during: .commit)
        }
        environment.writerEnded(opened: opened)
    }

    /// Undoes every change.
    consuming func abort() {}

    private func requireOwnThread() {
        precondition(pthread_equal(thread, pthread_self()) != 0, "a write transaction ended on another thread than it began on")
    }
}

@available(*, unavailable)
extension WriteTransaction: Sendable {}

// MARK: - Databases

extension WriteTransaction {
    /// Opens a named database, creating it if there is none. Its handle works here at once, elsewhere after the commit.
    mutating func createDatabase(named name: String) throws(StoreError) -> Database {
        guard let database = try open(name, create: true) else { throw environment.error(MDB_NOTFOUND, during: .openDatabase) }
        return database
    }

    /// Opens a named database; nil when there is none.
    mutating func openDatabase(named name: String) throws(StoreError) -> Database? {
        try open(name, create: false)
    }

    private mutating func open(_ name: String, create: Bool) throws(StoreError) -> Database? {
        precondition(
            !name.isEmpty && name.utf8.count <= longestKeyBytes && !name.utf8.contains(0), "a database name is a C string and a key")
        if let database = environment.database(named: name) { return database }
        if let database = opened.first(where: { $0.name == name }) { return database }
        var slot: UInt32 = 0
        let code = unsafe mdb_dbi_open(pointer, name, create ? UInt32(MDB_CREATE) : 0, &slot)
        if code == MDB_NOTFOUND && !create { return nil }
        guard code == 0 else { throw environment.error(code, during: .openDatabase) }
        let database = Database(name: name, slot: slot)
        opened.append(database)
        return database
    }
}

// MARK: - Writing

extension WriteTransaction {
    /// Sets the value of `key`, replacing any earlier one.
    mutating func put(_ key: Span<UInt8>, _ value: Span<UInt8>, in database: Database) throws(StoreError) {
        let code = try store(key, value, in: database, flags: 0)
        guard code == 0 else { throw error(code, during: .write, in: database) }
    }

    /// Sets the value of `key`; when it is the greatest key so far, which is what this is for, pages are filled whole and no search is made.
    mutating func putAppend(_ key: Span<UInt8>, _ value: Span<UInt8>, in database: Database) throws(StoreError) {
        let code = try store(key, value, in: database, flags: MDB_APPEND)
        if code == MDB_KEYEXIST { return try put(key, value, in: database) }
        guard code == 0 else { throw error(code, during: .write, in: database) }
    }

    /// Sets the value of `key` unless it has one; returns whether it was set.
    mutating func putNoOverwrite(_ key: Span<UInt8>, _ value: Span<UInt8>, in database: Database) throws(StoreError) -> Bool {
        let code = try store(key, value, in: database, flags: MDB_NOOVERWRITE)
        if code == MDB_KEYEXIST { return false }
        guard code == 0 else { throw error(code, during: .write, in: database) }
        return true
    }

    /// Removes `key`; returns whether it was there.
    @discardableResult
    mutating func delete(_ key: Span<UInt8>, in database: Database) throws(StoreError) -> Bool {
        let slot = try database.usableSlot()
        let code = unsafe withValue(ofKey: key) { keyValue in unsafe mdb_del(pointer, slot, &keyValue, nil) }
        if code == MDB_NOTFOUND { return false }
        guard code == 0 else { throw error(code, during: .write, in: database) }
        return true
    }

    /// Removes the keys from `lower` up to but not including `upper`, at most `limit` of them; returns how many there were.
    @discardableResult
    mutating func deleteRange(
        from lower: Span<UInt8>, upTo upper: Span<UInt8>, in database: Database, limit: Int = .max
    ) throws(StoreError) -> Int {
        let bound = unsafe upper.withUnsafeBufferPointer { unsafe Array($0) }
        var deleted = 0
        try withCursor(over: database) { (cursor) throws(StoreError) in
            // Seeking anew each time leans on nothing that LMDB says about a cursor after a removal.
            while deleted < limit, try cursor.seek(lower), cursor.keyPrecedes(bound) {
                try cursor.delete()
                deleted += 1
            }
        }
        return deleted
    }

    /// Empties `database` and frees its pages; the database and its handles stay.
    ///
    /// LMDB could also remove the name, but that closes the handle under readers that use it, without a lock.
    mutating func removeAll(in database: Database) throws(StoreError) {
        let code = unsafe mdb_drop(pointer, try database.usableSlot(), 0)
        guard code == 0 else { throw error(code, during: .write, in: database) }
    }

    private mutating func store(
        _ key: Span<UInt8>, _ value: Span<UInt8>, in database: Database, flags: Int32
    ) throws(StoreError) -> Int32 {
        precondition(value.count <= longestValueBytes, "a value must have at most \(longestValueBytes) bytes")
        let slot = try database.usableSlot()
        return unsafe withValue(ofKey: key) { keyValue in
            unsafe withValue(of: value) { dataValue in
                unsafe mdb_put(pointer, slot, &keyValue, &dataValue, UInt32(flags))
            }
        }
    }
}
