import HTTPTypes
import Hummingbird
import Logging

/// What is known about one request, for the log and the metrics.
struct RequestRecord: Sendable {
    /// The label of a request whose path or method is not one of ours; what a client makes up must not become a label.
    static let unknown = "unmatched"

    let method: String
    let route: String
    let path: String
    let clientAddress: String
    let isProbe: Bool
    let requestBytes: String?
    let start = ContinuousClock.now
    var status = HTTPResponse.Status.internalServerError
    /// The code of the problem that it was answered with.
    var code: String?
    /// Whether the answer is a stream, whose length says nothing about how fast the node is.
    var isStream = false

    private static let methods: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]

    init(_ request: Request, _ context: CofferRequestContext) {
        let known = context.endpointPath.flatMap { RequestRoutes.byPath[$0] }
        method = Self.methods.contains(request.method) ? request.method.rawValue : "other"
        route = known?.path ?? Self.unknown
        path = request.uri.path
        clientAddress = context.clientAddress
        isProbe = known?.isProbe ?? false
        requestBytes = request.headers[.contentLength]
    }

    /// A record of what is known already.
    init(method: String, route: String, path: String, clientAddress: String, isProbe: Bool, requestBytes: String?) {
        self.method = method
        self.route = route
        self.path = path
        self.clientAddress = clientAddress
        self.isProbe = isProbe
        self.requestBytes = requestBytes
    }

    /// One line per request. Queries are left out: they hold cursors, which say nothing and are long.
    func log(to logger: Logger) {
        // 503 is the node protecting itself, and says so in its own log lines; 500 is a fault.
        let level: Logger.Level = status.code == 500 ? .error : status.code > 500 ? .warning : isProbe ? .debug : .info
        guard logger.logLevel <= level else { return }
        var metadata: Logger.Metadata = [
            "method": .string(method), "route": .string(route), "path": .string(path),
            "status": .stringConvertible(status.code), "microseconds": .stringConvertible(elapsed.microseconds),
        ]
        if !clientAddress.isEmpty { metadata["client"] = .string(clientAddress) }
        if let requestBytes { metadata["requestBytes"] = .string(requestBytes) }
        if let code { metadata["code"] = .string(code) }
        logger.log(level: level, "request", metadata: metadata)
    }

    var elapsed: Duration { ContinuousClock.now - start }
}

/// The routes by the path that the router knows them by.
private enum RequestRoutes {
    static let byPath = Dictionary(Route.allCases.map { ($0.path, $0) }) { first, _ in first }
}

extension Duration {
    /// Whole microseconds.
    var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
    /// Whole nanoseconds.
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}

extension HTTPField.Name {
    /// The id of a request, given by the client or made by the node.
    static let requestID = HTTPField.Name("X-Request-ID")!
}
