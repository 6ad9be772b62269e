import Cryptography

/// Public keys of accounts in the form that verification needs, kept because parsing one costs a sixth of a verification.
///
/// A key's place follows from its account and its number there, so nobody can push out the keys of accounts of their choice, and
/// within `maximumCount` accounts every account with one key keeps it. A key is compared before it is used, so places of keys that were
/// rotated, and those that two keys share, need no care.
struct ParsedKeys: Sendable {
    /// About 100 bytes each.
    static let maximumCount = 1 << 21

    /// 1,024 places to a part.
    private static let shift = 10
    private static let mask = (1 << shift) - 1

    /// A power of two of parts, each empty until a key of it is kept: growing takes no longer than making one of them.
    private var parts: [[ParsedPublicKey?]] = []

    /// How many parts there is memory for.
    var partsInUse: Int { parts.count { !$0.isEmpty } }

    private func place(of account: Int, _ number: Int) -> Int {
        // An odd factor, so that the keys of one account stand apart.
        (account &+ number &* 0x9e37_79b1) & (parts.count << Self.shift - 1)
    }

    /// The parsed form of an account's key; nil when it is not kept.
    func find(_ key: PublicKey, of account: Int, number: Int) -> ParsedPublicKey? {
        guard !parts.isEmpty else { return nil }
        let place = place(of: account, number)
        let part = place >> Self.shift
        guard !parts[part].isEmpty, let known = parts[part][place & Self.mask], known.key == key else { return nil }
        return known
    }

    /// Keeps an account's key. `accountCount` is how many accounts there are.
    mutating func insert(_ parsed: ParsedPublicKey, of account: Int, number: Int, accountCount: Int) {
        if parts.count << Self.shift < min(accountCount, Self.maximumCount) { grow(accountCount) }
        let place = place(of: account, number)
        let part = place >> Self.shift
        if parts[part].isEmpty { parts[part] = [ParsedPublicKey?](repeating: nil, count: 1 << Self.shift) }
        parts[part][place & Self.mask] = parsed
    }

    /// First keys keep their places.
    private mutating func grow(_ accountCount: Int) {
        var count = max(1, parts.count)
        while count << Self.shift < min(accountCount, Self.maximumCount) { count *= 2 }
        parts += repeatElement([], count: count - parts.count)
    }
}
