internal import Cryptography
internal import Ledger

/// The texts of single values in a policy file, each of one form only (`docs/spec/custody-policy.md` section 3).
enum PolicyValues {
    static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }

    /// Decimal digits without needless zeros in front; nil also above 2^64 − 1.
    static func number(_ text: String) -> UInt64? {
        guard text.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains), let number = UInt64(text), "\(number)" == text else {
            return nil
        }
        return number
    }

    /// `hh:mm`, up to 24:00.
    static func minutes(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":") else { return nil }
        var digits: [Int] = []
        for position in [0, 1, 3, 4] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) else { return nil }
            digits.append(Int(bytes[position] - UInt8(ascii: "0")))
        }
        let minutes = (digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 + digits[3]
        guard digits[2] < 6, minutes <= 1_440 else { return nil }
        return minutes
    }

    /// `hh:mm-hh:mm`, the first before the last.
    static func hours(_ text: String) -> Range<Int>? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let from = minutes(String(parts[0])), let to = minutes(String(parts[1])), from < to else { return nil }
        return from..<to
    }

    /// Days from 1970-01-01 to `YYYY-MM-DD`.
    static func day(_ text: String) -> Int64? {
        guard text.utf8.count == 10 else { return nil }
        do throws(TimestampError) {
            return Int64(try Timestamp.parse("\(text)T00:00:00Z") / 86_400_000)
        } catch {
            return nil
        }
    }

    /// How long a window is, in milliseconds: `24h` or `30d`. Nil when it is malformed or does not fit 64 bits.
    static func window(_ text: String) -> UInt64? {
        let unit: UInt64
        switch text.utf8.last {
        case UInt8(ascii: "h"): unit = 3_600_000
        case UInt8(ascii: "d"): unit = 86_400_000
        default: return nil
        }
        guard let count = number(String(text.dropLast())), count > 0 else { return nil }
        let (milliseconds, overflow) = count.multipliedReportingOverflow(by: unit)
        return overflow ? UInt64.max : milliseconds
    }

    /// `bip340:` or `ecdsa:` and the key's bytes in hexadecimal, as `coffer key show` prints it.
    static func publicKey(_ text: String) -> PublicKey? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let scheme = SignatureScheme.allCases.first(where: { "\($0)" == parts[0] }),
            let bytes = Hexadecimal.decode(String(parts[1]))
        else { return nil }
        do throws(KeyError) {
            let key = try PublicKey(scheme: scheme, bytes: bytes)
            // On the curve.
            _ = try key.parsed()
            return key
        } catch {
            return nil
        }
    }
}
