/// The text exposition format of Prometheus, version 0.0.4.
enum PrometheusText {
    /// The media type of a scrape's answer.
    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// The type of a metric, as its TYPE line says it.
    enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// A metric's name: letters, digits, underscores and colons, not beginning with a digit. Others become underscores.
    static func metricName(_ label: String) -> String {
        name(label) { $0 == UInt8(ascii: ":") }
    }

    /// A label's name: as a metric's, without colons.
    static func labelName(_ label: String) -> String {
        name(label) { _ in false }
    }

    /// Labels as they stand between braces, sorted by name: `method="GET",route="/v1/assets"`. Of a repeated name, the last value counts.
    static func labels(_ dimensions: [(String, String)]) -> String {
        var values: [String: String] = [:]
        for (key, value) in dimensions { values[labelName(key)] = value }
        return values.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(escapedLabelValue($0.value))\"" }.joined(separator: ",")
    }

    /// One sample's line.
    static func sample(_ name: String, _ labels: String, _ value: String) -> String {
        labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }

    /// The lines of a histogram: a cumulative bucket per bound and one for all, sum and count.
    static func histogram(_ name: String, _ labels: String, bounds: [Double], _ snapshot: PrometheusHistogram.Snapshot) -> String {
        let prefix = labels.isEmpty ? "" : labels + ","
        var text = ""
        var total: UInt64 = 0
        for (bound, count) in zip(bounds + [.infinity], snapshot.counts) {
            total += count
            text += sample("\(name)_bucket", "\(prefix)le=\"\(number(bound))\"", String(total))
        }
        text += sample("\(name)_sum", labels, number(snapshot.sum))
        text += sample("\(name)_count", labels, String(total))
        return text
    }

    /// A number as the format has it: `1`, `0.25`, `+Inf`, `NaN`.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map { String($0) } ?? "\(value)"
    }

    /// HELP text on one line.
    static func escapedHelp(_ text: String) -> String {
        escaped(text, quotes: false)
    }

    static func escapedLabelValue(_ text: String) -> String {
        escaped(text, quotes: true)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func name(_ label: String, _ isAlsoAllowed: (UInt8) -> Bool) -> String {
        var bytes = label.utf8.map { byte in isNameByte(byte) || isAlsoAllowed(byte) ? byte : UInt8(ascii: "_") }
        if bytes.isEmpty || UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[0] { bytes.insert(UInt8(ascii: "_"), at: 0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
