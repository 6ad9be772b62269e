import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Ledger
import NIOCore
import Testing

@testable import cofferd

/// The routes as a client sees them.
struct RouteClient: Sendable {
    static let json = "application/json"
    static let octets = "application/octet-stream"

    let client: any TestClientProtocol

    func get(_ uri: String, _ headers: HTTPFields = [:]) async throws -> Answer {
        try await send(.get, uri, headers: headers)
    }

    func post(_ uri: String, _ body: [UInt8], type: String? = octets) async throws -> Answer {
        var headers = HTTPFields()
        headers[.contentType] = type
        return try await send(.post, uri, headers: headers, body: body)
    }

    func post(_ uri: String, _ body: JSON) async throws -> Answer {
        try await post(uri, body.bytes(), type: Self.json)
    }

    func send(
        _ method: HTTPRequest.Method, _ uri: String, headers: HTTPFields = [:], body: [UInt8]? = nil
    ) async throws -> Answer {
        try await client.execute(uri: uri, method: method, headers: headers, body: body.map { ByteBuffer(bytes: $0) }) {
            Answer(status: $0.status.code, headers: $0.headers, body: Array(buffer: $0.body))
        }
    }

    /// Submits a transaction as octets.
    func submit(_ transaction: SignedTransaction, wait: Bool = true) async throws -> Answer {
        try await post(wait ? "/v1/transactions?wait=final" : "/v1/transactions", transaction.bytes)
    }

    /// Submits transactions together.
    func submitBatch(_ items: [[UInt8]], wait: Bool = true) async throws -> Answer {
        try await post(wait ? "/v1/transactions/batch?wait=final" : "/v1/transactions/batch", Self.batch(items))
    }

    static func batch(_ items: [[UInt8]]) -> [UInt8] {
        items.flatMap { item in (0..<4).map { UInt8(truncatingIfNeeded: item.count >> (24 - 8 * $0)) } + item }
    }
}

/// An answer of the node.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPFields
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The members of the JSON object that the answer is, read as strictly as we read everything.
    func object() throws -> [String: JSON] { try json().members }

    func json() throws -> JSON {
        #expect(headers[.contentType] == (status < 400 ? "application/json" : Problem.mediaType))
        return try JSON.parse(body, maximumBytes: 1 << 26)
    }

    /// Checks that this is a complete problem with this status and code; and with this field, or none.
    func expectProblem(
        _ status: Int, _ code: String, field: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let members = try object()
        #expect(self.status == status, "\(text)", sourceLocation: sourceLocation)
        #expect(members["code"]?.text == code, "\(text)", sourceLocation: sourceLocation)
        #expect(members["field"]?.text == field, "\(text)", sourceLocation: sourceLocation)
        let expected = Set(["type", "title", "status", "detail", "code", "requestID"] + (field == nil ? [] : ["field"]))
        #expect(Set(members.keys) == expected, sourceLocation: sourceLocation)
        #expect(members["type"] == .string("/errors/\(code)"), sourceLocation: sourceLocation)
        #expect(members["status"] == .number(UInt64(status)), sourceLocation: sourceLocation)
        #expect(members["requestID"]?.text == headers[.requestID], sourceLocation: sourceLocation)
        #expect(members["detail"]?.text?.isEmpty == false, sourceLocation: sourceLocation)
    }
}

extension JSON {
    /// The value of a number; nil for anything else.
    var wholeNumber: UInt64? {
        guard case .number(let number) = self else { return nil }
        return number
    }

    /// The same document with another value at a place such as `operations[0].legs[1].amount`; nil takes the member out.
    func with(_ path: String, _ value: JSON?) -> JSON {
        with(path.split { ".[]".contains($0) }[...], value)
    }

    private func with(_ path: ArraySlice<Substring>, _ value: JSON?) -> JSON {
        guard let step = path.first else { preconditionFailure("a place has at least one step") }
        func changed(_ old: JSON) -> JSON? { path.count == 1 ? value : old.with(path.dropFirst(), value) }
        switch self {
        case .object(var members):
            let index = members.firstIndex { $0.key == step } ?? members.count
            let old = index < members.count ? members.remove(at: index).value : .null
            if let new = changed(old) { members.insert(Member(key: String(step), value: new), at: index) }
            return .object(members)
        case .array(var elements):
            guard let index = Int(step), let new = changed(elements[index]) else { preconditionFailure("\(step) is no element") }
            elements[index] = new
            return .array(elements)
        default: preconditionFailure("there is nothing at \(step)")
        }
    }
}
