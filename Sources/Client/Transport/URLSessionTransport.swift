import Foundation
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Requests over Foundation's URLSession (`docs/decisions/0003-client-transport.md`).
///
/// Nothing is kept between requests but connections: no cookies, no cache, no credentials. Redirects are not followed, since a
/// node's address is the operator's to choose.
final class URLSessionTransport: Transport {
    private let root: URL
    private let session: URLSession
    private let collector: ResponseCollector

    /// - Parameter root: the node's address; paths are appended to it.
    init(root: URL) {
        self.root = root
        let configuration = URLSessionConfiguration.ephemeral
        configuration.urlCache = nil
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        configuration.httpCookieStorage = nil
        configuration.httpShouldSetCookies = false
        configuration.urlCredentialStorage = nil
        configuration.httpMaximumConnectionsPerHost = Self.maximumConnectionCount
        collector = ResponseCollector()
        session = URLSession(configuration: configuration, delegate: collector, delegateQueue: nil)
    }

    /// How many requests go to the node at once; others wait for a connection.
    static let maximumConnectionCount = 16

    deinit {
        // The session holds its delegate until it is told that it is no longer needed.
        session.finishTasksAndInvalidate()
    }

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        let task = session.dataTask(with: try urlRequest(request))
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                collector.expect(task, maximumByteCount: request.maximumResponseByteCount, continuation)
                task.resume()
            }
        } onCancel: {
            task.cancel()
        }
        return try outcome.get()
    }

    private func urlRequest(_ request: HTTPRequest) throws(TransportError) -> URLRequest {
        var base = root.absoluteString
        if base.hasSuffix("/") { base.removeLast() }
        guard let url = URL(string: base + request.target) else {
            throw .unreachable(reason: "\(base)\(request.target) is not a URL")
        }
        var urlRequest = URLRequest(url: url, timeoutInterval: TimeInterval(request.timeoutSeconds))
        urlRequest.httpMethod = request.method.rawValue
        urlRequest.setValue(request.accept, forHTTPHeaderField: "Accept")
        if let contentType = request.contentType {
            urlRequest.setValue(contentType, forHTTPHeaderField: "Content-Type")
            urlRequest.httpBody = Data(request.body)
        }
        return urlRequest
    }
}

/// Gathers the pieces of the answers as URLSession delivers them, and stops one that grows past its limit.
private final class ResponseCollector: NSObject, URLSessionDataDelegate {
    typealias Outcome = Result<HTTPResponse, TransportError>

    private struct Exchange {
        let maximumByteCount: Int
        let continuation: CheckedContinuation<Outcome, Never>
        var response: HTTPURLResponse?
        var body = Data()
        var isTooLarge = false
    }

    /// By task identifier. Any thread may start a request while the session's own queue delivers answers, hence the lock.
    private let exchanges = Mutex<[Int: Exchange]>([:])

    func expect(_ task: URLSessionTask, maximumByteCount: Int, _ continuation: CheckedContinuation<Outcome, Never>) {
        exchanges.withLock {
            $0[task.taskIdentifier] = Exchange(maximumByteCount: maximumByteCount, continuation: continuation)
        }
    }

    /// Applies a change to the exchange of a task; true if the task is to be stopped.
    private func update(_ task: URLSessionTask, _ change: (inout Exchange) -> Void) -> Bool {
        exchanges.withLock { exchanges in
            guard var exchange = exchanges[task.taskIdentifier] else { return true }
            change(&exchange)
            let isTooLarge = exchange.isTooLarge
            exchanges[task.taskIdentifier] = consume exchange
            return isTooLarge
        }
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        let stop = update(dataTask) { exchange in
            exchange.response = response as? HTTPURLResponse
            exchange.isTooLarge = response.expectedContentLength > Int64(exchange.maximumByteCount)
        }
        completionHandler(stop ? .cancel : .allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let stop = update(dataTask) { exchange in
            guard exchange.body.count + data.count <= exchange.maximumByteCount else {
                exchange.isTooLarge = true
                return
            }
            exchange.body.append(data)
        }
        if stop { dataTask.cancel() }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        let exchange = exchanges.withLock { $0.removeValue(forKey: task.taskIdentifier) }
        guard let exchange else { return }
        exchange.continuation.resume(returning: Self.outcome(exchange, error))
    }

    private static func outcome(_ exchange: Exchange, _ error: (any Error)?) -> Outcome {
        if exchange.isTooLarge { return .failure(.tooLarge) }
        if let error {
            switch (error as? URLError)?.code {
            case .cancelled: return .failure(.cancelled)
            case .timedOut: return .failure(.timedOut)
            default: return .failure(.unreachable(reason: error.localizedDescription))
            }
        }
        guard let response = exchange.response else {
            return .failure(.unreachable(reason: "the connection was closed before an answer came"))
        }
        return .success(
            HTTPResponse(
                status: response.statusCode, contentType: mediaType(response),
                retryAfterSeconds: response.value(forHTTPHeaderField: "Retry-After").flatMap { UInt64($0) },
                body: [UInt8](exchange.body)))
    }

    private static func mediaType(_ response: HTTPURLResponse) -> String? {
        guard let header = response.value(forHTTPHeaderField: "Content-Type") else { return nil }
        let type = header.split(separator: ";", omittingEmptySubsequences: false).first ?? ""
        return type.trimmingCharacters(in: .whitespaces).lowercased()
    }
}
