internal import Glibc

extension PrivateFile {
    /// Writes `bytes` to the file at `path` with mode 0600, in place of what is there. They are durable when it returns; after a crash or
    /// power loss before that, the file is whole as it was or whole as it is to be. The caller is the only one to write it.
    ///
    /// After an error the file may be either of the two.
    public static func replace(_ path: String, _ bytes: Span<UInt8>) throws(PrivateFileError) {
        let temporary = "\(path).part"
        // Left behind by a process that was killed here.
        _ = unsafe unlink(temporary)
        do throws(PrivateFileError) {
            try write(bytes, to: temporary)
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
        guard unsafe rename(temporary, path) == 0 else {
            let code = errno
            _ = unsafe unlink(temporary)
            throw .system("replace", path: path, code: code)
        }
        try synchronizeDirectory(of: path)
    }

    /// Gives the file at `temporary`, which is durable, its name, durably. What has the name already is replaced.
    public static func name(_ temporary: String, to path: String) throws(PrivateFileError) {
        guard unsafe rename(temporary, path) == 0 else { throw .system("name", path: path, code: errno) }
        try synchronizeDirectory(of: path)
    }
}

/// The right to use what a file stands for, held by one process at a time for as long as this object lives.
///
/// The kernel releases it when the process ends, however it ends, so that a crash leaves nothing to clean up.
public final class FileLock: Sendable {
    private let descriptor: Descriptor

    /// Locks the file at `path`, which is made when it is not there. Throws `locked` when another process, or this one, has it.
    public init(_ path: String) throws(PrivateFileError) {
        descriptor = try Descriptor(opening: path, flags: O_RDWR | O_CREAT, mode: 0o600)
        var result: Int32
        repeat {
            result = flock(descriptor.number, LOCK_EX | LOCK_NB)
        } while result != 0 && errno == EINTR
        guard result == 0 else {
            let code = errno
            throw code == EWOULDBLOCK ? .locked(path: path) : .system("lock", path: path, code: code)
        }
    }

    /// Closing would release the lock too, but not while a child process that is just being started has a copy of the descriptor.
    deinit {
        let result = flock(descriptor.number, LOCK_UN)
        precondition(result == 0, "a lock that is held could not be released")
    }
}
