internal import Glibc

/// A file that only its owner may read, read and written in place: what a signer must not forget.
public final class RandomAccessFile: Sendable {
    public let path: String
    private let descriptor: Descriptor

    /// Opens the file at `path`; with `creating` it is made, durably, with mode 0600, when it is not there.
    ///
    /// Throws `notOwned` and `accessibleToOthers` when others could have changed it.
    public init(_ path: String, creating: Bool) throws(PrivateFileError) {
        self.path = path
        descriptor = try Descriptor(opening: path, flags: O_RDWR | O_NOFOLLOW | (creating ? O_CREAT : 0), mode: 0o600)
        var status = stat()
        guard unsafe fstat(descriptor.number, &status) == 0 else { throw .system("examine", path: path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular(path: path) }
        guard status.st_uid == geteuid() else { throw .notOwned(path: path) }
        guard status.st_mode & 0o077 == 0 else { throw .accessibleToOthers(path: path, mode: status.st_mode & 0o7777) }
        if creating, status.st_size == 0 { try PrivateFile.synchronizeDirectory(of: path) }
    }

    /// How many bytes it has now.
    public func byteCount() throws(PrivateFileError) -> Int {
        var status = stat()
        guard unsafe fstat(descriptor.number, &status) == 0 else { throw .system("examine", path: path, code: errno) }
        return status.st_size
    }

    /// Up to `count` bytes from `offset` on; fewer only where the file ends.
    public func read(_ count: Int, at offset: Int) throws(PrivateFileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            var output = bytes.mutableSpan
            let result = unsafe output.withUnsafeMutableBytes { buffer in
                unsafe pread(descriptor.number, buffer.baseAddress! + filled, count - filled, offset + filled)
            }
            if result > 0 {
                filled += result
            } else if result == 0 {
                return Array(bytes[..<filled])
            } else if errno != EINTR {
                throw .system("read", path: path, code: errno)
            }
        }
        return bytes
    }

    /// Writes all of `bytes` from `offset` on. They are durable after `synchronize`.
    public func write(_ bytes: Span<UInt8>, at offset: Int) throws(PrivateFileError) {
        var written = 0
        while written < bytes.count {
            let result = unsafe bytes.withUnsafeBytes { buffer in
                unsafe pwrite(descriptor.number, buffer.baseAddress! + written, buffer.count - written, offset + written)
            }
            if result >= 0 {
                written += result
            } else if errno != EINTR {
                throw .system("write", path: path, code: errno)
            }
        }
    }

    /// Returns when everything that was written is durable.
    public func synchronize() throws(PrivateFileError) {
        guard fdatasync(descriptor.number) == 0 else { throw .system("write", path: path, code: errno) }
    }

    /// Cuts the file to `count` bytes, durably.
    public func truncate(to count: Int) throws(PrivateFileError) {
        guard ftruncate(descriptor.number, count) == 0 else { throw .system("write", path: path, code: errno) }
        guard fsync(descriptor.number) == 0 else { throw .system("write", path: path, code: errno) }
    }

    /// Runs `body` while nobody else, in this process through another object or in another process, runs one on this file. Waits for them.
    public func withLock<Value, Failure: Error>(
        _ body: () throws(Failure) -> Value
    ) throws(PrivateFileError) -> Result<Value, Failure> {
        try lock(LOCK_EX)
        let result = Result(catching: body)
        try lock(LOCK_UN)
        return result
    }

    private func lock(_ operation: Int32) throws(PrivateFileError) {
        while flock(descriptor.number, operation) != 0 {
            guard errno == EINTR else { throw .system("lock", path: path, code: errno) }
        }
    }
}
