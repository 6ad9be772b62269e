internal import Cryptography

/// The numbers of docs/spec/keyfile.md.
public enum KeyFileFormat {
    /// Field 1, and the first line of every file.
    public static let firstLine = "coffer key file v1"
    /// The most bytes a passphrase has.
    public static let maximumPassphraseByteCount = 1_024
    /// A file larger than this is not read.
    public static let maximumByteCount = 1_024
    /// How many hexadecimal digits a line of the body has; the last one may have fewer.
    static let lineDigitCount = 64
    /// Bit 0 of field 3; the other bits are zero.
    static let developmentFlag: UInt8 = 1
    /// Fields 2 to 5.
    static let fixedByteCount = 10

    /// How many bytes the body has.
    static func bodyByteCount(_ kind: KeyFileKind) -> Int {
        fixedByteCount + PasswordHash.saltByteCount + XChaCha20Poly1305.nonceByteCount + kind.publicByteCount
            + kind.secretByteCount + XChaCha20Poly1305.tagByteCount
    }

    static func check(passphrase: borrowing SecretBytes) throws(KeyFileError) {
        guard (1...maximumPassphraseByteCount).contains(passphrase.count) else {
            throw .passphraseLength(actual: passphrase.count)
        }
    }
}

extension KeyFile {
    /// The whole file, ASCII, ending in a newline.
    public var text: String {
        let digits = Hexadecimal.encode(header + sealed)
        var text = KeyFileFormat.firstLine + "\n"
        var rest = digits[...]
        while !rest.isEmpty {
            text += rest.prefix(KeyFileFormat.lineDigitCount) + "\n"
            rest = rest.dropFirst(KeyFileFormat.lineDigitCount)
        }
        return text
    }

    /// Reads a whole file. Whatever is accepted is exactly the `text` of the result.
    public init(text: String) throws(KeyFileError) {
        try self.init(decoding: Array(text.utf8).span)
    }

    init(decoding bytes: Span<UInt8>) throws(KeyFileError) {
        guard bytes.count <= KeyFileFormat.maximumByteCount else { throw .notAKeyFile }
        let content = bytes.indices.map { bytes[$0] }
        let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        try Self.check(firstLine: String(decoding: lines[0], as: UTF8.self))
        guard let body = Hexadecimal.decode(String(decoding: lines.dropFirst().joined(), as: UTF8.self)) else {
            throw .malformedText
        }
        try self.init(body: body)
        // Line lengths and the last newline: compared with the one way in which they are written.
        guard text.utf8.elementsEqual(content) else { throw .malformedText }
    }

    private static func check(firstLine: String) throws(KeyFileError) {
        guard firstLine != KeyFileFormat.firstLine else { return }
        let start = KeyFileFormat.firstLine.dropLast()
        let version = firstLine.dropFirst(start.count)
        let isVersion = version.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard firstLine.hasPrefix(start), !version.isEmpty, isVersion else { throw .notAKeyFile }
        throw .unknownVersion(String(version))
    }

    /// Fields 2 to 9.
    private init(body: [UInt8]) throws(KeyFileError) {
        guard body.count >= KeyFileFormat.fixedByteCount else {
            throw .wrongLength(expected: KeyFileFormat.bodyByteCount(.bip340), actual: body.count)
        }
        guard let kind = KeyFileKind(rawValue: body[0]) else { throw .unknownKind(body[0]) }
        guard body[1] & ~KeyFileFormat.developmentFlag == 0 else { throw .unknownFlags(body[1]) }
        guard body.count == KeyFileFormat.bodyByteCount(kind) else {
            throw .wrongLength(expected: KeyFileFormat.bodyByteCount(kind), actual: body.count)
        }
        self.kind = kind
        isDevelopment = body[1] & KeyFileFormat.developmentFlag != 0
        cost = KeyFileCost(operations: Self.number(body[2..<6]), memoryKibibytes: Self.number(body[6..<10]))
        try cost.check(isDevelopment: isDevelopment)

        var rest = body.dropFirst(KeyFileFormat.fixedByteCount)
        func take(_ count: Int) -> [UInt8] {
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        salt = take(PasswordHash.saltByteCount)
        nonce = take(XChaCha20Poly1305.nonceByteCount)
        do throws(KeyError) {
            var publicKey: PublicKey?
            if let scheme = kind.scheme { publicKey = try PublicKey(scheme: scheme, bytes: take(scheme.publicKeyByteCount)) }
            self.publicKey = publicKey
        } catch {
            throw .publicKey(error)
        }
        checkpointPublicKey = kind.hasCheckpointKey ? Bytes32(take(Bytes32.byteCount)).map(Ed25519PublicKey.init) : nil
        sealed = Array(rest)
    }

    /// Fields 2 to 8.
    var header: [UInt8] {
        var header: [UInt8] = [kind.rawValue, isDevelopment ? KeyFileFormat.developmentFlag : 0]
        for number in [cost.operations, cost.memoryKibibytes] {
            header += (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
        }
        header += salt + nonce
        if let publicKey { header += publicKey.bytes }
        if let checkpointPublicKey { header += checkpointPublicKey.bytes.bytes }
        return header
    }

    /// Everything before field 9, which the tag in field 9 covers: the first line with its newline, then fields 2 to 8.
    var associatedData: [UInt8] {
        Array("\(KeyFileFormat.firstLine)\n".utf8) + header
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }
}
