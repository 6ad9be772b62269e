extension JSON {
    /// How a document is laid out. Both forms are deterministic and read back to an equal value.
    public enum Layout: Sendable {
        /// No white space.
        case compact
        /// A line per member and element, indented by two spaces a level; no newline at the end.
        case pretty
    }

    /// The document as text, members in the order they have.
    ///
    /// Only what RFC 8259 requires is escaped (quote, backslash, control characters); all else is plain UTF-8. Nesting deeper than
    /// `maximumDepth` and a key twice in an object are programming errors: no reader of ours would take the document.
    public func text(_ layout: Layout = .compact) -> String {
        String(decoding: bytes(layout), as: UTF8.self)
    }

    /// The document as UTF-8 bytes. See `text(_:)`.
    public func bytes(_ layout: Layout = .compact) -> [UInt8] {
        var writer = JSONWriter(layout)
        writer.write(self)
        return writer.output
    }
}

struct JSONWriter {
    private(set) var output: [UInt8] = []
    private let layout: JSON.Layout
    private var depth = 0

    init(_ layout: JSON.Layout) { self.layout = layout }

    mutating func write(_ value: JSON) {
        switch value {
        case .null: append("null")
        case .boolean(let value): append(value ? "true" : "false")
        case .number(let value): append(String(value))
        case .string(let text): writeString(text)
        case .array(let elements):
            writeList(elements, "[", "]") { writer, element in writer.write(element) }
        case .object(let members):
            var seen = SeenKeys()
            writeList(members, "{", "}") { writer, member in
                precondition(seen.insert(member.key), "a JSON object to be written has the key \(member.key) twice")
                writer.writeString(member.key)
                writer.append(writer.layout == .pretty ? ": " : ":")
                writer.write(member.value)
            }
        }
    }

    private mutating func writeList<Item>(
        _ items: [Item], _ opening: String, _ closing: String, _ writeItem: (inout JSONWriter, Item) -> Void
    ) {
        precondition(depth < JSON.maximumDepth, "JSON to be written is nested deeper than \(JSON.maximumDepth)")
        append(opening)
        depth += 1
        var isFirst = true
        for item in items {
            if !isFirst { append(",") }
            isFirst = false
            breakLine()
            writeItem(&self, item)
        }
        depth -= 1
        if !items.isEmpty { breakLine() }
        append(closing)
    }

    private mutating func breakLine() {
        guard layout == .pretty else { return }
        append("\n")
        output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
    }

    private mutating func writeString(_ text: String) {
        append("\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case 0x08: append("\\b")
            case 0x09: append("\\t")
            case 0x0A: append("\\n")
            case 0x0C: append("\\f")
            case 0x0D: append("\\r")
            case 0x00..<0x20: append((byte < 0x10 ? "\\u000" : "\\u00") + String(byte, radix: 16))
            default: output.append(byte)
            }
        }
        append("\"")
    }

    private mutating func append(_ text: String) {
        output.append(contentsOf: text.utf8)
    }
}
