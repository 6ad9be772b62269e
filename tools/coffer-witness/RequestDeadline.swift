import NIOCore
import NIOHTTPTypes

/// Closes a connection whose next request is not there, whole, in its time, however steadily it trickles.
///
/// Belongs to one connection; everything in it happens on that connection's event loop.
final class RequestDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    /// From the start of a connection, or the last byte of a request, to the last byte of the next.
    static let idleSeconds: Int64 = 60
    /// From the head of a request to its last byte.
    static let bodySeconds: Int64 = 10

    private var timer: Scheduled<Void>?

    func handlerAdded(context: ChannelHandlerContext) { arm(Self.idleSeconds, context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: arm(Self.bodySeconds, context)
        case .body: break
        case .end: arm(Self.idleSeconds, context)
        }
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    private func arm(_ seconds: Int64, _ context: ChannelHandlerContext) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(seconds)) { context.close(promise: nil) }
    }
}
