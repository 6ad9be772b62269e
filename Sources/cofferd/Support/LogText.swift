/// Makes text from outside safe to print on a terminal and bounded in length.
///
/// The JSON writer escapes what JSON requires, the ASCII control characters. That leaves characters which terminals and editors
/// act on as well: a C1 control can start an escape sequence, a line separator can fake a second record, a direction override
/// can make text read as something else. They are replaced by their code point in angle brackets.
enum LogText {
    /// A longer text is cut; what is left out is counted.
    static let maximumTextBytes = 8_192

    /// The text as it is logged.
    static func safe(_ text: String) -> String {
        let bytes = text.utf8
        if bytes.count <= maximumTextBytes && bytes.allSatisfy({ $0 < 0x7F }) { return text }
        var shown = ""
        var shownBytes = 0
        for scalar in text.unicodeScalars {
            if shownBytes >= maximumTextBytes {
                let left = bytes.count - shownBytes
                return shown + "... (\(left) more bytes)"
            }
            shownBytes += UTF8.width(scalar)
            if isHarmful(scalar) {
                shown += "<U+\(String(scalar.value, radix: 16, uppercase: true))>"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x7F...0x9F: true  // delete and the C1 controls
        case 0x2028, 0x2029: true  // line and paragraph separators
        case 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true  // marks, embeddings and overrides of direction
        case 0xFEFF: true  // byte order mark
        default: false
        }
    }
}
