public import Cryptography
internal import Dispatch
internal import Foundation
internal import Synchronization

/// What the signer says to a question.
public enum WireReply: Hashable, Sendable {
    /// The body has at most as many bytes as an `answer` may.
    case answer([UInt8])
    case refusal(WireRefusal)
}

/// Serves a Unix socket: a thread that accepts, and a thread for each connection, so that a slow peer holds up nobody but itself.
public final class WireServer: Sendable {
    /// Answers a question of a peer. Called by several threads at a time.
    public typealias Handler = @Sendable (PeerCredentials, borrowing WireFrame) -> WireReply

    private struct Connections {
        var isStopping = false
        var next: UInt64 = 0
        var open: [UInt64: WireChannel] = [:]
    }

    private static let stackByteCount = 1 << 20

    private let listener: UnixListener
    private let limits: WireLimits
    private let handler: Handler
    /// The threads of all connections and whoever stops the server change it, under its lock.
    private let connections = Mutex(Connections())
    /// Entered by every thread that has not ended.
    private let threads = DispatchGroup()

    public init(_ listener: UnixListener, limits: WireLimits = WireLimits(), handler: @escaping Handler) {
        self.listener = listener
        self.limits = limits
        self.handler = handler
        startThread { $0.acceptAll() }
    }

    /// Accepts nobody any more, lets every question that was read be answered, and returns when all threads have ended.
    @available(*, noasync, message: "a thread of the concurrency pool must not wait")
    public func stop() {
        listener.stop()
        let open = connections.withLock { connections in
            connections.isStopping = true
            return Array(connections.open.values)
        }
        for channel in open { channel.stopReading() }
        threads.wait()
    }

    private func startThread(_ body: @escaping @Sendable (WireServer) -> Void) {
        threads.enter()
        let thread = Thread { [self] in
            body(self)
            threads.leave()
        }
        thread.stackSize = Self.stackByteCount
        thread.start()
    }

    private func acceptAll() {
        while true {
            do throws(UnixSocketError) {
                guard let connection = try listener.accept() else { return }
                take(WireChannel(connection, isClient: false, limits: limits))
            } catch {
                // Descriptors or memory ran out: what is open goes on, and accepting is tried again once some of it has ended.
                if connections.withLock({ $0.isStopping }) { return }
                Thread.sleep(forTimeInterval: 0.05)
            }
        }
    }

    private func take(_ channel: WireChannel) {
        let user = channel.peer.userID
        let number: UInt64? = connections.withLock { connections in
            let ofUser = connections.open.values.count { $0.peer.userID == user }
            guard !connections.isStopping, connections.open.count < limits.maximumConnectionCount,
                ofUser < limits.maximumConnectionCountPerUser
            else { return nil }
            connections.next += 1
            connections.open[connections.next] = channel
            return connections.next
        }
        guard let number else {
            // Closed at once: the thread that accepts waits for nobody.
            return channel.shutDown()
        }
        startThread { server in
            server.converse(channel)
            channel.shutDown()
            server.connections.withLock { _ = $0.open.removeValue(forKey: number) }
        }
    }

    /// Answers questions one after the other until the peer has no more, or does not keep to the protocol.
    private func converse(_ channel: WireChannel) {
        do throws(WireError) {
            do throws(WireError) {
                while let frame = try channel.receive() {
                    try channel.send(handler(channel.peer, frame).frame)
                }
            } catch {
                // Whoever speaks another protocol is told so, once; a broken connection is told nothing.
                if case .socket = error { return }
                try channel.send(WireReply.refusal(WireRefusal(code: "malformed", text: error.description)).frame)
            }
        } catch {
            return
        }
    }
}

extension WireReply {
    fileprivate var frame: WireFrame {
        switch self {
        case .answer(let body): WireFrame(.answer, body: body)
        case .refusal(let refusal): WireFrame(.refusal, body: refusal.bytes)
        }
    }
}
