import Cryptography

/// Something whose encoding always has the same number of bytes, so that the n-th of a list is found without reading the others.
public protocol PackedElement: Sendable {
    static var packedByteCount: Int { get }
    /// Reads one from bytes that were checked when they were decoded.
    init(unpacking bytes: Span<UInt8>)
    func pack(to writer: inout ByteWriter)
}

/// A list that stays in the canonical bytes it was decoded from: an element is read when it is asked for.
///
/// Nothing is copied or allocated for a decoded list, however long it is. Equal when the elements are equal.
public struct PackedList<Element: PackedElement>: RandomAccessCollection, Sendable {
    private let buffer: [UInt8]
    private let offset: Int
    public let count: Int

    /// The `count` elements at `offset` of bytes that decoding has checked.
    init(in buffer: [UInt8], at offset: Int, count: Int) {
        precondition(offset >= 0 && count >= 0 && offset + count * Element.packedByteCount <= buffer.count, "a list lies within its bytes")
        self.buffer = buffer
        self.offset = offset
        self.count = count
    }

    /// A list of bytes of its own.
    public init(_ elements: some Collection<Element>) {
        var writer = ByteWriter(reservingCapacity: elements.count * Element.packedByteCount)
        for element in elements { element.pack(to: &writer) }
        self.init(in: writer.bytes, at: 0, count: elements.count)
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { count }
    public var isEmpty: Bool { count == 0 }

    public subscript(position: Int) -> Element {
        precondition(position >= 0 && position < count, "position \(position) is outside a list of \(count)")
        let start = offset + position * Element.packedByteCount
        return Element(unpacking: buffer.span.extracting(start..<start + Element.packedByteCount))
    }

    /// The bytes of all elements.
    func write(to writer: inout ByteWriter) {
        writer.write(copying: buffer.span.extracting(offset..<offset + count * Element.packedByteCount))
    }
}

extension PackedList: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: Element...) { self.init(elements) }
}

extension PackedList: Equatable where Element: Equatable {
    public static func == (left: Self, right: Self) -> Bool { left.elementsEqual(right) }
    /// Whether the elements are those of an array.
    public static func == (left: Self, right: [Element]) -> Bool { left.elementsEqual(right) }
}

extension PackedList: Hashable where Element: Hashable {
    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        for element in self { hasher.combine(element) }
    }
}

extension AccountID: PackedElement {
    public static let packedByteCount = 32
    public init(unpacking bytes: Span<UInt8>) { self.init(Bytes32(copying: bytes)) }
    public func pack(to writer: inout ByteWriter) { writer.write(bytes) }
}

extension Transfer.Leg: PackedElement {
    public static let packedByteCount = 14

    public init(unpacking bytes: Span<UInt8>) {
        self.init(
            from: bytes.bigEndian(at: 0, as: UInt16.self), to: bytes.bigEndian(at: 2, as: UInt16.self),
            asset: bytes.bigEndian(at: 4, as: UInt16.self), amount: bytes.bigEndian(at: 6, as: UInt64.self))
    }

    public func pack(to writer: inout ByteWriter) {
        writer.write(from)
        writer.write(to)
        writer.write(asset)
        writer.write(amount)
    }
}

extension TransactionSignature: PackedElement {
    public static let packedByteCount = 68

    public init(unpacking bytes: Span<UInt8>) {
        guard let scheme = SignatureScheme(rawValue: bytes[3]) else { preconditionFailure("decoding has checked the scheme") }
        self.init(
            account: bytes.bigEndian(at: 0, as: UInt16.self), key: bytes[2], scheme: scheme,
            signature: Bytes64(copying: bytes.extracting(4..<68)))
    }

    public func pack(to writer: inout ByteWriter) {
        writer.write(account)
        writer.write(key)
        writer.write(scheme.rawValue)
        writer.write(signature)
    }
}
