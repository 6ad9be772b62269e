import Foundation
import Ledger

/// Wrong use, or something that this machine does not give.
struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// The options of one command: `--name value`, and `--name` alone for those called switches.
struct Options {
    private var values: [String: String] = [:]
    private var switches: Set<String> = []

    init(_ arguments: some Sequence<String>, values known: Set<String>, switches knownSwitches: Set<String> = []) throws(UsageError) {
        var rest = Array(arguments)[...]
        while let argument = rest.popFirst() {
            let name = argument.hasPrefix("--") ? String(argument.dropFirst(2)) : ""
            if knownSwitches.contains(name) {
                switches.insert(name)
            } else if known.contains(name), let value = rest.popFirst() {
                values[name] = value
            } else {
                throw UsageError("\"\(argument)\" is no option here, or its value is missing")
            }
        }
    }

    func has(_ name: String) -> Bool { switches.contains(name) }

    func text(_ name: String) throws(UsageError) -> String {
        guard let value = values[name] else { throw UsageError("--\(name) is missing") }
        return value
    }

    func text(_ name: String, default: String) -> String { values[name] ?? `default` }

    /// Nil when it is not given.
    func optionalNumber(_ name: String) throws(UsageError) -> Int? {
        guard let text = values[name] else { return nil }
        guard let number = Int(text), number >= 0 else { throw UsageError("--\(name) takes a whole number, not \"\(text)\"") }
        return number
    }

    func number(_ name: String, default: Int) throws(UsageError) -> Int { try optionalNumber(name) ?? `default` }

    func seed(default: UInt64) throws(UsageError) -> UInt64 {
        guard let text = values["seed"] else { return `default` }
        guard let seed = UInt64(text) else { throw UsageError("--seed takes a whole number below 2^64, not \"\(text)\"") }
        return seed
    }
}

/// Prints one JSON value as a line.
func printLine(_ json: JSON) {
    FileHandle.standardOutput.write(Data((json.text() + "\n").utf8))
}

/// Says on standard error how far things are.
func report(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}
