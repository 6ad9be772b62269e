public import Cryptography

/// Reads the primitives of `docs/spec/encoding.md` section 1 from borrowed bytes, front to back, without copying them.
public struct ByteReader: ~Escapable {
    private let bytes: Span<UInt8>

    /// How many bytes were read.
    public private(set) var offset: Int = 0

    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// A reader that goes on at `offset`.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, at offset: Int) {
        self.bytes = bytes
        self.offset = offset
    }

    /// How many bytes are left.
    public var remaining: Int { bytes.count - offset }

    /// Ends the reading: left-over bytes make an encoding non-canonical.
    public func finish() throws(DecodingError) {
        guard remaining == 0 else { throw .trailingBytes }
    }

    private mutating func advance(_ count: Int) throws(DecodingError) -> Int {
        guard count <= remaining else { throw .truncated }
        defer { offset += count }
        return offset
    }

    public mutating func readUInt8() throws(DecodingError) -> UInt8 {
        bytes[try advance(1)]
    }

    public mutating func readUInt16() throws(DecodingError) -> UInt16 {
        bytes.bigEndian(at: try advance(2), as: UInt16.self)
    }

    public mutating func readUInt32() throws(DecodingError) -> UInt32 {
        bytes.bigEndian(at: try advance(4), as: UInt32.self)
    }

    public mutating func readUInt64() throws(DecodingError) -> UInt64 {
        bytes.bigEndian(at: try advance(8), as: UInt64.self)
    }

    public mutating func readUInt128() throws(DecodingError) -> UInt128 {
        let high = try readUInt64()
        let low = try readUInt64()
        return UInt128(high) << 64 | UInt128(low)
    }

    public mutating func readBytes16() throws(DecodingError) -> Bytes16 {
        Bytes16(high: try readUInt64(), low: try readUInt64())
    }

    public mutating func readBytes32() throws(DecodingError) -> Bytes32 {
        let start = try advance(32)
        return Bytes32(copying: bytes.extracting(start..<start + 32))
    }

    public mutating func readBytes64() throws(DecodingError) -> Bytes64 {
        let start = try advance(64)
        return Bytes64(copying: bytes.extracting(start..<start + 64))
    }

    /// The next `count` bytes, where they are.
    @_lifetime(copy self)
    public mutating func readSpan(_ count: Int) throws(DecodingError) -> Span<UInt8> {
        let start = try advance(count)
        return bytes.extracting(start..<start + count)
    }

    /// Copies the next `count` bytes.
    public mutating func readBytes(_ count: Int) throws(DecodingError) -> [UInt8] {
        let start = try advance(count)
        return [UInt8](copying: bytes.extracting(start..<start + count))
    }

    /// A `string`: `u8` length, then ASCII of the given alphabet.
    public mutating func readText(_ alphabet: TextAlphabet) throws(DecodingError) -> String {
        let count = Int(try readUInt8())
        let text = try readBytes(count)
        guard alphabet.accepts(text) else { throw .malformedText }
        return String(decoding: text, as: UTF8.self)
    }
}

extension [UInt8] {
    /// The bytes of a span, copied.
    public init(copying source: Span<UInt8>) {
        self.init(capacity: source.count) { output in
            output.append(repeating: 0, count: source.count)
            var target = output.mutableSpan
            target.store(source, at: 0)
        }
    }
}
