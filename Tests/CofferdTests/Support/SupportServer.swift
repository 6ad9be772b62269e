import ArgumentParser
import CoreMetrics
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Ledger
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import cofferd

/// A server with all layers around a few routes made for tests.
struct SupportServer {
    let log: LogFile
    let metrics = PrometheusMetrics()
    let settings: Settings
    let hub: EventHub

    init(_ arguments: [String] = []) throws {
        log = try LogFile()
        settings = try Settings.parse(arguments)
        hub = EventHub(bufferEvents: settings.eventBufferEvents, maximumSubscribers: settings.maximumEventSubscribers)
    }

    /// Far more than the kernel holds for a connection.
    static let longAnswer = ByteBuffer(repeating: UInt8(ascii: "x"), count: 20_000_000)

    struct Unforeseen: Error {
        let secret = "the password is swordfish"
    }

    var application: some ApplicationProtocol {
        let router = settings.router(metrics: metrics)
        let hub = hub, metrics = metrics
        for route in [Route.submit, .submitBatch] {
            router.on(RouterPath(route.path), method: route.method) { request, _ in
                let body = try await request.body.collect(upTo: .max)
                return "\(body.readableBytes) bytes"
            }
        }
        router.get(RouterPath(Route.health.path)) { _, context in context.requestID }
        router.get(RouterPath(Route.metrics.path)) { _, _ in metrics.text() }
        router.get(RouterPath(Route.asset.path)) { _, _ -> String in throw Unforeseen() }
        router.get(RouterPath(Route.account.path)) { _, _ -> String in throw Refusal(.insufficientFunds) }
        router.get(RouterPath(Route.block.path)) { _, _ -> String in throw StorageError.damaged("/secret/data.mdb, page 7") }
        router.get(RouterPath(Route.checkpoint.path)) { _, _ in
            Response(status: .ok, body: ResponseBody(byteBuffer: Self.longAnswer))
        }
        router.get(RouterPath(Route.events.path)) { _, _ in
            let subscription = try hub.subscribe()
            return Response(
                status: .ok, headers: [.contentType: ServerSentEvent.mediaType],
                body: ResponseBody { writer in
                    for await event in subscription { try await writer.write(event.bytes) }
                    try await writer.finish(nil)
                })
        }
        return Application(router: router, server: settings.server(nil), logger: log.logger("http"))
    }

    /// Runs the server on a free port.
    func live(_ test: @Sendable (Int) async throws -> Void) async throws {
        try await application.test(.live) { client in try await test(try #require(client.port)) }
    }

    /// Sends parts of a request over a connection of its own, each after a pause, and reads until the server closes the connection.
    /// - Parameters:
    ///   - readsNothingMilliseconds: how long the client does not read at first.
    ///   - pauseMillisecondsPerMegabyte: how long it pauses after every megabyte.
    static func exchange(
        _ port: Int, _ parts: [(milliseconds: Int, text: String)], readsNothingMilliseconds: Int = 0,
        pauseMillisecondsPerMegabyte: Int = 0
    ) async throws -> (text: String, milliseconds: Int64) {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.socketOption(.so_rcvbuf), value: 4_096)
            .connect(host: "localhost", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 2)))
                }
            }
        let start = ContinuousClock.now
        let text = try await channel.executeThenClose { inbound, outbound in
            let sending = Task {
                for (milliseconds, text) in parts {
                    try await Task.sleep(for: .milliseconds(milliseconds))
                    try await outbound.write(ByteBuffer(string: text))
                }
            }
            try await Task.sleep(for: .milliseconds(readsNothingMilliseconds))
            var received = ByteBuffer()
            do {
                var pausedAt = 0
                for try await part in inbound {
                    received.writeImmutableBuffer(part)
                    guard pauseMillisecondsPerMegabyte > 0, received.readableBytes - pausedAt >= 1_000_000 else { continue }
                    pausedAt = received.readableBytes
                    try await Task.sleep(for: .milliseconds(pauseMillisecondsPerMegabyte))
                }
            } catch is IOError {
                // The server gave the connection up while bytes were under way.
            }
            sending.cancel()
            return String(buffer: received)
        }
        return (text, (ContinuousClock.now - start).microseconds / 1_000)
    }
}

extension TestResponse {
    /// The problem in the answer; checks that the answer is one, and that status and id agree.
    func problem() throws -> [String: JSON] {
        #expect(headers[.contentType] == Problem.mediaType)
        let members = try JSON.parse(String(buffer: body), maximumBytes: 10_000).members
        #expect(members["status"] == .number(UInt64(status.code)))
        #expect(members["requestID"]?.text == headers[.requestID])
        return members
    }
}
