/// Proves that a statement is complete: everything that touched an account between two blocks (`docs/spec/proofs.md` section 4).
public struct HistoryProof: Hashable, Sendable {
    /// The `format` field of the JSON form.
    public static let format = "coffer-history/v1"
    /// More entries are proved in parts.
    public static let maximumEntryCount = 65_536
    /// A longer document is refused unread. The longest proof, with an entry a line, is shorter.
    public static let maximumJSONByteCount = 11_534_336

    /// The account where the statement begins; nil where it begins with the account.
    public let from: BalanceProof?
    /// The account where the statement ends.
    public let to: BalanceProof
    /// In order, all between the two.
    public let entries: [Entry]

    public init(from: BalanceProof?, to: BalanceProof, entries: [Entry]) {
        self.from = from
        self.to = to
        self.entries = entries
    }
}

extension HistoryProof {
    /// Reads the JSON form. Throws an error of kind `unreadable` if it has not that form; that accounts, headers and entries decode is
    /// checked here too.
    public init(json bytes: [UInt8]) throws(ProofError) {
        let fromParts: BalanceProof.Parts?
        let toParts: BalanceProof.Parts
        var encoded: [[UInt8]] = []
        do throws(JSONError) {
            var fields = try JSON.parse(bytes, maximumBytes: Self.maximumJSONByteCount).object()
            try fields.format(Self.format)
            fromParts = if let field = fields.optionalField("from") { try BalanceProof.Parts(field) } else { nil }
            toParts = try BalanceProof.Parts(try fields.field("to", expecting: "a balance proof"))
            for element in try fields.array("entries", maximumCount: Self.maximumEntryCount) {
                encoded.append(try element.bytes(maximumCount: ProofLimits.maximumFieldByteCount))
            }
            try fields.finish()
        } catch {
            throw .json(error)
        }
        from = if let fromParts { try BalanceProof(fromParts) } else { nil }
        to = try BalanceProof(toParts)
        var entries: [Entry] = []
        entries.reserveCapacity(encoded.count)
        for (position, bytes) in encoded.enumerated() {
            do throws(DecodingError) {
                entries.append(try Entry(decoding: bytes))
            } catch {
                throw .malformedEntry(position: position, error)
            }
        }
        self.entries = entries
    }

    /// The JSON form.
    public func json() -> JSON {
        var members = [JSON.Member(key: "format", value: .string(Self.format))]
        if let from { members.append(JSON.Member(key: "from", value: from.json())) }
        members.append(JSON.Member(key: "to", value: to.json()))
        members.append(JSON.Member(key: "entries", value: .array(entries.map { .hex($0.bytes) })))
        return .object(members)
    }
}

/// A statement of an account that is proved to be complete.
public struct ProvedStatement: Hashable, Sendable {
    /// The number in the account's chain, from 0, of the first entry.
    public let firstSequence: UInt64
    /// The height after which it begins; nil where it begins with the account.
    public let fromHeight: UInt64?
    public let toHeight: UInt64
    public let entries: [Entry]
    /// By asset, ascending: every asset that the account had or moved.
    public let movements: [Movement]
    /// The account at the end.
    public let account: Account
    /// The status at the beginning.
    public let openingStatus: AccountStatus

    /// What moved in an asset.
    public struct Movement: Hashable, Sendable {
        /// The counters at the beginning.
        public let opening: Balance
        /// The counters at the end.
        public let closing: Balance

        /// Minor units credited in between.
        public var credited: UInt128 { closing.creditsPosted - opening.creditsPosted }
        /// Minor units debited in between.
        public var debited: UInt128 { closing.debitsPosted - opening.debitsPosted }
    }
}
