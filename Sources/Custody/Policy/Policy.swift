public import Cryptography
public import Ledger

/// What a policy file says: who may ask for what, and whose approval it takes (`docs/spec/custody-policy.md`).
///
/// A value of this type makes sense: every name is known, every rule can decide something, every threshold can be met.
public struct Policy: Sendable {
    /// A file has at most this many bytes.
    public static let maximumByteCount = 262_144
    public static let maximumRuleCount = 256
    public static let maximumMemberCount = 256
    public static let maximumGroupCount = 64
    public static let maximumListCount = 64
    /// Accounts in one list.
    public static let maximumListLength = 4_096
    /// Approvals that one rule asks for.
    public static let maximumApprovalCount = 16
    /// The longest window of a sum: 31 days.
    public static let maximumWindowMilliseconds: UInt64 = 31 * 86_400_000
    private static let tag = TaggedHash(tag: "coffer/custody-policy/v1")

    /// The file, byte for byte: what its hash covers.
    public let bytes: [UInt8]
    /// Tagged SHA-256 of the file's bytes, so that what people read is what is in force.
    public let hash: Bytes32
    public let name: String
    /// The file's own count of its versions, from 1.
    public let revision: UInt32
    public let network: NetworkID
    /// Local time of the policy less UTC, in minutes. There is no daylight saving.
    public let utcOffsetMinutes: Int
    /// Days since 1970-01-01, in local time, on which the bank is closed.
    public let closedDays: Set<Int64>
    public let members: [PolicyMember]
    public let groups: [PolicyGroup]
    /// In the order in which they are tried.
    public let rules: [PolicyRule]

    init(_ parts: PolicyParts, bytes: [UInt8]) {
        self.bytes = bytes
        hash = Self.hash(of: bytes)
        name = parts.name
        revision = parts.revision
        network = parts.network
        utcOffsetMinutes = parts.utcOffsetMinutes
        closedDays = parts.closedDays
        members = parts.members
        groups = parts.groups
        rules = parts.rules
    }

    /// The hash that a file with these bytes has.
    public static func hash(of bytes: [UInt8]) -> Bytes32 { tag.hash(bytes) }

    /// The member with a name.
    public func member(named name: String) -> PolicyMember? { members.first { $0.name == name } }

    /// How far back a decision looks: the longest window of any sum, in milliseconds; 0 when there is none.
    public var longestWindow: UInt64 { rules.compactMap(\.conditions.sum?.window).max() ?? 0 }
}

/// What a policy is made of, before it is known to make sense.
struct PolicyParts {
    var name = ""
    var revision: UInt32 = 0
    var network = NetworkID(.zero)
    var utcOffsetMinutes = 0
    var closedDays: Set<Int64> = []
    var members: [PolicyMember] = []
    var groups: [PolicyGroup] = []
    var rules: [PolicyRule] = []
}

/// Somebody, or something, that may ask.
public struct PolicyMember: Hashable, Sendable {
    /// How it is known.
    public enum Identity: Hashable, Sendable {
        /// A person, by the signatures of a key of their own.
        case person(PublicKey)
        /// A service, by the user id that the kernel reports for its end of the socket.
        case service(userID: UInt32)
    }

    public let name: String
    public let roles: Set<String>
    public let identity: Identity

    /// Only people approve.
    public var isPerson: Bool {
        if case .person = identity { true } else { false }
    }
}

/// People of whom some must approve.
public struct PolicyGroup: Hashable, Sendable {
    public let name: String
    /// Names of members, each a person.
    public let members: [String]
}

/// One rule: when its conditions all hold for a fact, its outcome decides the fact.
public struct PolicyRule: Hashable, Sendable {
    public let name: String
    /// Where it stands in the file, from 1.
    public let line: Int
    public let conditions: PolicyConditions
    public let outcome: PolicyOutcome
}

/// What a rule decides.
public enum PolicyOutcome: Hashable, Sendable {
    case allow
    case deny
    /// So many of each group must approve; never the one who asks, and nobody for two groups at once.
    case require([PolicyRequirement])
}

/// So many people of a group.
public struct PolicyRequirement: Hashable, Sendable {
    public let group: String
    public let count: Int

    public init(group: String, count: Int) {
        self.group = group
        self.count = count
    }
}
