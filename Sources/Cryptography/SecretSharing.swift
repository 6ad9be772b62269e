internal import CGfshare
internal import CSodium

/// Shamir's secret sharing: a secret becomes shares of which any `threshold` restore it, and fewer say nothing about it but its length.
///
/// Each byte is shared by itself, in the field GF(2^8) of the polynomial 0x11d, by libgfshare.
public enum SecretSharing {
    /// The most shares of one secret.
    public static let maximumShareCount = 16
    /// The fewest shares that may restore a secret: with one, each share would be the secret.
    public static let minimumThreshold = 2
    /// The most bytes of a secret.
    public static let maximumSecretByteCount = 128

    /// `count` shares of `secret`, numbered from 1, of which any `threshold` restore it. They form a set with a fresh identifier.
    ///
    /// - Throws: `secretLength` unless the secret has 1 to 128 bytes, `shareCount` unless there are 2 to 16 shares, `threshold` unless it
    ///   is 2 to `count`.
    public static func split(
        _ secret: borrowing SecretBytes, threshold: Int, count: Int
    ) throws(SecretSharingError) -> [SecretShare] {
        guard (1...maximumSecretByteCount).contains(secret.count) else { throw .secretLength(byteCount: secret.count) }
        guard (minimumThreshold...maximumShareCount).contains(count) else { throw .shareCount(count) }
        guard (minimumThreshold...count).contains(threshold) else { throw .threshold(threshold, shareCount: count) }
        SharingLibrary.start()
        var numbers = (1...count).map { UInt8($0) }
        guard let context = unsafe gfshare_ctx_init_enc(&numbers, UInt32(count), UInt8(threshold), UInt32(secret.count)) else {
            fatalError("no memory to split a secret")
        }
        // Overwrites its copy of the secret with random bytes, then frees it.
        defer { unsafe gfshare_ctx_free(context) }
        unsafe secret.span.withUnsafeBufferPointer { secret in
            unsafe gfshare_ctx_enc_setsecret(context, UnsafeMutablePointer(mutating: secret.baseAddress!))
        }
        let setIdentifier = Randomness.bytes(8).span.bigEndian(at: 0, as: UInt64.self)
        var shares: [SecretShare] = []
        for number in 1...count {
            let bytes = SecretBytes(count: secret.count) { bytes in
                unsafe bytes.withUnsafeMutableBufferPointer { bytes in
                    unsafe gfshare_ctx_enc_getshare(context, UInt8(number - 1), bytes.baseAddress!)
                }
            }
            shares.append(SecretShare(setIdentifier: setIdentifier, threshold: threshold, number: number, bytes: bytes))
        }
        return shares
    }

    /// The secret of which these are shares: at least the threshold of one set, in any order, none twice.
    ///
    /// Whether it is the right secret cannot be seen here: that is shown by what it opens.
    public static func combine(_ shares: [SecretShare]) throws(SecretSharingError) -> SecretBytes {
        guard let first = shares.first else { throw .tooFewShares(given: 0, threshold: minimumThreshold) }
        var numbers: [UInt8] = []
        for share in shares {
            guard share.setIdentifier == first.setIdentifier else { throw .differentSets(first.setIdentifier, share.setIdentifier) }
            guard share.threshold == first.threshold, share.bytes.count == first.bytes.count else {
                throw .contradictoryShares(first.number, share.number)
            }
            guard !numbers.contains(UInt8(share.number)) else { throw .repeatedShare(number: share.number) }
            numbers.append(UInt8(share.number))
        }
        guard shares.count >= first.threshold else { throw .tooFewShares(given: shares.count, threshold: first.threshold) }
        SharingLibrary.start()
        let byteCount = first.bytes.count
        guard let context = unsafe gfshare_ctx_init_dec(&numbers, UInt32(numbers.count), UInt32(byteCount)) else {
            fatalError("no memory to combine shares")
        }
        defer { unsafe gfshare_ctx_free(context) }
        for (index, share) in shares.enumerated() {
            share.bytes.withBytes { bytes in
                unsafe bytes.withUnsafeBufferPointer { bytes in
                    unsafe gfshare_ctx_dec_giveshare(context, UInt8(index), UnsafeMutablePointer(mutating: bytes.baseAddress!))
                }
            }
        }
        return SecretBytes(count: byteCount) { secret in
            unsafe secret.withUnsafeMutableBufferPointer { secret in
                unsafe gfshare_ctx_dec_extract(context, secret.baseAddress!)
            }
        }
    }
}

/// libgfshare has no randomness of its own, and needs it to split as much as to wipe: it is given libsodium's, once per process.
private enum SharingLibrary {
    private static let started: Void = {
        Sodium.start()
        unsafe coffer_gfshare_use { start, count in
            if let start = unsafe start { unsafe randombytes_buf(start, Int(count)) }
        }
    }()

    /// Returns once libgfshare is ready; any number of threads may call it.
    static func start() {
        started
    }
}

/// Why a secret was not split, or not restored.
public enum SecretSharingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A secret that is empty or has more than 128 bytes.
    case secretLength(byteCount: Int)
    /// A number of shares that is not 2 to 16.
    case shareCount(Int)
    /// A threshold below 2, or above the number of shares.
    case threshold(Int, shareCount: Int)
    /// Fewer shares than restore the secret.
    case tooFewShares(given: Int, threshold: Int)
    /// Shares of different splits.
    case differentSets(UInt64, UInt64)
    /// Two shares of one set, by number, that disagree about its threshold or the secret's length.
    case contradictoryShares(Int, Int)
    /// The same share twice.
    case repeatedShare(number: Int)

    /// What happened, why, and what to do next.
    public var description: String {
        switch self {
        case .secretLength(let byteCount):
            "A secret of \(byteCount) bytes cannot be split: it has 1 to \(SecretSharing.maximumSecretByteCount). Split a key, and encrypt with it."
        case .shareCount(let count):
            "There cannot be \(count) shares of a secret. Choose \(SecretSharing.minimumThreshold) to \(SecretSharing.maximumShareCount)."
        case .threshold(let threshold, let count):
            "Not any \(threshold) of \(count) shares can restore a secret. Choose \(SecretSharing.minimumThreshold) to \(count)."
        case .tooFewShares(let given, let threshold):
            "The secret needs \(threshold) of its shares, \(given) were given. Ask the holders of others for theirs."
        case .differentSets(let first, let second):
            "Shares of the sets \(SecretShare.text(ofSet: first)) and \(SecretShare.text(ofSet: second)) do not belong together. Give shares of one set."
        case .contradictoryShares(let first, let second):
            "The shares \(first) and \(second) name the same set but not the same threshold or length, so one is forged. Find out which."
        case .repeatedShare(let number):
            "Share \(number) was given twice. Each of the shares must be another one."
        }
    }
}
