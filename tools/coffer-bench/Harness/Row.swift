/// One line of the output.
struct Row: Sendable {
    /// What the ratio of figure and limit should be.
    enum Goal: Sendable {
        case atLeast(Double)
        case atMost(Double)

        func isMet(by ratio: Double) -> Bool {
            switch self {
            case .atLeast(let least): ratio >= least
            case .atMost(let most): ratio <= most
            }
        }
    }

    /// What a figure is held against.
    struct Limit: Sendable {
        /// In the unit of the figure, where that makes sense.
        let value: Double
        /// What it is, in a few words.
        let meaning: String
    }

    var name: String
    /// What was measured, besides the name: what makes this row another one than the next.
    var parameters: Fields = [:]
    let figure: Double
    let unit: String
    /// Nil takes L of the measurements just before and just after: threads × verifications a second.
    var limit: Limit?
    var goal: Goal?
    var accounts: Int?
    /// What the processors did for the figure: how many of the limit's operations it stands for, and the seconds of all cores.
    var processor: (operations: Int, seconds: Double)?
    /// What else was seen: CPU seconds, sizes, percentiles.
    var details: Fields = [:]
}

/// Named values in the order in which they are printed.
struct Fields: Sendable, ExpressibleByDictionaryLiteral {
    private(set) var items: [(key: String, value: Value)] = []

    init(dictionaryLiteral elements: (String, Value)...) {
        for (key, value) in elements { self[key] = value }
    }

    /// A new name goes to the end; nil removes a name.
    subscript(key: String) -> Value? {
        get { items.first { $0.key == key }?.value }
        set {
            let position = items.firstIndex { $0.key == key }
            switch (position, newValue) {
            case (let position?, let value?): items[position].value = value
            case (let position?, nil): items.remove(at: position)
            case (nil, let value?): items.append((key, value))
            case (nil, nil): break
            }
        }
    }

    mutating func append(_ other: Fields) {
        for item in other.items { self[item.key] = item.value }
    }
}

/// A value of a row.
indirect enum Value: Sendable {
    case text(String)
    case count(Int)
    case decimal(Double)
    case flag(Bool)
    case fields(Fields)
}

extension Value {
    /// The value as JSON.
    var json: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .count(let count): String(count)
        case .decimal(let value): Self.number(value)
        case .flag(let flag): flag ? "true" : "false"
        case .fields(let fields):
            "{" + fields.items.map { "\(Self.quoted($0.key)):\($0.value.json)" }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var output = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\u{0}"..<" ": output += "\\u00" + (character.value < 16 ? "0" : "") + String(character.value, radix: 16)
            default: output.unicodeScalars.append(character)
            }
        }
        return output + "\""
    }

    /// Six digits are more than any measurement here is good for.
    private static func number(_ value: Double) -> String {
        guard value.isFinite, value != 0 else { return value.isFinite ? "0" : "null" }
        var step = 1.0
        while value.magnitude * step < 100_000, step < 1e12 { step *= 10 }
        let rounded = (value * step).rounded() / step
        return rounded == rounded.rounded() && rounded.magnitude < 1e15 ? String(Int(rounded)) : "\(rounded)"
    }
}
