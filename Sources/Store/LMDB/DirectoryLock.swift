import Glibc

/// The right to use a data directory, held by one process at a time for as long as this object lives.
///
/// A lock on the file `LOCK` (`flock`, exclusive, without waiting) refuses a second process before it writes anything. The kernel
/// releases the lock when the process ends, however it ends, so that a crash leaves nothing to clean up. LMDB's own lock file
/// does not do this: it is made for several processes sharing one file, and the node keeps state beside LMDB.
final class DirectoryLock: Sendable {
    static let fileName = "LOCK"

    /// The locked directory.
    let path: String
    /// The locked file.
    private let file: FileDescriptor

    /// Locks an existing directory; throws `.inUse` when somebody else has it, `.notFound` when there is no such directory.
    init(path: String) throws(StoreError) {
        let directory = try FileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY, during: .lock)
        file = try FileDescriptor(opening: "\(path)/\(Self.fileName)", flags: O_RDWR | O_CREAT, during: .lock)
        self.path = directory.path
        var result: Int32
        repeat {
            result = flock(file.number, LOCK_EX | LOCK_NB)
        } while result != 0 && errno == EINTR
        guard result == 0 else {
            let code = errno
            throw code == EWOULDBLOCK ? .inUse(path: path) : StoreError(code: code, during: .lock, directory: path)
        }
    }

    /// Closing the file would release the lock too, but not while a child process that is just being started has a copy of it.
    deinit {
        let result = flock(file.number, LOCK_UN)
        precondition(result == 0, "a lock that is held could not be released")
    }
}
