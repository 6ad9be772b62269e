import Foundation
import Ledger
import Support

/// Damaged copies of a JSON document: changed bytes and digits, and changed members and elements. Of a text, changed bytes and lines.
struct DamagedProofs {
    private(set) var copies: [(name: String, bytes: [UInt8])] = []
    private var random: SplitMix64
    private var additions = 0

    init(of document: [UInt8], _ random: SplitMix64) throws {
        self.random = random
        changeBytes(document)
        let value = try JSON.parse(document, maximumBytes: Receipt.maximumJSONByteCount)
        for number in 0..<150 {
            var changed = value
            for _ in 0...self.random.below(2) { changed = edit(changed) }
            copies.append(("edit \(number)", changed.bytes()))
        }
    }

    /// Of a text of lines.
    init(ofText text: [UInt8], _ random: SplitMix64) {
        self.random = random
        changeBytes(text)
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
        for number in 0..<60 {
            var changed = lines
            let (one, other) = (self.random.below(lines.count), self.random.below(lines.count))
            switch self.random.below(3) {
            case 0: changed.remove(at: one)
            case 1: changed.insert(lines[one], at: other)
            default: changed.swapAt(one, other)
            }
            copies.append(("lines \(one) and \(other), \(number)", Array(changed.joined(separator: [UInt8(ascii: "\n")]))))
        }
    }

    private mutating func changeBytes(_ document: [UInt8]) {
        let digits = document.indices.filter { document[$0].isHexadecimalDigit }
        for _ in 0..<60 {
            var bytes = document
            let position = random.below(bytes.count)
            bytes[position] ^= 1 << UInt8(random.below(8))
            copies.append(("byte \(position) changed", bytes))
        }
        for _ in 0..<120 {
            var bytes = document
            let position = random.pick(digits)
            bytes[position] = random.pick(Array("0123456789abcdef".utf8))
            copies.append(("digit \(position) changed", bytes))
        }
        for _ in 0..<15 {
            let count = random.below(document.count)
            copies.append(("cut to \(count) bytes", Array(document.prefix(count))))
        }
    }

    /// The same with one change somewhere.
    private mutating func edit(_ value: JSON) -> JSON {
        switch value {
        case .object(var members) where !members.isEmpty:
            let position = random.below(members.count)
            switch random.below(16) {
            case 0: members.remove(at: position)
            case 1:
                additions += 1
                members.append(JSON.Member(key: "another\(additions)", value: 1))
            case 2: members[position].key += "s"
            default: members[position].value = edit(members[position].value)
            }
            return .object(members)
        case .array(var elements) where !elements.isEmpty:
            let position = random.below(elements.count)
            switch random.below(5) {
            case 0: elements.remove(at: position)
            case 1: elements.insert(elements[position], at: position)
            case 2: elements.swapAt(position, random.below(elements.count))
            default: elements[position] = edit(elements[position])
            }
            return .array(elements)
        case .string(let text): return .string(edit(text))
        case .number(let number): return random.pick([.number(number &+ 1), .number(number ^ 1), .number(.max), .string("0"), .null])
        default: return random.pick([.array([]), .object([]), .boolean(true), .string("00"), .null])
        }
    }

    private mutating func edit(_ text: String) -> String {
        switch random.below(6) {
        case 0: return String(text.dropLast(2))
        case 1: return String(text.dropLast())
        case 2: return text + "00"
        case 3: return text.uppercased()
        case 4: return String(repeating: "0", count: text.count)
        default:
            var bytes = Array(text.utf8)
            guard !bytes.isEmpty else { return "0" }
            bytes[random.below(bytes.count)] = random.pick(Array("0123456789abcdef".utf8))
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}

extension UInt8 {
    fileprivate var isHexadecimalDigit: Bool { (0x30...0x39).contains(self) || (0x61...0x66).contains(self) }
}
