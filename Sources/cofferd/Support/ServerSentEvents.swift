import Ledger
import NIOCore

/// One event of an event stream, in the format of the HTML standard, section "Server-sent events".
struct ServerSentEvent: Equatable, Sendable {
    /// The media type of an event stream.
    static let mediaType = "text/event-stream"

    /// What a client gives back in `Last-Event-ID` to go on behind this event.
    let id: String
    /// The event's type.
    let name: String
    let data: JSON

    /// `id` and `name` are our own and have no line breaks.
    init(id: String, name: String, data: JSON) {
        precondition(Self.isOneLine(id) && Self.isOneLine(name), "an event's id and name stand on one line")
        self.id = id
        self.name = name
        self.data = data
    }

    /// The event as it is sent: three lines and an empty one. Compact JSON has no line breaks, so the data is one line.
    var bytes: ByteBuffer {
        var buffer = ByteBuffer(string: "id: \(id)\nevent: \(name)\ndata: ")
        buffer.writeBytes(data.bytes())
        buffer.writeString("\n\n")
        return buffer
    }

    /// A comment, which clients ignore: it keeps the connection from being taken for dead, or says why it ends.
    static func comment(_ text: String) -> ByteBuffer {
        precondition(isOneLine(text), "a comment stands on one line")
        return ByteBuffer(string: ": \(text)\n\n")
    }

    /// How long a client is to wait before it connects again.
    static func retry(milliseconds: Int) -> ByteBuffer {
        ByteBuffer(string: "retry: \(milliseconds)\n\n")
    }

    private static func isOneLine(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 }
    }
}
