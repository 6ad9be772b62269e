import HTTPTypes
import Hummingbird
import Ledger
import NIOCore
import Node

/// What the connections need to answer single submissions without a task each (`SubmissionHandler`).
struct DirectSubmissions: Sendable {
    /// A longer body goes the way of all others, where bodies have a budget.
    static let maximumBodyBytes = 16_384

    let node: Node
    let metrics: RequestMetrics
    let log: AccessLog
    let retryAfterSeconds: Int
    let waitForFinalSeconds: Int
    let now: @Sendable () -> TimeMilliseconds

    /// A request that is answered directly.
    struct Form {
        let head: HTTPRequest
        let requestID: String?
        let contentLength: String
        let wait: SubmissionWait

        /// Nil for a request that is anything but a plain submission of canonical bytes, also where something is wrong with it: all
        /// those go to the routes, which know what to answer.
        init?(_ head: HTTPRequest, isKnownHost: (String?) -> Bool) {
            guard head.method == .post, let wait = Self.wait(head.path), isKnownHost(head.authority) else { return nil }
            var requestID: String?
            var length: String?
            var isOctets = false
            for field in head.headerFields {
                switch field.name {
                case .contentType:
                    guard field.value == Reply.octets else { return nil }
                    isOctets = true
                case .contentLength:
                    guard length == nil, let bytes = Int(field.value), (1...DirectSubmissions.maximumBodyBytes).contains(bytes) else {
                        return nil
                    }
                    length = field.value
                case .requestID: requestID = requestID ?? field.value
                case .transferEncoding, .expect, .connection, .upgrade: return nil
                default: break
                }
            }
            guard isOctets, let length else { return nil }
            self.head = head
            self.requestID = requestID
            self.wait = wait
            contentLength = length
        }

        private static func wait(_ path: String?) -> SubmissionWait? {
            switch path {
            case "/v1/transactions?wait=final": .finality
            case "/v1/transactions": .admission
            default: nil
            }
        }
    }

    /// The answer to a submission.
    func answer(_ outcome: SubmissionOutcome, requestID: String) -> (head: HTTPResponse, body: ByteBuffer, code: String?) {
        let problem: Problem
        switch outcome {
        case .status(_, .refused(let refusal)): problem = Problem(refusal)
        case .status(let id, let status):
            let body = ByteBuffer(bytes: StatusText.status(status, of: id))
            var fields = HTTPFields()
            fields.reserveCapacity(5)
            fields.append(HTTPField(name: .contentType, value: Reply.json))
            fields.append(HTTPField(name: .contentLength, value: String(body.readableBytes)))
            fields.append(HTTPField(name: .cacheControl, value: "no-store"))
            fields.append(HTTPField(name: .requestID, value: requestID))
            fields.append(HTTPField(name: .date, value: HTTPDate.text(now())))
            return (HTTPResponse(status: .ok, headerFields: fields), body, nil)
        case .failed(_, let failure): problem = failure.problem
        case .undecodable(let error): problem = Problem(error)
        }
        var (head, body) = problem.message(requestID: requestID)
        if problem.code.isTemporary { head.headerFields[.retryAfter] = String(retryAfterSeconds) }
        head.headerFields[.date] = HTTPDate.text(now())
        return (head, body, problem.code.name)
    }
}

extension RequestRecord {
    /// The record of a submission that is answered directly.
    init(_ form: DirectSubmissions.Form, clientAddress: String) {
        self.init(
            method: HTTPRequest.Method.post.rawValue, route: Route.submit.path, path: Route.submit.path, clientAddress: clientAddress,
            isProbe: false, requestBytes: form.contentLength)
    }
}
