public import Ledger

/// Where a transaction stands, by the word of the node. Proof is in the receipt.
public struct TransactionStatus: Hashable, Sendable {
    /// Pending until it is final or refused; both of these are for ever.
    public enum State: Hashable, Sendable {
        /// Admitted, and in no block that is final.
        case pending
        /// In the block of `height`, at `position`, made at `time`.
        case final(height: UInt64, position: UInt32, time: TimeMilliseconds)
        /// It did not apply; `code` is of the published catalogue.
        case refused(code: String, detail: String)
    }

    public let id: TransactionID
    public let state: State

    public init(id: TransactionID, state: State) {
        self.id = id
        self.state = state
    }
}

extension TransactionStatus {
    /// Reads a status (`docs/spec/http.md` section 1), which must be about the transaction that was asked for.
    init(_ field: JSONField, of expected: TransactionID) throws(JSONError) {
        var fields = try field.object()
        try self.init(&fields, of: expected)
        try fields.finish()
    }

    /// The same from an object that has other fields beside the status.
    init(_ fields: inout JSONObjectReader, of expected: TransactionID) throws(JSONError) {
        let idField = try fields.field("id", expecting: "a transaction id")
        id = TransactionID(try idField.bytes32())
        guard id == expected else { throw idField.refused("must be \(expected): another transaction was asked for") }
        let status = try fields.field("status", expecting: "pending, final or refused")
        switch try status.choice(among: ["pending", "final", "refused"], name: { $0 }) {
        case "pending": state = .pending
        case "final":
            state = .final(
                height: try fields.integer("height"), position: try fields.integer("position", as: UInt32.self),
                time: try fields.timestamp("time"))
        default:
            state = .refused(
                code: try fields.code("code"),
                detail: PlainText.line(try fields.string("detail"), maximumCharacterCount: 2_000))
        }
    }

    /// The JSON form.
    public var json: JSON {
        var members = [JSON.Member(key: "id", value: .string(id.hex))]
        func add(_ key: String, _ value: JSON) { members.append(JSON.Member(key: key, value: value)) }
        switch state {
        case .pending: add("status", "pending")
        case .final(let height, let position, let time):
            add("status", "final")
            add("height", .number(height))
            add("position", .number(UInt64(position)))
            add("time", .string(Timestamp.format(time)))
        case .refused(let code, let detail):
            add("status", "refused")
            add("code", .string(code))
            add("detail", .string(detail))
        }
        return .object(members)
    }
}

/// What a node tells of one transaction.
public struct TransactionRecord: Hashable, Sendable {
    public let status: TransactionStatus
    /// The transaction itself, once it is final. Its id has been checked.
    public let transaction: SignedTransaction?
    /// Its memo, where the node has one and shows it. It has been checked against the transaction's commitment.
    public let memo: Memo?
}

/// What became of one transaction of a batch.
public enum BatchResult: Hashable, Sendable {
    case status(TransactionStatus)
    /// It was not looked at, or could not be read; `code` is of the published catalogue.
    case error(code: String, detail: String)

    /// Reads one of the `results`, which must be about the transaction at its place.
    init(_ field: JSONField, of expected: TransactionID) throws(JSONError) {
        var fields = try field.object()
        guard try fields.string("status") == "error" else {
            self = .status(try TransactionStatus(field, of: expected))
            return
        }
        if let idField = fields.optionalField("id"), TransactionID(try idField.bytes32()) != expected {
            throw idField.refused("must be \(expected), which stands at this place of the batch")
        }
        self = .error(
            code: try fields.code("code"),
            detail: PlainText.line(try fields.string("detail"), maximumCharacterCount: 2_000))
        try fields.finish()
    }

    /// Whether the queue was full, so that the same may be submitted again.
    var isQueueFull: Bool {
        if case .error("queueFull", _) = self { true } else { false }
    }
}
