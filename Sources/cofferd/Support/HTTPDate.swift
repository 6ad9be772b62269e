import Ledger
import Synchronization

/// The time as the field `Date` has it (RFC 9110 section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let last = Mutex<(second: UInt64, text: String)>((0, format(second: 0)))

    /// The text of a time; that of the last second asked for is kept.
    static func text(_ time: TimeMilliseconds) -> String {
        last.withLock { last in
            let second = time / 1_000
            if last.second != second { last = (second, format(second: second)) }
            return last.text
        }
    }

    private static func format(second: UInt64) -> String {
        // `2026-11-23T15:04:05.000Z`
        let text = Array(Timestamp.format(second * 1_000).utf8)
        func part(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
        let month = Int(text[5] - 48) * 10 + Int(text[6] - 48)
        // 1 January 1970 was a Thursday.
        let weekday = weekdays[Int(second / 86_400 % 7)]
        return "\(weekday), \(part(8..<10)) \(months[month - 1]) \(part(0..<4)) \(part(11..<19)) GMT"
    }
}
