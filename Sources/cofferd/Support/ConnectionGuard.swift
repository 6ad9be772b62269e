import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// A request's body did not arrive in its time.
struct BodyReadTimeout: Error {}

/// Stands in a connection's pipeline, where requests and answers pass, and bounds what the connection may take its time for. What is
/// due when is decided by `ConnectionProgress`; this is what carries it out.
///
/// Belongs to one connection; everything in it happens on that connection's event loop.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var progress: ConnectionProgress
    private var timer: Scheduled<Void>?

    private let maximumBodyBytes: Int
    private let written: WrittenBytes

    /// - Parameters:
    ///   - maximumBodyBytes: the longest body that any route takes.
    ///   - written: what the same connection was given to send.
    init(_ limits: ConnectionProgress.Limits, maximumBodyBytes: Int, _ written: WrittenBytes) {
        progress = ConnectionProgress(limits)
        self.maximumBodyBytes = maximumBodyBytes
        self.written = written
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            carryOut(progress.requestBegan(at: Self.now), context)
            if progress.isOnlyRequest { inviteBody(of: head, context) }
        case .body: break
        case .end: progress.requestEnded()
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            progress.answerBegan(closesConnection: head.headerFields[.connection] == "close")
            if head.status == .badRequest && head.headerFields[.requestID] == nil {
                explain(context, promise)
                return
            }
        case .body: break
        case .end:
            if progress.answerEnded() == .finishAnswer {
                finishAnswer(context, data, promise)
                return
            }
        }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        carryOut(
            progress.writabilityChanged(isWritable: isWritable, sentBytes: sentBytes(context), at: Self.now), context)
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        cancelTimer()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        cancelTimer()
    }

    private func carryOut(_ action: ConnectionProgress.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .nothing, .finishAnswer: break
        case .wake(let time): schedule(at: time, context)
        case .failBody(let time):
            if let time { schedule(at: time, context) }
            context.fireErrorCaught(BodyReadTimeout())
        case .close: context.close(promise: nil)
        }
    }

    /// Tells a client that asks first (RFC 9110 section 10.1.1) to send its body. Whether it is too large is answered without it.
    private func inviteBody(of head: HTTPRequest, _ context: ChannelHandlerContext) {
        guard head.headerFields[.expect]?.lowercased() == "100-continue" else { return }
        let declared = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
        guard declared <= maximumBodyBytes else { return }
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
    }

    /// A head that cannot be parsed is answered by the framework, before there is a request and without a word. Such an answer has
    /// no request id, as all others have; it is replaced by a problem.
    private func explain(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        let (head, body) = Problem(.malformedRequest).message(requestID: RequestIdentifier.choose(nil))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: promise)
    }

    private func finishAnswer(_ context: ChannelHandlerContext, _ data: NIOAny, _ promise: EventLoopPromise<Void>?) {
        let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { [self] _ in
            // Closing twice, or after the client has closed, fails; either way it is closed.
            context.close(mode: .output, promise: nil)
            carryOut(progress.answerSent(at: Self.now), context)
        }
        context.write(data, promise: promise)
    }

    /// A time is only asked for anew when it is earlier than the one waited for.
    private func schedule(at time: UInt64, _ context: ChannelHandlerContext) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: .uptimeNanoseconds(time)) { [self] in
            carryOut(progress.timeReached(Self.now, sentBytes: sentBytes(context)), context)
        }
    }

    private func cancelTimer() {
        timer?.cancel()
        timer = nil
    }

    /// What has left, of all that was written. A connection that cannot say what waits is one that is closed already.
    private func sentBytes(_ context: ChannelHandlerContext) -> UInt64 {
        do {
            let waiting = try context.channel.syncOptions?.getOption(.bufferedWritableBytes) ?? 0
            return written.count - min(UInt64(max(0, waiting)), written.count)
        } catch {
            return written.count
        }
    }

    private static var now: UInt64 { NIODeadline.now().uptimeNanoseconds }
}
