public import Cryptography

/// Text that travels beside a transaction and never enters a block (`docs/spec/transaction.md` section 5).
public struct Memo: Hashable, Sendable {
    public static let maximumByteCount = 1_024

    public let salt: Bytes16
    public let text: String

    /// Nil when the text is empty or longer than `maximumByteCount` bytes of UTF-8.
    public init?(salt: Bytes16, text: String) {
        guard (1...Self.maximumByteCount).contains(text.utf8.count) else { return nil }
        self.salt = salt
        self.text = text
    }

    /// What the transaction carries of the memo.
    public var commitment: Bytes32 {
        var writer = ByteWriter(reservingCapacity: 64)
        writer.write(salt)
        writer.write(bytes: Array(text.utf8))
        return Tag.memo.hash(writer.bytes)
    }
}
