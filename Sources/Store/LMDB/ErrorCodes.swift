import CLMDB
import Glibc

/// What the store was doing when a C function failed: it decides how a code is read and is named in the error.
enum Activity: String {
    case open = "opening of the data file"
    case create = "creation of the data file"
    case lock = "locking of the directory"
    case check = "check of the data file"
    case beginRead = "begin of a read transaction"
    case beginWrite = "begin of a write transaction"
    case read = "read"
    case write = "write"
    case commit = "commit"
    case openDatabase = "opening of a database"
    case statistics = "reading of statistics"
    case startThread = "start of the writer thread"

    /// Whether bytes go to the disk, so that `EIO` may be a short write.
    var writes: Bool {
        switch self {
        case .create, .write, .commit: true
        default: false
        }
    }
}

extension StoreError {
    /// The meaning of a non-zero code from LMDB or the operating system, for a failure in `directory`.
    init(code: Int32, during activity: Activity, directory: String, limits: Environment.Limits = Environment.Limits()) {
        switch code {
        case ENOSPC, EDQUOT, EFBIG:
            self = .diskFull(operation: activity.rawValue, code: code, freeBytes: freeBytes(at: directory))
        case EIO where activity.writes:
            self = .diskFull(operation: activity.rawValue, code: code, freeBytes: freeBytes(at: directory))
        case MDB_MAP_FULL: self = .mapFull(limitBytes: UInt64(limits.mapSizeBytes))
        case MDB_TXN_FULL: self = .transactionTooLarge
        case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID, MDB_VERSION_MISMATCH:
            self = .damaged("\(describeCode(code)), found during the \(activity.rawValue) in \(directory)")
        case MDB_PANIC: self = .outcomeUnknown(operation: activity.rawValue, code: code)
        case MDB_READERS_FULL: self = .readersFull(limit: limits.maximumReaders)
        case MDB_DBS_FULL: self = .databasesFull(limit: limits.maximumDatabases)
        case EACCES, EPERM, EROFS: self = .permission(path: directory, code: code)
        case ENOENT: self = .notFound(path: directory)
        default: self = .io(code: code, operation: activity.rawValue)
        }
    }
}

/// LMDB's or the operating system's words for a code, with the number.
func describeCode(_ code: Int32) -> String {
    // mdb_strerror covers errno too, but through strerror, which is not safe among threads.
    if code > 0 {
        var buffer = [CChar](repeating: 0, count: 256)
        let text = unsafe buffer.withUnsafeMutableBufferPointer { room -> String? in
            guard let base = room.baseAddress, unsafe strerror_r(code, base, room.count) == 0 else { return nil }
            return unsafe String(cString: base)
        }
        return "\(text ?? "error") (errno \(code))"
    }
    guard let text = unsafe mdb_strerror(code) else { return "LMDB code \(code)" }
    return unsafe "\(String(cString: text)) (LMDB code \(code))"
}

/// Bytes that an unprivileged process may still write on the file system of `path`; nil when it cannot say.
func freeBytes(at path: String) -> UInt64? {
    var status = statvfs()
    guard unsafe statvfs(path, &status) == 0 else { return nil }
    let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return overflow ? nil : bytes
}
