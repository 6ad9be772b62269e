import Foundation
import Ledger
import Testing

/// Deterministic, so that a failing run is repeated with the seed it printed.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// The seed from the environment variable `COFFER_TEST_SEED`, or a fresh one; printed either way.
private func seededGenerator(_ test: String) -> SplitMix64 {
    let given = ProcessInfo.processInfo.environment["COFFER_TEST_SEED"].flatMap { UInt64($0) }
    let seed = given ?? UInt64.random(in: 0...UInt64.max)
    print("\(test): seed \(seed) (repeat with COFFER_TEST_SEED=\(seed))")
    return SplitMix64(state: seed)
}

/// One to four edits: a byte changed, removed, inserted from `alphabet`, a piece doubled, or the end cut off.
private func mutate(_ bytes: [UInt8], _ alphabet: [UInt8], _ generator: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let index = Int.random(in: 0...bytes.count, using: &generator)
        let letter = alphabet[Int.random(in: alphabet.indices, using: &generator)]
        switch Int.random(in: 0..<6, using: &generator) {
        case 0 where index < bytes.count: bytes[index] = UInt8.random(in: 0...255, using: &generator)
        case 1 where index < bytes.count: bytes[index] = letter
        case 2 where index < bytes.count: bytes.remove(at: index)
        case 3: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + 12)], at: index)
        case 4 where Int.random(in: 0..<4, using: &generator) == 0: bytes.removeSubrange(index...)
        default: bytes.insert(letter, at: index)
        }
    }
    return bytes
}

@Suite("Mutated text")
struct TextMutationTests {
    private static let inputs = 100_000

    @Test("100,000 mutated JSON documents: refused with a place, or written and read back equal")
    func mutatedJSON() throws {
        var generator = seededGenerator("mutated JSON")
        let alphabet =
            Array(#"{}[]":,\/bfnrtu0123456789abcdefDE.-+ "#.utf8)
            + [0x00, 0x09, 0x0A, 0x1F, 0x7F, 0x80, 0xC3, 0xA9, 0xED, 0xF0, 0xFF]
        let documents = [
            #"{"operations":[{"kind":"transfer","legs":[{"from":"a","asset":"EUR","amount":"12.34"}]}],"expires":1795446245123}"#,
            #"["é€𝄞","\u00e9\ud834\udd1e\n\"\\",{"":null,"a":{"b":[]}},true,false,18446744073709551615,0]"#,
            " { \"a\" : [ 1 , 2 ] ,\r\n\t\"b\" : { } } ", #""text""#, "42", "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]",
        ].map { Array($0.utf8) }
        var accepted = 0
        var refusals: [JSONError.Code: Int] = [:]
        for round in 0..<Self.inputs {
            let input = mutate(documents[round % documents.count], alphabet, &generator)
            let value: JSON
            do throws(JSONError) {
                value = try JSON.parse(input, maximumBytes: 1_000)
            } catch {
                let offset = try #require(error.offset)
                try #require(0...input.count ~= offset, "round \(round)")
                refusals[error.code, default: 0] += 1
                continue
            }
            accepted += 1
            for layout in [JSON.Layout.compact, .pretty] {
                let written = value.bytes(layout)
                let again = try JSON.parse(written, maximumBytes: 100_000)
                try #require(again == value, "round \(round)")
                try #require(again.bytes(layout) == written, "round \(round)")
            }
        }
        // The test would be empty if mutation only ever broke documents, or never did.
        #expect(accepted > 1_000)
        for code in [JSONError.Code.jsonSyntax, .jsonDuplicateKey, .jsonDepth, .fieldValue] { #expect(refusals[code, default: 0] > 0) }
    }

    @Test("100,000 mutated amounts: refused, or written and read back equal")
    func mutatedAmounts() throws {
        var generator = seededGenerator("mutated amounts")
        let alphabet = Array("0123456789.-+e ,".utf8)
        let texts = ["0", "12.34", "0.00000001", "184467440737095516.15", "18446744073709551615"].map { Array($0.utf8) }
        var accepted = 0
        for round in 0..<Self.inputs {
            let text = String(decoding: mutate(texts[round % texts.count], alphabet, &generator), as: UTF8.self)
            let decimals = UInt8(round % 9)
            let units: UInt64
            do throws(AmountError) { units = try DecimalAmount.parse(text, decimals: decimals) } catch { continue }
            accepted += 1
            let written = DecimalAmount.format(units, decimals: decimals)
            try #require(try DecimalAmount.parse(written, decimals: decimals) == units, "round \(round)")
            try #require(written.hasPrefix(text), "round \(round): writing only ever adds zeros")
        }
        #expect(accepted > 1_000 && accepted < Self.inputs)
    }

    @Test("100,000 mutated times: refused, or written and read back equal")
    func mutatedTimes() throws {
        var generator = seededGenerator("mutated times")
        let alphabet = Array("0123456789-:.TZtz+ ".utf8)
        let texts = ["2026-11-23T15:04:05.123Z", "2024-02-29T23:59:59Z", "9999-12-31T00:00:00.5Z"].map { Array($0.utf8) }
        var accepted = 0
        for round in 0..<Self.inputs {
            let text = String(decoding: mutate(texts[round % texts.count], alphabet, &generator), as: UTF8.self)
            let milliseconds: UInt64
            do throws(TimestampError) { milliseconds = try Timestamp.parse(text) } catch { continue }
            accepted += 1
            let written = Timestamp.format(milliseconds)
            try #require(milliseconds <= Timestamp.maximumMilliseconds, "round \(round)")
            try #require(try Timestamp.parse(written) == milliseconds, "round \(round)")
            try #require(written.hasPrefix(text.dropLast()), "round \(round): writing only ever adds zeros")
        }
        #expect(accepted > 1_000 && accepted < Self.inputs)
    }
}
