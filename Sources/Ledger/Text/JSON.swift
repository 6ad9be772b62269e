/// A JSON value as Coffer uses it (RFC 8259, narrowed).
///
/// Narrower than the RFC where leniency would let two readers see two different documents:
/// - a number is a whole number from 0 to 2^64 − 1, written without sign, fraction or exponent;
/// - an object keeps its members in order and no key occurs twice;
/// - a string is well-formed Unicode, and two strings are equal only if their UTF-8 bytes are.
///
/// Nothing that is hashed or signed is JSON: it is a way in and out for people and programs only.
public enum JSON: Sendable {
    case null
    case boolean(Bool)
    case number(UInt64)
    case string(String)
    case array([JSON])
    case object([Member])

    /// One key and its value, in the place where it stood in the object.
    public struct Member: Sendable {
        public var key: String
        public var value: JSON

        public init(key: String, value: JSON) {
            self.key = key
            self.value = value
        }
    }

    /// How many arrays and objects may be open at once. It bounds the recursion of reader and writer.
    public static let maximumDepth = 16

    /// What the value is, as error messages say it: "a number", "an object".
    public var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

// Swift compares strings by canonical equivalence: U+212A KELVIN SIGN equals "K". JSON keys and values
// are compared by their bytes, here and everywhere else in this folder.
extension JSON: Equatable {
    public static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.boolean(let left), .boolean(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): haveSameBytes(left, right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

extension JSON.Member: Equatable {
    public static func == (left: JSON.Member, right: JSON.Member) -> Bool {
        haveSameBytes(left.key, right.key) && left.value == right.value
    }
}

/// Whether two strings have the same UTF-8 bytes.
func haveSameBytes(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8)
}

/// The keys met so far in one object. Few keys, the usual case, are compared one by one; many are hashed,
/// so that an object with 100,000 keys takes linear time.
struct SeenKeys {
    private static let fewKeys = 16
    private var few: [String] = []
    private var many: Set<[UInt8]> = []

    /// Adds `key`; false if it was there already.
    mutating func insert(_ key: String) -> Bool {
        if many.isEmpty {
            for seen in few where haveSameBytes(seen, key) { return false }
            few.append(key)
            if few.count > Self.fewKeys { many = Set(few.map { Array($0.utf8) }) }
            return true
        }
        return many.insert(Array(key.utf8)).inserted
    }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByStringInterpolation, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(integerLiteral value: UInt64) { self = .number(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }

    /// An object with its members in the order written. A repeated key is a programming error.
    public init(dictionaryLiteral members: (String, JSON)...) {
        var seen = SeenKeys()
        self = .object(
            members.map { key, value in
                precondition(seen.insert(key), "a JSON object literal repeats the key \(key)")
                return Member(key: key, value: value)
            })
    }
}
