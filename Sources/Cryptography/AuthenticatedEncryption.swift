internal import CSodium

/// XChaCha20-Poly1305: encryption that notices every change, with a nonce long enough to be random.
public enum XChaCha20Poly1305 {
    /// How many bytes a key has.
    public static let keyByteCount = 32
    /// How many bytes a nonce has.
    public static let nonceByteCount = 24
    /// How much longer the ciphertext is than the plaintext.
    public static let tagByteCount = 16

    /// The ciphertext of `plaintext` followed by the tag, which also covers `associatedData`.
    ///
    /// - Parameters:
    ///   - nonce: 24 bytes, never used twice with one key.
    ///   - key: 32 bytes.
    public static func seal(
        _ plaintext: borrowing SecretBytes, associatedData: [UInt8], nonce: [UInt8], key: borrowing SecretBytes
    ) throws(EncryptionError) -> [UInt8] {
        try check(nonce: nonce, key: key)
        Sodium.start()
        var sealed = [UInt8](repeating: 0, count: plaintext.count + tagByteCount)
        var output = sealed.mutableSpan
        let result = unsafe output.withUnsafeMutableBufferPointer { output in
            unsafe plaintext.span.withUnsafeBufferPointer { plaintext in
                unsafe associatedData.span.withUnsafeBufferPointer { data in
                    unsafe nonce.span.withUnsafeBufferPointer { nonce in
                        unsafe key.span.withUnsafeBufferPointer { key in
                            unsafe crypto_aead_xchacha20poly1305_ietf_encrypt(
                                output.baseAddress!, nil, plaintext.baseAddress, UInt64(plaintext.count),
                                data.baseAddress, UInt64(data.count), nil, nonce.baseAddress!, key.baseAddress!)
                        }
                    }
                }
            }
        }
        precondition(result == 0, "XChaCha20-Poly1305 encrypts whatever it is given")
        return sealed
    }

    /// The plaintext of `sealed`, which `seal` made with the same associated data, nonce and key.
    public static func open(
        _ sealed: [UInt8], associatedData: [UInt8], nonce: [UInt8], key: borrowing SecretBytes
    ) throws(EncryptionError) -> SecretBytes {
        try check(nonce: nonce, key: key)
        guard sealed.count >= tagByteCount else { throw .authenticationFailed }
        Sodium.start()
        var result: Int32 = -1
        let plaintext = SecretBytes(count: sealed.count - tagByteCount) { output in
            result = unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe sealed.span.withUnsafeBufferPointer { sealed in
                    unsafe associatedData.span.withUnsafeBufferPointer { data in
                        unsafe nonce.span.withUnsafeBufferPointer { nonce in
                            unsafe key.span.withUnsafeBufferPointer { key in
                                unsafe crypto_aead_xchacha20poly1305_ietf_decrypt(
                                    output.baseAddress, nil, nil, sealed.baseAddress!, UInt64(sealed.count),
                                    data.baseAddress, UInt64(data.count), nonce.baseAddress!, key.baseAddress!)
                            }
                        }
                    }
                }
            }
        }
        guard result == 0 else { throw .authenticationFailed }
        return plaintext
    }

    private static func check(nonce: [UInt8], key: borrowing SecretBytes) throws(EncryptionError) {
        guard nonce.count == nonceByteCount else { throw .nonceLength(actual: nonce.count) }
        guard key.count == keyByteCount else { throw .keyLength(actual: key.count) }
    }
}

/// Why something was not encrypted or decrypted.
public enum EncryptionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A nonce whose byte count is not 24.
    case nonceLength(actual: Int)
    /// A key whose byte count is not 32.
    case keyLength(actual: Int)
    /// Another key, nonce or associated data, or a changed ciphertext: which of them cannot be told.
    case authenticationFailed

    /// What happened, why, and what to do next.
    public var description: String {
        switch self {
        case .nonceLength(let actual): "The nonce has \(actual) bytes instead of 24. Check where it came from."
        case .keyLength(let actual): "The key has \(actual) bytes instead of 32. Check where it came from."
        case .authenticationFailed:
            "The data was not encrypted with this key, or was changed since. Check the key, then restore the data from a copy."
        }
    }
}
