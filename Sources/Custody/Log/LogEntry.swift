public import Cryptography
public import Ledger

/// What a key is for.
public enum KeyUse: Hashable, Sendable {
    /// Nothing yet.
    case unassigned
    /// Signs transactions for an account, as the key at a position of its key policy.
    case account(AccountID, position: UInt8)
    /// Attests headers and signs checkpoints as a validator.
    case validator(ValidatorIndex, checkpointKey: Ed25519PublicKey)
    /// Customers' keys are derived from it; it signs nothing itself.
    case master
}

/// Where a secret is.
public enum KeyHome: Hashable, Sendable {
    /// In the vault, sealed.
    case vault
    /// In a PKCS#11 token, under the key's name.
    case token(label: String)
    /// Derived from a master key of the vault by a BIP32 path.
    case derived(master: String, path: String)
}

/// What is known of a key without its secret.
public struct CustodyKeyRecord: Hashable, Sendable {
    public let name: String
    public let publicKey: PublicKey
    public let home: KeyHome
    public internal(set) var use: KeyUse
    public internal(set) var end: KeyEnd?

    public init(name: String, publicKey: PublicKey, home: KeyHome, use: KeyUse, end: KeyEnd? = nil) {
        self.name = name
        self.publicKey = publicKey
        self.home = home
        self.use = use
        self.end = end
    }

    public var isActive: Bool { end == nil }
}

/// How a key stopped signing.
public enum KeyEnd: UInt8, Sendable {
    /// It is kept, and signs no more.
    case retired = 1
    /// Its secret is gone.
    case destroyed = 2
}

/// Something that the log says happened (`docs/spec/custody-log.md` section 3).
public enum LogEntry: Hashable, Sendable {
    /// The first record.
    case opened(network: NetworkID, logKey: Ed25519PublicKey)
    /// A policy came into force: the first one, or by an allowed request.
    case policy([UInt8], request: RequestID?)
    case keyAdded(CustodyKeyRecord)
    case keyAssigned(name: String, use: KeyUse)
    case keyEnded(name: String, KeyEnd)
    case requested(SigningRequest, Authentication, PolicyDecision)
    case approved(Approval, PolicyDecision)
    case rejected(Approval)
    /// Of each transaction of a request, the signatures that were made.
    case signed(RequestID, [[TransactionSignature]])
    case attested(BlockHeader, key: String, Bytes64)
    case checkpointSigned(Checkpoint, key: String, Bytes64)
    /// A key said that it is held, for an account that it alone is to control: the proof of possession that opening and rotating take.
    case proved(key: String, AccountID, Bytes64)
    /// What somebody asked and was not decided.
    case refused(LoggedRefusal)
    case unsealed(user: UInt32)
    case sealed(user: UInt32)
    /// The header guard was raised to a certified tip.
    case raised(height: UInt64, hash: BlockHash, user: UInt32)
    /// The signer's word that the log was so up to here: a signature by the log key of `checkpointMessage`.
    case checkpoint(Bytes64)

    private static let checkpointTag = TaggedHash(tag: "coffer/custody-log-checkpoint/v1")

    /// What the log key signs: the network, how many records there are, and the hash of the last.
    static func checkpointMessage(network: NetworkID, count: UInt64, head: Bytes32) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 72)
        writer.write(network.bytes)
        writer.write(count)
        writer.write(head)
        return checkpointTag.hash(writer.span).bytes
    }
}

/// A refusal as the log keeps it.
public struct LoggedRefusal: Hashable, Sendable {
    static let maximumDetailCharacterCount = 500

    /// As `CustodyRefusal.code`.
    public let code: String
    /// Whose process asked.
    public let user: UInt32
    /// Tagged hash of what was asked.
    public let subject: Bytes32
    public let detail: String

    private static let tag = TaggedHash(tag: "coffer/custody-refused/v1")

    public init(_ refusal: CustodyRefusal, user: UInt32, asked: [UInt8]) {
        code = refusal.code
        self.user = user
        subject = Self.tag.hash(asked)
        let plain = refusal.description.unicodeScalars.map { CustodyText.isPlain($0) ? $0 : " " }
        detail = String(String.UnicodeScalarView(plain.prefix(Self.maximumDetailCharacterCount)))
    }

    init(from reader: inout ByteReader) throws(DecodingError) {
        code = try reader.readName()
        user = try reader.readUInt32()
        subject = try reader.readBytes32()
        detail = try reader.readLongText(maximumCharacterCount: Self.maximumDetailCharacterCount)
    }

    func write(to writer: inout ByteWriter) {
        writer.write(text: code)
        writer.write(user)
        writer.write(subject)
        writer.write(longText: detail)
    }
}
