import Ledger
import Testing

/// Generous for every case here that is not about size.
private let maximumBytes = 4_000_000

private func failure(_ text: String) -> JSONError? {
    failure(Array(text.utf8))
}

private func failure(_ bytes: [UInt8]) -> JSONError? {
    do throws(JSONError) {
        let value = try JSON.parse(bytes, maximumBytes: maximumBytes)
        Issue.record("accepted as \(value)")
        return nil
    } catch {
        return error
    }
}

@Suite("JSON reader")
struct JSONParserTests {
    static let accepted: [(String, JSON)] = [
        ("null", nil), ("true", true), ("false", false), ("0", 0), ("7", 7), ("10", 10),
        ("18446744073709551615", 18_446_744_073_709_551_615),
        (" \t\r\n1 \t\r\n", 1),
        ("[]", []), ("[ ]", []), ("{}", [:]), ("{ \n }", [:]), ("[[],{}]", [[], [:]]),
        ("[1,2 , 3]", [1, 2, 3]),
        (#"{"b":1,"a":{"c":[null]}}"#, ["b": 1, "a": ["c": [nil]]]),
        (#"{"":""}"#, ["": ""]),
        (#""""#, ""), (#""plain""#, "plain"),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u0041\u00e9\u20AC""#, "Aé€"), (#""\u0000""#, "\0"),
        (#""\uD834\uDD1E""#, "\u{1D11E}"), (#""\udbff\uDFFF""#, "\u{10FFFF}"), (#""\ud800\udc00""#, "\u{10000}"),
        (#""\uD7FF\uE000""#, "\u{D7FF}\u{E000}"), (#""\\u0041""#, #"\u0041"#), (#""\uffff""#, "\u{FFFF}"),
        ("\"é€\u{1D11E}\u{7F}\u{2028}\"", "é€\u{1D11E}\u{7F}\u{2028}"),
    ]

    @Test("accepts what RFC 8259 and Coffer allow", arguments: accepted)
    func accepts(text: String, value: JSON) throws {
        #expect(try JSON.parse(text, maximumBytes: maximumBytes) == value)
    }

    static let brokenSyntax: [(String, Int)] = [
        ("", 0), ("  ", 2), ("\u{FEFF}1", 0), ("\u{A0}1", 0), ("\u{B}1", 0),
        ("nul", 3), ("nulL", 3), ("True", 0), ("NaN", 0), ("Infinity", 0), ("undefined", 0), ("trues", 4),
        ("1 2", 2), ("{}{}", 2), ("[]]", 2), ("1,", 1), ("null\0", 4),
        ("[", 1), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[,1]", 1), ("[1,,2]", 3), ("[1 2]", 3), ("[1}", 2), ("]", 0),
        ("{", 1), (#"{"a""#, 4), (#"{"a":"#, 5), (#"{"a":1"#, 6), (#"{"a":1,"#, 7), (#"{"a":1,}"#, 7), (#"{,"a":1}"#, 1),
        (#"{"a" 1}"#, 5), (#"{"a"::1}"#, 5), (#"{a:1}"#, 1), (#"{'a':1}"#, 1), (#"{1:1}"#, 1), (#"{"a":1]"#, 6), (#"{"a"}"#, 4),
        ("// note\n1", 0), ("1 /* note */", 2), ("#1", 0),
        ("-", 1), ("-a", 1), ("+1", 0), (".5", 0), ("1.", 2), ("1.e5", 2), ("1e", 2), ("1e+", 3), ("1E-x", 3), ("--1", 1),
        ("00", 0), ("01", 0), ("-01", 1), ("00.5", 0), ("0x10", 1), ("1_000", 1), ("１", 0),
        ("\"", 0), (#"["abc"#, 1), (#""\"#, 0), (#""\""#, 0), (#""\x41""#, 1), (#""\'""#, 1), (#""\ ""#, 1), (#""\U0041""#, 1),
        (#""\u""#, 1), (#""\u004""#, 1), (#""\u004g""#, 1), (#""\u+041""#, 1), (#""\u 041""#, 1), (#""ab\u12"#, 0),
        (#""\uD800""#, 1), (#""\uDBFF""#, 1), (#""\uDC00""#, 1), (#""\uDC00\uDC00""#, 1), (#""\uDFFF\uD800""#, 1), (#""\uD800\uD800""#, 1),
        (#""\uD800\n""#, 1), (#""\uD800x""#, 1), (#""\uD800\u0041""#, 1), (#""\uD800\u00""#, 7), (#""\uD834\uD834\uDD1E""#, 1),
        ("\"a\nb\"", 2), ("\"\t\"", 1), ("\"\0\"", 1), ("\"\u{1F}\"", 1), ("\"\\\n\"", 1), ("\"\\é\"", 1), ("'a'", 0),
    ]

    @Test("refuses what is no JSON, and says where", arguments: brokenSyntax)
    func refusesSyntax(text: String, offset: Int) {
        let error = failure(text)
        #expect(error?.code == .jsonSyntax)
        #expect(error?.offset == offset)
    }

    static let brokenUTF8: [([UInt8], Int)] = [
        ([0x80], 1), ([0xC3], 1), ([0xC0, 0x80], 1), ([0xC1, 0xBF], 1), ([0xE0, 0x80, 0x80], 1), ([0x61, 0xE2, 0x82], 2),
        ([0xED, 0xA0, 0x80], 1), ([0xED, 0xBF, 0xBF], 1), ([0xF0, 0x80, 0x80, 0x80], 1), ([0xF4, 0x90, 0x80, 0x80], 1),
        ([0xF5, 0x80, 0x80, 0x80], 1), ([0xFE], 1), ([0xFF], 1), ([0xC3, 0xA9, 0xFF], 3), ([0x5C, 0x6E, 0xFF], 3),
    ]

    @Test("refuses overlong, surrogate, truncated and stray UTF-8", arguments: brokenUTF8)
    func refusesUTF8(content: [UInt8], offset: Int) {
        let quote = UInt8(ascii: "\"")
        let error = failure([quote] + content + [quote])
        #expect(error?.code == .jsonSyntax)
        #expect(error?.offset == offset)
        #expect(failure(content)?.code == .jsonSyntax)
    }

    @Test(
        "refuses numbers that are JSON but no amount of anything",
        arguments: [
            "-1", "-0", "-0.0", "1.0", "0.5", "1e3", "1E3", "1e+3", "1e-3", "1.5e2", "0e0", "18446744073709551616",
            "99999999999999999999999999", "-18446744073709551616", "1e99999999999999999999",
        ])
    func refusesNumbers(text: String) {
        let error = failure(#"{"a":[\#(text)]}"#)
        #expect(error?.code == .fieldValue)
        #expect(error?.offset == 6)
        #expect(error?.path.description == "a[0]")
    }

    @Test("a key twice is refused, whatever it is written with and however many others there are")
    func refusesDuplicates() {
        let error = failure(#"{"operations":[{"a":1,"b":2,"\u0061":3}]}"#)
        #expect(error?.code == .jsonDuplicateKey)
        #expect(error?.offset == 28)
        #expect(error?.path.description == "operations[0].a")
        for count in [1, 15, 16, 17, 18, 100] {
            let others = (0..<count).map { "\"k\($0)\":0," }.joined()
            #expect(failure("{\(others)\"k0\":1}")?.path.description == "k0")
            #expect(failure("{\(others)\"k\(count - 1)\":1}")?.path.description == "k\(count - 1)")
        }
    }

    @Test("keys and strings are equal only if their bytes are")
    func comparesBytes() throws {
        let text = "{\"\u{E9}\":1,\"e\u{301}\":2,\"K\":3,\"\u{212A}\":4}"
        let value = try JSON.parse(text, maximumBytes: maximumBytes)
        var fields = try value.object()
        #expect(try fields.integer("K") == 3)
        #expect(try fields.integer("\u{212A}") == 4)
        #expect(try fields.integer("e\u{301}") == 2)
        #expect(try fields.integer("\u{E9}") == 1)
        #expect(JSON.string("\u{E9}") != JSON.string("e\u{301}"))
        #expect(["K": 1] as JSON != ["\u{212A}": 1])
        #expect(["a": 1, "b": 2] as JSON != ["b": 2, "a": 1])
    }

    @Test("nesting is accepted up to the limit and refused one deeper", arguments: [("[", "]"), (#"{"a":"#, "}")])
    func limitsDepth(opening: String, closing: String) throws {
        func nested(_ depth: Int) -> String {
            String(repeating: opening, count: depth) + "1" + String(repeating: closing, count: depth)
        }
        _ = try JSON.parse(nested(JSON.maximumDepth), maximumBytes: maximumBytes)
        let error = failure(nested(JSON.maximumDepth + 1))
        #expect(error?.code == .jsonDepth)
        #expect(error?.offset == opening.utf8.count * JSON.maximumDepth)
        let beside = Array(repeating: nested(JSON.maximumDepth - 1), count: 3).joined(separator: ",")
        _ = try JSON.parse("[\(beside)]", maximumBytes: maximumBytes)
    }

    @Test("a document is read at the size limit and refused one byte above")
    func limitsSize() throws {
        #expect(try JSON.parse("[1,2]", maximumBytes: 5) == [1, 2])
        #expect(
            throws: JSONError(
                .jsonTooLarge, message: "the document has 5 bytes and at most 4 are read; send less at once")
        ) { try JSON.parse("[1,2]", maximumBytes: 4) }
    }

    @Test("errors say where in the document they are")
    func namesPaths() {
        #expect(failure(#"{"operations":[{},{"legs":[1,2,{"amount":-5}]}]}"#)?.path.description == "operations[1].legs[2].amount")
        #expect(failure(#"[[0,tru]]"#)?.path.description == "[0][1]")
        #expect(failure("{")?.path == .root)
        let hostile = failure(#"{"a\n\"\u202e":{"x":-1}}"#)
        #expect(hostile?.path.description == #"["a\u{a}\"\u{202e}"].x"#)
        let long = failure("{\"\(String(repeating: "k", count: 1_000_000))\":-1}")
        #expect(long?.path.description == "[\"\(String(repeating: "k", count: 64))...\"]")
        #expect(failure(#"{"a":-1}"#).map { "\($0)" } == "negative numbers are not used; give a whole number from 0 (byte 5, in a)")
        #expect(failure("[1").map { "\($0)" } == "the document ends where a comma or the end of the array has to be (byte 2)")
    }

    @Test("hostile documents of a megabyte are answered in linear time")
    func survivesHostileInput() throws {
        let megabyte = 1_000_000
        #expect(failure([UInt8](repeating: UInt8(ascii: "["), count: megabyte))?.code == .jsonDepth)
        #expect(failure(String(repeating: #"{"a":"#, count: megabyte / 5))?.code == .jsonDepth)
        #expect(failure([UInt8](repeating: UInt8(ascii: " "), count: megabyte))?.code == .jsonSyntax)
        #expect(failure([UInt8](repeating: UInt8(ascii: "\""), count: megabyte))?.code == .jsonSyntax)
        #expect(failure("\"" + String(repeating: "\\", count: megabyte))?.code == .jsonSyntax)
        #expect(failure(String(repeating: "9", count: megabyte))?.code == .fieldValue)
        #expect(failure("1." + String(repeating: "0", count: megabyte))?.code == .fieldValue)
        #expect(failure(String(repeating: "0", count: megabyte))?.code == .jsonSyntax)
        #expect(failure("\"" + String(repeating: #"\ud800"#, count: megabyte / 6) + "\"")?.code == .jsonSyntax)

        let zeros = "[" + String(repeating: "0,", count: megabyte / 2) + "0]"
        guard case .array(let elements) = try JSON.parse(zeros, maximumBytes: maximumBytes) else {
            Issue.record("an array was read as something else")
            return
        }
        #expect(elements.count == megabyte / 2 + 1)

        let members = (0..<100_000).map { "\"key\($0)\":\($0)" }.joined(separator: ",")
        var fields = try JSON.parse("{\(members)}", maximumBytes: maximumBytes).object()
        #expect(try fields.integer("key99999") == 99_999)
        #expect(failure("{\(members),\"key50000\":0}")?.code == .jsonDuplicateKey)
    }
}
