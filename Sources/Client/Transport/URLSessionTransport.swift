package import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Requests over Foundation's URLSession (`docs/decisions/0003-client-transport.md`).
///
/// Nothing is kept between requests but connections: no cookies, no cache, no credentials. Redirects are not followed, since a
/// node's address is the operator's to choose.
package final class URLSessionTransport: Transport {
    /// How many requests go to the node at once; others wait for a connection.
    static let maximumConnectionCount = 16
    /// Longer than any request may take: on Linux, URLSession heeds the session's limit only, so each request has a clock of ours.
    private static let sessionTimeoutSeconds: TimeInterval = 3_600

    private let root: URL
    private let session: URLSession
    private let collector: ResponseCollector

    /// - Parameter root: the node's address; paths are appended to it.
    package init(root: URL) {
        self.root = root
        let configuration = URLSessionConfiguration.ephemeral
        configuration.urlCache = nil
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        configuration.httpCookieStorage = nil
        configuration.httpShouldSetCookies = false
        configuration.urlCredentialStorage = nil
        configuration.httpMaximumConnectionsPerHost = Self.maximumConnectionCount
        configuration.timeoutIntervalForRequest = Self.sessionTimeoutSeconds
        collector = ResponseCollector()
        session = URLSession(configuration: configuration, delegate: collector, delegateQueue: nil)
    }

    deinit {
        // The session holds its delegate until it is told that it is no longer needed.
        session.invalidateAndCancel()
    }

    package func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        let task = session.dataTask(with: try urlRequest(request))
        let collector = collector
        let clock = Task {
            try await Task.sleep(for: .seconds(request.timeoutSeconds))
            collector.end(task, with: .failure(.timedOut))
        }
        defer { clock.cancel() }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                collector.expect(task, maximumByteCount: request.maximumResponseByteCount, continuation)
                task.resume()
                // Cancelled before there was anything to end, the handler below found nothing.
                if Task.isCancelled { collector.end(task, with: .failure(.cancelled)) }
            }
        } onCancel: {
            collector.end(task, with: .failure(.cancelled))
        }
        return try outcome.get()
    }

    private func urlRequest(_ request: HTTPRequest) throws(TransportError) -> URLRequest {
        var base = root.absoluteString
        if base.hasSuffix("/") { base.removeLast() }
        guard let url = URL(string: base + request.target) else {
            throw .unreachable(reason: "\(base)\(request.target) is not a URL")
        }
        var urlRequest = URLRequest(url: url)
        urlRequest.httpMethod = request.method.rawValue
        urlRequest.setValue(request.accept, forHTTPHeaderField: "Accept")
        if let contentType = request.contentType {
            urlRequest.setValue(contentType, forHTTPHeaderField: "Content-Type")
            urlRequest.httpBody = Data(request.body)
        }
        return urlRequest
    }
}
