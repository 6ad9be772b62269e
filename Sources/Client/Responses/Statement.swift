public import Ledger

/// A page of an account's statement, by the word of the node (`docs/spec/http.md` section 2).
public struct StatementPage: Hashable, Sendable {
    public let entries: [StatementEntry]
    /// What to give to get the next page; nil on the last one.
    public let next: String?
}

/// A line of a statement.
public struct StatementEntry: Hashable, Sendable {
    /// The entry's place in the account's history, as the node counts.
    public let sequence: UInt64
    public let height: UInt64
    public let time: TimeMilliseconds
    /// The transaction's position in its block, where the node gives it.
    public let position: UInt32?
    /// The transaction's id.
    public let transaction: TransactionID
    /// Position of the operation in the transaction.
    public let operation: UInt16
    /// Position of the leg or opening in the operation.
    public let item: UInt16
    public let kind: Entry.Kind
    /// What moved; nil for an entry that moves no money.
    public let money: Money?
    /// Where the node has one and shows it.
    public let memo: Memo?

    /// An amount and who is on its other side.
    public struct Money: Hashable, Sendable {
        public let asset: AssetIndex
        /// Minor units.
        public let amount: UInt64
        public let counterparty: AccountID
    }
}

extension StatementPage {
    /// The most entries of a page.
    public static let maximumCount = 1_000
    static let maximumCursorByteCount = 128

    init(_ field: JSONField, of expected: AccountID, chainspec: Chainspec) throws(JSONError) {
        var fields = try field.object()
        let address = try fields.field("address", expecting: "an address")
        guard try address.account(on: chainspec) == expected else {
            throw address.refused("must be that of the account asked for")
        }
        var entries: [StatementEntry] = []
        for element in try fields.array("entries", maximumCount: Self.maximumCount) {
            entries.append(try StatementEntry(element, chainspec: chainspec))
        }
        self.entries = entries
        let nextField = fields.optionalField("next")
        next = try nextField?.string()
        try fields.finish()
        if let next, let nextField, !Self.isCursor(next) {
            throw nextField.refused("must be 1 to \(Self.maximumCursorByteCount) letters, digits, - and _")
        }
    }

    /// Cursors are put into URLs as they are, so they must be of characters that need no escaping.
    static func isCursor(_ text: String) -> Bool {
        (1...maximumCursorByteCount).contains(text.utf8.count) && text.utf8.allSatisfy(isCursorByte)
    }

    private static func isCursorByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension StatementEntry {
    init(_ field: JSONField, chainspec: Chainspec) throws(JSONError) {
        var fields = try field.object()
        sequence = try fields.integer("sequence")
        height = try fields.integer("height")
        time = try fields.timestamp("time")
        position = try fields.optionalInteger("position", as: UInt32.self)
        transaction = try fields.transactionID("transaction")
        operation = try fields.integer("operation", as: UInt16.self)
        item = try fields.integer("item", as: UInt16.self)
        kind = try fields.field("kind").choice(among: Entry.Kind.allCases, name: \.name)
        switch kind {
        case .debit, .credit:
            let asset = try fields.field("asset").asset(on: chainspec)
            money = Money(
                asset: asset, amount: try fields.amount("amount", decimals: chainspec.assets[Int(asset)].decimals),
                counterparty: try fields.field("counterparty").account(on: chainspec))
        case .opened, .keysRotated, .statusSet: money = nil
        }
        memo = if let memo = fields.optionalField("memo") { try Memo(json: memo) } else { nil }
        try fields.finish()
    }

    /// The JSON form, as nodes give it.
    public func json(chainspec: Chainspec) -> JSON {
        var members = [
            JSON.Member(key: "sequence", value: .number(sequence)),
            JSON.Member(key: "height", value: .number(height)),
            JSON.Member(key: "time", value: .string(Timestamp.format(time))),
        ]
        if let position { members.append(JSON.Member(key: "position", value: .number(UInt64(position)))) }
        members += [
            JSON.Member(key: "transaction", value: .string(transaction.hex)),
            JSON.Member(key: "operation", value: .number(UInt64(operation))),
            JSON.Member(key: "item", value: .number(UInt64(item))),
            JSON.Member(key: "kind", value: .string(kind.name)),
        ]
        if let money {
            let asset = chainspec.assets[Int(money.asset)]
            members.append(JSON.Member(key: "asset", value: .string(asset.code)))
            members.append(
                JSON.Member(key: "amount", value: .string(DecimalAmount.format(money.amount, decimals: asset.decimals))))
            members.append(JSON.Member(key: "counterparty", value: .string(chainspec.address(of: money.counterparty))))
        }
        if let memo { members.append(JSON.Member(key: "memo", value: memo.json)) }
        return .object(members)
    }
}
