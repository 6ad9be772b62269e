/// What a set of ids adds up to, in whatever order they come: two sets that differ by accident have different digests.
struct IdentifierDigest: Equatable, Sendable {
    private(set) var count: UInt64 = 0
    private var first: UInt64 = 0
    private var second: UInt64 = 0

    mutating func add(_ identifier: Identifier) {
        count += 1
        first &+= Self.mixed(identifier.prefix &+ Self.mixed(identifier.place))
        second &+= Self.mixed(identifier.place ^ Self.mixed(identifier.prefix))
    }

    /// The ids that are in this set and not in an earlier one, which is part of it.
    func subtracting(_ earlier: IdentifierDigest) -> IdentifierDigest {
        var rest = self
        rest.count &-= earlier.count
        rest.first &-= earlier.first
        rest.second &-= earlier.second
        return rest
    }

    /// A permutation of 64 bits in which every bit of the input moves about half of those of the output.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ mixed >> 32) &* 0xD6E8_FEB8_6659_FD93
        mixed = (mixed ^ mixed >> 32) &* 0xD6E8_FEB8_6659_FD93
        return mixed ^ mixed >> 32
    }
}
