internal import CLinux
internal import Glibc

/// A Unix socket that this process serves, at a path that nobody else can put a socket of theirs at.
///
/// What a process that was killed left behind is replaced; what another process serves, or what is no socket, is left as it is.
public final class UnixListener: Sendable {
    /// How many connections wait to be accepted before further ones are made to.
    public static let queueCount: Int32 = 64

    private let descriptor: Int32
    public let path: String
    private let identity: FileIdentity
    /// Held as long as the socket is served: it tells a live socket from one that was left behind.
    private let lock: FileLock

    /// Serves at `path` with the permission bits `mode` (who may write may connect) and the group `group`, else this process's.
    ///
    /// The directory must belong to this user or to root, and be writable by its owner alone. Until the socket has its mode, its group
    /// and its queue, it is under another name.
    public init(_ path: String, mode: UInt32 = 0o600, group: UInt32? = nil) throws(UnixSocketError) {
        precondition(mode & ~0o777 == 0, "permission bits only")
        _ = try UnixSocketAddress(path)
        try Self.checkDirectory(of: path)
        do throws(PrivateFileError) {
            lock = try FileLock("\(path).lock")
        } catch {
            if case .locked = error { throw .inUse(path: path) }
            guard case .system(let operation, let path, let code) = error else { throw .occupied(path: path) }
            throw .system(operation, path: path, code: code)
        }
        try Self.checkPlace(path)
        let temporary = "\(path).\(Hexadecimal.encode(Randomness.bytes(4)))"
        // One that does not block never says that it was shut down.
        let descriptor = try UnixSocketAddress.newSocket(path, isBlocking: true)
        do throws(UnixSocketError) {
            try Self.serve(descriptor, at: temporary, mode: mode, group: group)
            guard let identity = FileIdentity(temporary) else { throw .system("examine", path: temporary, code: errno) }
            guard unsafe rename(temporary, path) == 0 else { throw .system("serve at", path: path, code: errno) }
            self.identity = identity
        } catch {
            _ = close(descriptor)
            _ = unsafe unlink(temporary)
            throw error
        }
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        _ = close(descriptor)
        // Not when somebody put something else there meanwhile.
        if FileIdentity(path) == identity { _ = unsafe unlink(path) }
    }

    /// Makes every `accept` end, now and later.
    public func stop() {
        _ = Glibc.shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Waits for a connection; nil once `stop` was called.
    public func accept() throws(UnixSocketError) -> UnixConnection? {
        while true {
            let connection = coffer_accept(descriptor)
            if connection >= 0 { return try UnixConnection(descriptor: connection, path: path) }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EINVAL: return nil
            case let code: throw .system("accept a connection at", path: path, code: code)
            }
        }
    }

    private static func checkDirectory(of path: String) throws(UnixSocketError) {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        var status = stat()
        guard unsafe stat(directory, &status) == 0 else { throw .system("examine", path: directory, code: errno) }
        let isOwned = status.st_uid == geteuid() || status.st_uid == 0
        guard status.st_mode & S_IFMT == S_IFDIR, isOwned, status.st_mode & 0o022 == 0 else {
            throw .directoryNotPrivate(path: directory, mode: status.st_mode & 0o7777)
        }
    }

    /// Throws unless there is nothing at `path`, or a socket of this user that nobody serves.
    private static func checkPlace(_ path: String) throws(UnixSocketError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw .system("examine", path: path, code: errno) }
            return
        }
        guard status.st_mode & S_IFMT == S_IFSOCK, status.st_uid == geteuid() else { throw .occupied(path: path) }
        let descriptor = try UnixSocketAddress.newSocket(path)
        defer { _ = close(descriptor) }
        let address = try UnixSocketAddress(path)
        // A full queue is a live listener's, too.
        let result = address.connect(descriptor)
        guard result != 0, errno == ECONNREFUSED || errno == ENOENT else { throw .inUse(path: path) }
    }

    private static func serve(_ descriptor: Int32, at path: String, mode: UInt32, group: UInt32?) throws(UnixSocketError) {
        let address: UnixSocketAddress = try UnixSocketAddress(path)
        guard address.bind(descriptor) == 0 else { throw .system("make", path: path, code: errno) }
        if let group, unsafe lchown(path, uid_t.max, group) != 0 { throw .system("give its group to", path: path, code: errno) }
        guard unsafe chmod(path, mode) == 0 else { throw .system("protect", path: path, code: errno) }
        guard listen(descriptor, queueCount) == 0 else { throw .system("listen at", path: path, code: errno) }
    }
}

/// Which file a path means.
private struct FileIdentity: Equatable {
    private let device: UInt64
    private let number: UInt64

    init?(_ path: String) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        number = UInt64(status.st_ino)
    }
}
