import Ledger

/// Sums over the JSON lines of many runs.
struct Totals {
    private static let shownExamples = 5

    private(set) var numbers: [String: UInt64] = [:]
    private(set) var kinds: [String: UInt64] = [:]
    private(set) var examples: [String] = []

    subscript(name: String) -> UInt64 { numbers[name, default: 0] }

    mutating func add(_ name: String, _ number: Int = 1) { numbers[name, default: 0] += UInt64(number) }

    /// Counts a failure, and keeps the first few.
    mutating func fail(_ kind: String, _ example: String) {
        numbers["failures", default: 0] += 1
        kinds[kind, default: 0] += 1
        if examples.count < Self.shownExamples { examples.append(example) }
    }

    mutating func add(_ other: Totals) {
        numbers.merge(other.numbers, uniquingKeysWith: +)
        kinds.merge(other.kinds, uniquingKeysWith: +)
        examples = Array((examples + other.examples).prefix(Self.shownExamples))
    }

    /// Adds the numbers of a line that another process printed. Seeds are no numbers to be summed.
    mutating func add(line: String) throws {
        guard case .object(let members) = try JSON.parse(line, maximumBytes: 1 << 20) else { throw UsageError("\"\(line)\" is no result") }
        for member in members {
            switch member.value {
            case .number(let number) where member.key != "seed": numbers[member.key, default: 0] += number
            case .object(let counts) where member.key == "kinds":
                for count in counts { if case .number(let number) = count.value { kinds[count.key, default: 0] += number } }
            case .array(let texts) where member.key == "examples":
                for text in texts { if case .string(let text) = text, examples.count < Self.shownExamples { examples.append(text) } }
            default: break
            }
        }
    }

    func json(_ test: String, seed: UInt64) -> JSON {
        var members = [JSON.Member(key: "test", value: .string(test)), JSON.Member(key: "seed", value: .number(seed))]
        members += numbers.sorted { $0.key < $1.key }.map { JSON.Member(key: $0.key, value: .number($0.value)) }
        members.append(
            JSON.Member(
                key: "kinds", value: .object(kinds.sorted { $0.key < $1.key }.map { JSON.Member(key: $0.key, value: .number($0.value)) })))
        members.append(JSON.Member(key: "examples", value: .array(examples.map { .string($0) })))
        return .object(members)
    }
}
