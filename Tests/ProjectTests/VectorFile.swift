import Foundation
import Ledger
import Support
import Testing

/// The files of `Tests/Vectors`.
enum VectorFile {
    /// A whole file, read as strictly as anything that Coffer reads.
    static func json(_ name: String) throws -> JSON {
        try JSON.parse(try ProjectFiles.read("Tests/Vectors/\(name).json"), maximumBytes: 16_777_216)
    }

    /// A file's cases.
    static func cases<Cases: Decodable>(_ name: String, as type: Cases.Type = Cases.self) throws -> Cases {
        try JSONDecoder().decode(type, from: Data(try ProjectFiles.read("Tests/Vectors/\(name).json")))
    }

    /// The text at a path such as `example/transactions/payment/bytes`: a file, then keys of objects, names or positions of elements.
    /// Of an array of texts, all of them one after the other.
    static func text(at path: String) throws -> String {
        let steps = path.split(separator: "/").map(String.init)
        var value = try json(try #require(steps.first))
        for step in steps.dropFirst() { value = try #require(value[step], "\(path): there is no \(step)") }
        let parts = if case .array(let elements) = value { elements } else { [value] }
        return try parts.map { part in
            guard case .string(let text) = part else { throw NotAText(path: path) }
            return text
        }.joined()
    }

    struct NotAText: Error {
        let path: String
    }
}

extension JSON {
    /// The member with this key; or the element at this position, or the one that is an object with this `name`.
    subscript(_ step: String) -> JSON? {
        switch self {
        case .object(let members): members.first { $0.key == step }?.value
        case .array(let elements):
            if let position = Int(step) {
                elements.indices.contains(position) ? elements[position] : nil
            } else {
                elements.first { $0["name"] == .string(step) }
            }
        default: nil
        }
    }

    /// Where two values differ first, as a path with both; nil when they are equal.
    func difference(from other: JSON, at path: String = "") -> String? {
        switch (self, other) {
        case (.object(let mine), .object(let others)) where mine.map(\.key) == others.map(\.key):
            zip(mine, others).lazy.compactMap { $0.value.difference(from: $1.value, at: "\(path)/\($0.key)") }.first
        case (.array(let mine), .array(let others)) where mine.count == others.count:
            zip(mine, others).enumerated().lazy.compactMap { $1.0.difference(from: $1.1, at: "\(path)/\($0)") }.first
        case _ where self == other: nil
        default: "\(path): \(text().prefix(200)) differs from \(other.text().prefix(200))"
        }
    }
}
