import NIOCore
import Synchronization

/// Hands live events to all who subscribed, without ever waiting for one of them.
///
/// Every subscriber has a buffer of a fixed number of events. Whoever lets it run full is dropped: its stream ends with a comment that
/// says so, and the client comes back with `Last-Event-ID`. The hub keeps no events: what was missed is read from the store. For
/// that, subscribe first, then read the store, then skip the live events that were in it.
final class EventHub: Sendable {
    private struct State {
        var feeds: [UInt64: EventFeed] = [:]
        var nextNumber: UInt64 = 0
        var isClosed = false
    }

    private let bufferEvents: Int
    private let maximumSubscribers: Int
    private let state = Mutex(State())

    init(bufferEvents: Int, maximumSubscribers: Int) {
        self.bufferEvents = bufferEvents
        self.maximumSubscribers = maximumSubscribers
    }

    /// How many are subscribed.
    var subscriberCount: Int { state.withLock { $0.feeds.count } }

    /// Begins a subscription to all events published from now on. It ends when it is released, or when the task reading it is cancelled.
    /// - Throws: `tooManySubscribers`, `shuttingDown`.
    func subscribe() throws(Problem) -> EventSubscription {
        let made: Result<EventSubscription, Problem> = state.withLock { state in
            if state.isClosed { return .failure(Problem(.shuttingDown)) }
            guard state.feeds.count < maximumSubscribers else { return .failure(Problem(.tooManySubscribers)) }
            let number = state.nextNumber
            state.nextNumber += 1
            let subscription = EventSubscription(bufferEvents: bufferEvents) { [weak self] in self?.remove(number) }
            state.feeds[number] = subscription.feed
            return .success(subscription)
        }
        return try made.get()
    }

    /// Gives an event to every subscriber. Never waits.
    /// - Parameter position: where in the chain the event belongs; a subscriber that read the store up to there skips it.
    func publish(_ event: ServerSentEvent, at position: UInt64) {
        let item = LiveEvent(position: position, bytes: event.bytes)
        for feed in feeds where !feed.offer(item) { feed.end(.tooSlow) }
    }

    /// Gives every subscriber a heartbeat. One whose buffer is full has enough to send and gets none.
    func sendHeartbeats() {
        let heartbeat = LiveEvent(position: nil, bytes: ServerSentEvent.comment("heartbeat"))
        for feed in feeds { _ = feed.offer(heartbeat) }
    }

    /// Ends all streams, and refuses new ones: the node is shutting down.
    func close() {
        state.withLock { $0.isClosed = true }
        for feed in feeds { feed.end(.shuttingDown) }
    }

    /// A copy: ending a feed removes it, which takes the same lock.
    private var feeds: [EventFeed] { state.withLock { Array($0.feeds.values) } }

    private func remove(_ number: UInt64) {
        state.withLock { $0.feeds[number] = nil }
    }
}

/// What a subscriber gets.
struct LiveEvent: Equatable, Sendable {
    /// Where in the chain the event belongs; nil for a comment, which belongs nowhere.
    let position: UInt64?
    /// As it is sent. All subscribers share the bytes.
    let bytes: ByteBuffer
}

/// The hub's end of a subscription. It keeps the stream's buffer, but not the stream: once the subscriber lets go of that, it ends.
private final class EventFeed: Sendable {
    private let continuation: AsyncStream<LiveEvent>.Continuation
    // Written by whoever ends the stream, read by the subscriber once the stream has ended.
    private let ending = Mutex<EventSubscription.Ending?>(nil)

    init(_ continuation: AsyncStream<LiveEvent>.Continuation) {
        self.continuation = continuation
    }

    /// False if the buffer is full and the item was not taken.
    func offer(_ item: LiveEvent) -> Bool {
        if case .dropped = continuation.yield(item) { return false }
        return true
    }

    func end(_ reason: EventSubscription.Ending) {
        ending.withLock { if $0 == nil { $0 = reason } }
        continuation.finish()
    }

    var reason: EventSubscription.Ending? { ending.withLock { $0 } }
}

/// One subscriber's events: an asynchronous sequence to be read once, by one task.
struct EventSubscription: AsyncSequence, Sendable {
    typealias Element = LiveEvent

    /// Why a stream ends before the client ends it.
    enum Ending: Sendable {
        case tooSlow
        case shuttingDown

        /// The last that the client reads.
        var comment: ByteBuffer {
            switch self {
            case .tooSlow: ServerSentEvent.comment("dropped: too slow; reconnect with Last-Event-ID")
            case .shuttingDown: ServerSentEvent.comment("closed: the node is shutting down; reconnect with Last-Event-ID")
            }
        }
    }

    fileprivate let feed: EventFeed
    private let stream: AsyncStream<LiveEvent>

    fileprivate init(bufferEvents: Int, onTermination: @escaping @Sendable () -> Void) {
        let (stream, continuation) = AsyncStream.makeStream(of: LiveEvent.self, bufferingPolicy: .bufferingOldest(bufferEvents))
        continuation.onTermination = { _ in onTermination() }
        self.stream = stream
        feed = EventFeed(continuation)
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(feed, stream.makeAsyncIterator()) }

    struct AsyncIterator: AsyncIteratorProtocol {
        private let feed: EventFeed
        private var base: AsyncStream<LiveEvent>.Iterator
        private var hasEnded = false

        fileprivate init(_ feed: EventFeed, _ base: AsyncStream<LiveEvent>.Iterator) {
            self.feed = feed
            self.base = base
        }

        /// The next event; behind the last, a comment that says why there are no more, unless the client itself has gone.
        mutating func next() async -> LiveEvent? {
            if hasEnded { return nil }
            if let event = await base.next() { return event }
            hasEnded = true
            return feed.reason.map { LiveEvent(position: nil, bytes: $0.comment) }
        }
    }
}
