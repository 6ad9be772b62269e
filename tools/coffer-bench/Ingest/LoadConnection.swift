import NIOCore

/// One kept-alive connection of the load generator: writes requests that were rendered before, and finds the ends of answers.
///
/// It reads of an answer what it needs and no more: the load generator runs on the cores of the node that it measures.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The body of an answer, with its status.
    typealias Receiver = (LoadConnection, Int, ByteBuffer) -> Void

    /// Is called with every answer; set by whoever sends.
    var receive: Receiver = { _, _, _ in }
    /// Is called when the connection ends, or gives something that is not an answer.
    var fail: (String) -> Void = { _ in }
    /// The request that is under way, as its sender numbers it.
    var request = 0

    private var context: ChannelHandlerContext?
    private var received = ByteBuffer()
    /// Status, and the bytes of head and body, of the answer that is arriving, once its head is there.
    private var answer: (status: Int, head: Int, total: Int)?

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        fail("the node closed a connection")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail("a connection failed: \(error)")
        context.close(promise: nil)
    }

    /// Sends a request; the answer to the one before has arrived.
    func send(_ bytes: ByteBuffer) {
        guard let context else { return fail("the connection is closed") }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func close() {
        fail = { _ in }
        context?.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if received.readableBytes == 0 { received = part } else { received.writeImmutableBuffer(part) }
        if answer == nil {
            do {
                answer = try AnswerHead.read(received.readableBytesUInt8Span)
            } catch {
                return fail("\(error)")
            }
        }
        guard let (status, head, total) = answer, received.readableBytes >= total else { return }
        guard received.readableBytes == total, var body = received.readSlice(length: total) else {
            return fail("the node answered more than was asked")
        }
        body.moveReaderIndex(forwardBy: head)
        answer = nil
        received = ByteBuffer()
        receive(self, status, body)
    }
}

/// The head of an answer with a `Content-Length`, which all answers of the routes measured have.
enum AnswerHead {
    struct Malformed: Error {}

    private static let lengthName = Array("content-length:".utf8)

    /// Nil while the head is not complete.
    static func read(_ bytes: Span<UInt8>) throws(Malformed) -> (status: Int, head: Int, total: Int)? {
        var lineStart = 0
        var length: Int?
        for end in bytes.indices where bytes[end] == UInt8(ascii: "\n") {
            if end - lineStart <= 1 {
                guard let status = number(bytes, from: 9, to: 12), let length else { throw Malformed() }
                return (status, end + 1, end + 1 + length)
            }
            if isLength(bytes, lineStart, end) { length = number(bytes, from: lineStart + lengthName.count + 1, to: end - 1) }
            lineStart = end + 1
        }
        return nil
    }

    private static func isLength(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        guard end - start > lengthName.count + 2 else { return false }
        for position in lengthName.indices where bytes[start + position] | 0x20 != lengthName[position] | 0x20 { return false }
        return true
    }

    private static func number(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int? {
        var value = 0
        for position in start..<end {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) else { return nil }
            value = value * 10 + Int(bytes[position] - UInt8(ascii: "0"))
        }
        return value
    }
}

extension ByteBuffer {
    /// How often a word stands in the bytes.
    func occurrences(of word: [UInt8]) -> Int {
        let bytes = readableBytesUInt8Span
        guard let first = word.first, bytes.count >= word.count else { return 0 }
        var count = 0
        var position = 0
        while position <= bytes.count - word.count {
            if bytes[position] == first {
                var length = 1
                while length < word.count, bytes[position + length] == word[length] { length += 1 }
                if length == word.count { count += 1 }
            }
            position += 1
        }
        return count
    }
}
