internal import CSodium

/// Argon2id (RFC 9106): a key from a passphrase, at a cost in time and memory that makes guessing expensive.
public enum PasswordHash {
    /// How many bytes a salt has.
    public static let saltByteCount = 16

    /// `outputCount` bytes (16 or more) derived from `password`, with one lane.
    ///
    /// - Parameters:
    ///   - salt: 16 bytes, fresh for every password.
    ///   - operations: passes over the memory, 1 or more.
    ///   - memoryBytes: memory used, 8,192 or more.
    /// - Throws: `refusedParameters` if one is out of its range, `insufficientMemory` if the system would not give the memory.
    public static func argon2id(
        password: borrowing SecretBytes, salt: [UInt8], operations: UInt64, memoryBytes: Int, outputCount: Int
    ) throws(PasswordHashError) -> SecretBytes {
        guard salt.count == saltByteCount, outputCount >= Int(crypto_pwhash_argon2id_bytes_min()),
            operations >= 1, operations <= UInt64(crypto_pwhash_argon2id_opslimit_max()),
            memoryBytes >= Int(crypto_pwhash_argon2id_memlimit_min()),
            memoryBytes <= Int(clamping: crypto_pwhash_argon2id_memlimit_max())
        else { throw .refusedParameters }
        Sodium.start()
        // A typed throw cannot leave the closure and the half-made value at once: the result code is judged afterwards.
        var result: Int32 = -1
        let output = SecretBytes(count: outputCount) { output in
            result = unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe password.span.withUnsafeBytes { password in
                    unsafe salt.span.withUnsafeBufferPointer { salt in
                        unsafe crypto_pwhash_argon2id(
                            output.baseAddress!, UInt64(output.count),
                            password.baseAddress!.assumingMemoryBound(to: CChar.self), UInt64(password.count),
                            salt.baseAddress!, operations, memoryBytes, crypto_pwhash_argon2id_alg_argon2id13())
                    }
                }
            }
        }
        guard result == 0 else { throw .insufficientMemory(byteCount: memoryBytes) }
        return output
    }
}

/// Why no key was derived from a passphrase.
public enum PasswordHashError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A salt, cost or output length out of range.
    case refusedParameters
    /// The system would not give the memory asked for.
    case insufficientMemory(byteCount: Int)

    /// What happened, why, and what to do next.
    public var description: String {
        switch self {
        case .refusedParameters:
            "Argon2id cannot run with these parameters: the salt has 16 bytes, there is at least one pass over at least 8 KiB. Use the standard cost."
        case .insufficientMemory(let byteCount):
            "The system did not give the \(byteCount >> 20) MiB that Argon2id needs. Free some memory, or raise this process's limit, and try again."
        }
    }
}
