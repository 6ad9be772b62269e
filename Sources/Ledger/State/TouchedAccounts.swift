/// A set of account positions that is read in ascending order: a bit per account, and a bit per 64 of those bits, so that neither
/// marking nor reading out costs more than what is marked, and nothing is sorted.
struct TouchedAccounts: Sendable {
    private var words: [UInt64] = []
    /// Bit n: word n has a bit.
    private var summary: [UInt64] = []

    init() {}

    mutating func insert(_ position: Int) {
        let word = position / 64
        if word >= words.count { grow(toHold: word) }
        words[word] |= 1 << UInt64(position % 64)
        summary[word / 64] |= 1 << UInt64(word % 64)
    }

    private mutating func grow(toHold word: Int) {
        let count = max(word + 1, 2 * words.count)
        words += repeatElement(0, count: count - words.count)
        summary += repeatElement(0, count: (count + 63) / 64 - summary.count)
    }

    /// The positions, ascending. The set is empty afterwards.
    mutating func removeAll() -> [Int] {
        var positions: [Int] = []
        for group in summary.indices where summary[group] != 0 {
            while summary[group] != 0 {
                let word = group * 64 + summary[group].trailingZeroBitCount
                summary[group] &= summary[group] - 1
                while words[word] != 0 {
                    positions.append(word * 64 + words[word].trailingZeroBitCount)
                    words[word] &= words[word] - 1
                }
            }
        }
        return positions
    }
}
