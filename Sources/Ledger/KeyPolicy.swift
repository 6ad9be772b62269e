public import Cryptography

/// A weighted threshold over 1 to 16 keys (`docs/spec/encoding.md` section 4).
public struct KeyPolicy: Hashable, Sendable {
    /// A key and what its signature counts towards the threshold.
    public struct WeightedKey: Hashable, Sendable {
        public let key: PublicKey
        public let weight: UInt8

        public init(key: PublicKey, weight: UInt8) {
            self.key = key
            self.weight = weight
        }
    }

    public static let maximumKeyCount = 16

    public let threshold: UInt16
    public let keys: CompactList<WeightedKey>

    /// A policy with its keys put in canonical order.
    ///
    /// Throws `countOutOfRange`, `weightOutOfRange`, `unsortedKeys` (for a repeated key) or `thresholdOutOfRange`.
    public init(threshold: UInt16, keys: [WeightedKey]) throws(DecodingError) {
        try self.init(canonical: CompactList(keys.sorted { $0.key < $1.key }), threshold: threshold)
    }

    /// The policy that a single key satisfies.
    public init(single key: PublicKey) {
        self.threshold = 1
        self.keys = [WeightedKey(key: key, weight: 1)]
    }

    /// The policy of a liability account: no key can ever satisfy it.
    static let none = KeyPolicy()

    private init() {
        threshold = 0
        keys = []
    }

    private init(canonical keys: CompactList<WeightedKey>, threshold: UInt16) throws(DecodingError) {
        guard (1...Self.maximumKeyCount).contains(keys.count) else { throw .countOutOfRange }
        var sum: UInt16 = 0  // at most 16 × 255
        for (position, entry) in keys.enumerated() {
            guard entry.weight > 0 else { throw .weightOutOfRange }
            if position > 0, keys[position - 1].key >= entry.key { throw .unsortedKeys }
            sum += UInt16(entry.weight)
        }
        guard (1...sum).contains(threshold) else { throw .thresholdOutOfRange }
        self.threshold = threshold
        self.keys = keys
    }
}

extension KeyPolicy {
    init(from reader: inout ByteReader) throws(DecodingError) {
        let threshold = try reader.readUInt16()
        let count = Int(try reader.readUInt8())
        guard (1...Self.maximumKeyCount).contains(count) else { throw .countOutOfRange }
        let keys = try CompactList(reading: count, from: &reader) { (reader, _) throws(DecodingError) in
            WeightedKey(key: try PublicKey(from: &reader), weight: try reader.readUInt8())
        }
        try self.init(canonical: keys, threshold: threshold)
    }

    func write(to writer: inout ByteWriter) {
        writer.write(threshold)
        writer.write(UInt8(keys.count))
        for position in 0..<keys.count {
            let entry = keys[position]
            writer.write(entry.key.scheme.rawValue)
            entry.key.write(to: &writer)
            writer.write(entry.weight)
        }
    }

    /// What every key of a new policy signs (`docs/spec/encoding.md` section 2).
    public func possessionMessage(network: NetworkID, account: AccountID) -> Bytes32 {
        var writer = ByteWriter(reservingCapacity: 128)
        writer.write(network.bytes)
        writer.write(account.bytes)
        write(to: &writer)
        return Tag.possession.hash(writer.bytes)
    }
}

extension PublicKey {
    init(from reader: inout ByteReader) throws(DecodingError) {
        let scheme = try SignatureScheme(from: &reader)
        let bytes = try reader.readSpan(scheme.publicKeyByteCount)
        do {
            self = try PublicKey(scheme: scheme, copying: bytes)
        } catch {
            throw .malformedKey
        }
    }

    func write(to writer: inout ByteWriter) {
        if let prefix { writer.write(prefix) }
        writer.write(coordinate)
    }
}

extension SignatureScheme {
    init(from reader: inout ByteReader) throws(DecodingError) {
        guard let scheme = SignatureScheme(rawValue: try reader.readUInt8()) else { throw .unknownScheme }
        self = scheme
    }

    /// Reads a signature of this scheme; a high-S ECDSA signature is not canonical.
    func readSignature(from reader: inout ByteReader) throws(DecodingError) -> Bytes64 {
        let signature = try reader.readBytes64()
        if self == .ecdsa, !signature.isLowS { throw .highS }
        return signature
    }
}
