import Foundation
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Gathers the pieces of the answers as URLSession delivers them, and stops one that grows past its limit.
///
/// URLSession on Linux ends a cancelled task only after it has handed over what it read until then, which for a node that
/// never stops sending takes seconds. So whoever waits is answered at once, and what still comes is dropped.
final class ResponseCollector: NSObject, URLSessionDataDelegate {
    typealias Outcome = Result<HTTPResponse, TransportError>
    typealias Waiting = CheckedContinuation<Outcome, Never>

    private struct Exchange {
        let maximumByteCount: Int
        let waiting: Waiting
        var response: HTTPURLResponse?
        var body = Data()
    }

    /// By task identifier, from the start of a request until it is answered. Tasks of any thread start and end requests while the
    /// session's own queue delivers answers, hence the lock.
    private let exchanges = Mutex<[Int: Exchange]>([:])

    /// Begins to gather the answer to a task that is about to be resumed.
    func expect(_ task: URLSessionTask, maximumByteCount: Int, _ waiting: Waiting) {
        exchanges.withLock {
            $0[task.taskIdentifier] = Exchange(maximumByteCount: maximumByteCount, waiting: waiting)
        }
    }

    /// Ends an exchange before its answer is whole; nothing if it has ended already.
    func end(_ task: URLSessionTask, with outcome: Outcome) {
        guard let exchange = remove(task) else { return }
        task.cancel()
        exchange.waiting.resume(returning: outcome)
    }

    private func remove(_ task: URLSessionTask) -> Exchange? {
        exchanges.withLock { $0.removeValue(forKey: task.taskIdentifier) }
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        let isTooLarge = exchanges.withLock { exchanges in
            exchanges[dataTask.taskIdentifier]?.response = response as? HTTPURLResponse
            let maximum = exchanges[dataTask.taskIdentifier]?.maximumByteCount ?? 0
            return response.expectedContentLength > Int64(maximum)
        }
        if isTooLarge { end(dataTask, with: .failure(.tooLarge)) }
        completionHandler(isTooLarge ? .cancel : .allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let identifier = dataTask.taskIdentifier
        let isTooLarge = exchanges.withLock { exchanges in
            guard let maximum = exchanges[identifier]?.maximumByteCount, let count = exchanges[identifier]?.body.count else {
                return false
            }
            guard data.count <= maximum - count else { return true }
            // In place: a copy of the body for every piece would take quadratic time.
            exchanges[identifier]?.body.append(data)
            return false
        }
        if isTooLarge { end(dataTask, with: .failure(.tooLarge)) }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        guard let exchange = remove(task) else { return }
        exchange.waiting.resume(returning: Self.outcome(exchange, error))
    }

    private static func outcome(_ exchange: Exchange, _ error: (any Error)?) -> Outcome {
        if let error {
            let isTimeout = (error as? URLError)?.code == .timedOut
            return .failure(isTimeout ? .timedOut : .unreachable(reason: PlainText.line(error.localizedDescription)))
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
