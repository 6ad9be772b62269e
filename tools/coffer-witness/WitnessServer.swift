import Dispatch
import HTTPTypes
import Hummingbird
import Ledger
import Logging
import NIOCore
import Synchronization

/// The HTTP interface: `POST /add-checkpoint` of C2SP tlog-witness, and `GET /healthz`.
struct WitnessServer: Sendable {
    /// Open connections; more wait until one closes.
    static let maximumConnections = 256
    /// Requests that are being decided or wait for it; more are answered with 503.
    static let maximumWaitingRequests = 256
    /// Longest head of a request, in bytes.
    static let maximumHeaderBytes = 16_384
    /// C2SP tlog-witness: the body of a 409 is a size.
    static let sizeMediaType = "text/x.tlog.size"

    let witness: Witness
    let log: WitnessLog
    private let waiting = Waiting()
    /// The disk is waited for here, and never by the threads that serve connections.
    private let queue = DispatchQueue(label: "witness")

    init(witness: Witness, log: WitnessLog) {
        self.witness = witness
        self.log = log
    }

    func application(host: String, port: Int, onListening: @escaping @Sendable (Int) -> Void) -> some ApplicationProtocol {
        // What matters is logged by this program; what the framework has to say is about single connections.
        let logger = Logger(label: "coffer-witness") { _ in SwiftLogNoOpLogHandler() }
        let router = Router(context: BasicRequestContext.self)
        router.post("add-checkpoint") { request, _ in try await addCheckpoint(request) }
        router.get("healthz") { _, _ in Self.reply(.ok, "ok\n") }
        return Application(
            router: router,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [RequestDeadline()], idleTimeout: .seconds(RequestDeadline.idleSeconds),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: Self.maximumHeaderBytes, maxHeaderListSize: Self.maximumHeaderBytes, maxHeaderFieldCount: 100))),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port),
                availableConnectionsDelegate: .maximum(Self.maximumConnections, logger: logger)),
            onServerRunning: { channel in onListening(channel.localAddress?.port ?? port) }, logger: logger)
    }

    private func addCheckpoint(_ request: Request) async throws -> Response {
        var request = request
        let body: ByteBuffer
        do {
            body = try await request.collectBody(upTo: WitnessRequest.maximumByteCount)
        } catch is NIOTooManyBytesError {
            return Self.reply(.contentTooLarge, "a request has at most \(WitnessRequest.maximumByteCount) bytes\n")
        }
        let bytes = [UInt8](body.readableBytesView)
        guard waiting.enter() else {
            var response = Self.reply(.serviceUnavailable, "too many requests wait; try again\n")
            response.headers[.retryAfter] = "1"
            return response
        }
        let answer = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: witness.answer(bytes)) }
        }
        waiting.leave()
        return response(to: answer)
    }

    private func response(to answer: WitnessAnswer) -> Response {
        switch answer {
        case .cosigned(let line, let size):
            log.write("info", "cosigned", [("size", "\(size)")])
            return Self.reply(.ok, line.line)
        case .refused(let refusal):
            let level = if case .otherRoot = refusal { "error" } else { "notice" }
            log.write(level, "refused", [("status", "\(refusal.status)"), ("reason", refusal.description)])
            let status = HTTPResponse.Status(code: refusal.status)
            if let size = refusal.latestSize { return Self.reply(status, "\(size)\n", mediaType: Self.sizeMediaType) }
            return Self.reply(status, refusal.description + "\n")
        case .unavailable(let reason):
            log.write("error", "nothing is signed", [("reason", reason)])
            return Self.reply(.serviceUnavailable, "nothing was signed; the witness's log says why\n")
        }
    }

    private static func reply(
        _ status: HTTPResponse.Status, _ text: String, mediaType: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(
            status: status, headers: [.contentType: mediaType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

/// How many requests wait.
private final class Waiting: Sendable {
    private let count = Mutex(0)

    /// False, and not counted, when as many wait as may.
    func enter() -> Bool {
        count.withLock { count in
            guard count < WitnessServer.maximumWaitingRequests else { return false }
            count += 1
            return true
        }
    }

    func leave() { count.withLock { $0 -= 1 } }
}
