public import Cryptography

/// Writes the primitives of `docs/spec/encoding.md` section 1.
public struct ByteWriter: Sendable {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []

    public init(reservingCapacity capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    public mutating func write(_ value: some FixedWidthInteger & UnsignedInteger) {
        var shift = value.bitWidth
        while shift > 0 {
            shift -= 8
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    public mutating func write(_ value: Bytes16) {
        write(value.high)
        write(value.low)
    }

    public mutating func write(_ value: Bytes32) {
        for position in 0..<32 { bytes.append(value[position]) }
    }

    public mutating func write(_ value: Bytes64) {
        for position in 0..<64 { bytes.append(value[position]) }
    }

    public mutating func write(bytes other: [UInt8]) {
        bytes.append(contentsOf: other)
    }

    /// A `string`. The caller has checked it against its alphabet, which bounds its length below 256.
    public mutating func write(text: String) {
        precondition(text.utf8.count <= Int(UInt8.max), "text fields are at most 255 bytes")
        write(UInt8(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }
}
