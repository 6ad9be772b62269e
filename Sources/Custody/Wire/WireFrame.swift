public import Cryptography
public import Ledger

/// What a frame is about (`docs/spec/custody-wire.md` section 2).
public enum WireType: UInt8, Hashable, Sendable, CaseIterable {
    // Asked of the signer.
    case status = 1
    case unseal = 2
    case seal = 3
    case request = 4
    case approval = 5
    case show = 6
    case waiting = 7
    case attest = 8
    case tip = 9
    case log = 10
    case checkpoint = 11
    // Said by the signer.
    case answer = 129
    case refusal = 130

    /// The most bytes a body may have.
    public var maximumByteCount: Int {
        switch self {
        case .status, .seal: 0
        case .unseal: 1_024
        case .approval: 1_024
        case .show, .waiting, .log: 64
        case .attest, .checkpoint: 4_096
        case .tip: 1_048_576
        case .refusal: WireRefusal.maximumByteCount
        case .request, .answer: 8_388_608
        }
    }

    /// Whether the body is a secret, which is read to secret memory and nowhere else.
    public var isSecret: Bool { self == .unseal }

    /// Whether a client sends it; the signer sends the others.
    public var isFromClient: Bool { rawValue < 128 }
}

/// The six bytes before a body.
public struct WireHeader: Hashable, Sendable {
    public static let version: UInt8 = 1
    public static let byteCount = 6

    public let type: WireType
    public let bodyByteCount: Int

    /// The body's length is one that the type allows.
    public init(type: WireType, bodyByteCount: Int) {
        precondition((0...type.maximumByteCount).contains(bodyByteCount), "a body longer than its type allows")
        self.type = type
        self.bodyByteCount = bodyByteCount
    }

    /// Reads exactly six bytes. `fromClient` says who sent them: each side says only what is its own to say.
    public init(decoding bytes: [UInt8], fromClient: Bool) throws(WireError) {
        guard bytes.count == Self.byteCount else { throw .truncated }
        guard bytes[0] == Self.version else { throw .version(bytes[0]) }
        guard let type = WireType(rawValue: bytes[1]), type.isFromClient == fromClient else { throw .type(bytes[1]) }
        let count = bytes[2...].reduce(0) { $0 << 8 | Int($1) }
        guard count <= type.maximumByteCount else { throw .tooLong(type, byteCount: count) }
        self.type = type
        bodyByteCount = count
    }

    public var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: Self.byteCount)
        writer.write(Self.version)
        writer.write(type.rawValue)
        writer.write(UInt32(bodyByteCount))
        return writer.bytes
    }
}

/// A frame: its type, and a body that is a secret or not.
public struct WireFrame: ~Copyable, Sendable {
    public let type: WireType
    /// Empty when the body is a secret.
    public let body: [UInt8]
    /// The body of a type whose body is a secret.
    public let secret: SecretBytes?

    /// A frame whose body is no secret; its length is one that the type allows.
    public init(_ type: WireType, body: [UInt8] = []) {
        precondition(!type.isSecret && body.count <= type.maximumByteCount, "a body that its type does not allow")
        self.type = type
        self.body = body
        secret = nil
    }

    /// A frame whose body is a secret; its length is one that the type allows.
    public init(_ type: WireType, secret: consuming SecretBytes) {
        let count = secret.count
        precondition(type.isSecret && count <= type.maximumByteCount, "a body that its type does not allow")
        self.type = type
        body = []
        self.secret = consume secret
    }
}

/// Why the signer did not do what was asked.
public struct WireRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    public static let maximumTextByteCount = 2_048
    static let maximumByteCount = 1 + 32 + 2 + maximumTextByteCount

    /// Names the reason for programs: 1 to 32 of `a-z 0-9 -`.
    public let code: String
    /// What happened, why, and what to do next, for people; cut where it is too long.
    public let text: String

    public init(code: String, text: String) {
        precondition(TextAlphabet.name.accepts(Array(code.utf8)), "a code has 1 to 32 of a-z, 0-9 and -")
        self.code = code
        var count = 0
        self.text = String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix { scalar in
                    count += String(scalar).utf8.count
                    return count <= Self.maximumTextByteCount
                }))
    }

    /// Reads the body of a `refusal`.
    public init(decoding bytes: [UInt8]) throws(WireError) {
        do throws(DecodingError) {
            var reader = ByteReader(bytes.span)
            code = try reader.readText(.name)
            let count = Int(try reader.readUInt16())
            guard count <= Self.maximumTextByteCount else { throw .tooLarge }
            guard let text = String(validating: try reader.readBytes(count), as: UTF8.self) else { throw .malformedText }
            self.text = text
            try reader.finish()
        } catch {
            throw .body(.refusal, error)
        }
    }

    public var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 64)
        writer.write(text: code)
        writer.write(UInt16(text.utf8.count))
        writer.write(bytes: Array(text.utf8))
        return writer.bytes
    }

    public var description: String { "\(text) (\(code))" }
}

/// Why bytes are no frame, or a conversation ended.
public enum WireError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Fewer bytes than there must be.
    case truncated
    case version(UInt8)
    /// No type, or one that the other side may not say.
    case type(UInt8)
    case tooLong(WireType, byteCount: Int)
    /// The body is not what its type says.
    case body(WireType, DecodingError)
    case socket(UnixSocketError)

    /// What happened, and what to do.
    public var description: String {
        switch self {
        case .truncated: "The message ends before it is whole."
        case .version(let version):
            "The message is of version \(version), and this program speaks \(WireHeader.version). Use programs of one release."
        case .type(let type): "The message has type \(type), which this side does not take. Use programs of one release."
        case .tooLong(let type, let count): "The message has \(count) bytes, and a \(type) has at most \(type.maximumByteCount)."
        case .body(let type, let error): "The message is no \(type): \(error.description)"
        case .socket(let error): error.description
        }
    }
}
