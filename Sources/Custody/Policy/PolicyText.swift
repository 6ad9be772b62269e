internal import Yams

/// The text of a policy file: narrow enough that nobody, and no other YAML reader, can take it for something else
/// (`docs/spec/custody-policy.md` section 2).
enum PolicyText {
    private static let maximumIndentation = 40
    private static let maximumOpenBrackets = 4
    /// Lists in lists on one line, as in `- - a`.
    private static let maximumDashes = 2
    /// Outside of comments. Without `! & * ? | > % @` and the backquote there are no tags, anchors, aliases, merge keys, complex keys,
    /// block texts or directives.
    private static let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_.:,+/()'\"[]{}".utf8)

    /// The document's root, with the line of everything.
    static func root(of bytes: [UInt8]) throws(PolicyFault) -> Node {
        guard bytes.count <= Policy.maximumByteCount else { throw PolicyFault(line: 1, reason: .tooLarge) }
        try checkShape(bytes)
        do {
            guard let root = try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self)) else {
                throw PolicyFault(line: 1, reason: .notAMapping)
            }
            return root
        } catch let fault as PolicyFault {
            throw fault
        } catch {
            throw Self.fault(error)
        }
    }

    /// Characters and depth, before a parser that recurses sees them.
    private static func checkShape(_ bytes: [UInt8]) throws(PolicyFault) {
        var brackets = 0
        for (number, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let content = withoutComment(line)
            for byte in line where !(0x20...0x7e).contains(byte) { throw fault(number, .character(Character(Unicode.Scalar(byte)))) }
            for byte in content {
                guard allowed.contains(byte) else { throw fault(number, .character(Character(Unicode.Scalar(byte)))) }
                if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { brackets += 1 }
                if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { brackets = max(0, brackets - 1) }
                guard brackets <= maximumOpenBrackets else { throw fault(number, .nestedTooDeep) }
            }
            let prefix = content.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "-") }
            let dashes = prefix.count { $0 == UInt8(ascii: "-") }
            guard prefix.count <= maximumIndentation, dashes <= maximumDashes || prefix.elementsEqual("---".utf8) else {
                throw fault(number, .nestedTooDeep)
            }
        }
    }

    private static func fault(_ line: Int, _ reason: PolicyFault.Reason) -> PolicyFault { PolicyFault(line: line + 1, reason: reason) }

    /// A comment begins at the start of a line or behind a space. Within quotes YAML sees none: there the rest of the line is merely not
    /// looked at here, and no value that a policy knows has a number sign.
    private static func withoutComment(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let start = line.indices.first { index in
            line[index] == UInt8(ascii: "#") && (index == line.startIndex || line[index - 1] == UInt8(ascii: " "))
        }
        return line[..<(start ?? line.endIndex)]
    }

    private static func fault(_ error: any Error) -> PolicyFault {
        guard let error = error as? YamlError else { return PolicyFault(line: 1, reason: .notYAML("\(error)")) }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            return PolicyFault(line: mark.line, reason: .notYAML(problem))
        case .duplicatedKeysInMapping(let duplicates, let context):
            return PolicyFault(line: context.mark.line, reason: .repeated(duplicates.sorted().joined(separator: ", ")))
        default: return PolicyFault(line: 1, reason: .notYAML("\(error)"))
        }
    }
}
