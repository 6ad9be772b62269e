public import Cryptography

/// How long one side waits for the other.
public struct WireLimits: Sendable {
    /// For the next message to begin.
    public var idle: Duration
    /// For a whole message, once it has begun, and for one to be taken by the other side.
    public var message: Duration
    /// For the answer to a question.
    public var answer: Duration
    /// Connections at a time; each has a thread.
    public var maximumConnectionCount: Int
    /// Of one user, so that no user can take all.
    public var maximumConnectionCountPerUser: Int

    public init(
        idle: Duration = .seconds(60), message: Duration = .seconds(10), answer: Duration = .seconds(120),
        maximumConnectionCount: Int = 64, maximumConnectionCountPerUser: Int = 16
    ) {
        self.idle = idle
        self.message = message
        self.answer = answer
        self.maximumConnectionCount = maximumConnectionCount
        self.maximumConnectionCountPerUser = maximumConnectionCountPerUser
    }
}

/// Frames over one connection (`docs/spec/custody-wire.md` section 1). One thread at a time uses it.
public final class WireChannel: Sendable {
    private let connection: UnixConnection
    private let isClient: Bool
    private let limits: WireLimits

    public var peer: PeerCredentials { connection.peer }

    public init(_ connection: UnixConnection, isClient: Bool, limits: WireLimits = WireLimits()) {
        self.connection = connection
        self.isClient = isClient
        self.limits = limits
    }

    /// The next frame from the other side; nil when it has closed between frames.
    public func receive(within idle: Duration? = nil) throws(WireError) -> WireFrame? {
        do throws(UnixSocketError) {
            guard try connection.hasMore(deadline: .now + (idle ?? limits.idle)) else { return nil }
        } catch {
            throw .socket(error)
        }
        let deadline = ContinuousClock.now + limits.message
        let header = try WireHeader(decoding: read(WireHeader.byteCount, deadline: deadline), fromClient: !isClient)
        guard header.type.isSecret else { return WireFrame(header.type, body: try read(header.bodyByteCount, deadline: deadline)) }
        do throws(UnixSocketError) {
            return WireFrame(header.type, secret: try connection.readSecret(header.bodyByteCount, deadline: deadline))
        } catch {
            throw .socket(error)
        }
    }

    private func read(_ count: Int, deadline: ContinuousClock.Instant) throws(WireError) -> [UInt8] {
        do throws(UnixSocketError) {
            return try connection.read(count, deadline: deadline)
        } catch {
            throw .socket(error)
        }
    }

    /// Sends a frame whole.
    public func send(_ frame: borrowing WireFrame) throws(WireError) {
        precondition(frame.type.isFromClient == isClient, "each side says only what is its own to say")
        let deadline = ContinuousClock.now + limits.message
        do throws(UnixSocketError) {
            switch frame.secret {
            case .some(let secret):
                try connection.write(WireHeader(type: frame.type, bodyByteCount: secret.count).bytes.span, deadline: deadline)
                try connection.write(secret.span, deadline: deadline)
            case .none:
                let header = WireHeader(type: frame.type, bodyByteCount: frame.body.count)
                try connection.write((header.bytes + frame.body).span, deadline: deadline)
            }
        } catch {
            throw .socket(error)
        }
    }

    /// Ends the conversation; whoever waits on it is woken.
    public func shutDown() { connection.shutDown() }

    /// Takes nothing more from the other side; what is still to be said to it can be said.
    func stopReading() { connection.shutDownReading() }
}

/// The asking side of a conversation with a signer. One thread at a time uses it.
public final class WireClient: Sendable {
    /// Why there is no answer.
    public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// The signer said no.
        case refused(WireRefusal)
        /// The conversation broke; whether the question was acted on is not known, and asking again is safe.
        case broken(WireError)

        public var description: String {
            switch self {
            case .refused(let refusal): refusal.text
            case .broken(let error): error.description
            }
        }
    }

    private let channel: WireChannel
    private let limits: WireLimits

    /// Connects to the signer at `path`, which must run as `user`.
    public init(_ path: String, user: UInt32?, limits: WireLimits = WireLimits()) throws(UnixSocketError) {
        let connection = try UnixConnection.connect(path, user: user, deadline: .now + limits.message)
        channel = WireChannel(connection, isClient: true, limits: limits)
        self.limits = limits
    }

    /// The process that serves.
    public var peer: PeerCredentials { channel.peer }

    /// Sends a frame and waits for the body of its answer.
    public func ask(_ frame: borrowing WireFrame) throws(Failure) -> [UInt8] {
        let answer: Result<[UInt8], WireRefusal>
        do throws(WireError) {
            answer = try exchange(frame)
        } catch {
            throw .broken(error)
        }
        switch answer {
        case .success(let body): return body
        case .failure(let refusal): throw .refused(refusal)
        }
    }

    private func exchange(_ frame: borrowing WireFrame) throws(WireError) -> Result<[UInt8], WireRefusal> {
        do throws(WireError) {
            try channel.send(frame)
        } catch {
            // A signer that hung up may have said why.
            guard case .socket(.closed) = error else { throw error }
        }
        guard let answer = try channel.receive(within: limits.answer) else { throw .socket(.closed) }
        return answer.type == .answer ? .success(answer.body) : .failure(try WireRefusal(decoding: answer.body))
    }
}
