/// A value together with the way to it, so that every complaint about it names its field in full.
public struct JSONField: Equatable, Sendable {
    public let value: JSON
    public let path: JSONPath

    public init(_ value: JSON, at path: JSONPath = .root) {
        self.value = value
        self.path = path
    }

    /// The text of a string. `expecting` completes the sentence "… must be", as in `a decimal string such as "12.34"`.
    /// - Throws: `fieldType`.
    public func string(expecting: String = "a string") throws(JSONError) -> String {
        guard case .string(let text) = value else { throw wrongType(expecting) }
        return text
    }

    /// The value of a number.
    /// - Throws: `fieldType`; `fieldValue` if it does not fit the integer type.
    public func integer<Integer: FixedWidthInteger & UnsignedInteger>(
        as type: Integer.Type = UInt64.self
    ) throws(JSONError) -> Integer {
        guard case .number(let number) = value else { throw wrongType("a whole number") }
        guard let integer = Integer(exactly: number) else { throw refused("must be at most \(Integer.max)") }
        return integer
    }

    /// The value of `true` or `false`.
    /// - Throws: `fieldType`.
    public func boolean() throws(JSONError) -> Bool {
        guard case .boolean(let boolean) = value else { throw wrongType("true or false") }
        return boolean
    }

    /// The elements of an array, in order, each with its path.
    /// - Throws: `fieldType`; `fieldValue` if there are more than `maximumCount`.
    public func array(maximumCount: Int) throws(JSONError) -> [JSONField] {
        guard case .array(let elements) = value else { throw wrongType("an array") }
        guard elements.count <= maximumCount else {
            throw refused("has \(elements.count) elements and may have at most \(maximumCount)")
        }
        return elements.enumerated().map { index, element in JSONField(element, at: path.appending(index: index)) }
    }

    /// A reader of an object's fields. Call its `finish()` when all are read.
    /// - Throws: `fieldType`.
    public func object() throws(JSONError) -> JSONObjectReader {
        guard case .object(let members) = value else { throw wrongType("an object") }
        return JSONObjectReader(members, at: path)
    }

    /// An amount in minor units, from a decimal string.
    /// - Parameter decimals: the asset's decimals, 0 to 8.
    /// - Throws: `fieldType`; `fieldValue` with what `AmountError` says.
    public func amount(decimals: UInt8) throws(JSONError) -> UInt64 {
        let text = try string(expecting: DecimalAmount.expectation)
        do throws(AmountError) {
            return try DecimalAmount.parse(text, decimals: decimals)
        } catch {
            throw refused(error.message)
        }
    }

    /// Milliseconds since the Unix epoch, from an RFC 3339 UTC time.
    /// - Throws: `fieldType`; `fieldValue` with what `TimestampError` says.
    public func timestamp() throws(JSONError) -> UInt64 {
        let text = try string(expecting: Timestamp.expectation)
        do throws(TimestampError) {
            return try Timestamp.parse(text)
        } catch {
            throw refused(error.message)
        }
    }

    /// The error for a value of the right type that a decoder cannot accept. `reason` follows the field's name, as in
    /// `must be 64 hexadecimal digits`.
    public func refused(_ reason: String) -> JSONError {
        JSONError(.fieldValue, path: path, message: "\(path.subject) \(reason)")
    }

    private func wrongType(_ expected: String) -> JSONError {
        let advice = value == .null ? "; leave the field out if it has no value" : ""
        return JSONError(.fieldType, path: path, message: "\(path.subject) must be \(expected), not \(value.kind)\(advice)")
    }
}

extension JSON {
    /// A reader of this object's fields; `path` is where the object stands in its document.
    /// - Throws: `fieldType` if this is no object.
    public func object(at path: JSONPath = .root) throws(JSONError) -> JSONObjectReader {
        try JSONField(self, at: path).object()
    }
}

/// Reads an object field by field, then refuses what nobody asked for.
///
///     var fields = try document.object()
///     let asset = try fields.string("asset")
///     let legs = try fields.array("legs", maximumCount: 1_024)
///     try fields.finish()
///
/// A field is matched by the bytes of its name. An optional field is absent or has a value; `null` is neither.
public struct JSONObjectReader: Sendable {
    /// At most this many unknown fields are named in one error.
    public static let maximumNamedFields = 8

    /// Where the object stands in its document.
    public let path: JSONPath
    private let members: [JSON.Member]
    private var isRead: [Bool]
    private var knownNames: [String] = []

    init(_ members: [JSON.Member], at path: JSONPath) {
        self.path = path
        self.members = members
        isRead = Array(repeating: false, count: members.count)
    }

