/// Why a JSON document, or a field in it, was refused.
public struct JSONError: Error, Equatable, Sendable {
    /// Stable names, part of the published error catalogue. `json…`: the document cannot be read.
    /// `field…`: it can, but a field is not what it has to be.
    public enum Code: String, CaseIterable, Sendable {
        /// Not JSON: RFC 8259's grammar, UTF-8 or Unicode is violated.
        case jsonSyntax
        /// An object has the same key twice.
        case jsonDuplicateKey
        /// More than `JSON.maximumDepth` arrays and objects inside each other.
        case jsonDepth
        /// More bytes than the caller reads.
        case jsonTooLarge
        /// A required field is absent.
        case fieldMissing
        /// A field is present that the object does not have.
        case fieldUnknown
        /// The field's value is of another JSON type than it has to be.
        case fieldType
        /// The field's value is of the right type, but outside what is accepted.
        case fieldValue
    }

    public let code: Code
    /// The byte where reading stopped, counted from 0. Absent once the document is read: values keep no offset.
    public let offset: Int?
    /// The field concerned, such as `operations[0].legs[2].amount`; empty for the whole document.
    public let path: JSONPath
    /// What happened and what to do, in one sentence; names the field but not the offset.
    public let message: String

    public init(_ code: Code, offset: Int? = nil, path: JSONPath = .root, message: String) {
        self.code = code
        self.offset = offset
        self.path = path
        self.message = message
    }

    /// The same error, seen from the value that `path` led to.
    func nested(under outer: JSONPath) -> JSONError {
        JSONError(code, offset: offset, path: outer.appending(path), message: message)
    }
}

extension JSONError: CustomStringConvertible {
    /// The message, followed by where reading stopped if that is known.
    public var description: String {
        guard let offset else { return message }
        return path == .root ? "\(message) (byte \(offset))" : "\(message) (byte \(offset), in \(path))"
    }
}

/// The way from the document to one of its values: `operations[0].legs[2].amount`.
///
/// It is meant for people and logs. Keys come from outside, so one that is not a plain name is quoted, escaped
/// to printable ASCII and cut short: a hostile key can neither forge a log line nor make the path long.
public struct JSONPath: Equatable, Sendable, CustomStringConvertible {
    /// The document itself.
    public static let root = JSONPath(steps: "")
    /// A longer key is shown cut to this many characters.
    public static let maximumShownKeyCharacters = 64

    // Each step carries its own separator: ".name", "[3]" or "[\"odd name\"]", so that paths concatenate.
    private let steps: String

    private init(steps: String) { self.steps = steps }

    /// The path of this object's member `key`.
    public func appending(key: String) -> JSONPath {
        let shown = Self.shown(key: key)
        return JSONPath(steps: steps + (shown.hasPrefix("\"") ? "[\(shown)]" : ".\(shown)"))
    }

    /// The path of this array's element number `index`, counted from 0.
    public func appending(index: Int) -> JSONPath {
        JSONPath(steps: "\(steps)[\(index)]")
    }

    func appending(_ inner: JSONPath) -> JSONPath {
        JSONPath(steps: steps + inner.steps)
    }

    /// `operations[0].amount`; empty for the document itself.
    public var description: String {
        steps.hasPrefix(".") ? String(steps.dropFirst()) : steps
    }

    /// How a message begins that is about the value here.
    var subject: String {
        self == .root ? "the document" : description
    }

    /// A key as messages show it: plain names as they are, anything else quoted, escaped and cut.
    static func shown(key: String) -> String {
        let isPlain = !key.isEmpty && key.utf8.count <= maximumShownKeyCharacters && key.utf8.allSatisfy(isNameByte)
        if isPlain { return key }
        var shown = "\""
        for (count, scalar) in key.unicodeScalars.enumerated() {
            if count == maximumShownKeyCharacters {
                shown += "..."
                break
            }
            switch scalar {
            case "\"", "\\": shown += "\\\(scalar)"
            case " "..."~": shown.unicodeScalars.append(scalar)
            default: shown += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return shown + "\""
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
