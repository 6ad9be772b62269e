/// What one connection may take its time for: a state machine without clock and network, driven by `ConnectionGuard`.
///
/// A connection is bounded in three ways that the HTTP framework does not see to:
/// - a request's body has to arrive within `bodyRead`, however steadily it trickles;
/// - while more waits to be sent than the connection takes, at least `minimumWriteBytes` must leave in every `writeStall`, or the
///   client is given up: it does not read, or so slowly that it only means to hold the connection;
/// - after an answer with `Connection: close` the client has `linger` to read it; meanwhile what it still sends is read and thrown
///   away, because closing with unread bytes would reset the connection and could destroy the answer.
///
/// Times are nanoseconds of a monotonic clock.
struct ConnectionProgress {
    /// With the least time that a stall can be set to, 16 kB a second; no client that means to read is slower.
    static let minimumWriteBytes: UInt64 = 16_384

    /// How long each may take, in nanoseconds.
    struct Limits: Sendable {
        let bodyRead: UInt64
        let writeStall: UInt64
        let linger: UInt64
    }

    /// What the driver has to do.
    enum Action: Equatable {
        case nothing
        /// Call `timeReached` at this time.
        case wake(at: UInt64)
        /// Fail the body being read, and call `timeReached` at this time if one is given.
        case failBody(wakeAt: UInt64?)
        /// Close the connection for writing once what is written is sent, and call `answerSent`.
        case finishAnswer
        /// Close the connection.
        case close
    }

    private let limits: Limits
    private var bodyDue: UInt64?
    private var writeDue: UInt64?
    /// What had been sent when `writeDue` was set.
    private var sentBytes: UInt64 = 0
    private var closeDue: UInt64?
    private var closesAfterAnswer = false
    /// Requests whose answers have not ended.
    private var openRequests = 0
    /// When the driver is going to wake, if it is.
    private var wakesAt: UInt64?

    init(_ limits: Limits) { self.limits = limits }

    /// The head of a request has arrived, its body is to come.
    mutating func requestBegan(at now: UInt64) -> Action {
        bodyDue = now + limits.bodyRead
        openRequests += 1
        return arm()
    }

    /// Whether the request that has just begun is the only one, so that something may be written to its client now.
    var isOnlyRequest: Bool { openRequests == 1 }

    /// The last byte of a request has arrived.
    mutating func requestEnded() {
        bodyDue = nil
    }

    /// The head of an answer is written.
    mutating func answerBegan(closesConnection: Bool) {
        if closesConnection { closesAfterAnswer = true }
    }

    /// The last part of an answer is written, though not yet sent.
    mutating func answerEnded() -> Action {
        openRequests = max(0, openRequests - 1)
        return closesAfterAnswer ? .finishAnswer : .nothing
    }

    /// An answer that closes the connection has been sent.
    mutating func answerSent(at now: UInt64) -> Action {
        closeDue = now + limits.linger
        return arm()
    }

    /// The connection takes more bytes, or has as many waiting as it holds.
    /// - Parameter sentBytes: what was sent since the connection began. What waits would not do: it also grows, by other answers.
    mutating func writabilityChanged(isWritable: Bool, sentBytes: UInt64, at now: UInt64) -> Action {
        writeDue = isWritable ? nil : now + limits.writeStall
        self.sentBytes = sentBytes
        return arm()
    }

    /// The time asked for with `wake` has come.
    /// - Parameter sentBytes: what was sent since the connection began.
    mutating func timeReached(_ now: UInt64, sentBytes: UInt64) -> Action {
        wakesAt = nil
        if isDue(closeDue, now) { return .close }
        if isDue(writeDue, now) {
            guard sentBytes >= self.sentBytes + Self.minimumWriteBytes else { return .close }
            writeDue = now + limits.writeStall
            self.sentBytes = sentBytes
        }
        guard isDue(bodyDue, now) else { return arm() }
        bodyDue = nil
        guard case .wake(let time) = arm() else { return .failBody(wakeAt: nil) }
        return .failBody(wakeAt: time)
    }

    /// Most requests end long before their time: one timer per connection stands for all that may be due, and is looked at again
    /// when it goes off.
    private mutating func arm() -> Action {
        guard let next = [bodyDue, writeDue, closeDue].compactMap({ $0 }).min() else { return .nothing }
        if let wakesAt, wakesAt <= next { return .nothing }
        wakesAt = next
        return .wake(at: next)
    }

    private func isDue(_ due: UInt64?, _ now: UInt64) -> Bool {
        due.map { $0 <= now } ?? false
    }
}
