import Ledger
import Testing

private func failure<Value>(_ read: () throws(JSONError) -> Value) -> JSONError? {
    do throws(JSONError) {
        let value = try read()
        Issue.record("accepted as \(value)")
        return nil
    } catch {
        return error
    }
}

@Suite("JSON fields")
struct JSONReaderTests {
    static let document: JSON = [
        "text": "hello", "count": 255, "large": 256, "flag": true, "nothing": nil,
        "list": [1, "two"], "inner": ["amount": "12.3", "time": "1970-01-01T00:00:01Z"],
    ]

    @Test("reads every type, required and optional")
    func reads() throws {
        var fields = try Self.document.object()
        #expect(try fields.string("text") == "hello")
        #expect(try fields.optionalString("text") == "hello")
        #expect(try fields.integer("count") == 255)
        #expect(try fields.integer("count", as: UInt8.self) == 255)
        #expect(try fields.optionalInteger("large", as: UInt16.self) == 256)
        #expect(try fields.boolean("flag"))
        #expect(try fields.optionalBoolean("flag") == true)
        #expect(try fields.field("nothing").value == .null)
        let list = try fields.array("list", maximumCount: 2)
        #expect(list.map(\.path.description) == ["list[0]", "list[1]"])
        #expect(try list[0].integer() == 1)
        #expect(try list[1].string() == "two")
        #expect(try fields.optionalArray("list", maximumCount: 2) == list)
        var inner = try fields.object("inner")
        #expect(try inner.amount("amount", decimals: 2) == 1_230)
        #expect(try inner.timestamp("time") == 1_000)
        #expect(try inner.optionalTimestamp("time") == 1_000)
        #expect(inner.path.description == "inner")
        try inner.finish()
        try fields.finish()
    }

    @Test("an absent optional field is nil")
    func readsAbsent() throws {
        var fields = try JSON.object([]).object()
        #expect(try fields.optionalString("a") == nil)
        #expect(try fields.optionalInteger("b") == nil)
        #expect(try fields.optionalBoolean("c") == nil)
        #expect(try fields.optionalTimestamp("d") == nil)
        #expect(try fields.optionalArray("e", maximumCount: 1) == nil)
        #expect(try fields.optionalObject("f")?.path == nil)
        #expect(fields.optionalField("g") == nil)
        try fields.finish()
    }

    @Test("a missing field is named in full, with what to give")
    func refusesMissing() throws {
        let leg = JSONPath.root.appending(key: "operations").appending(index: 0).appending(key: "legs").appending(index: 2)
        var fields = try JSON.object([]).object(at: leg)
        let error = failure { () throws(JSONError) in try fields.amount("amount", decimals: 2) }
        #expect(
            error
                == JSONError(
                    .fieldMissing, path: leg.appending(key: "amount"),
                    message: #"operations[0].legs[2].amount is missing; give a decimal string such as "12.34""#))
    }

    @Test("a wrong type is named together with the right one")
    func refusesWrongTypes() throws {
        var fields = try Self.document.object()
        func message<Value>(_ read: () throws(JSONError) -> Value) -> String? {
            let error = failure(read)
            #expect(error?.code == .fieldType)
            #expect(error?.offset == nil)
            return error?.message
        }
        #expect(message { () throws(JSONError) in try fields.string("count") } == "count must be a string, not a number")
        #expect(
            message { () throws(JSONError) in try fields.amount("count", decimals: 0) }
                == #"count must be a decimal string such as "12.34", not a number"#)
        #expect(
            message { () throws(JSONError) in try fields.timestamp("flag") }
                == #"flag must be a UTC time such as "2026-11-23T15:04:05.123Z", not a boolean"#)
        #expect(message { () throws(JSONError) in try fields.integer("text") } == "text must be a whole number, not a string")
        #expect(message { () throws(JSONError) in try fields.boolean("list") } == "list must be true or false, not an array")
        #expect(message { () throws(JSONError) in try fields.array("inner", maximumCount: 9) } == "inner must be an array, not an object")
        #expect(message { () throws(JSONError) in try fields.object("text") } == "text must be an object, not a string")
        #expect(
            message { () throws(JSONError) in try fields.optionalString("nothing") }
                == "nothing must be a string, not null; leave the field out if it has no value")
        #expect(message { () throws(JSONError) in try JSON.number(1).object() } == "the document must be an object, not a number")
    }

