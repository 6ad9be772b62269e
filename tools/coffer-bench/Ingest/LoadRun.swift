import NIOCore
import NIOPosix

/// Requests to be sent, rendered whole, and what their answers must hold.
struct Load: Sendable {
    /// How requests are timed.
    enum Pace: Sendable {
        /// Each connection sends its next request when the last is answered.
        case closed
        /// So many requests a second, whatever becomes of them; delays count from the time that a request was due.
        case open(requestsPerSecond: Double)
    }

    let requests: [ByteBuffer]
    /// How many times every good answer has `word`; a request may differ in the last.
    let expected: @Sendable (Int) -> Int
    let word: [UInt8]
    let pace: Pace
    /// Requests are sent over and over until this many seconds are over; nil sends each once.
    var repeatingSeconds: Double?
}

/// What a load gave.
struct LoadResult: Sendable {
    /// From sending, or from when it was due, until the answer; nanoseconds, ascending.
    var latencies: [Int64]
    /// From the first request to the last answer.
    let seconds: Double

    /// In milliseconds.
    func percentile(_ share: Double) -> Double {
        guard !latencies.isEmpty else { return 0 }
        let position = min(latencies.count - 1, Int((Double(latencies.count) * share).rounded(.up)) - 1)
        return Double(latencies[max(0, position)]) / 1e6
    }
}

/// Drives one load over connections that all belong to one event loop, where everything in here happens.
final class LoadRun {
    private let load: Load
    private let loop: any EventLoop
    private let done: EventLoopPromise<LoadResult>
    private var idle: [LoadConnection]
    private let connections: [LoadConnection]
    private var starts: [NIODeadline]
    private var latencies: [Int64] = []
    private var next = 0
    private var answered = 0
    private var sent = 0
    private var begin = NIODeadline.now()
    private var isOver = false

    init(_ load: Load, _ connections: [LoadConnection], on loop: any EventLoop, done: EventLoopPromise<LoadResult>) {
        self.load = load
        self.loop = loop
        self.done = done
        self.connections = connections
        idle = connections
        starts = []
        latencies.reserveCapacity(load.requests.count)
    }

    func start() {
        begin = .now()
        for connection in connections {
            connection.receive = { [unowned self] in answered($0, $1, $2) }
            connection.fail = { [unowned self] in fail($0) }
        }
        switch load.pace {
        case .closed: while let connection = idle.popLast(), sendNext(on: connection, due: .now()) {}
        case .open: tick()
        }
    }

    private var isRepeating: Bool { load.repeatingSeconds.map { seconds < $0 } ?? false }
    private var seconds: Double { Double((NIODeadline.now() - begin).nanoseconds) / 1e9 }
    private var hasMore: Bool { load.repeatingSeconds == nil ? next < load.requests.count : isRepeating }

    private func sendNext(on connection: LoadConnection, due: NIODeadline) -> Bool {
        guard hasMore, !isOver else { return false }
        connection.request = starts.count
        starts.append(due)
        connection.send(load.requests[next % load.requests.count])
        next += 1
        sent += 1
        return true
    }

    /// Sends what is due, as far as there are connections for it.
    private func tick() {
        guard case .open(let rate) = load.pace, !isOver else { return }
        sendDue(rate)
        guard hasMore || answered < sent else { return finish() }
        loop.assumeIsolated().scheduleTask(in: .microseconds(500)) { [self] in tick() }
    }

    private func sendDue(_ rate: Double) {
        let now = NIODeadline.now()
        while let connection = idle.last {
            let due = begin + .nanoseconds(Int64(Double(next) / rate * 1e9))
            guard due <= now, sendNext(on: connection, due: due) else { return }
            idle.removeLast()
        }
    }

    private func answered(_ connection: LoadConnection, _ status: Int, _ body: ByteBuffer) {
        let number = connection.request
        let good = body.occurrences(of: load.word)
        guard status == 200, good == load.expected(number % load.requests.count) else {
            return fail("request \(number) got status \(status), \(good) good results: \(String(buffer: body).prefix(2_000))")
        }
        latencies.append((NIODeadline.now() - starts[number]).nanoseconds)
        answered += 1
        switch load.pace {
        case .closed:
            if !sendNext(on: connection, due: .now()), answered == sent { finish() }
        case .open(let rate):
            idle.append(connection)
            sendDue(rate)
        }
    }

    private func finish() {
        guard !isOver else { return }
        isOver = true
        let seconds = seconds
        latencies.sort()
        done.succeed(LoadResult(latencies: latencies, seconds: seconds))
    }

    private func fail(_ text: String) {
        guard !isOver else { return }
        isOver = true
        done.fail(BenchFailure(text))
    }
}

/// The load generator's event loop and its connections to one node.
final class LoadGenerator: Sendable {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let port: Int

    init(port: Int) {
        self.port = port
    }

    /// Runs a load over fresh connections.
    func run(_ load: Load, connections: Int) async throws -> LoadResult {
        let loop = group.next()
        var channels: [any Channel] = []
        for _ in 0..<connections {
            let bootstrap = ClientBootstrap(group: loop)
                .channelOption(.socketOption(.so_reuseaddr), value: 1)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1_024, initial: 4_096, maximum: 262_144))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(LoadConnection()) }
                }
            channels.append(try await bootstrap.connect(host: "127.0.0.1", port: port).get())
        }
        let opened = channels
        let done = loop.makePromise(of: LoadResult.self)
        loop.execute {
            do {
                let handlers = try opened.map { try $0.pipeline.syncOperations.handler(type: LoadConnection.self) }
                let run = LoadRun(load, handlers, on: loop, done: done)
                done.futureResult.assumeIsolated().whenComplete { _ in
                    withExtendedLifetime(run) { for handler in handlers { handler.close() } }
                }
                run.start()
            } catch {
                done.fail(error)
            }
        }
        return try await done.futureResult.get()
    }

    func close() async throws {
        try await group.shutdownGracefully()
    }
}
