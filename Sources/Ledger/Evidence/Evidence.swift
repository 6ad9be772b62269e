public import Cryptography

/// A small file that proves, with the chain specification and nothing else, that something in a chain or in an archive of it is wrong
/// (`docs/spec/evidence.md`).
public struct Evidence: Equatable, Sendable {
    /// The `format` field of the JSON form.
    public static let format = "coffer-evidence/v1"
    /// A longer document is refused unread, and none is made: then evidence only says where to look (`Kind.pointer`).
    public static let maximumJSONByteCount = 16_777_216
    /// More accounts than a block of that size can touch.
    public static let maximumAccountCount = 65_536

    /// What is proved, which says what must be there (`docs/spec/evidence.md` section 2).
    public enum Kind: String, Sendable, CaseIterable {
        /// A field of a header, or its history root, does not follow from the block before.
        case header
        /// A header's attestations do not make it final.
        case finality
        /// A transaction of a final block does not apply.
        case transaction
        /// A root or count of a header is not what its transactions give.
        case root
        /// The bytes of a block are none.
        case undecodable
        /// A frame of the archive does not match its checksum.
        case frame
        /// The checkpoint does not hold, or is not of the chain.
        case checkpoint
        /// The offence was found by a replay and cannot be shown with a few parts of it: this says where it is.
        case pointer
    }

    /// A transaction that does not apply, in a block whose bytes nobody signed: most likely the one that was changed.
    public struct Suspect: Hashable, Sendable {
        public let position: UInt32
        public let id: TransactionID
        /// The refusal's code.
        public let code: String

        public init(position: UInt32, id: TransactionID, code: String) {
            self.position = position
            self.id = id
            self.code = code
        }
    }

    /// Where in an archive the offence stands; nothing is concluded from it.
    public struct Origin: Hashable, Sendable {
        /// A name without directories.
        public let file: String
        /// The byte at which the frame begins.
        public let offset: UInt64

        public init(file: String, offset: UInt64) {
            self.file = file
            self.offset = offset
        }
    }

    public var kind: Kind
    /// The code of `docs/spec/errors.md`.
    public var code: String
    /// The height of the place, whatever the header there says.
    public var height: UInt64
    /// The rules version the chain specification gives for that height.
    public var rules: UInt16
    /// The position of the transaction in the block, for `Kind.transaction`.
    public var position: UInt32?
    public var id: TransactionID?
    /// What the verdict said, for people; for `Kind.pointer` it is all there is.
    public var detail: String
    public var suspect: Suspect?
    public var origin: Origin?
    /// The header before the offending one, with its attestations (none at height 0).
    public var parent: CertifiedHeader?
    public var block: CertifiedHeader?
    /// The history tree over the headers before `parent`, or for a checkpoint before `block`.
    public var history: HistoryTree?
    /// The block's transactions from the first on, the offending one last; all of them for a root.
    public var transactions: [SignedTransaction] = []
    /// The inclusion proof of the last of `transactions`.
    public var path: [Bytes32] = []
    /// Accounts as they were before the block, ascending by index.
    public var accounts: [ProvenAccount] = []
    /// All supply records as they were before the block.
    public var supply: [SupplyRecord] = []
    /// That the transaction was in the chain before.
    public var earlier: Receipt?
    /// A frame, or what should be a certified block.
    public var bytes: [UInt8] = []
    public var checkpoint: SignedCheckpoint?

    public init(_ kind: Kind, code: String, height: UInt64, rules: UInt16, detail: String) {
        self.kind = kind
        self.code = code
        self.height = height
        self.rules = rules
        self.detail = detail
    }
}

/// An account and the proof that it is a leaf of a state tree.
public struct ProvenAccount: Hashable, Sendable {
    public let account: Account
    /// From the leaf's sibling upwards.
    public let path: [Bytes32]

    public init(account: Account, path: [Bytes32]) {
        self.account = account
        self.path = path
    }
}

/// What evidence was found to prove.
public struct EvidenceFinding: Hashable, Sendable {
    /// Who is shown to be at fault.
    public enum Against: String, Sendable {
        /// A quorum of validators signed what does not hold.
        case validators
        /// The bytes of the archive do not hold, and anybody can have made or damaged them.
        case archive
    }

    public let against: Against
    /// The names of the validators whose attestations or signatures of it are valid.
    public let signers: [String]
    /// What does not hold, with what is expected and what was found.
    public let statement: String
    /// The rule version, state or header it was checked with.
    public let suspect: String?

    init(_ against: Against, signers: [String], _ statement: String, suspect: String? = nil) {
        self.against = against
        self.signers = signers
        self.statement = statement
        self.suspect = suspect
    }
}

/// Why evidence proves nothing.
public enum EvidenceError: Error, Equatable, Sendable {
    case json(JSONError)
    /// A part does not decode.
    case malformed(String, DecodingError)
    /// A receipt, header or checkpoint in it does not hold.
    case proof(ProofError)
    /// It only says where to look.
    case notSelfContained(String)
    /// A part that this kind needs is not there.
    case incomplete(String)
    /// Parts do not belong together.
    case notLinked(String)
    /// A path or root does not lead where it must.
    case wrongPath(String)
    /// The state before the block is one that no ledger can have, so nothing can be executed in it.
    case impossibleState(String)
    /// Everything holds: there is no such offence.
    case noOffence(String)
    /// There is an offence, and another one than is claimed.
    case otherOffence(claimed: String, found: String)
    /// The rules version is not the one in force, or not one this program knows.
    case wrongRules(UInt16, expected: UInt16)
}

extension EvidenceError: CustomStringConvertible {
    /// Whether there was something to check.
    public var kind: ProofError.Kind {
        switch self {
        case .json, .notSelfContained: .unreadable
        case .proof(let error): error.kind
        default: .doesNotHold
        }
    }

    /// The stable code of `docs/spec/errors.md`.
    public var code: String {
        switch self {
        case .json(let error): error.code.rawValue
        case .malformed(_, let error): error.rawValue
        case .proof(let error): error.code
        case .notSelfContained: "evidenceNotSelfContained"
        case .incomplete: "evidenceIncomplete"
        case .notLinked: "evidenceNotLinked"
        case .wrongPath: "evidenceWrongPath"
        case .impossibleState: "evidenceImpossibleState"
        case .noOffence: "evidenceNoOffence"
        case .otherOffence: "evidenceOtherOffence"
        case .wrongRules: "evidenceWrongRules"
        }
    }

    /// What exactly does not hold.
    public var description: String {
        switch self {
        case .json(let error): error.description
        case .malformed(let field, let error): "\(field): \(error)"
        case .proof(let error): error.description
        case .notSelfContained(let text):
            "the file says where an offence was found and does not prove it: \(text); check the export itself with coffer-verify chain"
        case .incomplete(let text): "the evidence lacks \(text), and proves nothing without; ask its maker for another"
        case .notLinked(let text): text
        case .wrongPath(let text): text
        case .impossibleState(let text): "the state before the block is impossible: \(text)"
        case .noOffence(let text): "there is no such offence: \(text)"
        case .otherOffence(let claimed, let found): "the evidence claims \(claimed), and shows \(found)"
        case .wrongRules(let found, let expected): "the evidence is by rules version \(found), and version \(expected) is in force"
        }
    }
}
