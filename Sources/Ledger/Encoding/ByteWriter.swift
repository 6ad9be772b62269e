public import Cryptography

/// Writes the primitives of `docs/spec/encoding.md` section 1.
public struct ByteWriter: Sendable {
    /// What was written, and after it room for what is still to come.
    private var buffer: [UInt8]
    /// How many bytes were written.
    public private(set) var count = 0

    public init(reservingCapacity capacity: Int = 0) {
        buffer = [UInt8](repeating: 0, count: capacity)
    }

    /// What was written so far.
    public var bytes: [UInt8] { count == buffer.count ? buffer : Array(buffer[..<count]) }

    /// What was written so far, to be read where it is.
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        get { buffer.span.extracting(0..<count) }
    }

    /// Forgets what was written and keeps the room, for the next value.
    public mutating func removeAll() {
        count = 0
    }

    /// Makes room for `size` bytes and returns where they go.
    private mutating func advance(_ size: Int) -> Int {
        let start = count
        count += size
        if count > buffer.count { grow() }
        return start
    }

    private mutating func grow() {
        let room = max(count, 2 * buffer.count, 64)
        buffer.append(contentsOf: repeatElement(0, count: room - buffer.count))
    }

    public mutating func write(_ value: some FixedWidthInteger & UnsignedInteger & BitwiseCopyable) {
        let start = advance(value.bitWidth / 8)
        var target = buffer.mutableSpan
        target.store(bigEndian: value, at: start)
    }

    public mutating func write(_ value: Bytes16) {
        write(value.high)
        write(value.low)
    }

    public mutating func write(_ value: Bytes32) {
        write(copying: value.span)
    }

    public mutating func write(_ value: Bytes64) {
        write(copying: value.span)
    }

    public mutating func write(bytes other: [UInt8]) {
        write(copying: other.span)
    }

    /// Writes bytes as they are.
    public mutating func write(copying source: Span<UInt8>) {
        let start = advance(source.count)
        var target = buffer.mutableSpan
        target.store(source, at: start)
    }

    /// A `string`. The caller has checked it against its alphabet, which bounds its length below 256.
    public mutating func write(text: String) {
        precondition(text.utf8.count <= Int(UInt8.max), "text fields are at most 255 bytes")
        write(UInt8(text.utf8.count))
        write(bytes: Array(text.utf8))
    }
}
