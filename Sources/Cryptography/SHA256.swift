internal import COpenSSL

/// SHA-256 (FIPS 180-4), fed in pieces.
///
/// A plain value: a copy is an independent hasher that continues from the same point. The state lies inline, nothing is allocated.
public struct SHA256: Sendable {
    private var state: SHA256_CTX

    /// A hasher that has read nothing.
    public init() {
        self = Self.initial
    }

    private init(state: SHA256_CTX) {
        self.state = state
    }

    private static let initial: SHA256 = {
        var state = SHA256_CTX()
        check(unsafe SHA256_Init(&state))
        return SHA256(state: state)
    }()

    /// Reads `bytes`.
    public mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            Self.check(unsafe SHA256_Update(&state, buffer.baseAddress, buffer.count))
        }
    }

    /// Reads `bytes`.
    public mutating func update(_ bytes: [UInt8]) {
        update(bytes.span)
    }

    /// Reads one byte.
    public mutating func update(_ byte: UInt8) {
        var byte = byte
        Self.check(unsafe SHA256_Update(&state, &byte, 1))
    }

    /// Reads 32 bytes.
    public mutating func update(_ bytes: Bytes32) {
        update(bytes.span)
    }

    /// The hash of everything read so far. The hasher itself is left as it was and can read on.
    public func finalize() -> Bytes32 {
        var ending = state
        var output = Bytes32.zero
        var outputSpan = output.storage.mutableSpan
        unsafe outputSpan.withUnsafeMutableBufferPointer { buffer in
            Self.check(unsafe SHA256_Final(buffer.baseAddress, &ending))
        }
        return output
    }

    /// The hash of `bytes`.
    public static func hash(_ bytes: Span<UInt8>) -> Bytes32 {
        SHA256().hash(bytes, after: 0)
    }

    /// The hash of `bytes`.
    public static func hash(_ bytes: [UInt8]) -> Bytes32 {
        hash(bytes.span)
    }

    /// Messages up to this length are padded here, on the stack, and handed over as whole blocks: libcrypto's own buffering costs a third
    /// of a short message's time.
    private static let shortByteCount = 247

    /// The hash of up to two bytes and then `message`, where this hasher has read exactly the `byteCount` bytes before them: whole blocks.
    fileprivate func hash(first: UInt8? = nil, second: UInt8? = nil, _ message: Span<UInt8>, after byteCount: Int) -> Bytes32 {
        let start = (first == nil ? 0 : 1) + (second == nil ? 0 : 1)
        guard start + message.count <= Self.shortByteCount else {
            var hasher = self
            if let first { hasher.update(first) }
            if let second { hasher.update(second) }
            hasher.update(message)
            return hasher.finalize()
        }
        // Room for the message, the bit after it and its length (FIPS 180-4 section 5.1.1).
        var blocks = InlineArray<256, UInt8>(repeating: 0)
        if let first { blocks[0] = first }
        if let second { blocks[start - 1] = second }
        let end = start + message.count
        let padded = (end + 9 + 63) & ~63
        var bytes = blocks.mutableSpan
        bytes.store(message, at: start)
        bytes[end] = 0x80
        bytes.store(bigEndian: UInt64(byteCount + end) * 8, at: padded - 8)
        return hash(paddedBlocks: blocks.span.extracting(0..<padded))
    }

    /// The hash of what this hasher has read and the rest of a message that comes with its padding: a multiple of 64 bytes.
    fileprivate func hash(paddedBlocks: Span<UInt8>) -> Bytes32 {
        precondition(paddedBlocks.count.isMultiple(of: 64), "a padded message is whole blocks")
        var hasher = self
        hasher.update(paddedBlocks)
        let words = hasher.state.h
        var output = Bytes32.zero
        var bytes = output.storage.mutableSpan
        unsafe withUnsafeBytes(of: words) { words in
            unsafe bytes.withUnsafeMutableBytes { bytes in
                for offset in stride(from: 0, to: 32, by: 4) {
                    let word = unsafe words.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                    unsafe bytes.storeBytes(of: word.bigEndian, toByteOffset: offset, as: UInt32.self)
                }
            }
        }
        return output
    }

    /// These calls fail only for arguments that this file never passes.
    private static func check(_ result: Int32) {
        precondition(result == 1, "SHA-256 refused its arguments")
    }
}

/// The tagged hash of BIP340: SHA-256 of `SHA256(tag) || SHA256(tag) || message`.
///
/// The state after the two tag hashes is computed once, when the value is made; keep one value per tag in a `static let`.
public struct TaggedHash: Sendable {
    private let midstate: SHA256

    /// The hash for `tag`, read as UTF-8.
    public init(tag: String) {
        let tagHash = SHA256.hash(Array(tag.utf8))
        var hasher = SHA256()
        hasher.update(tagHash)
        hasher.update(tagHash)
        midstate = hasher
    }

    /// The tagged hash of `message`.
    public func hash(_ message: Span<UInt8>) -> Bytes32 {
        midstate.hash(message, after: 64)
    }

    /// The tagged hash of `message`.
    public func hash(_ message: [UInt8]) -> Bytes32 {
        hash(message.span)
    }

    /// A hasher that has read the two tag hashes, for a message that comes in pieces.
    public func hasher() -> SHA256 {
        midstate
    }
}

/// The hashes of a Merkle tree as RFC 6962 section 2.1 defines them: leaves and nodes are hashed in different domains.
public enum MerkleHash {
    /// The root of a tree without leaves: SHA-256 of nothing.
    public static let empty = SHA256().finalize()

    /// SHA-256 of `0x00 || data`.
    public static func leaf(_ data: Span<UInt8>) -> Bytes32 {
        SHA256().hash(first: 0x00, data, after: 0)
    }

    /// SHA-256 of `0x00 || first || rest`: the leaf of data that begins with a byte saying what it is.
    public static func leaf(_ first: UInt8, _ rest: Span<UInt8>) -> Bytes32 {
        SHA256().hash(first: 0x00, second: first, rest, after: 0)
    }

    /// SHA-256 of `0x00 || data`.
    public static func leaf(_ data: [UInt8]) -> Bytes32 {
        leaf(data.span)
    }

    /// SHA-256 of `0x01 || left || right`.
    ///
    /// The state tree is made of these calls, so the message is laid out with its padding (FIPS 180-4 section 5.1.1) as
    /// the two blocks that it always is, and handed over without any buffering in between.
    public static func node(_ left: Bytes32, _ right: Bytes32) -> Bytes32 {
        var blocks = InlineArray<128, UInt8>(repeating: 0)
        blocks[0] = 0x01
        blocks[65] = 0x80
        // The length of the message, 65 bytes, in bits.
        blocks[126] = 0x02
        blocks[127] = 0x08
        var bytes = blocks.mutableSpan
        unsafe bytes.withUnsafeMutableBytes { buffer in
            for index in 0..<4 {
                unsafe buffer.storeBytes(of: left.word(index), toByteOffset: 1 + 8 * index, as: UInt64.self)
                unsafe buffer.storeBytes(of: right.word(index), toByteOffset: 33 + 8 * index, as: UInt64.self)
            }
        }
        return SHA256().hash(paddedBlocks: blocks.span)
    }
}
