public import Ledger

/// What became of a transaction.
public enum TransactionStatus: Hashable, Sendable {
    /// Admitted; it will be in a block or be refused.
    case pending
    /// In a durable, attested block.
    case final(TransactionLocation, time: TimeMilliseconds)
    /// It did not apply; nothing of it remains. It may be submitted again.
    case refused(Refusal)
}

/// Why the node did not admit a transaction.
public enum SubmissionFailure: Error, Hashable, Sendable {
    /// The rules refuse it.
    case refused(Refusal)
    /// Too many transactions wait; try again shortly.
    case queueFull
    /// The node is shutting down; try again when it is back.
    case shuttingDown
    /// Storage takes no blocks, so nothing could become final.
    case storageUnavailable(StorageError)
}

/// What became of one transaction of a submission.
public enum SubmissionOutcome: Hashable, Sendable {
    /// Where it is, or why it was refused.
    case status(TransactionID, TransactionStatus)
    /// It was not admitted, and not for what it says: the failure is never `refused`.
    case failed(TransactionID, SubmissionFailure)
    /// The bytes are not a transaction.
    case undecodable(DecodingError)

    /// The id; nil when the bytes are not a transaction.
    public var id: TransactionID? {
        switch self {
        case .status(let id, _), .failed(let id, _): id
        case .undecodable: nil
        }
    }
}

/// When a submission is answered.
public enum SubmissionWait: Hashable, Sendable {
    /// As soon as it is admitted or refused.
    case admission
    /// When it is final or refused, or nobody waits any more (`PendingSubmission.stopWaiting`).
    case finality
}

/// Transactions that are submitted together: for each a `u32` length and the canonical bytes (`docs/spec/http.md` section 1).
public struct TransactionBatch: Sendable {
    let bytes: [UInt8]
    /// Where the transactions stand, up to `maximumCount`.
    let ranges: [Range<Int>]
    /// How many there are.
    public let count: Int

    /// Finds the transactions in the bytes, without reading them. Throws `truncated` when the lengths do not fit the bytes.
    ///
    /// A batch of more than `maximumCount` is counted and cannot be submitted.
    public init(splitting bytes: [UInt8], maximumCount: Int) throws(DecodingError) {
        var ranges: [Range<Int>] = []
        var count = 0
        var position = 0
        while position < bytes.count {
            guard bytes.count - position >= 4 else { throw .truncated }
            var length = 0
            for offset in 0..<4 { length = length << 8 | Int(bytes[position + offset]) }
            position += 4
            guard bytes.count - position >= length else { throw .truncated }
            if count < maximumCount { ranges.append(position..<position + length) }
            count += 1
            position += length
        }
        self.bytes = bytes
        self.ranges = ranges
        self.count = count
    }

    /// The bytes of a single transaction.
    public init(single bytes: [UInt8]) {
        self.bytes = bytes
        ranges = [0..<bytes.count]
        count = 1
    }

    /// Decodes one of the transactions.
    func transaction(at position: Int) throws(DecodingError) -> SignedTransaction {
        let range = ranges[position]
        return try SignedTransaction(decoding: range.count == bytes.count ? bytes : [UInt8](bytes[range]))
    }
}
