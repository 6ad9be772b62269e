extension LedgerState {
    /// Applies a transaction whose signatures and proofs of possession nobody has checked; every other rule is.
    ///
    /// Not for a node, and not public: it is for an auditor who takes the validators' word for old signatures, and says so, and for going a
    /// second time over blocks that this very process has verified.
    package mutating func applyAssumingSignatures(
        of transaction: SignedTransaction, at position: UInt32, in block: BlockContext
    ) throws(Refusal) {
        let resolved = try resolve(transaction, at: block.time)
        let start = savepoint
        do {
            try applyOperations(of: transaction, resolved.accounts, at: position, in: block)
        } catch {
            rollBack(to: start)
            throw error
        }
        replayWindow.insert(transaction.id, expiry: transaction.content.expiry)
        undoLog.append(.applied(transaction.id, expiry: transaction.content.expiry))
    }
}
