public import Ledger

/// What the node needs of a store. All calls are safe from any thread; `commit` is called by one thread only.
public protocol LedgerStorage: Sendable {
    /// The state after the last durable block, checked against its header.
    func restore() throws(StorageError) -> RestoredLedger
    /// Makes consecutive blocks durable, all or none; they are durable when it returns. After `.full` the same call may be repeated.
    func commit(_ blocks: [BlockCommit]) throws(StorageError)
    /// A certified header; that of height 0 is genesis. Nil above the tip.
    func certifiedHeader(at height: UInt64) throws(StorageError) -> CertifiedHeader?
    /// A certified block; nil above the tip and at height 0.
    func certifiedBlock(at height: UInt64) throws(StorageError) -> CertifiedBlock?
    /// Where a transaction stands; nil when it is in no durable block.
    func location(of id: TransactionID) throws(StorageError) -> TransactionLocation?
    /// The memo that came with a transaction, unless it was erased.
    func memo(of id: TransactionID) throws(StorageError) -> Memo?
}
