public import Ledger

extension Node {
    /// Submits a transaction; `completion` is called once with its outcome, on one of the node's threads, and must return at once.
    /// Without a completion, ask for `outcomes(of:)`.
    ///
    /// The same transaction again gives the same result. A transaction that was refused is tried anew. A memo is kept only if it comes
    /// with the submission that is admitted.
    @discardableResult
    public func submit(
        _ transaction: SignedTransaction, memo: Memo? = nil, until wait: SubmissionWait,
        completion: PendingSubmission.Completion? = nil
    ) -> PendingSubmission {
        let submission = PendingSubmission(count: 1, waits: wait == .finality, completion)
        let reply = Reply(submission: submission, position: 0, waits: wait == .finality)
        admission.submit(Candidate(transaction: transaction, memo: memo, reply: reply))
        return submission
    }

    /// Submits a batch of at least one and at most as many transactions as it was split for, each by itself. Their outcomes are in
    /// their order.
    @discardableResult
    public func submit(
        _ batch: TransactionBatch, until wait: SubmissionWait, completion: PendingSubmission.Completion? = nil
    ) -> PendingSubmission {
        precondition(batch.count > 0 && batch.count == batch.ranges.count, "a batch within its limit is submitted")
        let submission = PendingSubmission(count: batch.count, waits: wait == .finality, completion)
        admission.submit(batch, submission, waits: wait == .finality)
        return submission
    }

    /// Ends the waiting for finality: what is admitted is answered as `pending`, and what is not yet, as soon as it is.
    public func stopWaiting(_ submission: PendingSubmission) {
        registry.forget(submission, waitingFor: submission.endWaiting())
    }

    /// The outcomes of a submission that has no completion, when all are there. Cancelling the task ends the waiting for finality; the
    /// transactions go their way.
    public func outcomes(of submission: PendingSubmission) async -> [SubmissionOutcome] {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in submission.whenAnswered { continuation.resume(returning: $0) } }
        } onCancel: {
            stopWaiting(submission)
        }
    }

    /// Submits a transaction and returns as soon as it is admitted, or where it already is.
    public func submit(
        _ transaction: SignedTransaction, memo: Memo? = nil
    ) async throws(SubmissionFailure) -> TransactionStatus {
        try await outcomes(of: submit(transaction, memo: memo, until: .admission))[0].status
    }

    /// Submits a transaction and waits until it is final or refused. Cancel the task to stop waiting: then the status is `pending`.
    public func submitAndWait(
        _ transaction: SignedTransaction, memo: Memo? = nil
    ) async throws(SubmissionFailure) -> TransactionStatus {
        try await outcomes(of: submit(transaction, memo: memo, until: .finality))[0].status
    }

    /// Waits until a pending transaction is final or refused; `pending` when the waiting was cancelled or the node stopped.
    public func wait(for id: TransactionID) async -> TransactionStatus {
        let submission = PendingSubmission(count: 1, waits: true)
        if registry.await(id, Reply(submission: submission, position: 0, waits: true)) {
            submission.admitted(0, id)
        } else {
            submission.answer(0, .status(id, .pending))
        }
        let outcome = await outcomes(of: submission)[0]
        if case .status(_, let status) = outcome, status != .pending { return status }
        return statusNow(of: id)
    }

    private func statusNow(of id: TransactionID) -> TransactionStatus {
        do {
            return try status(of: id) ?? .pending
        } catch {
            return .pending
        }
    }

    /// What is known of a transaction; nil when nothing is.
    public func status(of id: TransactionID) throws(StorageError) -> TransactionStatus? {
        let isInFlight = registry.isInFlight(id)
        // A final transaction that is submitted again is in flight for a moment, and stays final.
        if let final = try Self.finalStatus(of: id, in: storage) { return final }
        if isInFlight { return .pending }
        return registry.refusal(of: id).map { .refused($0) }
    }

    static func finalStatus(of id: TransactionID, in storage: any LedgerStorage) throws(StorageError) -> TransactionStatus? {
        guard let location = try storage.location(of: id) else { return nil }
        guard let certified = try storage.certifiedHeader(at: location.height) else {
            throw .damaged("The index places transaction \(id) in block \(location.height), which is not there.")
        }
        return .final(location, time: certified.header.time)
    }
}

extension SubmissionOutcome {
    /// The status of a transaction that decodes, or why it was not admitted.
    fileprivate var status: TransactionStatus {
        get throws(SubmissionFailure) {
            switch self {
            case .status(_, .refused(let refusal)): throw .refused(refusal)
            case .status(_, let status): return status
            case .failed(_, let failure): throw failure
            case .undecodable: preconditionFailure("the transaction was decoded before")
            }
        }
    }
}
