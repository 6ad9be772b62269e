import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// The handlers of a connection, from the bytes to the routes: HTTP/1.1, the bounds on what a connection may take its time for, and
/// the direct way of single submissions.
struct CofferChannel: HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    /// The bounds of a connection.
    struct Limits: Sendable {
        let connection: ConnectionProgress.Limits
        let maximumBodyBytes: Int
        let maximumHeaderBytes: Int
        let idleTimeoutSeconds: Int
    }

    let responder: Responder
    let limits: Limits
    /// Nil where there is no node to submit to.
    let submissions: DirectSubmissions?

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let written = WrittenBytes()
            try pipeline.addHandler(written)
            var decoderLimits = NIOHTTPDecoderLimitConfiguration()
            decoderLimits.maxHeaderFieldSize = limits.maximumHeaderBytes
            decoderLimits.maxHeaderListSize = limits.maximumHeaderBytes
            decoderLimits.maxHeaderFieldCount = 1_000
            // Pipelined requests wait in the asynchronous channel, errors are answered by the routes, and fields are valid by their type.
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(), withDecoderLimitConfiguration: decoderLimits)
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try pipeline.addHandler(ConnectionGuard(limits.connection, maximumBodyBytes: limits.maximumBodyBytes, written))
            try pipeline.addHandler(
                HTTPConnectionStateHandler(idleTimeout: .seconds(limits.idleTimeoutSeconds), logger: logger))
            if let submissions { try pipeline.addHandler(SubmissionHandler(submissions, channel)) }
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    func handle(value: Value, logger: Logger) async {
        await handleHTTP(asyncChannel: value, logger: logger)
    }
}
