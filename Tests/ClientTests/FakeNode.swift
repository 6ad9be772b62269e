import Client
import Cryptography
import Foundation
import Ledger
import Support
import Synchronization

/// A node in this process: answers each request by a function, and keeps what was asked and how long was paused.
final class FakeNode: Transport {
    typealias Answer = @Sendable (_ request: HTTPRequest, _ count: Int) throws(TransportError) -> HTTPResponse

    private struct Record {
        var requests: [HTTPRequest] = []
        var pausesMilliseconds: [UInt64] = []
    }

    private let record = Mutex(Record())
    private let network: NetworkID
    private let answer: Answer

    /// - Parameters:
    ///   - network: what the node says of itself.
    ///   - answer: the answer to everything else; `count` says how often the same was asked, from 1.
    init(network: NetworkID, answer: @escaping Answer) {
        self.network = network
        self.answer = answer
    }

    /// Everything that was asked, but for the network.
    var requests: [HTTPRequest] { record.withLock { $0.requests } }
    /// The pauses between attempts.
    var pausesMilliseconds: [UInt64] { record.withLock { $0.pausesMilliseconds } }

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        guard request.path != "/v1/network" else {
            return .document([
                "network": .string(network.hex), "name": "test", "addressPrefix": "coffertest", "development": true,
                "height": 0, "time": "2026-01-01T00:00:00.000Z",
            ])
        }
        let count = record.withLock { record in
            record.requests.append(request)
            return record.requests.count { $0.target == request.target && $0.body == request.body }
        }
        return try answer(request, count)
    }

    /// A client of this node, which notes its pauses instead of making them.
    func client(_ chainspec: Chainspec, retry: RetryPolicy = .standard) -> NodeClient {
        NodeClient(transport: self, address: "http://fake", chainspec: chainspec, retry: retry) { [self] milliseconds in
            record.withLock { $0.pausesMilliseconds.append(milliseconds) }
        }
    }
}

extension HTTPResponse {
    static func document(_ json: JSON, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, contentType: MediaType.json, body: json.bytes())
    }

    static func text(_ text: String, status: Int = 200, type: String = MediaType.json) -> HTTPResponse {
        HTTPResponse(status: status, contentType: type, body: Array(text.utf8))
    }

    static func octets(_ bytes: [UInt8]) -> HTTPResponse {
        HTTPResponse(status: 200, contentType: MediaType.octets, body: bytes)
    }

    static func problem(_ code: String, _ status: Int, retryAfterSeconds: UInt64? = nil) -> HTTPResponse {
        let document: JSON = [
            "type": .string("/errors/\(code)"), "title": "A title", "status": .number(UInt64(status)), "detail": "A detail.",
            "code": .string(code), "requestID": "r1",
        ]
        return HTTPResponse(
            status: status, contentType: MediaType.problem, retryAfterSeconds: retryAfterSeconds, body: document.bytes())
    }
}

/// What an operation is expected to throw, as a value to compare.
func failure<Value, Failure: Error>(
    _ body: () async throws(Failure) -> Value
) async -> Failure? {
    do throws(Failure) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

/// A folder for one test, removed at its end.
struct TemporaryDirectory: ~Copyable {
    let url = FileManager.default.temporaryDirectory.appending(path: "coffer-client-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        do {
            try FileManager.default.removeItem(at: url)
        } catch {
            print("left behind: \(url.path)")
        }
    }
}

extension ClientError {
    /// What the node refused with.
    var problem: Problem? {
        if case .refused(let problem) = self { problem } else { nil }
    }

    /// Of which request the answer was not of its form.
    var malformedTarget: String? {
        if case .malformed(let target, _) = self { target } else { nil }
    }

    /// What did not hold.
    var unproved: String? {
        if case .unproved(let what, _) = self { what } else { nil }
    }
}
