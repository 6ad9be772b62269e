import Glibc

/// An open file, closed when its owner goes. The one place where `Store` calls the operating system about files.
struct FileDescriptor: ~Copyable {
    let number: Int32
    let path: String

    /// Opens `path` with the given `open(2)` flags; a new file gets mode 0600. Never follows a symbolic link in the last part.
    init(opening path: String, flags: Int32, during activity: Activity) throws(StoreError) {
        var result: Int32
        repeat {
            result = unsafe open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        } while result < 0 && errno == EINTR
        guard result >= 0 else { throw StoreError(code: errno, during: activity, directory: path) }
        number = result
        self.path = path
    }

    deinit {
        let result = close(number)
        precondition(result == 0 || errno != EBADF, "a file descriptor was closed twice")
    }

    /// The file's size in bytes.
    func sizeBytes() throws(StoreError) -> UInt64 {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw StoreError(code: errno, during: .check, directory: path) }
        return UInt64(status.st_size)
    }

    /// Device and inode, which name a file whatever the path that led to it.
    func identity() throws(StoreError) -> FileIdentity {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw StoreError(code: errno, during: .check, directory: path) }
        return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    /// Up to `count` bytes at `offset`; fewer only at the end of the file.
    func read(count: Int, at offset: UInt64) throws(StoreError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let part = unsafe bytes.withUnsafeMutableBytes { room in
                unsafe pread(number, room.baseAddress.map { unsafe $0 + filled }, count - filled, off_t(offset) + off_t(filled))
            }
            if part < 0 && errno == EINTR { continue }
            guard part >= 0 else { throw StoreError(code: errno, during: .check, directory: path) }
            if part == 0 { break }
            filled += part
        }
        bytes.removeLast(count - filled)
        return bytes
    }

    /// Makes the file's contents and size, or a directory's entries, durable.
    func synchronize(during activity: Activity) throws(StoreError) {
        guard fsync(number) == 0 else { throw StoreError(code: errno, during: activity, directory: path) }
    }

    /// Takes disk blocks for the first `count` bytes, so that no later write there can find the disk full.
    func allocate(count: Int) throws(StoreError) {
        var result: Int32
        repeat {
            result = posix_fallocate(number, 0, off_t(count))
        } while result == EINTR
        guard result == 0 else { throw StoreError(code: result, during: .create, directory: path) }
    }
}

/// A file's device and inode numbers.
struct FileIdentity: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
}

/// Whether something exists at `path` (a dangling link counts).
func exists(_ path: String) throws(StoreError) -> Bool {
    var status = stat()
    if unsafe lstat(path, &status) == 0 { return true }
    guard errno == ENOENT else { throw StoreError(code: errno, during: .check, directory: path) }
    return false
}
