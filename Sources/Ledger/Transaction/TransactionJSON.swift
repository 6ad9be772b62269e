import Cryptography

/// A transaction that may still lack signatures, as it travels between those who sign it (`docs/spec/transaction.md` section 4).
public struct TransactionDraft: Hashable, Sendable {
    public let content: Transaction
    /// In any order; possibly none.
    public let signatures: [TransactionSignature]

    public init(content: Transaction, signatures: [TransactionSignature] = []) {
        self.content = content
        self.signatures = signatures
    }

    public init(_ signed: SignedTransaction) {
        self.init(content: signed.content, signatures: Array(signed.signatures))
    }

    /// The transaction, if nothing about its form is missing: at least one signature, and none for an account that nothing refers to.
    /// Whether the signatures are valid and enough is for the ledger to say.
    public func signed() throws(DecodingError) -> SignedTransaction {
        try SignedTransaction(content, signatures: signatures)
    }

    /// The same with another signature, in place of an earlier one by the same key of the same account.
    public func adding(_ signature: TransactionSignature) -> TransactionDraft {
        TransactionDraft(
            content: content, signatures: signatures.filter { $0.order != signature.order } + [signature])
    }
}

/// Why a transaction that came as JSON was not accepted.
public enum SubmissionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Not strict JSON, or a field is missing, unknown or of the wrong type or form.
    case json(JSONError)
    /// The transaction has no canonical encoding, or what is given as its bytes is none. `field` is the place, as far as it is known.
    case encoding(DecodingError, field: JSONPath)
    /// The JSON form names another network. Its addresses and asset codes mean nothing on this one.
    case wrongNetwork(field: JSONPath)
    /// The memo that came with the transaction is not the one it commits to.
    case memoMismatch

    /// The stable code of `docs/spec/errors.md`.
    public var code: String {
        switch self {
        case .json(let error): error.code.rawValue
        case .encoding(let error, _): error.rawValue
        case .wrongNetwork: Refusal.Reason.wrongNetwork.rawValue
        case .memoMismatch: "memoMismatch"
        }
    }

    /// The field concerned; the root for the whole document.
    public var field: JSONPath {
        switch self {
        case .json(let error): error.path
        case .encoding(_, let field), .wrongNetwork(let field): field
        case .memoMismatch: .root.appending(key: "memo")
        }
    }

    /// What is wrong, naming the field, and what to do.
    public var description: String {
        switch self {
        case .json(let error): error.description
        case .encoding(let error, let field):
            field == .root ? "the transaction: \(error)" : "\(field): \(error)"
        case .wrongNetwork(let field): "\(field): \(Refusal.Reason.wrongNetwork.explanation)"
        case .memoMismatch:
            "the memo is not the one the transaction commits to; send the salt and text that memoCommitment was made from, or no memo"
        }
    }
}

/// A transaction as it is submitted, with its memo if one came along (`docs/spec/transaction.md` section 4).
public struct Submission: Hashable, Sendable {
    /// A longer document is refused unread. The longest JSON form, without needless white space, is below half of this.
    public static let maximumJSONByteCount = 4_194_304

    public let transaction: SignedTransaction
    /// Matches the transaction's `memoCommitment`.
    public let memo: Memo?

    /// Throws `memoMismatch` unless the memo is the one the transaction commits to. No memo is always fine.
    public init(transaction: SignedTransaction, memo: Memo? = nil) throws(SubmissionError) {
        if let memo, memo.commitment != transaction.content.memoCommitment { throw .memoMismatch }
        self.transaction = transaction
        self.memo = memo
    }

    /// Reads a bare transaction, `{"bytes":HEX}`, or `{"transaction":…,"memo":{"salt":HEX,"text":…}}` around either.
    public init(json bytes: [UInt8], chainspec: Chainspec) throws(SubmissionError) {
        var wrapped: JSONField
        var memo: Memo?
        do throws(JSONError) {
            wrapped = JSONField(try JSON.parse(bytes, maximumBytes: Self.maximumJSONByteCount))
            var fields = try wrapped.object()
            if let inner = fields.optionalField("transaction") {
                if let field = fields.optionalField("memo") { memo = try Memo(json: field) }
                try fields.finish()
                wrapped = inner
            }
        } catch {
            throw .json(error)
        }
        try self.init(transaction: SignedTransaction(json: wrapped, chainspec: chainspec), memo: memo)
    }

    /// The wrapped JSON form, which has room for the memo.
    public func json(chainspec: Chainspec) -> JSON {
        var members = [
            JSON.Member(key: "transaction", value: TransactionDraft(transaction).json(chainspec: chainspec))
        ]
        if let memo { members.append(JSON.Member(key: "memo", value: memo.json)) }
        return .object(members)
    }
}

extension SignedTransaction {
    /// Reads the JSON form, or `{"bytes":HEX}`.
    public init(json field: JSONField, chainspec: Chainspec) throws(SubmissionError) {
        let bytesField: JSONField?
        let bytes: [UInt8]
        do throws(JSONError) {
            var fields = try field.object()
            bytesField = fields.optionalField("bytes")
            bytes = try bytesField?.bytes(maximumCount: Transaction.maximumByteCount) ?? []
            if bytesField != nil { try fields.finish() }
        } catch {
            throw .json(error)
        }
        guard let bytesField else {
            let draft = try TransactionDraft(json: field, chainspec: chainspec)
            self = try SubmissionError.encoding(at: field.path) { () throws(DecodingError) in try draft.signed() }
            return
        }
        self = try SubmissionError.encoding(at: bytesField.path) { () throws(DecodingError) in
            try SignedTransaction(decoding: bytes)
        }
    }
}

extension SubmissionError {
    static func encoding<Value>(
        at field: JSONPath, _ body: () throws(DecodingError) -> Value
    ) throws(SubmissionError) -> Value {
        do throws(DecodingError) {
            return try body()
        } catch {
            throw .encoding(error, field: field)
        }
    }
}

extension Memo {
    /// Reads `{salt, text}`.
    public init(json field: JSONField) throws(JSONError) {
        var fields = try field.object()
        let salt = try fields.field("salt", expecting: "16 bytes in hexadecimal").bytes16()
        let textField = try fields.field("text", expecting: "the memo's text")
        let text = try textField.string()
        try fields.finish()
        guard let memo = Memo(salt: salt, text: text) else {
            throw textField.refused("must have 1 to \(Self.maximumByteCount) bytes of UTF-8")
        }
        self = memo
    }

    /// The JSON form.
    public var json: JSON { ["salt": .string(salt.hex), "text": .string(text)] }
}
