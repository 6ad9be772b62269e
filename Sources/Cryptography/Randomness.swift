internal import CSodium

/// Unpredictable bytes from the operating system.
public enum Randomness {
    /// `count` fresh random bytes. Not for secrets: those are made in place by `SecretBytes(randomCount:)`.
    public static func bytes(_ count: Int) -> [UInt8] {
        precondition(count >= 0, "a negative number of random bytes")
        Sodium.start()
        var bytes = [UInt8](repeating: 0, count: count)
        unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            if let start = buffer.baseAddress { unsafe randombytes_buf(start, count) }
        }
        return bytes
    }

    /// 32 fresh random bytes.
    public static func bytes32() -> Bytes32 {
        Bytes32(copying: bytes(32).span)
    }
}

/// libsodium must be initialised before anything else of it is called, once per process.
enum Sodium {
    private static let started: Bool = sodium_init() >= 0

    /// Returns once libsodium is ready; any number of threads may call it. Without a source of randomness nothing here
    /// can be done safely, so the process ends.
    static func start() {
        guard started else { fatalError("libsodium could not start: the operating system gave it no randomness") }
    }
}
