internal import Glibc

/// Why something with a Unix socket was not done.
public enum UnixSocketError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The operating system refused, with its error code.
    case system(_ operation: String, path: String, code: Int32)
    /// A socket's path has at most 107 bytes, and no NUL.
    case pathTooLong(String)
    /// Others may put something in the place of the socket; `mode` is the directory's permission bits.
    case directoryNotPrivate(path: String, mode: UInt32)
    /// There is something at the path that is no socket of this user.
    case occupied(path: String)
    /// Another process serves there.
    case inUse(path: String)
    /// Nobody serves there.
    case notServed(path: String)
    /// The process at the other end belongs to another user than it must.
    case wrongPeer(expected: UInt32, actual: UInt32)
    /// The other end was too slow.
    case timedOut
    /// The other end closed, and more was to come.
    case closed

    /// What happened, why, and what to do next.
    public var description: String {
        switch self {
        case .system(let operation, let path, let code):
            "Could not \(operation) \(path): \(unsafe String(cString: strerror(code))). Check the path and its permissions, and try again."
        case .pathTooLong(let path):
            "\(path) cannot be a socket's path: it may have \(UnixSocketAddress.maximumPathByteCount) bytes. Choose a shorter one."
        case .directoryNotPrivate(let path, let mode):
            "\(path) has mode 0\(String(mode, radix: 8)) or another owner, so that others could put a socket of theirs in the place of this one. Give it to this user and run chmod go-w on it."
        case .occupied(let path):
            "There is something at \(path) that is no socket of this user. It was left as it is: move it away, or choose another path."
        case .inUse(let path): "Another process serves at \(path). End it first, or choose another path."
        case .notServed(let path): "Nobody serves at \(path). Start the signer, or check the path."
        case .wrongPeer(let expected, let actual):
            "The process at the other end runs as user \(actual) and must run as user \(expected). Check who serves there before trying again."
        case .timedOut: "The other end was too slow, and was given up. Try again."
        case .closed: "The other end closed the connection before all was said. Look at its log, and try again."
        }
    }
}
