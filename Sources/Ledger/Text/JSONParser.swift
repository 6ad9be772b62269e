extension JSON {
    /// Reads one JSON document, strictly.
    ///
    /// - Parameters:
    ///   - bytes: the whole document in UTF-8, without byte order mark; white space around it is fine.
    ///   - maximumBytes: a longer document is refused before any of it is read. Reading takes time in proportion to
    ///     the bytes; the value takes about 3 times their memory for usual text, and 30 times for nothing but nested arrays.
    /// - Throws: `jsonSyntax`, `jsonDuplicateKey`, `jsonDepth` or `jsonTooLarge`; `fieldValue` for a number that RFC 8259
    ///   allows and Coffer has no use for (negative, with fraction or exponent, above 2^64 − 1).
    public static func parse(_ bytes: [UInt8], maximumBytes: Int) throws(JSONError) -> JSON {
        guard bytes.count <= maximumBytes else {
            throw JSONError(
                .jsonTooLarge,
                message: "the document has \(bytes.count) bytes and at most \(maximumBytes) are read; send less at once")
        }
        var parser = JSONParser(bytes)
        return try parser.readDocument()
    }

    /// Reads one JSON document from text. See `parse(_:maximumBytes:)` for bytes.
    public static func parse(_ text: String, maximumBytes: Int) throws(JSONError) -> JSON {
        try parse(Array(text.utf8), maximumBytes: maximumBytes)
    }
}

