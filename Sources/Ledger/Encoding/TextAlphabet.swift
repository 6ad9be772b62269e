/// The characters and lengths a text field may have (`docs/spec/chainspec.md` section 1).
public struct TextAlphabet: Sendable {
    let lengths: ClosedRange<Int>
    let contains: @Sendable (UInt8) -> Bool

    /// 1 to 32 of `a-z 0-9 -`: networks, institutions, validators.
    public static let name = TextAlphabet(lengths: 1...32) { lowercase($0) || digit($0) || $0 == UInt8(ascii: "-") }
    /// 1 to 16 of `a-z`: address prefixes.
    public static let addressPrefix = TextAlphabet(lengths: 1...16) { lowercase($0) }
    /// 3 to 12 of `A-Z 0-9`: asset codes.
    public static let assetCode = TextAlphabet(lengths: 3...12) { uppercase($0) || digit($0) }

    private init(lengths: ClosedRange<Int>, contains: @escaping @Sendable (UInt8) -> Bool) {
        self.lengths = lengths
        self.contains = contains
    }

    /// Whether `text` has a length and only characters of the alphabet.
    public func accepts(_ text: some Collection<UInt8>) -> Bool {
        lengths.contains(text.count) && text.allSatisfy(contains)
    }

    private static func lowercase(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func uppercase(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
    private static func digit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
