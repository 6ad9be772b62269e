public import Ledger
internal import Synchronization

/// A node, as a wallet operator's program sees it: submits transactions, asks, and believes nothing that it can check.
///
///     let node = try NodeClient(url: "http://127.0.0.1:8420", chainspec: chainspec)
///     let status = try await node.submit(signed, memo: memo, wait: .seconds(30))
///     let receipt = try await node.receipt(of: signed.id)     // verified against the chain specification
///
/// - The node's network is compared with the chain specification before anything else is asked or sent.
/// - Every answer has a size limit and is read strictly; what is not of the form of `docs/spec/http.md` is `ClientError.malformed`.
/// - Receipts, balance proofs, headers, blocks and checkpoints are verified before they are returned.
/// - What may pass is tried again by `retry`; see `RetryPolicy` for why that is safe.
///
/// Any number of tasks may use one client at the same time.
public final class NodeClient: Sendable {
    /// Where the node is.
    public let address: String
    /// The network that the node must belong to.
    public let chainspec: Chainspec
    /// When a request is sent again.
    public let retry: RetryPolicy

    private let transport: any Transport
    private let pause: Pause
    /// Whether the node has shown to be of the right network. Several tasks may find out at once, which costs a request more and nothing else.
    private let isNetworkConfirmed = Mutex(false)

    /// Waits for so many milliseconds; throws when the task is cancelled.
    package typealias Pause = @Sendable (_ milliseconds: UInt64) async throws -> Void

    /// - Parameters:
    ///   - url: the node's address, `http` or `https`, such as `http://127.0.0.1:8420`.
    ///   - chainspec: the network that the node must belong to.
    ///   - retry: when a request is sent again.
    /// - Throws: `invalidAddress`. Nothing is sent yet.
    public convenience init(url: String, chainspec: Chainspec, retry: RetryPolicy = .standard) throws(ClientError) {
        self.init(
            transport: URLSessionTransport(root: try NodeAddress.parse(url)), address: url, chainspec: chainspec, retry: retry)
    }

    /// A client over another transport, which with its pauses is what tests replace.
    package init(
        transport: any Transport, address: String, chainspec: Chainspec, retry: RetryPolicy = .standard,
        pause: @escaping Pause = { try await Task.sleep(for: .milliseconds($0)) }
    ) {
        self.transport = transport
        self.address = address
        self.chainspec = chainspec
        self.retry = retry
        self.pause = pause
    }
}

extension NodeClient {
    /// Sends a request to a node that is known to be of the right network, and gets the answer, whatever its status.
    func send(_ request: HTTPRequest) async throws(ClientError) -> HTTPResponse {
        if !isNetworkConfirmed.withLock({ $0 }) {
            _ = try await network()
            isNetworkConfirmed.withLock { $0 = true }
        }
        return try await exchange(request)
    }

    /// Sends a request, again if need be.
    func exchange(_ request: HTTPRequest) async throws(ClientError) -> HTTPResponse {
        var generator = SystemRandomNumberGenerator()
        var attempt = 1
        while true {
            let outcome = await attemptOnce(request)
            let retryAfterSeconds: UInt64?
            switch outcome {
            case .success(let response):
                guard RetryPolicy.passingStatuses.contains(response.status) else { return response }
                retryAfterSeconds = response.retryAfterSeconds
            case .failure(let error):
                guard error.mayPass, error != .cancelled else { throw error }
                retryAfterSeconds = nil
            }
            let pauseMilliseconds = retry.pauseMilliseconds(
                afterAttempt: attempt, retryAfterSeconds: retryAfterSeconds, using: &generator)
            guard let pauseMilliseconds else { return try outcome.get() }
            try await sleep(milliseconds: pauseMilliseconds)
            attempt += 1
        }
    }

    private func attemptOnce(_ request: HTTPRequest) async -> Result<HTTPResponse, ClientError> {
        do throws(TransportError) {
            return .success(try await transport.send(request))
        } catch {
            switch error {
            case .unreachable(let reason): return .failure(.unreachable(node: address, reason: reason))
            case .timedOut:
                return .failure(.unreachable(node: address, reason: "no answer within \(request.timeoutSeconds) seconds"))
            case .tooLarge:
                return .failure(
                    .malformed(
                        target: request.target, reason: "it is longer than \(request.maximumResponseByteCount) bytes"))
            case .cancelled: return .failure(.cancelled)
            }
        }
    }

    /// Waits before the same is asked again.
    func sleep(milliseconds: UInt64) async throws(ClientError) {
        do {
            try await pause(milliseconds)
        } catch {
            // A pause ends early only by cancellation.
            throw .cancelled
        }
    }
}
