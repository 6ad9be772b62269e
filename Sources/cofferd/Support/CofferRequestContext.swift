import Hummingbird
import Logging
import NIOCore

/// What belongs to one request while it is answered.
struct CofferRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The id that the answer, its log lines and a problem carry. `RequestObserver` sets it.
    var requestID = ""
    /// The client's address, without its port; empty where the connection has none, as in tests without a network.
    let clientAddress: String

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        clientAddress = source.channel.remoteAddress?.ipAddress ?? ""
    }

    /// Unused: bodies are read by the strict JSON reader. It is here because the protocol wants a limit.
    var maxUploadSize: Int { 0 }
}

/// The id of a request.
enum RequestIdentifier {
    /// A client's own id is taken over up to this length.
    static let maximumClientBytes = 64

    /// The client's id, if it is 1 to 64 of `A-Z a-z 0-9 . _ -`; otherwise 32 random hexadecimal digits. Anything else could forge log lines.
    static func choose(_ given: String?) -> String {
        if let given, isWellFormed(given) { return given }
        var digits: [UInt8] = []
        digits.reserveCapacity(32)
        for _ in 0..<2 {
            let random = UInt64.random(in: 0...UInt64.max)
            for shift in stride(from: UInt64(60), through: 0, by: -4) { digits.append(hexadecimalDigits[Int(random >> shift & 0xF)]) }
        }
        return String(decoding: digits, as: UTF8.self)
    }

    private static let hexadecimalDigits = Array("0123456789abcdef".utf8)

    private static func isWellFormed(_ text: String) -> Bool {
        (1...maximumClientBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
