import CLMDB
import Glibc

/// A place in the key order of one database.
///
/// A new cursor stands nowhere: `next` goes to the first key and `previous` to the last. Each move answers whether it found an
/// entry; after a move that did not, the cursor has ended and stays so until a `seek`. `key` and `value` lie in the map: they can
/// be used until the next move. Get one from `withCursor`.
@safe struct Cursor: ~Copyable {
    private enum Place { case nowhere, entry, ended }

    private let handle: OpaquePointer
    private let database: Database
    private let environment: Environment
    private var place = Place.nowhere
    private var currentKey = unsafe MDB_val()
    private var currentValue = unsafe MDB_val()

    init(handle: OpaquePointer, database: Database, environment: Environment) {
        unsafe self.handle = unsafe handle
        self.database = database
        self.environment = environment
    }

    deinit { unsafe mdb_cursor_close(handle) }

    /// The key at the cursor, which must stand on an entry.
    var key: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get {
            precondition(place == .entry, "the cursor stands on no entry")
            return unsafe _overrideLifetime(Span(_unsafeElements: currentKey.bytes), borrowing: self)
        }
    }

    /// The value at the cursor, which must stand on an entry.
    var value: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get {
            precondition(place == .entry, "the cursor stands on no entry")
            return unsafe _overrideLifetime(Span(_unsafeElements: currentValue.bytes), borrowing: self)
        }
    }

    /// Moves to the first key that is not less than `key`.
    mutating func seek(_ key: Span<UInt8>) throws(StoreError) -> Bool {
        // LMDB reads the wanted key from, and writes the found key to, the same place.
        let code = unsafe withValue(ofKey: key) { wanted in
            let code = unsafe mdb_cursor_get(handle, &wanted, &currentValue, MDB_SET_RANGE)
            unsafe currentKey = unsafe wanted
            return code
        }
        return try settle(code)
    }

    /// Moves to the last key that is not greater than `key`.
    mutating func seekLessOrEqual(_ key: Span<UInt8>) throws(StoreError) -> Bool {
        guard try seek(key) else { return try seekLast() }
        return unsafe compare(currentKey.bytes, with: key) == 0 ? true : try previous()
    }

    /// Moves to the least key.
    mutating func seekFirst() throws(StoreError) -> Bool { try move(MDB_FIRST) }

    /// Moves to the greatest key.
    mutating func seekLast() throws(StoreError) -> Bool { try move(MDB_LAST) }

    /// Moves to the next greater key.
    mutating func next() throws(StoreError) -> Bool {
        switch place {
        case .nowhere: try seekFirst()
        case .entry: try move(MDB_NEXT)
        case .ended: false
        }
    }

    /// Moves to the next smaller key.
    mutating func previous() throws(StoreError) -> Bool {
        switch place {
        case .nowhere: try seekLast()
        case .entry: try move(MDB_PREV)
        case .ended: false
        }
    }

    /// Removes the entry; the cursor then stands nowhere that a move could start from. Only for `WriteTransaction.deleteRange`: over a read
    /// transaction LMDB refuses.
    mutating func delete() throws(StoreError) {
        precondition(place == .entry, "the cursor stands on no entry")
        place = .ended
        let code = unsafe mdb_cursor_del(handle, 0)
        guard code == 0 else { throw environment.error(code, during: .write) }
    }

    /// Whether the key at the cursor is less than `bound`.
    borrowing func keyPrecedes(_ bound: [UInt8]) -> Bool {
        unsafe place == .entry && compare(currentKey.bytes, with: bound.span) < 0
    }

    private mutating func move(_ direction: MDB_cursor_op) throws(StoreError) -> Bool {
        let code = unsafe mdb_cursor_get(handle, &currentKey, &currentValue, direction)
        return try settle(code)
    }

    private mutating func settle(_ code: Int32) throws(StoreError) -> Bool {
        place = code == 0 ? .entry : .ended
        if code == MDB_NOTFOUND { return false }
        guard code == 0 else {
            throw code == MDB_BAD_DBI ? .databaseNotVisible(name: database.name) : environment.error(code, during: .read)
        }
        return true
    }
}

/// LMDB's key order: bytewise, a prefix before what it begins.
private func compare(_ left: UnsafeBufferPointer<UInt8>, with right: Span<UInt8>) -> Int {
    unsafe right.withUnsafeBufferPointer { other in
        guard let start = left.baseAddress, let otherStart = other.baseAddress else {
            return left.count - other.count
        }
        let order = unsafe memcmp(start, otherStart, min(left.count, other.count))
        return order == 0 ? left.count - other.count : Int(order)
    }
}
