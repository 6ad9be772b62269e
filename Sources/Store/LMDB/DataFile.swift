import CLMDB
import Glibc

/// The files of an environment's directory and how they come to be.
enum DataFile {
    static let dataName = "data.mdb"
    static let lockName = "lock.mdb"
    /// Where a new data file is made before it is moved to its place.
    static let nurseryName = "creating"
    /// LMDB's lock file: a header of at most 256 bytes, then 64 bytes a reader.
    static let lockHeaderBytes = 256
    static let lockReaderBytes = 64

    /// Leaves `directory` with a data file that LMDB may map: checks the one there, or makes an empty one where that is allowed.
    static func prepare(directory: String, createIfMissing: Bool, limits: Environment.Limits) throws(StoreError) {
        let path = "\(directory)/\(dataName)"
        if try exists(path) {
            try DataFileCheck.run(path: path)
            // Who put it there may have died before its name was durable, and without it the lock file would mean damage.
            if try !exists("\(directory)/\(lockName)") { try synchronize(directory) }
        } else {
            guard createIfMissing else { throw .notFound(path: path) }
            guard try !exists("\(directory)/\(lockName)") else {
                throw .damaged("\(path) is missing although \(lockName) shows that it was there (to start anew, remove \(lockName) too)")
            }
            try create(in: directory)
        }
        try clearNursery(of: directory)
        // LMDB maps its lock file and grows it sparsely: on a full disk, the first reader in a new page of it would end the process.
        let lockFile = try FileDescriptor(opening: "\(directory)/\(lockName)", flags: O_RDWR | O_CREAT, during: .create)
        try lockFile.allocate(count: lockHeaderBytes + limits.maximumReaders * lockReaderBytes)
        try synchronize(directory)
    }

    /// A data file appears under its name whole and durable or not at all, so that an empty or half-written one always means damage.
    private static func create(in directory: String) throws(StoreError) {
        let nursery = "\(directory)/\(nurseryName)"
        try clearNursery(of: directory)
        guard unsafe mkdir(nursery, 0o700) == 0 else { throw StoreError(code: errno, during: .create, directory: directory) }
        try writeEmptyEnvironment(in: nursery)
        guard unsafe rename("\(nursery)/\(dataName)", "\(directory)/\(dataName)") == 0 else {
            throw StoreError(code: errno, during: .create, directory: directory)
        }
        try synchronize(directory)
    }

    private static func writeEmptyEnvironment(in nursery: String) throws(StoreError) {
        var created: OpaquePointer?
        var code = unsafe mdb_env_create(&created)
        guard code == 0, let handle = unsafe created else { throw StoreError(code: code, during: .create, directory: nursery) }
        defer { unsafe mdb_env_close(handle) }
        code = unsafe mdb_env_open(handle, nursery, UInt32(MDB_NOTLS), 0o600)
        guard code == 0 else { throw StoreError(code: code, during: .create, directory: nursery) }
        code = unsafe mdb_env_sync(handle, 1)
        guard code == 0 else { throw StoreError(code: code, during: .create, directory: nursery) }
    }

    private static func clearNursery(of directory: String) throws(StoreError) {
        let nursery = "\(directory)/\(nurseryName)"
        for name in [dataName, lockName] {
            guard unsafe unlink("\(nursery)/\(name)") == 0 || errno == ENOENT else {
                throw StoreError(code: errno, during: .create, directory: nursery)
            }
        }
        guard unsafe rmdir(nursery) == 0 || errno == ENOENT else { throw StoreError(code: errno, during: .create, directory: nursery) }
    }

    private static func synchronize(_ directory: String) throws(StoreError) {
        try FileDescriptor(opening: directory, flags: O_RDONLY | O_DIRECTORY, during: .create).synchronize(during: .create)
    }
}
