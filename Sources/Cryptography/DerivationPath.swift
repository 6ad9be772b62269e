/// The way from a master key to one derived from it (BIP32): `m/44'/0'/7`, where a `'` marks a hardened level.
public struct DerivationPath: Hashable, Sendable, CustomStringConvertible {
    /// The most levels below the master key.
    public static let maximumLevelCount = 16
    /// The first index of a hardened child. A level `7'` has the index 2^31 + 7.
    public static let firstHardenedIndex: UInt32 = 1 << 31
    /// The most characters of a path: `m`, then 16 times `/2147483647'`.
    public static let maximumCharacterCount = 1 + maximumLevelCount * 12

    /// The index of each child on the way.
    public let indices: [UInt32]

    /// The path along these children, 16 at most.
    public init(indices: [UInt32]) throws(DerivationPathError) {
        guard indices.count <= Self.maximumLevelCount else { throw .tooManyLevels(indices.count) }
        self.indices = indices
    }

    /// The path written as `text`. One path has one text: no `h` for `'`, no leading zeros, no `/` at the end.
    public init(_ text: String) throws(DerivationPathError) {
        let characters = Array(text.utf8)
        guard characters.count <= Self.maximumCharacterCount else { throw .tooLong(characterCount: characters.count) }
        let parts = characters.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts[0].elementsEqual("m".utf8) else { throw .noMaster }
        guard parts.count - 1 <= Self.maximumLevelCount else { throw .tooManyLevels(parts.count - 1) }
        var indices: [UInt32] = []
        for (level, part) in parts.enumerated().dropFirst() {
            guard let index = Self.index(part) else { throw .level(level) }
            indices.append(index)
        }
        self.indices = indices
    }

    /// The text that `init(_:)` reads.
    public var description: String {
        indices.reduce("m") { text, index in
            index < Self.firstHardenedIndex ? "\(text)/\(index)" : "\(text)/\(index - Self.firstHardenedIndex)'"
        }
    }

    private static func index(_ part: ArraySlice<UInt8>) -> UInt32? {
        let isHardened = part.last == UInt8(ascii: "'")
        let digits = isHardened ? part.dropLast() : part
        guard let first = digits.first, digits.count == 1 || first != UInt8(ascii: "0"), digits.count <= 10 else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            number = 10 * number + UInt64(digit - UInt8(ascii: "0"))
        }
        guard number < UInt64(firstHardenedIndex) else { return nil }
        return UInt32(number) + (isHardened ? firstHardenedIndex : 0)
    }
}

/// Why a text is no derivation path.
public enum DerivationPathError: Error, Hashable, Sendable, CustomStringConvertible {
    /// More characters than the longest path has.
    case tooLong(characterCount: Int)
    /// A path that does not begin at `m`.
    case noMaster
    /// More than 16 levels.
    case tooManyLevels(Int)
    /// A level, counted from 1, that is no number below 2^31, or one written otherwise than paths have it.
    case level(Int)

    /// What happened, why, and what to do next.
    public var description: String {
        switch self {
        case .tooLong(let count):
            "A path of \(count) characters is too long: at most \(DerivationPath.maximumCharacterCount) are read. Check that it was copied alone."
        case .noMaster: "The path does not begin with m, the master key. Write it like m/44'/0'/7."
        case .tooManyLevels(let count):
            "The path has \(count) levels, at most \(DerivationPath.maximumLevelCount) are derived. Choose a shorter one."
        case .level(let level):
            "Level \(level) of the path is no number from 0 to 2147483647, with ' behind it if hardened. Write it like m/44'/0'/7."
        }
    }
}
