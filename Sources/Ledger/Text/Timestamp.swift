/// Why a text is not a time. Where several apply, the first in this order is reported.
public enum TimestampError: Error, Equatable, Sendable {
    /// Not of the form `YYYY-MM-DDThh:mm:ssZ` or `YYYY-MM-DDThh:mm:ss.sssZ`.
    case malformed
    /// A year before 1970.
    case beforeEpoch
    /// A month, day, hour, minute or second that does not exist, such as 30 February or a leap second.
    case noSuchTime

    /// What is wrong and what to do; follows the name of a field, as in "expires must be …".
    public var message: String {
        switch self {
        case .malformed: "must be \(Timestamp.expectation), with a capital T and Z and at most three digits for the fraction"
        case .beforeEpoch: "must not be before 1970-01-01T00:00:00Z"
        case .noSuchTime: "must be a time that exists; leap seconds are not used"
        }
    }
}

/// Times as people and JSON write them: RFC 3339 in UTC, for milliseconds since the Unix epoch (leap seconds not counted).
public enum Timestamp {
    /// 9999-12-31T23:59:59.999Z, the last time that RFC 3339 can write.
    public static let maximumMilliseconds: UInt64 = 253_402_300_799_999

    static let expectation = "a UTC time such as \"2026-11-23T15:04:05.123Z\""

    private static let millisecondsPerDay: UInt64 = 86_400_000

    /// Writes a time with milliseconds: `2026-11-23T15:04:05.123Z`.
    ///
    /// Every number has a text, since it may come from an untrusted header: a year after 9999 is written in
    /// full behind a plus sign (ISO 8601's expanded form), which `parse` does not take.
    public static func format(_ milliseconds: UInt64) -> String {
        let (year, month, day) = date(ofDay: milliseconds / millisecondsPerDay)
        let time = milliseconds % millisecondsPerDay
        let clock = [padded(time / 3_600_000, 2), padded(time / 60_000 % 60, 2), padded(time / 1_000 % 60, 2)]
        let date = (year > 9_999 ? "+" : "") + "\(year)-\(padded(month, 2))-\(padded(day, 2))"
        return "\(date)T\(clock.joined(separator: ":")).\(padded(time % 1_000, 3))Z"
    }

    /// Reads exactly `YYYY-MM-DDThh:mm:ss[.s{1,3}]Z`, from 1970 to 9999, into milliseconds since the Unix epoch.
    public static func parse(_ text: String) throws(TimestampError) -> UInt64 {
        // The longest form has 24 bytes; one more tells a longer text, however long it is.
        let bytes = Array(text.utf8.prefix(25))
        guard bytes.count == 20 || 22...24 ~= bytes.count, bytes.last == UInt8(ascii: "Z") else { throw .malformed }
        for (index, byte) in bytes.dropLast().enumerated() {
            let isExpected =
                switch index {
                case 4, 7: byte == UInt8(ascii: "-")
                case 10: byte == UInt8(ascii: "T")
                case 13, 16: byte == UInt8(ascii: ":")
                case 19: byte == UInt8(ascii: ".")
                default: DecimalAmount.isDigit(byte)
                }
            guard isExpected else { throw .malformed }
        }
        let year = number(bytes[0..<4]), month = number(bytes[5..<7]), day = number(bytes[8..<10])
        let hour = number(bytes[11..<13]), minute = number(bytes[14..<16]), second = number(bytes[17..<19])
        guard year >= 1970 else { throw .beforeEpoch }
        guard 1...12 ~= month, 1...daysInMonth(month, year) ~= day, hour < 24, minute < 60, second < 60 else { throw .noSuchTime }
        let fraction = (Array(bytes.dropFirst(20).dropLast()) + Array(repeating: UInt8(ascii: "0"), count: 3)).prefix(3)
        let seconds = dayNumber(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
        return seconds * 1_000 + number(fraction)
    }

    // MARK: The Gregorian calendar
    //
    // Years are counted from 1 March, so that the leap day is a year's last, and in cycles of 400 years of 146,097 days. The months
    // from March on have 31, 30, 31, 30, 31 days and repeat: 153 days in every five.

    /// Days from 0000-03-01, the start of a cycle, to 1970-01-01.
    private static let epochDay: UInt64 = 719_468

    /// The number of days from 1970-01-01 to a date on or after it.
    private static func dayNumber(_ year: UInt64, _ month: UInt64, _ day: UInt64) -> UInt64 {
        let marchYear = month > 2 ? year : year - 1
        let marchMonth = (month + 9) % 12
        let leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400
        return marchYear * 365 + leapDays + (153 * marchMonth + 2) / 5 + day - 1 - epochDay
    }

    private static func date(ofDay number: UInt64) -> (year: UInt64, month: UInt64, day: UInt64) {
        let (cycle, dayOfCycle) = (number + epochDay).quotientAndRemainder(dividingBy: 146_097)
        // The last day of 4 and of 400 years is a leap day; without these days every year has 365.
        let leapDays = dayOfCycle / 1_460 - dayOfCycle / 36_524 + dayOfCycle / 146_096
        let yearOfCycle = (dayOfCycle - leapDays) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0), month, day)
    }

    private static func daysInMonth(_ month: UInt64, _ year: UInt64) -> UInt64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The value of a few ASCII digits.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64 {
        digits.reduce(0) { $0 * 10 + UInt64($1 - UInt8(ascii: "0")) }
    }

    private static func padded(_ value: UInt64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
