import Ledger

// How answers are told apart and read: the one place where the bytes of a node become values.

extension NodeClient {
    /// Asks for a JSON document and reads it; everything but a 200 is an error.
    func document<Value>(
        _ request: HTTPRequest, read: (JSONField) throws(JSONError) -> Value
    ) async throws(ClientError) -> Value {
        let body = try await body(of: request, type: MediaType.json)
        return try Self.reading(request) { () throws(JSONError) in
            try read(JSONField(try JSON.parse(body, maximumBytes: request.maximumResponseByteCount)))
        }
    }

    /// Asks for something of one media type; everything but a 200 is an error.
    func body(of request: HTTPRequest, type: String) async throws(ClientError) -> [UInt8] {
        try Self.body(of: try await send(request), to: request, type: type)
    }

    static func body(of response: HTTPResponse, to request: HTTPRequest, type: String) throws(ClientError) -> [UInt8] {
        // 202 says of a submission that it is still pending, which its status says as well.
        let isPending = response.status == 202 && request.method == .post
        guard response.status == 200 || isPending else { throw failure(response, to: request) }
        guard response.contentType == type else {
            throw .malformed(
                target: request.target, reason: "it is of type \(shown(response.contentType)) instead of \(type)")
        }
        return response.body
    }

    /// The error that an answer with another status than 200 stands for.
    static func failure(_ response: HTTPResponse, to request: HTTPRequest) -> ClientError {
        guard response.contentType == MediaType.problem else {
            return .malformed(
                target: request.target,
                reason: "status \(response.status) of type \(shown(response.contentType)), without an error of ours")
        }
        do throws(ClientError) {
            return .refused(
                try reading(request) { () throws(JSONError) in
                    try Problem(
                        JSONField(try JSON.parse(response.body, maximumBytes: request.maximumResponseByteCount)),
                        status: response.status)
                })
        } catch {
            return error
        }
    }

    /// Reads a value; what JSON says against it is the node's fault.
    static func reading<Value>(
        _ request: HTTPRequest, _ body: () throws(JSONError) -> Value
    ) throws(ClientError) -> Value {
        do throws(JSONError) {
            return try body()
        } catch {
            throw .malformed(target: request.target, reason: error.description)
        }
    }

    /// Checks a proof; what speaks against it is the node's fault.
    static func proving<Value>(
        _ what: String, _ body: () throws(ProofError) -> Value
    ) throws(ClientError) -> Value {
        do throws(ProofError) {
            return try body()
        } catch {
            throw .unproved(what: what, reason: error.description)
        }
    }

    private static func shown(_ contentType: String?) -> String {
        guard let contentType else { return "none" }
        return PlainText.line(contentType, maximumCharacterCount: 64)
    }
}

extension Problem {
    /// Reads `application/problem+json`. RFC 9457 section 3.2 has readers ignore members they do not know.
    init(_ field: JSONField, status: Int) throws(JSONError) {
        var fields = try field.object()
        let codeField = try fields.field("code", expecting: "an error code")
        let code = try codeField.string()
        guard Self.isCode(code) else { throw codeField.refused("must be 1 to 64 letters and digits") }
        self.init(
            code: code,
            detail: PlainText.line(try fields.string("detail"), maximumCharacterCount: 2_000),
            status: status,
            field: try fields.optionalString("field").map { PlainText.line($0, maximumCharacterCount: 256) },
            requestID: try fields.optionalString("requestID").map { PlainText.line($0, maximumCharacterCount: 64) })
    }

    static func isCode(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
    }
}

/// Text from outside, made fit for a line of a log or a terminal.
public enum PlainText {
    /// The text on one line and cut to a length. Control characters, which could move a terminal's cursor or hide what was printed, and
    /// those that change the direction of writing become `\u{…}`.
    public static func line(_ text: String, maximumCharacterCount: Int = .max) -> String {
        var line = ""
        for (count, scalar) in text.unicodeScalars.enumerated() {
            guard count < maximumCharacterCount else { return line + "…" }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
                line += "\\u{\(String(scalar.value, radix: 16))}"
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line
    }
}
