internal import Cryptography
public import Ledger

extension NodeClient {
    /// How often a node is asked again while a caller waits, in milliseconds. The node itself holds `?wait=final` open, so this
    /// matters only where it answers at once.
    static let waitPauseMilliseconds: UInt64 = 250
    /// How long a node may take to answer `?wait=final`.
    static let waitTimeoutSeconds = 90

    /// Submits a transaction.
    ///
    /// - Parameters:
    ///   - signed: the transaction; it must be of this network.
    ///   - memo: the memo it commits to. The node keeps it beside the ledger, for statements.
    ///   - wait: how long to wait until it is final; nil to return once it is admitted.
    /// - Returns: its status; after the time to wait possibly still `pending`.
    /// - Throws: `refused` with the ledger's code when it does not apply, and whatever else `ClientError` has. After `unreachable` and
    ///   `cancelled` it may or may not have arrived: submit the same bytes again, or ask for its status.
    public func submit(
        _ signed: SignedTransaction, memo: Memo? = nil, wait: Duration? = nil
    ) async throws(ClientError) -> TransactionStatus {
        let submission: Submission
        do throws(SubmissionError) {
            submission = try Submission(transaction: signed, memo: memo)
        } catch {
            // What the node would answer, without asking it.
            throw .refused(Problem(code: error.code, detail: error.description, status: 400))
        }
        var request = HTTPRequest(.post, "/v1/transactions", contentType: MediaType.octets, body: signed.bytes)
        if let memo {
            let wrapped: JSON = ["transaction": ["bytes": .string(Hexadecimal.encode(submission.transaction.bytes))], "memo": memo.json]
            request.contentType = MediaType.json
            request.body = wrapped.bytes()
        }
        return try await status(request, of: signed.id, wait: wait)
    }

    /// Sends the same submission until the transaction is no longer pending or the time is over.
    private func status(
        _ request: HTTPRequest, of id: TransactionID, wait: Duration?
    ) async throws(ClientError) -> TransactionStatus {
        var request = request
        if wait != nil {
            request.query = [("wait", "final")]
            request.timeoutSeconds = Self.waitTimeoutSeconds
        }
        let clock = ContinuousClock()
        let start = clock.now
        while true {
            let status = try await document(request) { (field) throws(JSONError) in try TransactionStatus(field, of: id) }
            guard let wait, status.state == .pending, start.duration(to: clock.now) < wait else { return status }
            try await sleep(milliseconds: Self.waitPauseMilliseconds)
        }
    }

    /// What the node knows of a transaction.
    /// - Throws: `refused` with `transactionNotFound` when it knows nothing.
    public func status(of id: TransactionID) async throws(ClientError) -> TransactionRecord {
        let request = HTTPRequest(.get, "/v1/transactions/\(id.hex)")
        let chainspec = chainspec
        return try await document(request) { (field) throws(JSONError) in
            try TransactionRecord(field, of: id, chainspec: chainspec)
        }
    }

    /// The receipt of a final transaction, verified against the chain specification.
    /// - Parameter memo: whether the memo is to be in the receipt, where the node has it and shows it.
    /// - Throws: `refused` with `transactionNotFound` or `notFinal`; `unproved` when the receipt does not hold.
    public func receipt(of id: TransactionID, memo: Bool = false) async throws(ClientError) -> Receipt {
        let request = HTTPRequest(
            .get, "/v1/transactions/\(id.hex)/receipt", query: memo ? [("memo", "true")] : [],
            maximumResponseByteCount: Receipt.maximumJSONByteCount)
        let body = try await body(of: request, type: MediaType.json)
        let chainspec = chainspec
        let receipt = try Self.proving("a receipt") { () throws(ProofError) in
            let receipt = try Receipt(json: body)
            try receipt.verify(against: chainspec)
            return receipt
        }
        guard receipt.transaction.id == id else {
            throw .unproved(what: "a receipt", reason: "it is of transaction \(receipt.transaction.id) and not of \(id)")
        }
        return receipt
    }
}

extension TransactionRecord {
    init(_ field: JSONField, of id: TransactionID, chainspec: Chainspec) throws(JSONError) {
        var fields = try field.object()
        status = try TransactionStatus(&fields, of: id)
        let transactionField = fields.optionalField("transaction")
        let memoField = fields.optionalField("memo")
        try fields.finish()
        guard let transactionField else {
            if let memoField { throw memoField.refused("must come with its transaction") }
            transaction = nil
            memo = nil
            return
        }
        let signed: SignedTransaction
        do throws(SubmissionError) {
            signed = try SignedTransaction(json: transactionField, chainspec: chainspec)
        } catch {
            throw transactionField.refused("cannot be read: \(error)")
        }
        guard signed.id == id else { throw transactionField.refused("must be the transaction asked for, and is \(signed.id)") }
        transaction = signed
        memo = if let memoField { try Memo(json: memoField) } else { nil }
        if let memo, let memoField, memo.commitment != signed.content.memoCommitment {
            throw memoField.refused("must be what the transaction commits to, and is not")
        }
    }
}
