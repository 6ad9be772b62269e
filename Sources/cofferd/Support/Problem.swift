import HTTPTypes
import Hummingbird
import Ledger
import NIOCore

/// An answer that something is wrong, as RFC 9457 has it: `application/problem+json`.
///
///     {"type":"/errors/insufficientFunds","title":"…","status":422,"detail":"…","code":"insufficientFunds","requestID":"…"}
///
/// Thrown by routes and middleware, written by `RequestObserver`. It never carries more than whoever sent the request may know: the
/// particulars of a failure of our own go to the log, under the same request id.
struct Problem: Error, Equatable, Sendable {
    /// The media type of a problem.
    static let mediaType = "application/problem+json"

    let code: ProblemCode
    /// What happened this time, where, and what to do; one or two sentences.
    let detail: String
    /// The field or parameter concerned, such as `operations[0].legs[2].amount`.
    let field: String?
    /// Header fields that belong to the answer, such as `Allow`.
    let headers: HTTPFields

    /// - Parameter detail: what happened this time; without it, the code's meaning and action.
    init(_ code: RequestProblem, detail: String? = nil, field: String? = nil, headers: HTTPFields = [:]) {
        self.init(.request(code), detail: detail, field: field, headers: headers)
    }

    /// The bytes of a transaction do not decode.
    init(_ error: DecodingError, field: String? = nil) {
        self.init(.decoding(error), detail: nil, field: field)
    }

    /// The JSON cannot be read, or is not a transaction.
    init(_ error: JSONError) {
        self.init(.json(error.code), detail: error.description, field: error.path == .root ? nil : error.path.description)
    }

    /// The transaction does not apply.
    init(_ refusal: Refusal) {
        self.init(.refusal(refusal.reason), detail: refusal.description, field: Self.field(of: refusal.place))
    }

    /// What was submitted is not a transaction of this network with its memo.
    init(_ error: SubmissionError) {
        let field = error.field == .root ? nil : error.field.description
        switch error {
        case .json(let error): self.init(error)
        case .encoding(let reason, _): self.init(.decoding(reason), detail: error.description, field: field)
        case .wrongNetwork: self.init(.refusal(.wrongNetwork), detail: error.description, field: field)
        case .memoMismatch: self.init(.request(.memoMismatch), detail: error.description, field: field)
        }
    }

    /// Storage does not give or take what it should. What exactly is for the log: it names files.
    init(_ error: StorageError) {
        switch error {
        case .full: self.init(.storageFull)
        case .damaged: self.init(.storageDamaged)
        case .pruned(let block): self.init(.historyPruned, detail: block.description)
        case .refused, .failed: self.init(.storageUnavailable)
        }
    }

    private init(_ code: ProblemCode, detail: String?, field: String? = nil, headers: HTTPFields = [:]) {
        self.code = code
        self.detail = detail ?? "\(code.text.meaning). \(code.text.action)."
        self.field = field
        self.headers = headers
    }

    /// The problem as JSON. `requestID` is absent in the results of a batch, which has one id for all.
    func json(requestID: String? = nil) -> JSON {
        var members = [
            JSON.Member(key: "type", value: .string(code.typePath)),
            JSON.Member(key: "title", value: .string(code.text.meaning)),
            JSON.Member(key: "status", value: .number(UInt64(code.status.code))),
            JSON.Member(key: "detail", value: .string(detail)),
            JSON.Member(key: "code", value: .string(code.name)),
        ]
        if let field { members.append(JSON.Member(key: "field", value: .string(field))) }
        if let requestID { members.append(JSON.Member(key: "requestID", value: .string(requestID))) }
        return .object(members)
    }

    /// The problem as an HTTP response.
    /// - Parameter retryAfterSeconds: what `Retry-After` says where trying again makes sense.
    func response(requestID: String, retryAfterSeconds: Int) -> Response {
        var (head, body) = message(requestID: requestID)
        if code.isTemporary { head.headerFields[.retryAfter] = String(retryAfterSeconds) }
        return Response(status: head.status, headers: head.headerFields, body: ResponseBody(byteBuffer: body))
    }

    /// The problem's head and body, whole but for `Retry-After`.
    func message(requestID: String) -> (head: HTTPResponse, body: ByteBuffer) {
        let body = ByteBuffer(bytes: json(requestID: requestID).bytes())
        var fields = headers
        fields[.contentType] = Self.mediaType
        fields[.contentLength] = String(body.readableBytes)
        fields[.cacheControl] = "no-store"
        fields[.requestID] = requestID
        if case .request(let problem) = code, problem.closesConnection { fields[.connection] = "close" }
        return (HTTPResponse(status: code.status, headerFields: fields), body)
    }

    /// Positions are those of the canonical encoding, which lists accounts and sorts signatures.
    private static func field(of place: Refusal.Place) -> String? {
        switch place {
        case .envelope: nil
        case .account(let position): "accounts[\(position)]"
        case .signature(let position): "signatures[\(position)]"
        case .operation(let position, _): "operations[\(position)]"
        }
    }
}
