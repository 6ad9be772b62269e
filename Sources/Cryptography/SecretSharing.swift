internal import CGfshare
internal import CSodium

/// One of several shares of a secret, of which a number together give it and fewer say nothing (Shamir).
public final class SecretShare: Sendable {
    /// What a share's text begins with.
    public static let prefix = "coffershare"
    private static let version: UInt8 = 1
    static let secretByteCount = 32
    /// Version, set, threshold, number, and as many bytes as the secret has.
    public static let byteCount = 1 + 8 + 1 + 1 + secretByteCount

    /// The same for all shares of one secret; says nothing of it.
    public let set: UInt64
    /// How many shares give the secret.
    public let threshold: UInt8
    /// From 1.
    public let number: UInt8
    let bytes: SecretBytes

    init(set: UInt64, threshold: UInt8, number: UInt8, bytes: consuming SecretBytes) {
        self.set = set
        self.threshold = threshold
        self.number = number
        self.bytes = bytes
    }

    /// Reads the bytes of a share.
    public init(packed: borrowing SecretBytes) throws(SecretSharingError) {
        guard packed.count == Self.byteCount, packed.span[0] == Self.version else { throw .notAShare }
        var set: UInt64 = 0
        for position in 1..<9 { set = set << 8 | UInt64(packed.span[position]) }
        self.set = set
        threshold = packed.span[9]
        number = packed.span[10]
        bytes = SecretBytes(copying: packed.span.extracting(11..<Self.byteCount))
        guard threshold >= 2, number >= 1 else { throw .notAShare }
    }

    /// The share's bytes.
    public func packed() -> SecretBytes {
        bytes.withBytes { source in
            SecretBytes(count: Self.byteCount) { output in
                output[0] = Self.version
                for position in 0..<8 { output[1 + position] = UInt8(truncatingIfNeeded: set >> UInt64(56 - 8 * position)) }
                output[9] = threshold
                output[10] = number
                for position in 0..<Self.secretByteCount { output[11 + position] = source[position] }
            }
        }
    }

    /// Reads a share's text, which is Bech32m. Whoever types or stores the text has it in ordinary memory: the program that unseals reads
    /// it, the one that is unsealed takes the bytes.
    public convenience init(text: String) throws(SecretSharingError) {
        let decoded: (prefix: String, payload: [UInt8])
        do throws(Bech32Error) {
            decoded = try Bech32m.decode(text)
        } catch {
            throw .text(error)
        }
        guard decoded.prefix == Self.prefix else { throw .notAShare }
        try self.init(packed: SecretBytes(copying: decoded.payload))
    }

    /// The share as its holder keeps it.
    public var text: String {
        let packed = packed()
        var payload: [UInt8] = []
        for position in 0..<packed.count { payload.append(packed.span[position]) }
        return Bech32m.encode(prefix: Self.prefix, payload: payload)
    }
}

/// Splits secrets of 32 bytes, and puts them together again.
public enum SecretSharing {
    public static let maximumCount = 16

    /// The library asks for randomness through a variable of its own.
    private static let isStarted: Bool = {
        Sodium.start()
        unsafe coffer_gfshare_use { buffer, count in
            if let buffer = unsafe buffer { unsafe randombytes_buf(buffer, Int(count)) }
        }
        return true
    }()

    /// `count` shares, of which any `threshold` give the secret; 2 to `count`, at most 16.
    public static func split(
        _ secret: borrowing SecretBytes, threshold: Int, count: Int
    ) throws(SecretSharingError) -> [SecretShare] {
        guard secret.count == SecretShare.secretByteCount, (2...maximumCount).contains(count), (2...count).contains(threshold) else {
            throw .numbers(threshold: threshold, count: count)
        }
        precondition(isStarted)
        var numbers = (1...UInt8(count)).map { $0 }
        guard let context = unsafe gfshare_ctx_init_enc(&numbers, UInt32(count), UInt8(threshold), UInt32(secret.count)) else {
            fatalError("no memory for shares")
        }
        // Overwrites what it frees.
        defer { unsafe gfshare_ctx_free(context) }
        unsafe secret.span.withUnsafeBufferPointer { secret in
            unsafe gfshare_ctx_enc_setsecret(context, UnsafeMutablePointer(mutating: secret.baseAddress!))
        }
        let set = Randomness.bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return (0..<count).map { position in
            let bytes = SecretBytes(count: SecretShare.secretByteCount) { output in
                unsafe output.withUnsafeMutableBufferPointer { output in
                    unsafe gfshare_ctx_enc_getshare(context, UInt8(position), output.baseAddress!)
                }
            }
            return SecretShare(set: set, threshold: UInt8(threshold), number: UInt8(position + 1), bytes: bytes)
        }
    }

    /// The secret. Whether it is the right one shows where it is used: a wrong share of the same set gives another.
    public static func combine(_ shares: [SecretShare]) throws(SecretSharingError) -> SecretBytes {
        guard let first = shares.first else { throw .tooFew(have: 0, need: 2) }
        guard shares.allSatisfy({ $0.set == first.set && $0.threshold == first.threshold }) else { throw .differentSets }
        var numbers = shares.map(\.number)
        guard Set(numbers).count == numbers.count else { throw .repeated }
        guard shares.count >= Int(first.threshold) else { throw .tooFew(have: shares.count, need: Int(first.threshold)) }
        precondition(isStarted)
        guard let context = unsafe gfshare_ctx_init_dec(&numbers, UInt32(shares.count), UInt32(SecretShare.secretByteCount)) else {
            fatalError("no memory for shares")
        }
        defer { unsafe gfshare_ctx_free(context) }
        for (position, share) in shares.enumerated() {
            share.bytes.withBytes { bytes in
                unsafe bytes.withUnsafeBufferPointer { bytes in
                    unsafe gfshare_ctx_dec_giveshare(context, UInt8(position), UnsafeMutablePointer(mutating: bytes.baseAddress!))
                }
            }
        }
        return SecretBytes(count: SecretShare.secretByteCount) { output in
            unsafe output.withUnsafeMutableBufferPointer { unsafe gfshare_ctx_dec_extract(context, $0.baseAddress!) }
        }
    }
}

/// Why shares were not made, read or combined.
public enum SecretSharingError: Error, Hashable, Sendable, CustomStringConvertible {
    case numbers(threshold: Int, count: Int)
    case text(Bech32Error)
    case notAShare
    case differentSets
    case repeated
    case tooFew(have: Int, need: Int)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .numbers(let threshold, let count):
            "\(threshold) of \(count) shares cannot be made: there are 2 to \(SecretSharing.maximumCount), and 2 to all of them are needed."
        case .text(let error): "The share was not copied whole. \(error)"
        case .notAShare: "This is no share of a vault's key. Give the text that begins with \(SecretShare.prefix)1."
        case .differentSets: "The shares are not of one vault's key. Check which vault each is for."
        case .repeated: "One share was given twice. Give another officer's."
        case .tooFew(let have, let need): "\(have) shares were given, and \(need) are needed. Give more."
        }
    }
}
