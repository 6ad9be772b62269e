import HTTPTypes
import Hummingbird
import Ledger
import NIOCore

/// The forms of a successful answer.
enum Reply {
    static let json = "application/json"
    static let octets = "application/octet-stream"

    static func json(_ value: JSON, status: HTTPResponse.Status = .ok) -> Response {
        bytes(value.bytes(), mediaType: json, status: status)
    }

    /// JSON that was written before.
    static func jsonText(_ text: [UInt8]) -> Response { bytes(text, mediaType: json) }

    static func octets(_ value: [UInt8]) -> Response {
        bytes(value, mediaType: octets)
    }

    static func text(_ value: String, mediaType: String = "text/plain; charset=utf-8") -> Response {
        bytes(Array(value.utf8), mediaType: mediaType)
    }

    private static func bytes(_ value: [UInt8], mediaType: String, status: HTTPResponse.Status = .ok) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = mediaType
        headers[.cacheControl] = "no-store"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: value)))
    }
}

extension Request {
    /// The body, which `RequestBodyLimits` has read whole.
    func wholeBody() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await part in body { bytes.append(contentsOf: part.readableBytesView) }
        return bytes
    }

    /// The media type of the body, without parameters.
    var mediaType: String? {
        headers[.contentType].map {
            ($0.split(separator: ";", maxSplits: 1).first ?? "").trimmingSpaces().lowercased()
        }
    }

    /// Whether the client asks for octets rather than JSON.
    var acceptsOctets: Bool {
        (headers[.accept] ?? "").split(separator: ",").contains {
            ($0.split(separator: ";").first ?? "").trimmingSpaces().lowercased() == Reply.octets
        }
    }

    /// Refuses a request that was meant for another host: a web page whose name was made to point here must not read accounts. Part of
    /// listening on loopback only; to be replaced by access control.
    func requireLoopbackHost() throws(Problem) {
        guard isLoopbackHost(head.authority) else {
            throw Problem(
                .malformedRequest, detail: "The Host field names another host than this one, which answers on loopback addresses only.")
        }
    }

    /// Refuses query parameters the route does not have, or has twice: a misspelt one, or all but one of several, would otherwise be
    /// ignored in silence.
    func allowParameters(_ names: String...) throws(Problem) {
        var given: Set<String> = []
        for (key, _) in uri.queryParameters {
            let name = String(key)
            let detail: String
            if !names.contains(name) {
                detail = "The route has no parameter of that name; it has \(names.isEmpty ? "none" : names.joined(separator: ", "))."
            } else if !given.insert(name).inserted {
                detail = "The parameter is given more than once; give it once."
            } else {
                continue
            }
            throw Problem(.malformedParameter, detail: detail, field: LogText.safe(name))
        }
    }

    /// A parameter that is `true` or `false`; false when it is left out.
    func flag(_ name: String) throws(Problem) -> Bool {
        switch uri.queryParameters[Substring(name)] {
        case nil, "false": return false
        case "true": return true
        default: throw Problem(.malformedParameter, detail: "\(name) is true or false.", field: name)
        }
    }

    /// A whole number in a range; nil when it is left out.
    func number<Integer: FixedWidthInteger>(_ name: String, in range: ClosedRange<Integer>) throws(Problem) -> Integer? {
        guard let text = uri.queryParameters[Substring(name)] else { return nil }
        guard let value = Integer(text), range.contains(value), String(value) == text else {
            throw Problem(
                .malformedParameter, detail: "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound).", field: name)
        }
        return value
    }

    /// One of several words; nil when it is left out.
    func choice(_ name: String, of words: [String]) throws(Problem) -> String? {
        guard let text = uri.queryParameters[Substring(name)] else { return nil }
        guard words.contains(String(text)) else {
            throw Problem(.malformedParameter, detail: "\(name) is \(words.joined(separator: " or ")).", field: name)
        }
        return String(text)
    }
}

/// Whether a `Host` field names a loopback address, or is left out.
func isLoopbackHost(_ authority: String?) -> Bool {
    guard let authority else { return true }
    let hasPort = authority.last?.isNumber == true && authority.contains(":") && authority != "[::1]"
    do {
        _ = try ListenAddress(parsing: hasPort ? authority : "\(authority):80")
        return true
    } catch {
        return false
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> Substring {
        var text = self
        while text.first == " " { text = text.dropFirst() }
        while text.last == " " { text = text.dropLast() }
        return text
    }
}
