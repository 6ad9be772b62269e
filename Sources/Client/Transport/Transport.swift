/// One HTTP request to a node.
package struct HTTPRequest: Sendable {
    /// The methods of `docs/spec/http.md`.
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    package var method: Method
    /// The path from the node's root: `/v1/assets`. Made of ids, codes and addresses, which need no escaping.
    package var path: String
    /// Names and values, neither of which needs escaping.
    package var query: [(name: String, value: String)]
    /// The media type asked for.
    package var accept: String
    /// The media type of `body`; nil where there is none.
    package var contentType: String?
    package var body: [UInt8]
    /// A longer answer is given up as soon as it is known to be longer.
    package var maximumResponseByteCount: Int
    /// How long the whole exchange may take.
    package var timeoutSeconds: Int

    package init(
        _ method: Method = .get, _ path: String, query: [(name: String, value: String)] = [],
        accept: String = MediaType.json, contentType: String? = nil, body: [UInt8] = [],
        maximumResponseByteCount: Int = ResponseLimit.documentByteCount, timeoutSeconds: Int = 30
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.accept = accept
        self.contentType = contentType
        self.body = body
        self.maximumResponseByteCount = maximumResponseByteCount
        self.timeoutSeconds = timeoutSeconds
    }

    /// Path and query as they stand in the request line.
    package var target: String {
        guard !query.isEmpty else { return path }
        return path + "?" + query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }
}

/// What the node answered, whole.
package struct HTTPResponse: Sendable {
    package let status: Int
    /// The media type without its parameters, in lower case; nil where the node named none.
    package let contentType: String?
    /// The `Retry-After` header, where it is a number of seconds.
    package let retryAfterSeconds: UInt64?
    package let body: [UInt8]

    package init(status: Int, contentType: String? = nil, retryAfterSeconds: UInt64? = nil, body: [UInt8] = []) {
        self.status = status
        self.contentType = contentType
        self.retryAfterSeconds = retryAfterSeconds
        self.body = body
    }
}

/// Why there is no answer.
package enum TransportError: Error, Equatable, Sendable {
    /// No connection, or it broke. The request may or may not have arrived.
    case unreachable(reason: String)
    /// The exchange took longer than the request allows.
    case timedOut
    /// The answer is longer than the request allows.
    case tooLarge
    /// The calling task was cancelled.
    case cancelled
}

/// Sends requests. The real one is `URLSessionTransport`; tests put a node in its place that lives in the same process.
package protocol Transport: Sendable {
    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse
}

/// The media types of `docs/spec/http.md`.
package enum MediaType {
    package static let json = "application/json"
    package static let problem = "application/problem+json"
    package static let octets = "application/octet-stream"
    package static let text = "text/plain"
}

/// How many bytes an answer may have.
package enum ResponseLimit {
    /// A JSON document: a page of a statement with the longest memos takes 7 MB of it.
    package static let documentByteCount = 8 << 20
    /// A checkpoint has at most some hundred lines of signatures.
    package static let checkpointByteCount = 64 << 10
}
