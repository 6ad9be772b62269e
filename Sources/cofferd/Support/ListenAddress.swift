/// The address that the HTTP interface listens on.
///
/// Only loopback addresses: whoever reaches the interface can read every account, since access control is not built yet.
struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
    /// Where `cofferd` listens when it is not told.
    static let standard = ListenAddress(host: "127.0.0.1", port: 8_420)

    /// An IPv4 address, or `::1`. Never a name: what a name means can be changed from outside.
    let host: String
    /// 0 lets the system choose a free port.
    let port: UInt16

    private init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT`; HOST is an address of 127.0.0.0/8, `[::1]`, or `localhost`, which stands for 127.0.0.1.
    init(parsing text: String) throws(ListenAddressError) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { throw .malformed(text) }
        let hostText = text[..<colon], portText = text[text.index(after: colon)...]
        guard let port = Self.port(portText) else { throw .malformedPort(text) }
        self.port = port
        switch hostText {
        case "localhost": host = "127.0.0.1"
        case "[::1]": host = "::1"
        case "": throw .malformed(text)
        default:
            guard let first = Self.ipv4FirstOctet(hostText) else {
                // A bare IPv6 address has colons of its own, so that its last group would pass for a port.
                if hostText.contains(":") && !hostText.hasPrefix("[") { throw .bracketsMissing(text) }
                throw .notLoopback(String(hostText))
            }
            guard first == 127 else { throw .notLoopback(String(hostText)) }
            host = String(hostText)
        }
    }

    /// `127.0.0.1:8420`, `[::1]:8420`.
    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    private static func port(_ text: Substring) -> UInt16? {
        isPlainNumber(text) ? UInt16(text) : nil
    }

    /// The first number of an IPv4 address in its usual form; nil if the text is not one.
    private static func ipv4FirstOctet(_ text: Substring) -> UInt8? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let octets = parts.compactMap { isPlainNumber($0) ? UInt8($0) : nil }
        return parts.count == 4 && octets.count == 4 ? octets[0] : nil
    }

    /// Digits without needless zeros: `010` is eight to some programs and ten to others.
    private static func isPlainNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } && (text == "0" || !text.hasPrefix("0"))
    }
}

/// Why an address to listen on is refused.
enum ListenAddressError: Error, Equatable, CustomStringConvertible {
    case malformed(String)
    case malformedPort(String)
    case bracketsMissing(String)
    case notLoopback(String)

    /// What happened, why, and what to do.
    var description: String {
        switch self {
        case .malformed(let text):
            "\"\(LogText.safe(text))\" is not of the form HOST:PORT; give one such as \(ListenAddress.standard)"
        case .malformedPort(let text):
            "the port in \"\(LogText.safe(text))\" is not a number from 0 to 65535; give one such as \(ListenAddress.standard)"
        case .bracketsMissing(let text):
            "an IPv6 address needs brackets, as in [::1]:8420; \"\(LogText.safe(text))\" has none"
        case .notLoopback(let host):
            """
            \(LogText.safe(host)) is not a loopback address. This node has no access control yet: whoever can reach it can read every \
            account. It therefore listens on 127.0.0.0/8, [::1] or localhost only; to reach it from elsewhere, put a proxy with \
            access control in front of it
            """
        }
    }
}
