/// No transaction is in the chain twice.
///
/// A state remembers only ids that have not expired, so of a state this checks that no id is remembered twice; `Chain` checks a whole chain.
public struct AppliesOnce: Invariant {
    public static let name = "appliesOnce"

    public init() {}

    public func check(_ state: borrowing LedgerState) throws(InvariantViolation) {
        var seen: Set<TransactionID> = []
        let idsByHour = state.replayWindow.idsByHour
        for hour in idsByHour.keys.sorted() {
            for id in idsByHour[hour]?.sorted() ?? [] where !seen.insert(id).inserted {
                throw violation("transaction \(id)", "it is remembered under two expiries, but its content has one")
            }
        }
    }

    /// Checks the blocks of a chain, in order. It keeps every id: for tests and audits of a size that memory holds.
    public struct Chain: Sendable {
        private var heights: [TransactionID: UInt64] = [:]

        public init() {}

        /// Takes in the next block.
        public mutating func add(_ block: Block) throws(InvariantViolation) {
            for transaction in block.transactions {
                if let earlier = heights.updateValue(block.header.height, forKey: transaction.id) {
                    throw AppliesOnce().violation(
                        "transaction \(transaction.id)", "it is in block \(earlier) and again in block \(block.header.height)")
                }
            }
        }
    }
}
