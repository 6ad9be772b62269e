internal import Glibc

/// Small files that only their owner may read: key files and passphrases.
///
/// Every check is made on the open descriptor, not on the path, so the file checked is the file read.
public enum PrivateFile {
    /// What was read, and who else could have read or written it.
    public struct Contents: ~Copyable, Sendable {
        /// The whole file.
        public let bytes: SecretBytes
        /// As given to `read`.
        public let path: String
        /// The permission bits.
        public let mode: UInt32
        /// Whether the file belongs to the user that this process acts for.
        public let isOwned: Bool

        /// Throws unless the file belongs to this user and grants nothing to the group or to others.
        public borrowing func requirePrivate() throws(PrivateFileError) {
            guard isOwned else { throw .notOwned(path: path) }
            guard mode & 0o077 == 0 else { throw .accessibleToOthers(path: path, mode: mode) }
        }
    }

    /// Reads the regular file at `path`, of at most `maximumByteCount` bytes. Symbolic links are followed; a directory,
    /// a pipe or a device is refused. Whether the file is private is for the caller to require.
    public static func read(_ path: String, maximumByteCount: Int) throws(PrivateFileError) -> Contents {
        let descriptor = try Descriptor(opening: path, flags: O_RDONLY | O_NONBLOCK, mode: 0)
        var status = stat()
        guard unsafe fstat(descriptor.number, &status) == 0 else { throw .system("examine", path: path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular(path: path) }
        guard status.st_size <= maximumByteCount else { throw .tooLarge(path: path, maximumByteCount: maximumByteCount) }
        let byteCount = Int(status.st_size)
        let bytes = try SecretBytes(count: byteCount) { (output) throws(PrivateFileError) in
            try descriptor.read(into: &output, path: path)
        }
        return Contents(bytes: bytes, path: path, mode: status.st_mode & 0o7777, isOwned: status.st_uid == geteuid())
    }

    /// Writes `bytes` to a new file at `path` with mode 0600, so that after a crash or power loss there is either the
    /// whole file or none. Throws `alreadyExists`, and changes nothing, if there is something at `path`.
    public static func create(_ path: String, _ bytes: Span<UInt8>) throws(PrivateFileError) {
        let temporary = "\(path).\(Hexadecimal.encode(Randomness.bytes(8))).part"
        do throws(PrivateFileError) {
            try write(bytes, to: temporary)
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
        // Unlike a rename, a link never replaces what another process put there meanwhile.
        let linked = unsafe link(temporary, path)
        let code = errno
        _ = unsafe unlink(temporary)
        guard linked == 0 else {
            throw code == EEXIST ? .alreadyExists(path: path) : .system("create", path: path, code: code)
        }
        try synchronizeDirectory(of: path)
    }

    static func write(_ bytes: Span<UInt8>, to path: String) throws(PrivateFileError) {
        let descriptor = try Descriptor(opening: path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        // The mode given at opening is reduced by the process's mask.
        guard fchmod(descriptor.number, 0o600) == 0 else { throw .system("protect", path: path, code: errno) }
        try descriptor.write(bytes, path: path)
        guard fsync(descriptor.number) == 0 else { throw .system("write", path: path, code: errno) }
    }

    /// Makes the name of the file or directory at `path`, which is new, durable in its directory.
    public static func synchronizeDirectory(of path: String) throws(PrivateFileError) {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = try Descriptor(opening: directory, flags: O_RDONLY | O_DIRECTORY, mode: 0)
        guard fsync(descriptor.number) == 0 else { throw .system("write", path: directory, code: errno) }
    }
}

/// An open file, closed when the value ends.
struct Descriptor: ~Copyable {
    let number: Int32

    init(opening path: String, flags: Int32, mode: mode_t) throws(PrivateFileError) {
        while true {
            let result = unsafe open(path, flags | O_CLOEXEC, mode)
            if result >= 0 {
                number = result
                return
            }
            guard errno == EINTR else { throw .system("open", path: path, code: errno) }
        }
    }

    deinit {
        // Whatever had to be durable was synchronised before, so a late error here changes nothing.
        _ = close(number)
    }

    /// Fills `output`. A file that got shorter since it was measured is an error.
    borrowing func read(into output: inout MutableSpan<UInt8>, path: String) throws(PrivateFileError) {
        var filled = 0
        while filled < output.count {
            let result = unsafe output.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(number, buffer.baseAddress! + filled, buffer.count - filled)
            }
            if result > 0 {
                filled += result
            } else if result == 0 {
                throw .system("read", path: path, code: EIO)
            } else if errno != EINTR {
                throw .system("read", path: path, code: errno)
            }
        }
    }

    /// Writes all of `bytes`.
    borrowing func write(_ bytes: Span<UInt8>, path: String) throws(PrivateFileError) {
        var written = 0
        while written < bytes.count {
            let result = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(number, buffer.baseAddress! + written, buffer.count - written)
            }
            if result >= 0 {
                written += result
            } else if errno != EINTR {
                throw .system("write", path: path, code: errno)
            }
        }
    }
}

/// Why a private file was not read or written.
public enum PrivateFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The operating system refused, with its error code.
    case system(_ operation: String, path: String, code: Int32)
    /// A directory, pipe, device or socket.
    case notRegular(path: String)
    /// The file belongs to another user.
    case notOwned(path: String)
    /// The group or others may read, write or execute the file; `mode` is its permission bits.
    case accessibleToOthers(path: String, mode: UInt32)
    /// The file has more bytes than the caller allows.
    case tooLarge(path: String, maximumByteCount: Int)
    /// There is something at the path of the file to create.
    case alreadyExists(path: String)
    /// Another process holds the lock.
    case locked(path: String)

    /// What happened, why, and what to do next.
    public var description: String {
        switch self {
        case .system(let operation, let path, let code):
            "Could not \(operation) \(path): \(unsafe String(cString: strerror(code))). Check the path, its permissions and the space left, and try again."
        case .notRegular(let path):
            "\(path) is not a regular file, so it is not read as a secret. Give the path of the file itself."
        case .notOwned(let path):
            "\(path) belongs to another user, who could change it. Make a copy that you own, with mode 0600."
        case .accessibleToOthers(let path, let mode):
            "\(path) has mode 0\(String(mode, radix: 8)): other users may have access to it. Run chmod 600 on it, and consider its content known if they had."
        case .tooLarge(let path, let maximumByteCount):
            "\(path) has more than \(maximumByteCount) bytes, too many for what it should hold. Check that it is the right file."
        case .alreadyExists(let path):
            "\(path) already exists and was left as it is. Choose another path, or move the file away first."
        case .locked(let path):
            "Another process holds \(path), and two must not use what it guards. End the other one first."
        }
    }
}
