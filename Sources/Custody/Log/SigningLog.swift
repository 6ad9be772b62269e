public import Cryptography
internal import Ledger
internal import Synchronization

/// The file of a signing log, open for appending (`docs/spec/custody-log.md` section 4). Many records share one sync.
///
/// Beside the records the file has a mark of how far it was durable before the last sync: what is damaged before the mark is a fault; what
/// is torn behind it was not acknowledged, or was of the last sync, and is kept in a file of its own.
final class SigningLog: Sendable {
    private struct Queue {
        var bytes: [UInt8] = []
        /// Where the next frame will begin.
        var end: Int
    }

    private struct Durable {
        var end: Int
        var mark: LogMark
        var failure: PrivateFileError?
    }

    private let file: RandomAccessFile
    /// Whoever appends changes it, under its lock, in the order of the records.
    private let queue: Mutex<Queue>
    /// Whoever writes and syncs holds it: one at a time, for all that are queued by then.
    private let durable: Mutex<Durable>

    private init(_ file: RandomAccessFile, end: Int, mark: LogMark) {
        self.file = file
        queue = Mutex(Queue(end: end))
        durable = Mutex(Durable(end: end, mark: mark))
    }

    /// Opens the log at `path` and gives every record to `each`; `creating` makes one where there is none. What a crash left torn is moved
    /// to `PATH.torn-OFFSET`.
    static func open(
        _ path: String, creating: Bool = false, each: (LogRecord, [UInt8]) throws(LogFault) -> Void
    ) throws(CustodyStoreError) -> SigningLog {
        let file = try storing { () throws(PrivateFileError) in try RandomAccessFile(path, creating: creating) }
        if creating, try storing({ () throws(PrivateFileError) in try file.byteCount() }) == 0 {
            try storing { () throws(PrivateFileError) in try initialize(file) }
        }
        guard let mark = try storing({ () throws(PrivateFileError) in try LogMark.read(file) }) else {
            throw .log(LogFault(record: 0, .damaged))
        }
        let (end, fault) = try readAll(file, each: each)
        if let fault {
            guard end >= mark.end else { throw .log(LogFault(record: fault.record, .damaged)) }
            try storing { () throws(PrivateFileError) in try setAside(file, from: end) }
        }
        guard end >= mark.end else { throw .log(LogFault(record: 0, .damaged)) }
        return SigningLog(file, end: end, mark: mark)
    }

    private static func initialize(_ file: RandomAccessFile) throws(PrivateFileError) {
        var header = [UInt8](repeating: 0, count: LogFrames.headerByteCount)
        header.replaceSubrange(0..<LogFrames.magic.count, with: LogFrames.magic)
        for number in 0..<2 {
            let mark = LogMark(number: UInt64(number), end: LogFrames.headerByteCount)
            header.replaceSubrange(mark.offset..<mark.offset + LogMark.byteCount, with: mark.bytes)
        }
        try file.write(header.span, at: 0)
        try file.synchronize()
    }

    /// Every whole record; where they end, and what came then if it was not the end of the file.
    private static func readAll(
        _ file: RandomAccessFile, each: (LogRecord, [UInt8]) throws(LogFault) -> Void
    ) throws(CustodyStoreError) -> (end: Int, fault: LogFault?) {
        var position = 0
        do throws(LogFault) {
            var frames = try LogFrames { count throws(LogFault) in
                do throws(PrivateFileError) {
                    let bytes = try file.read(count, at: position)
                    position += bytes.count
                    return bytes
                } catch {
                    throw LogFault(record: 0, .unreadable(error.description))
                }
            }
            while true {
                let end = frames.offset
                let record: [UInt8]?
                do throws(LogFault) {
                    record = try frames.next()
                } catch {
                    if case .unreadable = error.reason { throw error }
                    return (end, error)
                }
                guard let record else { return (end, nil) }
                let decoded: LogRecord
                do throws(DecodingError) {
                    decoded = try LogRecord(decoding: record)
                } catch {
                    throw LogFault(record: frames.count - 1, .decoding(error))
                }
                try each(decoded, record)
            }
        } catch {
            throw .log(error)
        }
    }

