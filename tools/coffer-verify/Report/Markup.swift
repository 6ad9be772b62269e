/// HTML that consists of this program's own literals and of text, which is escaped: nothing from a file can become markup.
///
///     let cell: Markup = "<td title=\"\(name)\">\(name)</td>"
struct Markup: ExpressibleByStringInterpolation {
    private(set) var html: String

    init(stringLiteral value: String) { html = value }
    init(stringInterpolation: StringInterpolation) { html = stringInterpolation.html }

    static let nothing: Markup = ""

    static func += (left: inout Markup, right: Markup) { left.html += right.html }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var html = ""

        init(literalCapacity: Int, interpolationCount: Int) { html.reserveCapacity(literalCapacity + interpolationCount * 16) }

        mutating func appendLiteral(_ literal: String) { html += literal }
        mutating func appendInterpolation(_ markup: Markup) { html += markup.html }
        mutating func appendInterpolation(_ number: some BinaryInteger) { html += String(number) }

        /// Text, escaped for content and for attributes in double quotes.
        mutating func appendInterpolation(_ text: String) {
            for scalar in text.unicodeScalars {
                switch scalar {
                case "&": html += "&amp;"
                case "<": html += "&lt;"
                case ">": html += "&gt;"
                case "\"": html += "&quot;"
                case "'": html += "&#39;"
                default: html.unicodeScalars.append(scalar.isMisleading ? "\u{fffd}" : scalar)
                }
            }
        }

        /// A coordinate in a drawing.
        mutating func appendInterpolation(_ value: Double) {
            let tenths = Int((value * 10).rounded())
            html += tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
        }
    }
}

extension Sequence<Markup> {
    /// One after the other, a line each.
    func joined() -> Markup { reduce(into: .nothing) { $0 += "\($1)\n" } }
}

extension Unicode.Scalar {
    /// Whether it has no place in a line of text, or changes how the text around it is read.
    fileprivate var isMisleading: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
        default: false
        }
    }
}