/// A recursive-descent reader of RFC 8259. Every byte is looked at a bounded number of times.
struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func readDocument() throws(JSONError) -> JSON {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw syntax("the document begins with a byte order mark; send plain UTF-8 without it", at: 0)
        }
        skipSpace()
        let value = try readValue()
        skipSpace()
        guard position == bytes.count else { throw unexpected("the end of the document") }
        return value
    }

    private mutating func readValue() throws(JSONError) -> JSON {
        switch current {
        case UInt8(ascii: "{"): return try readObject()
        case UInt8(ascii: "["): return try readArray()
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "t"): return try readWord("true", .boolean(true))
        case UInt8(ascii: "f"): return try readWord("false", .boolean(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        case .some(let byte) where byte == UInt8(ascii: "-") || DecimalAmount.isDigit(byte): return try readNumber()
        default: throw unexpected("a value")
        }
    }

    // MARK: Objects and arrays (RFC 8259, sections 4 and 5)

    private mutating func readObject() throws(JSONError) -> JSON {
        try enter()
        if take("}") { return leave(.object([])) }
        var members: [JSON.Member] = []
        var seen = SeenKeys()
        repeat {
            skipSpace()
            let keyOffset = position
            guard current == UInt8(ascii: "\"") else { throw unexpected("a field name in double quotes") }
            let key = try readString()
            guard seen.insert(key) else {
                throw JSONError(
                    .jsonDuplicateKey, offset: keyOffset, path: .root.appending(key: key),
                    message: "the object has the field \(JSONPath.shown(key: key)) twice; give each field once")
            }
            skipSpace()
            guard take(":") else { throw unexpected("a colon after the field name") }
            skipSpace()
            do throws(JSONError) {
                members.append(JSON.Member(key: key, value: try readValue()))
            } catch {
                throw error.nested(under: .root.appending(key: key))
            }
            skipSpace()
        } while take(",")
        guard take("}") else { throw unexpected("a comma or the end of the object") }
        return leave(.object(members))
    }

    private mutating func readArray() throws(JSONError) -> JSON {
        try enter()
        if take("]") { return leave(.array([])) }
        var elements: [JSON] = []
        repeat {
            skipSpace()
            do throws(JSONError) {
                elements.append(try readValue())
            } catch {
                throw error.nested(under: .root.appending(index: elements.count))
            }
            skipSpace()
        } while take(",")
        guard take("]") else { throw unexpected("a comma or the end of the array") }
        return leave(.array(elements))
    }

    /// Steps over the opening bracket, unless it opens one level too many.
    private mutating func enter() throws(JSONError) {
        guard depth < JSON.maximumDepth else {
            throw JSONError(
                .jsonDepth, offset: position,
                message: "more than \(JSON.maximumDepth) arrays and objects stand inside each other; flatten the document")
        }
        depth += 1
        position += 1
        skipSpace()
    }

    private mutating func leave(_ value: JSON) -> JSON {
        depth -= 1
        return value
    }

    // MARK: Words and numbers (RFC 8259, sections 3 and 6)

    private mutating func readWord(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        for expected in "\(word)".utf8 {
            guard current == expected else { throw unexpected("the word \(word)") }
            position += 1
        }
        return value
    }

    /// Reads the RFC's whole number grammar first, so that `-1` and `1e3` are told apart from `-` and `1e`.
    private mutating func readNumber() throws(JSONError) -> JSON {
        let start = position
        let isNegative = take("-")
        let digitsStart = position
        let magnitude = try readDigits()
        if bytes[digitsStart] == UInt8(ascii: "0") && position > digitsStart + 1 {
            throw syntax("a number begins with a needless zero; leave it out", at: digitsStart)
        }
        var isWhole = true
        if take(".") {
            isWhole = false
            _ = try readDigits()
        }
        if take("e") || take("E") {
            isWhole = false
            if !take("+") { _ = take("-") }
            _ = try readDigits()
        }
        if isNegative { throw refused("negative numbers are not used; give a whole number from 0", at: start) }
        if !isWhole { throw refused("numbers with a fraction or an exponent are not used; give a whole number", at: start) }
        guard let magnitude else { throw refused("the number is above \(UInt64.max)", at: start) }
        return .number(magnitude)
    }

    /// Reads one digit or more; nil if they do not fit a UInt64.
    private mutating func readDigits() throws(JSONError) -> UInt64? {
        guard let first = current, DecimalAmount.isDigit(first) else { throw unexpected("a digit") }
        var value: UInt64? = 0
        while let byte = current, DecimalAmount.isDigit(byte) {
            value = value.flatMap { DecimalAmount.append(byte, to: $0) }
            position += 1
        }
        return value
    }

    // MARK: Strings (RFC 8259, sections 7 and 8)

    private mutating func readString() throws(JSONError) -> String {
        let quote = position
        var hasEscapes = false
        position += 1
        while let byte = current, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw syntax("a control character stands in a string; escape it", at: position) }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                position += 1
            }
            position += 1
        }
        guard position < bytes.count else { throw syntax("a string has no closing quote", at: quote) }
        let content = quote + 1..<position
        position += 1
        // Escapes are ASCII, so the string is well-formed UTF-8 exactly if the text between the quotes is.
        let raw = try decodeUTF8(content)
        return hasEscapes ? try unescape(content) : raw
    }

    private func decodeUTF8(_ range: Range<Int>) throws(JSONError) -> String {
        do throws(UTF8.ValidationError) {
            return String(copying: try UTF8Span(validating: bytes.span.extracting(range)))
        } catch {
            throw syntax("a string is not valid UTF-8", at: range.lowerBound + error.byteOffsets.lowerBound)
        }
    }

    /// `range` lies between two quotes, so a byte follows every backslash in it.
    private func unescape(_ range: Range<Int>) throws(JSONError) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            guard bytes[index] == UInt8(ascii: "\\") else {
                text.append(bytes[index])
                index += 1
                continue
            }
            switch bytes[index + 1] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(bytes[index + 1])
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "u"):
                let (scalar, length) = try unescapeUnicode(index..<range.upperBound)
                text.append(contentsOf: scalar.utf8)
                index += length
                continue
            default: throw syntax("a backslash is followed by something that is no escape", at: index)
            }
            index += 2
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads `\uXXXX`, or the surrogate pair `\uD8XX\uDCXX`, at the start of `range`.
    private func unescapeUnicode(_ range: Range<Int>) throws(JSONError) -> (Unicode.Scalar, length: Int) {
        let first = try readCodeUnit(range)
        if let scalar = Unicode.Scalar(first) { return (scalar, 6) }
        let rest = range.dropFirst(6)
        if first < 0xDC00, rest.count >= 2, bytes[rest.lowerBound] == UInt8(ascii: "\\"),
            bytes[rest.lowerBound + 1] == UInt8(ascii: "u")
        {
            let second = try readCodeUnit(rest)
            if 0xDC00...0xDFFF ~= second, let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) {
                return (scalar, 12)
            }
        }
        throw syntax("an escape is half of a surrogate pair, which is no character", at: range.lowerBound)
    }

    /// The four hexadecimal digits after the `\u` at the start of `range`.
    private func readCodeUnit(_ range: Range<Int>) throws(JSONError) -> UInt32 {
        let digits = bytes[range].dropFirst(2).prefix(4).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == 4 else { throw syntax("\\u is not followed by four hexadecimal digits", at: range.lowerBound) }
        return digits.reduce(0) { $0 << 4 | UInt32($1) }
    }

    // MARK: Bytes and errors

    /// The byte at the position; nil at the end.
    private var current: UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func syntax(_ message: String, at offset: Int) -> JSONError {
        JSONError(.jsonSyntax, offset: offset, message: message)
    }

    private func refused(_ message: String, at offset: Int) -> JSONError {
        JSONError(.fieldValue, offset: offset, message: message)
    }

    private func unexpected(_ wanted: String) -> JSONError {
        let found: String
        switch current {
        case nil: found = "the document ends"
        case .some(let byte) where 0x21...0x7E ~= byte: found = "'\(Unicode.Scalar(byte))' stands"
        case .some(let byte): found = "the byte 0x\(String(byte, radix: 16)) stands"
        }
        return syntax("\(found) where \(wanted) has to be", at: position)
    }
}
