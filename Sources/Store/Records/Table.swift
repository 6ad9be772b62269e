import Cryptography
import Ledger

/// Says which record of a table is meant. Its bytes sort as it does.
protocol RecordKey: Sendable {
    /// What an error calls the record.
    var name: String { get }
    init(from reader: inout ByteReader) throws(DecodingError)
    func write(to writer: inout ByteWriter)
}

/// What a table holds for a key, without its checksum.
protocol RecordValue: Sendable {
    init(payload: [UInt8]) throws(DecodingError)
    var payload: [UInt8] { get }
}

/// A database whose keys and values have one type each, and whose every record carries a checksum.
///
/// LMDB has no checksums, so a stored value is the payload followed by the first 8 bytes of the SHA-256 of name, key and payload,
/// the first two with their lengths before them. Every read compares it: a record that was altered, or stands under another key or
/// in another database than it was written to, is an error that names it.
struct Table<Key: RecordKey, Value: RecordValue>: Sendable {
    static var checksumBytes: Int { 8 }

    let database: Database
    /// The hash that has read the database's name.
    private let start: SHA256

    init(_ database: Database) {
        self.database = database
        var hasher = SHA256()
        hasher.update(UInt8(database.name.utf8.count))
        hasher.update(Array(database.name.utf8))
        start = hasher
    }

    /// What is stored for `key`: the payload and its checksum.
    func sealed(_ payload: [UInt8], key: [UInt8]) -> [UInt8] {
        let checksum = checksum(of: payload.span, key: key.span)
        var stored = payload
        stored.reserveCapacity(payload.count + Self.checksumBytes)
        for position in 0..<Self.checksumBytes { stored.append(checksum[position]) }
        return stored
    }

    /// The value of a stored record whose checksum is right; throws `.damaged` otherwise.
    func value(of stored: Span<UInt8>, key: Span<UInt8>) throws(StoreError) -> Value {
        let payload = try payload(of: stored, key: key)
        do {
            return try Value(payload: payload)
        } catch {
            throw damage(key, "its checksum is right, but \(error)")
        }
    }

    /// A copy of the payload of a stored record whose checksum is right; throws `.damaged` otherwise.
    private func payload(of stored: Span<UInt8>, key: Span<UInt8>) throws(StoreError) -> [UInt8] {
        [UInt8](copying: stored.extracting(0..<(try payloadCount(of: stored, key: key))))
    }

    /// The length of the payload of a stored record whose checksum is right; throws `.damaged` otherwise.
    func payloadCount(of stored: Span<UInt8>, key: Span<UInt8>) throws(StoreError) -> Int {
        // A damaged page can give a key of any length.
        guard key.count <= Int(UInt8.max) else {
            throw .damaged("database \"\(database.name)\", a record with a key of \(key.count) bytes: no key of ours is so long")
        }
        guard stored.count >= Self.checksumBytes else { throw damage(key, "it is too short to carry a checksum") }
        let payload = stored.extracting(0..<(stored.count - Self.checksumBytes))
        let expected = checksum(of: payload, key: key)
        for position in 0..<Self.checksumBytes where expected[position] != stored[payload.count + position] {
            throw damage(key, "its checksum does not match")
        }
        return payload.count
    }

    /// The key that stored bytes stand for.
    func key(of bytes: Span<UInt8>) throws(StoreError) -> Key {
        do {
            var reader = ByteReader(bytes)
            let key = try Key(from: &reader)
            try reader.finish()
            return key
        } catch {
            let key = Hexadecimal.encode([UInt8](copying: bytes))
            throw .damaged("database \"\(database.name)\", the record with key \(key): the key is malformed")
        }
    }

    /// The hash of which a record's checksum is the start.
    func checksum(of payload: Span<UInt8>, key: Span<UInt8>) -> Bytes32 {
        precondition(key.count <= Int(UInt8.max), "our keys are short")
        var hasher = start
        hasher.update(UInt8(key.count))
        hasher.update(key)
        hasher.update(payload)
        return hasher.finalize()
    }

    /// The error that names a record and says what is wrong with it.
    func damage(_ key: Key, _ reason: String) -> StoreError {
        .damaged("database \"\(database.name)\", the record of \(key.name): \(reason)")
    }

    private func damage(_ key: Span<UInt8>, _ reason: String) -> StoreError {
        do {
            return damage(try self.key(of: key), reason)
        } catch {
            return error
        }
    }
}

extension RecordKey {
    /// The bytes that stand for the key.
    var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 40)
        write(to: &writer)
        return writer.bytes
    }
}
