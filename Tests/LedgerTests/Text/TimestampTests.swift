import Ledger
import Testing

@Suite("Timestamps")
struct TimestampTests {
    // Milliseconds computed with GNU date: date -u -d TEXT +%s.
    static let pairs: [(String, UInt64)] = [
        ("1970-01-01T00:00:00.000Z", 0), ("1970-01-01T00:00:00.001Z", 1), ("1970-12-31T23:59:59.999Z", 31_535_999_999),
        ("1972-02-29T12:00:00.000Z", 68_212_800_000), ("2000-02-29T00:00:00.000Z", 951_782_400_000),
        ("2000-03-01T00:00:00.000Z", 951_868_800_000),
        ("2038-01-19T03:14:08.000Z", 2_147_483_648_000), ("2100-03-01T00:00:00.000Z", 4_107_542_400_000),
        ("2026-11-23T15:04:05.123Z", 1_795_446_245_123), ("9999-12-31T23:59:59.999Z", Timestamp.maximumMilliseconds),
    ]

    @Test("writes and reads known times", arguments: pairs)
    func converts(text: String, milliseconds: UInt64) throws {
        #expect(Timestamp.format(milliseconds) == text)
        #expect(try Timestamp.parse(text) == milliseconds)
    }

    @Test("the fraction has no, one, two or three digits")
    func readsFractions() throws {
        #expect(try Timestamp.parse("1970-01-01T00:00:01Z") == 1_000)
        #expect(try Timestamp.parse("1970-01-01T00:00:01.5Z") == 1_500)
        #expect(try Timestamp.parse("1970-01-01T00:00:01.05Z") == 1_050)
        #expect(try Timestamp.parse("1970-01-01T00:00:01.050Z") == 1_050)
    }

    static let refused: [(String, TimestampError)] =
        [
            "", "Z", "2026-11-23", "2026-11-23T15:04Z", "2026-11-23T15:04:05", "2026-11-23T15:04:05.Z", "2026-11-23T15:04:05.1234Z",
            "2026-11-23T15:04:05,123Z", "2026-11-23t15:04:05Z", "2026-11-23T15:04:05z", "2026-11-23 15:04:05Z", "2026-11-23T15:04:05+00:00",
            "2026-11-23T15:04:05.123+00:00", "2026-1-23T15:04:05Z", "26-11-23T15:04:05Z", "+2026-11-23T15:04:05Z", "-026-11-23T15:04:05Z",
            "12026-11-23T15:04:05Z", " 2026-11-23T15:04:05Z", "2026-11-23T15:04:05Z ", "2026-11-23T15:04:05ZZ", "2026/11/23T15:04:05Z",
            "2026-11-23T15-04-05Z", "20261123T150405Z", "2026-11-23T15:04:+5Z", "2026-11-23T15:04: 5Z", "2026-11-23T15:04:0５Z",
            "2026-W47-1T15:04:05Z", "2026-11-23T15:04:05.12-Z", "2026-11-23T15:04:05.123ZZ",
        ].map { ($0, .malformed) }
        + [
            "1969-12-31T23:59:59.999Z", "0000-01-01T00:00:00Z", "1969-13-01T00:00:00Z",
        ].map { ($0, .beforeEpoch) }
        + [
            "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-04-31T00:00:00Z",
            "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2000-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T23:60:00Z",
            "2026-06-30T23:59:60Z",
            "2026-01-01T99:00:00Z", "9999-12-31T23:59:60Z",
        ].map { ($0, .noSuchTime) }

    @Test("refuses everything else, saying why", arguments: refused)
    func refuses(text: String, error: TimestampError) {
        #expect(throws: error) { try Timestamp.parse(text) }
    }

    /// Counts the calendar day by day, with no arithmetic in common with the code under test.
    @Test("agrees with a calendar counted day by day, from 1970 to 2400, in both directions")
    func agreesWithCalendar() throws {
        var milliseconds: UInt64 = 0
        for year in 1970...2400 {
            let isLeap = year.isMultiple(of: 400) || (year.isMultiple(of: 4) && !year.isMultiple(of: 100))
            for (month, days) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
                for day in 1...days {
                    let text = "\(year)-\(month < 9 ? "0" : "")\(month + 1)-\(day < 10 ? "0" : "")\(day)T00:00:00.000Z"
                    try #require(Timestamp.format(milliseconds) == text)
                    try #require(try Timestamp.parse(text) == milliseconds)
                    milliseconds += 86_400_000
                }
            }
        }
    }

    @Test("a time that RFC 3339 cannot write has a text all the same, which is not read")
    func writesFarTimes() {
        #expect(Timestamp.format(Timestamp.maximumMilliseconds + 1) == "+10000-01-01T00:00:00.000Z")
        #expect(Timestamp.format(.max) == "+584556019-04-03T14:25:51.615Z")
        #expect(throws: TimestampError.malformed) { try Timestamp.parse(Timestamp.format(.max)) }
    }

    @Test("refuses a megabyte")
    func refusesLongText() {
        #expect(throws: TimestampError.malformed) { try Timestamp.parse(String(repeating: "1", count: 1_000_000)) }
    }
}
