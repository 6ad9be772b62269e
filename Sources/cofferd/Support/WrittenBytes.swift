import NIOCore

/// Counts what a connection was given to send. Stands next to the socket, where answers are bytes.
///
/// Belongs to one connection; everything in it happens on that connection's event loop.
final class WrittenBytes: ChannelOutboundHandler {
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private(set) var count: UInt64 = 0

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        count += UInt64(unwrapOutboundIn(data).readableBytes)
        context.write(data, promise: promise)
    }
}
