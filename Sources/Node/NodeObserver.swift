public import Ledger

/// Is told what happens in the node, for metrics, logs and event streams. Calls come from the node's threads and must return at once.
public protocol NodeObserver: Sendable {
    /// A transaction was admitted to the queue.
    func admitted(_ id: TransactionID)
    /// A transaction was refused, at admission or in its turn.
    func refused(_ id: TransactionID, _ refusal: Refusal)
    /// Blocks became durable together.
    func finalized(_ blocks: [FinalizedBlock], commitMilliseconds: UInt64)
    /// Storage does not take blocks; the node refuses submissions and tries again.
    func storageFailed(_ error: StorageError)
    /// Storage takes blocks again.
    func storageRecovered()
}

/// A block that has just become final.
public struct FinalizedBlock: Sendable {
    public let certified: CertifiedBlock
    /// Accounts the block touched, as they are after it.
    public let accounts: [Account]

    public init(certified: CertifiedBlock, accounts: [Account]) {
        self.certified = certified
        self.accounts = accounts
    }
}
