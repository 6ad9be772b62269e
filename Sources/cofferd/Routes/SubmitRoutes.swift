import Hummingbird
import Ledger
import Node

extension API {
    /// `POST /v1/transactions` (`docs/spec/http.md` section 1).
    func submit(_ request: Request) async throws -> Response {
        try request.allowParameters("wait")
        let waits = try request.choice("wait", of: ["final"]) != nil
        let submission = try await readSubmission(request)
        let pending = node.submit(submission.transaction, memo: submission.memo, until: waits ? .finality : .admission)
        return try Self.answer(await outcomes(of: pending)[0])
    }

    /// The answer for a transaction that was submitted by itself.
    static func answer(_ outcome: SubmissionOutcome) throws(Problem) -> Response {
        switch outcome {
        case .status(_, .refused(let refusal)): throw Problem(refusal)
        case .status(let id, let status): Reply.jsonText(StatusText.status(status, of: id))
        case .failed(_, let failure): throw failure.problem
        case .undecodable(let error): throw Problem(error)
        }
    }

    private func readSubmission(_ request: Request) async throws -> Submission {
        let body = try await request.wholeBody()
        switch request.mediaType {
        case Reply.octets: return try Submission(transaction: try SignedTransaction(decoding: body))
        case Reply.json: return try Submission(json: body, chainspec: chainspec)
        default: throw Problem(.unsupportedMediaType)
        }
    }

    /// `POST /v1/transactions/batch`: an independent result for each transaction.
    func submitBatch(_ request: Request) async throws -> Response {
        try request.allowParameters("wait")
        let waits = try request.choice("wait", of: ["final"]) != nil
        guard request.mediaType == Reply.octets else { throw Problem(.unsupportedMediaType) }
        let batch = try splitBatch(try await request.wholeBody())
        guard batch.count > 0 else { return Reply.jsonText(StatusText.batch([])) }
        let pending = node.submit(batch, until: waits ? .finality : .admission)
        return Reply.jsonText(StatusText.batch(await outcomes(of: pending)))
    }

    private func splitBatch(_ body: [UInt8]) throws(Problem) -> TransactionBatch {
        let batch: TransactionBatch
        do throws(DecodingError) {
            batch = try TransactionBatch(splitting: body, maximumCount: settings.maximumBatchTransactions)
        } catch {
            throw Problem(.malformedBatch)
        }
        guard batch.count <= settings.maximumBatchTransactions else {
            throw Problem(.tooManyTransactions, detail: "A batch has at most \(settings.maximumBatchTransactions) transactions; split it.")
        }
        return batch
    }

    /// What became of a submission. Who waits for finality waits at most as long as the settings say; then what is not final is pending.
    private func outcomes(of submission: PendingSubmission) async -> [SubmissionOutcome] {
        let node = node, seconds = settings.waitForFinalSeconds
        let limit = Task {
            do { try await Task.sleep(for: .seconds(seconds)) } catch { return }
            node.stopWaiting(submission)
        }
        defer { limit.cancel() }
        return await node.outcomes(of: submission)
    }

    /// A status as `docs/spec/http.md` section 1 has it.
    static func json(_ status: TransactionStatus, of id: TransactionID) -> JSON {
        switch status {
        case .pending: ["id": .string(id.hex), "status": "pending"]
        case .final(let location, let time):
            [
                "id": .string(id.hex), "status": "final", "height": .number(location.height),
                "position": .number(UInt64(location.position)), "time": .string(Timestamp.format(time)),
            ]
        case .refused(let refusal):
            [
                "id": .string(id.hex), "status": "refused", "code": .string(refusal.reason.rawValue),
                "detail": .string(refusal.description),
            ]
        }
    }
}
