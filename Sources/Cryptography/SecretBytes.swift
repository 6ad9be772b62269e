internal import CSodium

/// Bytes that must not leak: a secret key, a passphrase, a decrypted key file.
///
/// They live in memory of their own from `sodium_malloc`: between guard pages, locked against swapping where the system's
/// limit allows, left out of core dumps, read-only once filled, and wiped when the value ends. They are never copied by
/// accident: the type is not copyable, and every copy is spelled `init(copying:)`.
@safe
public struct SecretBytes: ~Copyable {
    private let address: UnsafeMutableRawPointer
    /// How many bytes.
    public let count: Int

    /// `count` bytes that `fill` writes; they start as zeros. Afterwards they can no longer be changed.
    public init<Failure: Error>(count: Int, fill: (inout MutableSpan<UInt8>) throws(Failure) -> Void) throws(Failure) {
        precondition(count >= 0, "a negative number of secret bytes")
        Sodium.start()
        // Like any allocation in Swift, one that fails ends the process. A refused lock is not a failure to libsodium.
        guard let address = unsafe sodium_malloc(max(count, 1)) else { fatalError("no memory for \(count) secret bytes") }
        unsafe sodium_memzero(address, max(count, 1))
        var bytes = unsafe MutableSpan<UInt8>(_unsafeStart: address.assumingMemoryBound(to: UInt8.self), count: count)
        do throws(Failure) {
            try fill(&bytes)
        } catch {
            unsafe sodium_free(address)
            throw error
        }
        guard unsafe sodium_mprotect_readonly(address) == 0 else { fatalError("secret memory could not be made read-only") }
        unsafe self.address = address
        self.count = count
    }

    /// `count` zero bytes.
    public init(count: Int) {
        self.init(count: count) { _ in }
    }

    /// `count` fresh random bytes.
    public init(randomCount count: Int) {
        self.init(count: count) { bytes in
            unsafe bytes.withUnsafeMutableBufferPointer { buffer in
                if let start = buffer.baseAddress { unsafe randombytes_buf(start, count) }
            }
        }
    }

    /// A copy of `source`. Wiping the source is up to the caller.
    public init(copying source: Span<UInt8>) {
        self.init(count: source.count) { bytes in
            for index in source.indices { bytes[index] = source[index] }
        }
    }

    /// A copy of `source`. Wiping the source is up to the caller.
    public init(copying source: [UInt8]) {
        self.init(copying: source.span)
    }

    deinit {
        // Wipes the bytes, checks the canary before them and ends the process if it was overwritten.
        unsafe sodium_free(address)
    }

    /// A view of the bytes that cannot outlive them.
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let bytes = unsafe Span<UInt8>(_unsafeStart: address.assumingMemoryBound(to: UInt8.self), count: count)
            return unsafe _overrideLifetime(bytes, borrowing: self)
        }
    }

    /// Calls `body` with a view of the bytes.
    public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(span)
    }

    /// Whether both hold the same bytes. The time taken depends on the lengths only.
    public borrowing func isEqual(to other: borrowing SecretBytes) -> Bool {
        constantTimeEqual(span, other.span)
    }
}

// The memory is written only inside the initializer, before anyone else can have the value.
extension SecretBytes: @unchecked Sendable {}

/// Whether both hold the same bytes. The time taken depends on the lengths only, which are not secret.
public func constantTimeEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe left.withUnsafeBufferPointer { leftBuffer in
        unsafe right.withUnsafeBufferPointer { rightBuffer in
            guard let first = leftBuffer.baseAddress, let second = rightBuffer.baseAddress else { return true }
            return unsafe sodium_memcmp(first, second, leftBuffer.count) == 0
        }
    }
}

/// Whether both hold the same bytes. The time taken depends on the lengths only, which are not secret.
public func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    constantTimeEqual(left.span, right.span)
}