    /// The field of that name, if it is there.
    public mutating func optionalField(_ name: String) -> JSONField? {
        if !knownNames.contains(name) { knownNames.append(name) }
        guard let index = members.firstIndex(where: { haveSameBytes($0.key, name) }) else { return nil }
        isRead[index] = true
        return JSONField(members[index].value, at: path.appending(key: name))
    }

    /// The field of that name. `expecting` tells what to give where it is missing.
    /// - Throws: `fieldMissing`.
    public mutating func field(_ name: String, expecting: String = "a value") throws(JSONError) -> JSONField {
        if let field = optionalField(name) { return field }
        let missing = path.appending(key: name)
        throw JSONError(.fieldMissing, path: missing, message: "\(missing) is missing; give \(expecting)")
    }

    /// A required string. `expecting` completes "… must be".
    public mutating func string(_ name: String, expecting: String = "a string") throws(JSONError) -> String {
        try field(name, expecting: expecting).string(expecting: expecting)
    }

    /// A string, or nil where the field is absent.
    public mutating func optionalString(_ name: String, expecting: String = "a string") throws(JSONError) -> String? {
        guard let field = optionalField(name) else { return nil }
        return try field.string(expecting: expecting)
    }

    /// A required whole number that fits the integer type.
    public mutating func integer<Integer: FixedWidthInteger & UnsignedInteger>(
        _ name: String, as type: Integer.Type = UInt64.self
    ) throws(JSONError) -> Integer {
        try field(name, expecting: "a whole number").integer(as: type)
    }

    /// A whole number, or nil where the field is absent.
    public mutating func optionalInteger<Integer: FixedWidthInteger & UnsignedInteger>(
        _ name: String, as type: Integer.Type = UInt64.self
    ) throws(JSONError) -> Integer? {
        guard let field = optionalField(name) else { return nil }
        return try field.integer(as: type)
    }

    /// A required `true` or `false`.
    public mutating func boolean(_ name: String) throws(JSONError) -> Bool {
        try field(name, expecting: "true or false").boolean()
    }

    /// A boolean, or nil where the field is absent.
    public mutating func optionalBoolean(_ name: String) throws(JSONError) -> Bool? {
        guard let field = optionalField(name) else { return nil }
        return try field.boolean()
    }

    /// The elements of a required array, at most `maximumCount`.
    public mutating func array(_ name: String, maximumCount: Int) throws(JSONError) -> [JSONField] {
        try field(name, expecting: "an array").array(maximumCount: maximumCount)
    }

    /// The elements of an array, or nil where the field is absent.
    public mutating func optionalArray(_ name: String, maximumCount: Int) throws(JSONError) -> [JSONField]? {
        guard let field = optionalField(name) else { return nil }
        return try field.array(maximumCount: maximumCount)
    }

    /// A reader of a required object.
    public mutating func object(_ name: String) throws(JSONError) -> JSONObjectReader {
        try field(name, expecting: "an object").object()
    }

    /// A reader of an object, or nil where the field is absent.
    public mutating func optionalObject(_ name: String) throws(JSONError) -> JSONObjectReader? {
        guard let field = optionalField(name) else { return nil }
        return try field.object()
    }

    /// A required amount in minor units, given as a decimal string.
    public mutating func amount(_ name: String, decimals: UInt8) throws(JSONError) -> UInt64 {
        try field(name, expecting: DecimalAmount.expectation).amount(decimals: decimals)
    }

    /// A required time in milliseconds since the Unix epoch, given as RFC 3339 UTC.
    public mutating func timestamp(_ name: String) throws(JSONError) -> UInt64 {
        try field(name, expecting: Timestamp.expectation).timestamp()
    }

    /// A time, or nil where the field is absent.
    public mutating func optionalTimestamp(_ name: String) throws(JSONError) -> UInt64? {
        guard let field = optionalField(name) else { return nil }
        return try field.timestamp()
    }

    /// Refuses every field that no call above has asked for. A misspelt optional field would otherwise pass unseen.
    /// - Throws: `fieldUnknown`, at the path of the first such field, naming them.
    public func finish() throws(JSONError) {
        let unknown = members.indices.filter { !isRead[$0] }
        guard let first = unknown.first else { return }
        var names = unknown.prefix(Self.maximumNamedFields).map { JSONPath.shown(key: members[$0].key) }
        if unknown.count > names.count { names.append("\(unknown.count - names.count) more") }
        let known = knownNames.isEmpty ? "it has none" : "its fields are \(knownNames.joined(separator: ", "))"
        throw JSONError(
            .fieldUnknown, path: path.appending(key: members[first].key),
            message: "\(path.subject) has no field \(names.joined(separator: ", ")); \(known)")
    }
}
