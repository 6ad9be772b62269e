/// A value that is exactly `byteCount` bytes, stored inline.
///
/// Equality and order are those of the bytes (lexicographic, unsigned). Not for secrets: use `SecretBytes`, whose comparison takes constant time.
public protocol FixedBytes: Hashable, Comparable, Sendable, CustomStringConvertible, LosslessStringConvertible {
    /// How many bytes every value has.
    static var byteCount: Int { get }
    /// Copies the bytes of `source`, which must be exactly `byteCount` long: another length is a bug of the caller.
    init(copying source: Span<UInt8>)
    /// A view of the bytes, without copying them.
    var span: Span<UInt8> { @_lifetime(borrow self) get }
}

extension FixedBytes {
    /// The bytes of a collection; nil unless it has exactly `byteCount` of them.
    @inlinable
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init(copying: Array(bytes).span)
    }

    /// The value written as `2 × byteCount` lowercase hexadecimal digits; nil for anything else, upper case included.
    public init?(hex: String) {
        guard let bytes = Hexadecimal.decode(hex), bytes.count == Self.byteCount else { return nil }
        self.init(copying: bytes.span)
    }

    /// The inverse of `description`: the same rules as `init(hex:)`.
    public init?(_ description: String) {
        self.init(hex: description)
    }

    /// Lowercase hexadecimal, `2 × byteCount` digits.
    public var hex: String { Hexadecimal.encode(bytes) }

    /// Same as `hex`.
    public var description: String { hex }

    /// The bytes, copied to an array.
    @inlinable
    public var bytes: [UInt8] {
        let source = span
        return unsafe source.withUnsafeBufferPointer { unsafe Array($0) }
    }
}

/// 32 bytes: a hash, an identifier, a message to sign, an x-only public key.
public struct Bytes32: FixedBytes {
    @usableFromInline
    internal var storage: InlineArray<32, UInt8>

    @inlinable
    internal init(storage: InlineArray<32, UInt8>) {
        self.storage = storage
    }

    /// 32 zero bytes.
    public static let zero = Bytes32(storage: InlineArray(repeating: 0))

    /// 32.
    @inlinable
    public static var byteCount: Int { 32 }

    /// Copies `source`, which must have exactly `byteCount` bytes.
    @inlinable
    public init(copying source: Span<UInt8>) {
        precondition(source.count == 32, "Bytes32 needs exactly 32 bytes")
        storage = InlineArray(repeating: 0)
        var target = storage.mutableSpan
        target.store(source, at: 0)
    }

    /// A view of the bytes, without copying them.
    @inlinable
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.span }
    }

    /// The byte at `index`, 0 to 31.
    @inlinable
    public subscript(index: Int) -> UInt8 { storage[index] }

    /// The 8 bytes from `index × 8`, as they lie in memory.
    @inlinable
    internal func word(_ index: Int) -> UInt64 {
        unsafe storage.span.bytes.unsafeLoadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
    }

    /// The first 8 bytes as a number: enough to tell most values apart, and the highest part of their order.
    @inlinable
    public var prefix: UInt64 { UInt64(bigEndian: word(0)) }

    /// Whether all bytes are the same.
    @inlinable
    public static func == (left: Bytes32, right: Bytes32) -> Bool {
        let upper = (left.word(0) ^ right.word(0)) | (left.word(1) ^ right.word(1))
        let lower = (left.word(2) ^ right.word(2)) | (left.word(3) ^ right.word(3))
        return upper | lower == 0
    }

    /// Lexicographic, by unsigned bytes.
    @inlinable
    public static func < (left: Bytes32, right: Bytes32) -> Bool {
        for index in 0..<4 {
            let (a, b) = (left.word(index), right.word(index))
            if a != b { return UInt64(bigEndian: a) < UInt64(bigEndian: b) }
        }
        return false
    }

    /// Feeds all bytes to `hasher`.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        for index in 0..<4 { hasher.combine(word(index)) }
    }
}

/// 64 bytes: a signature.
public struct Bytes64: FixedBytes {
    @usableFromInline
    internal var storage: InlineArray<64, UInt8>

    @inlinable
    internal init(storage: InlineArray<64, UInt8>) {
        self.storage = storage
    }

    /// 64 zero bytes.
    public static let zero = Bytes64(storage: InlineArray(repeating: 0))

    /// 64.
    @inlinable
    public static var byteCount: Int { 64 }

    /// Copies `source`, which must have exactly `byteCount` bytes.
    @inlinable
    public init(copying source: Span<UInt8>) {
        precondition(source.count == 64, "Bytes64 needs exactly 64 bytes")
        storage = InlineArray(repeating: 0)
        var target = storage.mutableSpan
        target.store(source, at: 0)
    }

    /// A view of the bytes, without copying them.
    @inlinable
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.span }
    }

    /// The byte at `index`, 0 to 63.
    @inlinable
    public subscript(index: Int) -> UInt8 { storage[index] }

    @inlinable
    internal func word(_ index: Int) -> UInt64 {
        unsafe storage.span.bytes.unsafeLoadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
    }

    /// Whether all bytes are the same.
    @inlinable
    public static func == (left: Bytes64, right: Bytes64) -> Bool {
        var difference: UInt64 = 0
        for index in 0..<8 { difference |= left.word(index) ^ right.word(index) }
        return difference == 0
    }

    /// Lexicographic, by unsigned bytes.
    @inlinable
    public static func < (left: Bytes64, right: Bytes64) -> Bool {
        for index in 0..<8 {
            let (a, b) = (left.word(index), right.word(index))
            if a != b { return UInt64(bigEndian: a) < UInt64(bigEndian: b) }
        }
        return false
    }

    /// Feeds all bytes to `hasher`.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        for index in 0..<8 { hasher.combine(word(index)) }
    }
}
