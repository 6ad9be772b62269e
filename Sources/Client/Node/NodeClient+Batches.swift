public import Ledger

extension NodeClient {
    /// The most transactions that one request carries (`docs/spec/http.md` section 1).
    static let maximumBatchCount = 10_000
    /// The most bytes that one request carries.
    static let maximumBatchByteCount = 4 << 20

    /// Submits many transactions, without memos, in as many requests as it takes.
    ///
    /// Those for which the node's queue had no room are submitted again, with growing pauses, as `retry` allows.
    /// - Parameters:
    ///   - transactions: in any order; each is judged for itself.
    ///   - wait: whether each request is answered only when its transactions are final, or after the server's limit for waiting.
    /// - Returns: one result per transaction, in the same order.
    public func submitBatch(
        _ transactions: [SignedTransaction], waitForFinality wait: Bool = false
    ) async throws(ClientError) -> [BatchResult] {
        var results: [BatchResult] = []
        results.reserveCapacity(transactions.count)
        for batch in Self.batches(of: transactions) {
            results += try await submit(batch: batch, wait: wait)
        }
        return results
    }

    /// Cuts a list so that every part fits into a request.
    static func batches(
        of transactions: [SignedTransaction], maximumCount: Int = maximumBatchCount,
        maximumByteCount: Int = maximumBatchByteCount
    ) -> [ArraySlice<SignedTransaction>] {
        var batches: [ArraySlice<SignedTransaction>] = []
        var start = 0
        var byteCount = 0
        for (position, transaction) in transactions.enumerated() {
            let added = 4 + transaction.bytes.count
            if position > start, byteCount + added > maximumByteCount || position - start == maximumCount {
                batches.append(transactions[start..<position])
                start = position
                byteCount = 0
            }
            byteCount += added
        }
        if start < transactions.count { batches.append(transactions[start...]) }
        return batches
    }

    private func submit(
        batch: ArraySlice<SignedTransaction>, wait: Bool
    ) async throws(ClientError) -> [BatchResult] {
        let batch = Array(batch)
        var results = try await send(batch: batch, wait: wait)
        var generator = SystemRandomNumberGenerator()
        var attempt = 1
        while true {
            let waiting = results.indices.filter { results[$0].isQueueFull }
            guard !waiting.isEmpty,
                let pause = retry.pauseMilliseconds(afterAttempt: attempt, retryAfterSeconds: nil, using: &generator)
            else { return results }
            try await sleep(milliseconds: pause)
            let again = try await send(batch: waiting.map { batch[$0] }, wait: wait)
            for (position, result) in zip(waiting, again) { results[position] = result }
            attempt += 1
        }
    }

    private func send(batch: [SignedTransaction], wait: Bool) async throws(ClientError) -> [BatchResult] {
        var body = ByteWriter(reservingCapacity: batch.reduce(0) { $0 + 4 + $1.bytes.count })
        for transaction in batch {
            body.write(UInt32(transaction.bytes.count))
            body.write(bytes: transaction.bytes)
        }
        let request = HTTPRequest(
            .post, "/v1/transactions/batch", query: wait ? [("wait", "final")] : [], contentType: MediaType.octets,
            body: body.bytes, timeoutSeconds: Self.waitTimeoutSeconds)
        return try await document(request) { (field) throws(JSONError) in
            var fields = try field.object()
            let resultsField = try fields.field("results", expecting: "an array with one result per transaction")
            let elements = try resultsField.array(maximumCount: batch.count)
            try fields.finish()
            guard elements.count == batch.count else {
                throw resultsField.refused("must have one result per transaction: \(batch.count)")
            }
            var results: [BatchResult] = []
            for (element, transaction) in zip(elements, batch) {
                results.append(try BatchResult(element, of: transaction.id))
            }
            return results
        }
    }
}