    @Test("a value out of bounds is refused with its bound")
    func refusesValues() throws {
        var fields = try Self.document.object()
        func message<Value>(_ read: () throws(JSONError) -> Value) -> String? {
            let error = failure(read)
            #expect(error?.code == .fieldValue)
            return error?.message
        }
        #expect(message { () throws(JSONError) in try fields.integer("large", as: UInt8.self) } == "large must be at most 255")
        #expect(
            message { () throws(JSONError) in try fields.array("list", maximumCount: 1) }
                == "list has 2 elements and may have at most 1")
        var inner = try fields.object("inner")
        #expect(
            message { () throws(JSONError) in try inner.amount("amount", decimals: 0) }
                == "inner.amount must be a whole number: the asset has no decimals, and amounts are never rounded")
        #expect(message { () throws(JSONError) in try inner.timestamp("amount") }?.hasPrefix("inner.amount must be a UTC time") == true)
        #expect(
            try fields.field("text").refused("must be a known asset")
                == JSONError(.fieldValue, path: .root.appending(key: "text"), message: "text must be a known asset"))
    }

    @Test("fields that nobody asked for are refused by name")
    func refusesUnknown() throws {
        let object = JSON.object(["asset", "Amount", "x\ny"].map { .init(key: $0, value: 1) })
        var fields = try object.object(at: .root.appending(key: "leg"))
        _ = try fields.integer("asset")
        _ = try fields.optionalString("amount")
        let error = failure { () throws(JSONError) in try fields.finish() }
        #expect(
            error
                == JSONError(
                    .fieldUnknown, path: .root.appending(key: "leg").appending(key: "Amount"),
                    message: #"leg has no field Amount, "x\u{a}y"; its fields are asset, amount"#))

        let many = JSON.object((0..<100).map { .init(key: "k\($0)", value: nil) })
        let message = failure { () throws(JSONError) in try many.object().finish() }?.message
        #expect(message == "the document has no field k0, k1, k2, k3, k4, k5, k6, k7, 92 more; it has none")
    }

    @Test("the codes are the published ones")
    func codes() {
        #expect(
            JSONError.Code.allCases.map(\.rawValue) == [
                "jsonSyntax", "jsonDuplicateKey", "jsonDepth", "jsonTooLarge", "fieldMissing", "fieldUnknown", "fieldType", "fieldValue",
            ])
    }
}

@Suite("JSON writer")
struct JSONWriterTests {
    static let value: JSON = ["b": [1, nil, true, [], [:]], "a": ["x": "é\"\\\n\u{1}\u{1F}\u{7F}/\u{2028}"]]

    @Test("compact form")
    func compact() {
        #expect(Self.value.text() == #"{"b":[1,null,true,[],{}],"a":{"x":"é\"\\\n\u0001\u001f"# + "\u{7F}/\u{2028}\"}}")
        #expect(JSON.string("\u{8}\t\n\u{C}\r\0").text() == #""\b\t\n\f\r\u0000""#)
        #expect(JSON.number(.max).bytes() == Array("18446744073709551615".utf8))
    }

    @Test("pretty form")
    func pretty() {
        #expect(
            (["b": [1, ["c": nil]], "e": [], "o": [:]] as JSON).text(.pretty) == """
                {
                  "b": [
                    1,
                    {
                      "c": null
                    }
                  ],
                  "e": [],
                  "o": {}
                }
                """)
    }

    @Test("what is written reads back equal", arguments: [JSON.Layout.compact, .pretty])
    func roundTrips(layout: JSON.Layout) throws {
        #expect(try JSON.parse(Self.value.bytes(layout), maximumBytes: 1_000) == Self.value)
        let everyScalar = JSON.array((0...0xFFFF).compactMap { Unicode.Scalar(UInt32($0)) }.map { .string("\($0)\(0)") })
        #expect(try JSON.parse(everyScalar.bytes(layout), maximumBytes: 2_000_000) == everyScalar)
        let manyKeys = JSON.object((0..<1_000).map { .init(key: "\($0)", value: "\($0)") })
        #expect(try JSON.parse(manyKeys.bytes(layout), maximumBytes: 100_000) == manyKeys)
    }

    @Test("a key twice and too deep nesting stop the program that writes them")
    func refusesOwnMistakes() async {
        await #expect(processExitsWith: .failure) {
            _ = JSON.object([.init(key: "a", value: 1), .init(key: "a", value: 2)]).text()
        }
        await #expect(processExitsWith: .failure) {
            let twice: JSON = ["a": 1, "a": 2]
            _ = twice
        }
        await #expect(processExitsWith: .failure) {
            _ = (0...JSON.maximumDepth).reduce(JSON.null) { inner, _ in .array([inner]) }.text()
        }
        await #expect(processExitsWith: .success) {
            _ = (0..<JSON.maximumDepth).reduce(JSON.null) { inner, _ in .array([inner]) }.text()
        }
    }
}
