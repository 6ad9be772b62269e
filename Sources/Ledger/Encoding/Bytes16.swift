import Cryptography

/// 16 bytes: a nonce or a salt.
public struct Bytes16: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The value of exactly 16 bytes; nil for any other number of bytes.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.high = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
        self.low = bytes[8...].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The value of 32 lowercase hexadecimal digits; nil for anything else.
    public init?(hex: String) {
        guard let bytes = Hexadecimal.decode(hex) else { return nil }
        self.init(bytes)
    }

    public var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 16)
        writer.write(self)
        return writer.bytes
    }

    public var hex: String { Hexadecimal.encode(bytes) }
}
