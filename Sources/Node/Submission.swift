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
