import Ledger
import Node
import Store
import Synchronization
import Verifier

/// The real store, with a gate before it: commits can be held, slowed and refused, and are written down.
final class TestStorage: LedgerStorage {
    let store: LedgerStore
    /// What was tried, and what became of it.
    let log = Watched(Log())
    private let gate = Monitor(Gate())
    private let readFailure = Mutex<StorageError?>(nil)

    struct Log: Sendable {
        /// The headers of every call of `commit`, in order.
        var attempts: [[BlockHeader]] = []
        /// The headers that are in the store, in order.
        var committed: [BlockHeader] = []
    }

    private struct Gate {
        var isHeld = false
        /// How many calls may pass while the gate is held.
        var passes = 0
        var failures: [StorageError] = []
        var lastingFailure: StorageError?
    }

    init(_ store: LedgerStore) {
        self.store = store
    }

    // MARK: What tests do to it

    /// From now on commits wait.
    func hold() { gate.withLock { $0.isHeld = true } }

    /// Lets `count` of the commits through that wait or come.
    func pass(_ count: Int) { gate.withLock { $0.passes += count } }

    /// Lets all through.
    func release() { gate.withLock { $0.isHeld = false } }

    /// The next commits fail, each with one of these.
    func fail(_ failures: [StorageError]) { gate.withLock { $0.failures += failures } }

    /// Every commit fails; nil ends that.
    func failAlways(_ failure: StorageError?) { gate.withLock { $0.lastingFailure = failure } }

    /// Every read but `restore` fails; nil ends that.
    func failReads(_ failure: StorageError?) { readFailure.withLock { $0 = failure } }

    /// The transactions in the store, with their places.
    func finalTransactions() throws -> [TransactionID: TransactionLocation] {
        var result: [TransactionID: TransactionLocation] = [:]
        for header in log.value.committed {
            guard let certified = try store.certifiedBlock(at: header.height) else { continue }
            for (position, transaction) in certified.block.transactions.enumerated() {
                result[transaction.id] = TransactionLocation(height: header.height, position: UInt32(position))
            }
        }
        return result
    }

    // MARK: LedgerStorage

    func restore() throws(StorageError) -> RestoredLedger { try store.restore() }

    func commit(_ blocks: [BlockCommit]) throws(StorageError) {
        let headers = blocks.map(\.certified.block.header)
        log.update { $0.attempts.append(headers) }
        let failure: StorageError? = gate.wait { gate -> StorageError?? in
            if gate.isHeld, gate.passes == 0 { return nil }
            gate.passes = max(0, gate.passes - 1)
            if let failure = gate.lastingFailure { return failure }
            return .some(gate.failures.isEmpty ? nil : gate.failures.removeFirst())
        }
        if let failure { throw failure }
        try store.commit(blocks)
        log.update { $0.committed += headers }
    }

    func certifiedHeader(at height: UInt64) throws(StorageError) -> CertifiedHeader? {
        try checkReads()
        return try store.certifiedHeader(at: height)
    }

    func certifiedBlock(at height: UInt64) throws(StorageError) -> CertifiedBlock? {
        try checkReads()
        return try store.certifiedBlock(at: height)
    }

    func location(of id: TransactionID) throws(StorageError) -> TransactionLocation? {
        try checkReads()
        return try store.location(of: id)
    }

    func memo(of id: TransactionID) throws(StorageError) -> Memo? {
        try checkReads()
        return try store.memo(of: id)
    }

    private func checkReads() throws(StorageError) {
        if let failure = readFailure.withLock({ $0 }) { throw failure }
    }
}
