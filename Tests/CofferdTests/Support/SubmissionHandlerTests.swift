import Foundation
import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Support
import Testing

@testable import cofferd

/// The handler of single submissions by itself, between a network and routes that the test plays.
@Suite(.timeLimit(.minutes(10))) struct SubmissionHandlerTests {
    private func run(_ test: @escaping @Sendable (EmbeddedChannel) throws -> Void) async throws {
        try await TestNode.run { node, _ in try Self.drive(node, test) }
    }

    /// On one thread, which is the channel's event loop.
    private static func drive(_ node: TestNode, _ test: (EmbeddedChannel) throws -> Void) throws {
        let submissions = DirectSubmissions(
            node: node.node, metrics: RequestMetrics(node.metrics),
            log: AccessLog(label: "test", output: LogOutput(.nullDevice), now: { 0 }), retryAfterSeconds: 1, waitForFinalSeconds: 1,
            now: { 0 })
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(SubmissionHandler(submissions, channel))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try test(channel)
        _ = try channel.finish()
    }

    private func head(_ method: HTTPRequest.Method, _ path: String, _ fields: HTTPFields = [:]) -> HTTPRequestPart {
        .head(HTTPRequest(method: method, scheme: "http", authority: "127.0.0.1", path: path, headerFields: fields))
    }

    private var submission: HTTPRequestPart {
        head(.post, "/v1/transactions", [.contentType: "application/octet-stream", .contentLength: "1"])
    }

    /// A head that cannot be parsed is answered without there having been a request; what comes behind one that waits still waits.
    @Test func anAnswerToWhatWasNoRequestDoesNotCount() async throws {
        try await run { channel in
            try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .badRequest)))
            try channel.writeOutbound(HTTPResponsePart.end(nil))
            try channel.writeInbound(head(.get, "/healthz"))
            try channel.writeInbound(HTTPRequestPart.end(nil))
            #expect(try channel.readInbound(as: HTTPRequestPart.self) == head(.get, "/healthz"))
            #expect(try channel.readInbound(as: HTTPRequestPart.self) == .end(nil))
            // The routes have not answered yet, so this must not be answered before.
            try channel.writeInbound(submission)
            #expect(try channel.readInbound(as: HTTPRequestPart.self) == submission)
            // Once all is answered, a submission does not get to the routes.
            try channel.writeInbound(HTTPRequestPart.end(nil))
            #expect(try channel.readInbound(as: HTTPRequestPart.self) == .end(nil))
            for _ in 0..<2 { try channel.writeOutbound(HTTPResponsePart.end(nil)) }
            try channel.writeInbound(submission)
            #expect(try channel.readInbound(as: HTTPRequestPart.self) == nil)
        }
    }
}
