/// Why a text is not an amount. Where several apply, the first in this order is reported.
public enum AmountError: Error, Hashable, Sendable {
    /// Not digits, or digits, a point and digits; or with needless leading zeros.
    case malformed
    /// More digits after the point than the asset has. Never rounded.
    case tooManyDecimals(allowed: UInt8)
    /// More minor units than 2^64 − 1.
    case tooLarge

    /// What is wrong and what to do; follows the name of a field, as in "amount must be …".
    public var message: String {
        switch self {
        case .malformed:
            "must be \(DecimalAmount.expectation), without sign, spaces, exponent or needless zeros in front"
        case .tooManyDecimals(allowed: 0):
            "must be a whole number: the asset has no decimals, and amounts are never rounded"
        case .tooManyDecimals(let allowed):
            "must have at most \(allowed) digits after the point, as the asset has; amounts are never rounded"
        case .tooLarge:
            "is too large: an amount has at most \(UInt64.max) minor units"
        }
    }
}

/// Amounts as people and JSON write them: `"12.34"` for 1,234 minor units of an asset with 2 decimals.
public enum DecimalAmount {
    /// No asset has more decimals.
    public static let maximumDecimals: UInt8 = 8

    static let expectation = "a decimal string such as \"12.34\""

    /// Reads an amount into minor units.
    ///
    /// The grammar is `("0" | [1-9][0-9]*) ("." [0-9]{1,decimals})?` in ASCII. Fewer decimals than the asset has are fine.
    /// - Parameter decimals: the asset's decimals, at most `maximumDecimals`.
    public static func parse(_ text: String, decimals: UInt8) throws(AmountError) -> UInt64 {
        precondition(decimals <= maximumDecimals, "an asset has at most \(maximumDecimals) decimals")
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? parts[1] : nil
        guard let whole = parts.first, let first = whole.first, whole.allSatisfy(isDigit) else { throw .malformed }
        if first == UInt8(ascii: "0") && whole.count > 1 { throw .malformed }
        if let fraction, fraction.isEmpty || !fraction.allSatisfy(isDigit) { throw .malformed }
        let given = fraction?.count ?? 0
        guard given <= Int(decimals) else { throw .tooManyDecimals(allowed: decimals) }

        var units: UInt64 = 0
        let padding = repeatElement(UInt8(ascii: "0"), count: Int(decimals) - given)
        for digits in [Array(whole), fraction.map { Array($0) } ?? [], Array(padding)] {
            for digit in digits {
                guard let next = append(digit, to: units) else { throw .tooLarge }
                units = next
            }
        }
        return units
    }

    /// Writes minor units with exactly `decimals` digits after the point: `12.30`, or `12` for an asset without decimals.
    public static func format(_ minorUnits: UInt64, decimals: UInt8) -> String {
        format(UInt128(minorUnits), decimals: decimals)
    }

    /// Writes minor units as above, for sums and counters that are wider than one amount.
    public static func format<Units: FixedWidthInteger & UnsignedInteger>(_ minorUnits: Units, decimals: UInt8) -> String {
        precondition(decimals <= maximumDecimals, "an asset has at most \(maximumDecimals) decimals")
        let digits = String(minorUnits)
        guard decimals > 0 else { return digits }
        let padded = String(repeating: "0", count: max(0, Int(decimals) + 1 - digits.utf8.count)) + digits
        return "\(padded.dropLast(Int(decimals))).\(padded.suffix(Int(decimals)))"
    }

    /// Whether an ASCII byte is a decimal digit.
    static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    /// `value` with an ASCII digit written behind it; nil where that does not fit.
    static func append(_ digit: UInt8, to value: UInt64) -> UInt64? {
        let (shifted, isTooWide) = value.multipliedReportingOverflow(by: 10)
        let (result, overflows) = shifted.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
        return isTooWide || overflows ? nil : result
    }
}
