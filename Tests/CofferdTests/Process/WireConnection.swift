import Glibc
import HTTPTypes
import NIOCore
import NIOPosix

/// A TCP connection to a daemon on which the test decides about every byte, and HTTP/1.1 as far as the tests need it.
struct WireConnection {
    private let channel: any Channel
    private var incoming: AsyncStream<ByteBuffer>.Iterator
    private var received = ByteBuffer()
    /// Of an answer that is a stream: what was read of it and not yet given out.
    private var streamed = ""

    /// - Parameters:
    ///   - seconds: after so long the connection is closed, so that a daemon that never answers fails a test instead of holding it up.
    ///   - reads: whether what arrives is read before `startReading`; if not, the system keeps no more than a few kilobytes of it.
    init(port: Int, seconds: Int64 = 60, reads: Bool = true) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        var connecting = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Receiver(continuation)) }
        }
        if !reads {
            connecting = connecting.channelOption(.autoRead, value: false).channelOption(.socketOption(.so_rcvbuf), value: 16_384)
        }
        let channel = try await connecting.connect(host: "127.0.0.1", port: port).get()
        let timer = channel.eventLoop.scheduleTask(in: .seconds(seconds)) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in timer.cancel() }
        self.channel = channel
        incoming = stream.makeAsyncIterator()
    }

    /// The connection ended before the answer did.
    struct Ended: Error {}

    /// Passes on what arrives, and the end.
    private final class Receiver: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let continuation: AsyncStream<ByteBuffer>.Continuation

        init(_ continuation: AsyncStream<ByteBuffer>.Continuation) { self.continuation = continuation }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { continuation.yield(unwrapInboundIn(data)) }
        func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
        // Reset by the daemon: an end like any other.
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    // MARK: - Sending

    /// Sends bytes as they are. A connection that the daemon has closed takes them and loses them.
    func send(_ bytes: [UInt8]) async {
        do { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) } catch {}
    }

    /// Sends bytes as fast as the daemon takes them, without waiting for that.
    func sendSoon(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

    func send(_ text: String) async { await send(Array(text.utf8)) }

    /// Sends a request whole.
    func send(_ method: String, _ path: String, _ headers: [String] = [], body: [UInt8]? = nil) async {
        let length = body.map { ["Content-Length: \($0.count)"] } ?? []
        await send(Array(Self.head(method, path, headers + length).utf8) + (body ?? []))
    }

    static func head(_ method: String, _ path: String, _ headers: [String]) -> String {
        (["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1"] + headers).joined(separator: "\r\n") + "\r\n\r\n"
    }

    func close() async {
        do { try await channel.close() } catch {}
    }

    /// Breaks the connection off, as a client does that is killed: with a reset.
    func reset() async throws {
        guard let options = channel as? any SocketOptionProvider else { throw Ended() }
        try await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        await close()
    }

    /// Closes the client's side, and goes on reading.
    func sendNoMore() async throws { try await channel.close(mode: .output) }

    // MARK: - Receiving

    /// Reads what arrives, from now on.
    func startReading() async throws { try await channel.setOption(.autoRead, value: true).get() }

    /// The next answer, with a body of known length.
    mutating func answer() async throws -> Answer {
        let (status, headers) = try await answerHead()
        let length = headers[.contentLength].flatMap { Int($0) } ?? 0
        while received.readableBytes < length { try await receive() }
        return Answer(status: status, headers: headers, body: received.readBytes(length: length) ?? [])
    }

    /// The head of the next answer.
    mutating func answerHead() async throws -> (status: Int, headers: HTTPFields) {
        var lines: [String] = []
        while true {
            let line = try await line()
            if !line.isEmpty { lines.append(line) } else if !lines.isEmpty { break }
        }
        guard let status = lines[0].split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { throw Ended() }
        var headers = HTTPFields()
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let name = HTTPField.Name(String(parts[0])) else { throw Ended() }
            headers.append(HTTPField(name: name, value: String(parts[1].drop { $0 == " " })))
        }
        return (status, headers)
    }

    /// The next event or comment of an event stream, without the empty line behind it; nil when the stream has ended.
    mutating func event() async throws -> String? {
        while true {
            if let end = streamed.firstRange(of: "\n\n") {
                defer { streamed.removeSubrange(..<end.upperBound) }
                return String(streamed[..<end.lowerBound])
            }
            // A chunk: its length, then that many bytes, then a line's end.
            guard let length = Int(try await line(), radix: 16) else { throw Ended() }
            while received.readableBytes < length + 2 { try await receive() }
            guard let text = received.readString(length: length), received.readString(length: 2) == "\r\n" else { throw Ended() }
            if length == 0 { return nil }
            streamed += text
        }
    }

    /// Everything until the daemon closes the connection.
    mutating func rest() async -> String {
        while let part = await incoming.next() { received.writeImmutableBuffer(part) }
        return String(buffer: received)
    }

    private mutating func line() async throws -> String {
        while true {
            if let end = received.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
                let bytes = received.readBytes(length: end - received.readerIndex + 1) ?? []
                return String(decoding: bytes.filter { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            }
            try await receive()
        }
    }

    private mutating func receive() async throws {
        guard let part = await incoming.next() else { throw Ended() }
        received.writeImmutableBuffer(part)
    }
}

extension WireConnection {
    /// Sends a request and takes its answer.
    mutating func exchange(
        _ method: String, _ path: String, _ headers: [String] = [], body: [UInt8]? = nil
    ) async throws -> Answer {
        await send(method, path, headers, body: body)
        return try await answer()
    }

    mutating func get(_ path: String) async throws -> Answer { try await exchange("GET", path) }

    /// Posts octets.
    mutating func post(_ path: String, _ body: [UInt8]) async throws -> Answer {
        try await exchange("POST", path, ["Content-Type: application/octet-stream"], body: body)
    }

    mutating func postJSON(_ path: String, _ body: String) async throws -> Answer {
        try await exchange("POST", path, ["Content-Type: application/json"], body: Array(body.utf8))
    }
}