    /// Where the whole records of a log end that somebody else may be writing.
    static func end(of file: RandomAccessFile) throws(CustodyStoreError) -> Int {
        try readAll(file) { _, _ throws(LogFault) in }.end
    }

    private static func setAside(_ file: RandomAccessFile, from end: Int) throws(PrivateFileError) {
        let count = try file.byteCount() - end
        let torn = try file.read(count, at: end)
        try PrivateFile.replace("\(file.path).torn-\(end)", torn.span)
        try file.truncate(to: end)
    }

    /// Puts a frame behind the others; returns where it ends, which is what to wait for. Called in the order of the records.
    func append(_ frame: [UInt8]) -> Int {
        queue.withLock { queue in
            queue.bytes += frame
            queue.end += frame.count
            return queue.end
        }
    }

    /// Returns when everything up to `end` is durable. After a failure nothing more becomes durable: the log is to be opened anew.
    @available(*, noasync, message: "a thread of the concurrency pool must not wait for a disk")
    func waitUntilDurable(_ end: Int) throws(CustodyStoreError) {
        let failure: PrivateFileError? = durable.withLock { durable in
            // Somebody else's sync was for this one too.
            guard durable.failure == nil, durable.end < end else { return durable.failure }
            let bytes = queue.withLock { queue in
                defer { queue.bytes.removeAll(keepingCapacity: queue.bytes.count < 1 << 20) }
                return queue.bytes
            }
            do throws(PrivateFileError) {
                let mark = LogMark(number: durable.mark.number + 1, end: durable.end)
                try file.write(bytes.span, at: durable.end)
                try file.write(mark.bytes.span, at: mark.offset)
                try file.synchronize()
                durable.end += bytes.count
                durable.mark = mark
            } catch {
                durable.failure = error
            }
            return durable.failure
        }
        if let failure { throw .file(failure) }
    }

    /// Bytes of the file that are durable.
    func read(_ count: Int, at offset: Int) throws(CustodyStoreError) -> [UInt8] {
        let end = durable.withLock { $0.end }
        guard offset < end else { return [] }
        return try storing { () throws(PrivateFileError) in try file.read(min(count, end - offset), at: offset) }
    }
}

/// How far the log was durable before its last sync, in one of two places of the file's header.
struct LogMark {
    private static let tag = TaggedHash(tag: "coffer/custody-log-mark/v1")
    static let byteCount = 16 + Bytes32.byteCount

    let number: UInt64
    let end: Int

    /// Each in a sector of its own, and never where the one before it is.
    var offset: Int { number % 2 == 0 ? 1_024 : 2_048 }

    var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: Self.byteCount)
        writer.write(number)
        writer.write(UInt64(end))
        let hash = Self.tag.hash(writer.span.extracting(0..<16))
        writer.write(hash)
        return writer.bytes
    }

    /// The newer of those that are whole.
    static func read(_ file: RandomAccessFile) throws(PrivateFileError) -> LogMark? {
        var newest: LogMark?
        for offset in [1_024, 2_048] {
            let bytes = try file.read(byteCount, at: offset)
            guard bytes.count == byteCount else { continue }
            let number = bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let end = bytes[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard end < 1 << 62 else { continue }
            let mark = LogMark(number: number, end: Int(end))
            if mark.bytes == bytes, newest.map({ $0.number < number }) ?? true { newest = mark }
        }
        return newest
    }
}

/// Why the files of a signer were not opened, read or written.
public indirect enum CustodyStoreError: Error, Equatable, Sendable, CustomStringConvertible {
    case file(PrivateFileError)
    case log(LogFault)

    /// What happened, why, and what to do.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .log(let fault): fault.description
        }
    }
}

/// Runs `body` on files of a signer.
func storing<Value>(_ body: () throws(PrivateFileError) -> Value) throws(CustodyStoreError) -> Value {
    do throws(PrivateFileError) {
        return try body()
    } catch {
        throw .file(error)
    }
}
