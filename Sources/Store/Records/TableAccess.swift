import Ledger

extension ReadableTransaction where Self: ~Copyable {
    /// The record of `key`, or nil when there is none.
    borrowing func record<Key, Value>(of key: Key, in table: Table<Key, Value>) throws(StoreError) -> Value? {
        let bytes = key.bytes
        guard let stored = try value(of: bytes.span, in: table.database) else { return nil }
        return try table.value(of: stored, key: bytes.span)
    }

    /// The record of `key`, which must be there because `reason`.
    borrowing func record<Key, Value>(
        of key: Key, in table: Table<Key, Value>, because reason: @autoclosure () -> String
    ) throws(StoreError) -> Value {
        guard let value = try record(of: key, in: table) else { throw table.damage(key, "it is missing, although \(reason())") }
        return value
    }

    /// The record with the greatest key.
    borrowing func lastRecord<Key, Value>(in table: Table<Key, Value>) throws(StoreError) -> (key: Key, value: Value)? {
        try withCursor(over: table.database) { (cursor) throws(StoreError) in
            try cursor.seekLast() ? try cursor.record(of: table) : nil
        }
    }

    /// Passes records to `body` in the order of their keys, from `first` on (or the least), until it returns false.
    borrowing func forEachRecord<Key, Value>(
        in table: Table<Key, Value>, from first: [UInt8]? = nil, _ body: (Key, Value) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try withCursor(over: table.database) { (cursor) throws(StoreError) in
            var found = if let first { try cursor.seek(first.span) } else { try cursor.seekFirst() }
            while found {
                let record = try cursor.record(of: table)
                guard try body(record.key, record.value) else { return }
                found = try cursor.next()
            }
        }
    }
}

extension Cursor {
    /// The record at the cursor, which must stand on one of `table`.
    borrowing func record<Key, Value>(of table: Table<Key, Value>) throws(StoreError) -> (key: Key, value: Value) {
        let value = try table.value(of: value, key: key)
        return (try table.key(of: key), value)
    }
}

extension WriteTransaction {
    /// Sets the record of `key`.
    mutating func put<Key, Value>(_ value: Value, for key: Key, in table: Table<Key, Value>) throws(StoreError) {
        let bytes = key.bytes
        try put(bytes.span, table.sealed(value.payload, key: bytes).span, in: table.database)
    }

    /// Sets the record of `key`, which is expected to be the greatest.
    mutating func append<Key, Value>(_ value: Value, for key: Key, in table: Table<Key, Value>) throws(StoreError) {
        let bytes = key.bytes
        try putAppend(bytes.span, table.sealed(value.payload, key: bytes).span, in: table.database)
    }

    /// Removes the record of `key`; returns whether there was one.
    mutating func remove<Key, Value>(_ key: Key, from table: Table<Key, Value>) throws(StoreError) -> Bool {
        let bytes = key.bytes
        return try delete(bytes.span, in: table.database)
    }
}
