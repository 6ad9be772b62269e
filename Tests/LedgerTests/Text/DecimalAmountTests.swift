import Ledger
import Testing

@Suite("Decimal amounts")
struct DecimalAmountTests {
    static let accepted: [(String, UInt8, UInt64)] = [
        ("0", 0, 0), ("0", 2, 0), ("0.0", 2, 0), ("0.00", 2, 0), ("12", 0, 12), ("12", 2, 1_200), ("12.3", 2, 1_230),
        ("12.34", 2, 1_234), ("0.01", 2, 1), ("0.1", 2, 10), ("10", 2, 1_000), ("100.05", 2, 10_005), ("0.00000001", 8, 1),
        ("18446744073709551615", 0, .max), ("184467440737095516.15", 2, .max), ("184467440737.09551615", 8, .max),
        ("184467440737095516.1", 2, 18_446_744_073_709_551_610),
    ]

    @Test("reads canonical amounts", arguments: accepted)
    func reads(text: String, decimals: UInt8, units: UInt64) throws {
        #expect(try DecimalAmount.parse(text, decimals: decimals) == units)
    }

    static let refused: [(String, UInt8, AmountError)] =
        [
            "", " ", ".", "-", "+1", "-1", "-0", " 1", "1 ", "1\n", "01", "00", "00.1", ".5", "5.", "0.", "1..2", "1.2.3", "1.2.",
            "1,5", "1,000.00", "1_000", "1e3", "1E3", "0x10", "1.-5", "1.+5", "1. 5", "a", "1a", "1.a", "１", "1.٣", "1.\u{301}",
            "\u{1}", "\0", "NaN", "∞", "12.34 EUR", "1.2345x", "99999999999999999999x",
        ].map { ($0, 2, .malformed) } + [
            ("1.234", 2, .tooManyDecimals(allowed: 2)), ("1.000", 2, .tooManyDecimals(allowed: 2)),
            ("1.0", 0, .tooManyDecimals(allowed: 0)),
            ("0.000000001", 8, .tooManyDecimals(allowed: 8)), ("99999999999999999999.999", 2, .tooManyDecimals(allowed: 2)),
            ("12.", 0, .malformed),
            ("18446744073709551616", 0, .tooLarge), ("184467440737095516.16", 2, .tooLarge), ("184467440737095517", 2, .tooLarge),
            ("184467440738", 8, .tooLarge), ("18446744073709551615", 1, .tooLarge), ("100000000000000000000", 0, .tooLarge),
        ]

    @Test("refuses everything else, saying why", arguments: refused)
    func refuses(text: String, decimals: UInt8, error: AmountError) {
        #expect(throws: error) { try DecimalAmount.parse(text, decimals: decimals) }
    }

    @Test("refuses a megabyte of digits")
    func refusesLongText() {
        let digits = String(repeating: "9", count: 1_000_000)
        #expect(throws: AmountError.tooLarge) { try DecimalAmount.parse(digits, decimals: 2) }
        #expect(throws: AmountError.tooManyDecimals(allowed: 2)) { try DecimalAmount.parse("0.\(digits)", decimals: 2) }
        #expect(throws: AmountError.malformed) { try DecimalAmount.parse("0\(digits)", decimals: 2) }
    }

    static let written: [(UInt128, UInt8, String)] = [
        (0, 0, "0"), (0, 2, "0.00"), (0, 8, "0.00000000"), (1, 2, "0.01"), (10, 2, "0.10"), (99, 2, "0.99"),
        (100, 2, "1.00"), (1_230, 2, "12.30"), (12, 0, "12"), (5, 1, "0.5"), (1, 8, "0.00000001"), (123_456_789, 8, "1.23456789"),
        (UInt128(UInt64.max), 2, "184467440737095516.15"), (.max, 0, "340282366920938463463374607431768211455"),
        (.max, 8, "3402823669209384634633746074317.68211455"),
    ]

    @Test("writes exactly the asset's decimals", arguments: written)
    func writes(units: UInt128, decimals: UInt8, text: String) {
        #expect(DecimalAmount.format(units, decimals: decimals) == text)
        if let narrow = UInt64(exactly: units) { #expect(DecimalAmount.format(narrow, decimals: decimals) == text) }
    }

    @Test("messages say what to do")
    func messages() {
        #expect(AmountError.malformed.message.hasPrefix(#"must be a decimal string such as "12.34""#))
        #expect(AmountError.tooManyDecimals(allowed: 2).message.contains("at most 2 digits"))
        #expect(AmountError.tooLarge.message.contains("18446744073709551615"))
    }
}
