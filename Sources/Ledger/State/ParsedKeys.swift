import Cryptography

/// Public keys of accounts in the form that verification needs, kept because parsing one costs a sixth of a verification.
///
/// A key's place follows from its account and its number there, so nobody can push out the keys of accounts of their choice, and
/// within `maximumCount` accounts every account with one key keeps it. A key is compared before it is used, so places of keys that were
/// rotated, and those that two keys share, need no care.
struct ParsedKeys: Sendable {
    /// About 100 bytes each.
    static let maximumCount = 1 << 21

    /// A power of two of places.
    private var places: [ParsedPublicKey?] = []

    private func place(of account: Int, _ number: Int) -> Int {
        // An odd factor, so that the keys of one account stand apart.
        (account &+ number &* 0x9e37_79b1) & (places.count - 1)
    }

    /// The parsed form of an account's key; nil when it is not kept.
    func find(_ key: PublicKey, of account: Int, number: Int) -> ParsedPublicKey? {
        guard !places.isEmpty, let known = places[place(of: account, number)], known.key == key else { return nil }
        return known
    }

    /// Keeps an account's key. `accountCount` is how many accounts there are.
    mutating func insert(_ parsed: ParsedPublicKey, of account: Int, number: Int, accountCount: Int) {
        if places.count < min(accountCount, Self.maximumCount) { grow(accountCount) }
        places[place(of: account, number)] = parsed
    }

    /// First keys keep their places.
    private mutating func grow(_ accountCount: Int) {
        var count = max(64, places.count)
        while count < min(accountCount, Self.maximumCount) { count *= 2 }
        places += repeatElement(nil, count: count - places.count)
    }
}
