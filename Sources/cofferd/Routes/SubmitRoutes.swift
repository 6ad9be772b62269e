import Hummingbird
import Ledger
import Node

extension API {
    /// `POST /v1/transactions` (`docs/spec/http.md` section 1).
    func submit(_ request: Request) async throws -> Response {
        try request.allowParameters("wait")
        let waits = try request.choice("wait", of: ["final"]) != nil
        let submission = try await readSubmission(request)
        do throws(SubmissionFailure) {
            var status = try await node.submit(submission.transaction, memo: submission.memo)
            if waits, status == .pending { status = await waitUntilFinal([submission.transaction.id])[0] }
            if case .refused(let refusal) = status { throw .refused(refusal) }
            return Reply.json(Self.json(status, of: submission.transaction.id))
        } catch {
            throw error.problem
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
        let items = try splitBatch(try await request.wholeBody())
        var results = await submitAll(items)
        if waits {
            let pending = results.indices.filter { results[$0].isPending }
            let ids = pending.compactMap { results[$0].id }
            for (position, status) in zip(pending, await waitUntilFinal(ids)) { results[position].outcome = .status(status) }
        }
        return Reply.json(["results": .array(results.map(\.json))])
    }

    private func splitBatch(_ body: [UInt8]) throws(Problem) -> [[UInt8]] {
        var items: [[UInt8]] = []
        var reader = ByteReader(body.span)
        do throws(DecodingError) {
            while reader.remaining > 0 {
                let count = Int(try reader.readUInt32())
                items.append(try reader.readBytes(count))
            }
        } catch {
            throw Problem(.malformedBatch)
        }
        guard items.count <= settings.maximumBatchTransactions else {
            throw Problem(.tooManyTransactions, detail: "A batch has at most \(settings.maximumBatchTransactions) transactions; split it.")
        }
        return items
    }

    /// Submits with a bounded number of tasks; results are in the order of the batch.
    private func submitAll(_ items: [[UInt8]]) async -> [BatchResult] {
        let taskCount = min(items.count, 64)
        return await withTaskGroup(of: [(Int, BatchResult)].self) { group in
            for first in 0..<taskCount {
                group.addTask {
                    var results: [(Int, BatchResult)] = []
                    for position in stride(from: first, to: items.count, by: taskCount) {
                        results.append((position, await submitOne(items[position])))
                    }
                    return results
                }
            }
            var results = [BatchResult](repeating: BatchResult(id: nil, outcome: .status(.pending)), count: items.count)
            for await part in group {
                for (position, result) in part { results[position] = result }
            }
            return results
        }
    }

    private func submitOne(_ bytes: [UInt8]) async -> BatchResult {
        let transaction: SignedTransaction
        do {
            transaction = try SignedTransaction(decoding: bytes)
        } catch {
            return BatchResult(id: nil, outcome: .problem(Problem(error)))
        }
        do {
            return BatchResult(id: transaction.id, outcome: .status(try await node.submit(transaction)))
        } catch {
            if case .refused(let refusal) = error { return BatchResult(id: transaction.id, outcome: .status(.refused(refusal))) }
            return BatchResult(id: transaction.id, outcome: .problem(error.problem))
        }
    }

    /// Waits for transactions together, at most as long as the settings say; then what is not final is pending.
    private func waitUntilFinal(_ ids: [TransactionID]) async -> [TransactionStatus] {
        await withTaskGroup(of: (Int, TransactionStatus)?.self) { group in
            for (position, id) in ids.enumerated() {
                group.addTask { (position, await node.wait(for: id)) }
            }
            let seconds = settings.waitForFinalSeconds
            group.addTask {
                do { try await Task.sleep(for: .seconds(seconds)) } catch { return nil }
                return nil
            }
            var statuses = [TransactionStatus](repeating: .pending, count: ids.count)
            var open = ids.count
            while open > 0, let result = await group.next(), let (position, status) = result {
                statuses[position] = status
                open -= 1
            }
            group.cancelAll()
            return statuses
        }
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

/// What became of one transaction of a batch.
private struct BatchResult: Sendable {
    enum Outcome: Sendable {
        case status(TransactionStatus)
        case problem(Problem)
    }

    /// Nil when the bytes do not decode.
    let id: TransactionID?
    var outcome: Outcome

    var isPending: Bool {
        if case .status(.pending) = outcome { true } else { false }
    }

    var json: JSON {
        switch outcome {
        case .status(let status):
            guard let id else { preconditionFailure("only a decoded transaction has a status") }
            return API.json(status, of: id)
        case .problem(let problem):
            var members = [JSON.Member(key: "status", value: "error")]
            if let id { members.insert(JSON.Member(key: "id", value: .string(id.hex)), at: 0) }
            members.append(JSON.Member(key: "code", value: .string(problem.code.name)))
            members.append(JSON.Member(key: "detail", value: .string(problem.detail)))
            return .object(members)
        }
    }
}
