internal import CLinux
internal import Glibc

/// Who is at the other end of a Unix socket, as the kernel says; nobody can claim to be someone else.
public struct PeerCredentials: Hashable, Sendable {
    /// For the log only: a number is given to another process once this one has ended.
    public let processID: Int32
    public let userID: UInt32
    public let groupID: UInt32

    public init(processID: Int32, userID: UInt32, groupID: UInt32) {
        self.processID = processID
        self.userID = userID
        self.groupID = groupID
    }
}

/// One connection over a Unix socket. One thread at a time reads, and one writes; `shutDown` may be called by any.
///
/// Whatever waits has a deadline, which holds for all of what is asked for: a peer that gives a byte now and then does not move it.
public final class UnixConnection: Sendable {
    private let descriptor: Int32
    /// The process that connected; on the connecting side, the one that listens.
    public let peer: PeerCredentials

    /// Takes over the descriptor of a connected socket.
    init(descriptor: Int32, path: String) throws(UnixSocketError) {
        self.descriptor = descriptor
        var credentials = coffer_peer()
        guard unsafe coffer_get_peer(descriptor, &credentials) == 0 else {
            let code = errno
            _ = close(descriptor)
            throw .system("examine the peer at", path: path, code: code)
        }
        peer = PeerCredentials(processID: credentials.process, userID: credentials.user, groupID: credentials.group)
    }

    deinit {
        _ = close(descriptor)
    }

    /// Connects to the socket at `path`. With `user`, the listening process must belong to that user: else whoever got at the path could
    /// pass for it.
    public static func connect(
        _ path: String, user: UInt32? = nil, deadline: ContinuousClock.Instant
    ) throws(UnixSocketError) -> UnixConnection {
        let address = try UnixSocketAddress(path)
        let descriptor = try UnixSocketAddress.newSocket(path)
        while address.connect(descriptor) != 0 {
            let code = errno
            // The listener's queue is full: unlike other sockets, this kind cannot be waited for.
            if code == EAGAIN, ContinuousClock.now < deadline {
                usleep(2_000)
                continue
            }
            if code == EINTR { continue }
            _ = close(descriptor)
            throw switch code {
            case EAGAIN: .timedOut
            case ENOENT, ECONNREFUSED: .notServed(path: path)
            default: .system("connect to", path: path, code: code)
            }
        }
        let connection = try UnixConnection(descriptor: descriptor, path: path)
        if let user, connection.peer.userID != user { throw .wrongPeer(expected: user, actual: connection.peer.userID) }
        return connection
    }

    /// Ends the connection both ways. Whoever waits on it is woken.
    public func shutDown() {
        // It may have ended already, which is as good.
        _ = Glibc.shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Takes no more bytes: what was not read is as if the peer had closed. Writing goes on.
    public func shutDownReading() {
        _ = Glibc.shutdown(descriptor, Int32(SHUT_RD))
    }

    /// Waits for the next byte. False when the peer closed instead: between messages, that is how a conversation ends.
    public func hasMore(deadline: ContinuousClock.Instant) throws(UnixSocketError) -> Bool {
        var byte: UInt8 = 0
        while true {
            let result = unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
            if result >= 0 { return result == 1 }
            try waitOrThrow(for: POLLIN, deadline: deadline)
        }
    }

    /// The next `count` bytes. The caller has checked the count against a limit.
    public func read(_ count: Int, deadline: ContinuousClock.Instant) throws(UnixSocketError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        try read(into: &span, deadline: deadline)
        return bytes
    }

    /// The next `count` bytes, which are in no other memory of this process.
    public func readSecret(_ count: Int, deadline: ContinuousClock.Instant) throws(UnixSocketError) -> SecretBytes {
        try SecretBytes(count: count) { (bytes) throws(UnixSocketError) in try read(into: &bytes, deadline: deadline) }
    }

    private func read(into bytes: inout MutableSpan<UInt8>, deadline: ContinuousClock.Instant) throws(UnixSocketError) {
        var filled = 0
        while filled < bytes.count {
            let result = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe recv(descriptor, buffer.baseAddress! + filled, buffer.count - filled, Int32(MSG_DONTWAIT))
            }
            if result > 0 {
                filled += result
            } else if result == 0 {
                throw .closed
            } else {
                try waitOrThrow(for: POLLIN, deadline: deadline)
            }
        }
    }

    /// Writes all of `bytes`.
    public func write(_ bytes: Span<UInt8>, deadline: ContinuousClock.Instant) throws(UnixSocketError) {
        var written = 0
        while written < bytes.count {
            let result = unsafe bytes.withUnsafeBytes { buffer in
                unsafe send(
                    descriptor, buffer.baseAddress! + written, buffer.count - written,
                    Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            }
            if result >= 0 {
                written += result
            } else {
                try waitOrThrow(for: POLLOUT, deadline: deadline)
            }
        }
    }

    /// After a call that failed: waits when that helps, and throws what else it was.
    private func waitOrThrow(for event: Int32, deadline: ContinuousClock.Instant) throws(UnixSocketError) {
        switch errno {
        case EINTR: return
        case EAGAIN: break
        case EPIPE, ECONNRESET: throw .closed
        case let code: throw .system("use", path: "the connection", code: code)
        }
        let left = (deadline - .now) / Duration.milliseconds(1)
        guard left > 0 else { throw .timedOut }
        var request = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        // Rounded up, so that the last part of a millisecond is not spent spinning.
        let result = unsafe poll(&request, 1, Int32(min(left.rounded(.up), 60_000)))
        guard result >= 0 || errno == EINTR else { throw .system("wait for", path: "the connection", code: errno) }
    }
}

/// The address of a Unix socket.
struct UnixSocketAddress {
    static let maximumPathByteCount = 107
    private var address = sockaddr_un()

    init(_ path: String) throws(UnixSocketError) {
        let bytes = Array(path.utf8)
        guard (1...Self.maximumPathByteCount).contains(bytes.count), !bytes.contains(0) else { throw .pathTooLong(path) }
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    }

    static func newSocket(_ path: String, isBlocking: Bool = false) throws(UnixSocketError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, kind | (isBlocking ? 0 : Int32(SOCK_NONBLOCK.rawValue)), 0)
        guard descriptor >= 0 else { throw .system("make a socket for", path: path, code: errno) }
        return descriptor
    }

    func connect(_ descriptor: Int32) -> Int32 { unsafe withAddress { unsafe Glibc.connect(descriptor, $0, $1) } }

    func bind(_ descriptor: Int32) -> Int32 { unsafe withAddress { unsafe Glibc.bind(descriptor, $0, $1) } }

    private func withAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

/// The user that this process acts for.
public enum ProcessUser {
    public static var current: UInt32 { geteuid() }
}
