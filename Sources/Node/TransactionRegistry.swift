import Ledger
import Synchronization

/// The transactions between admission and finality, who waits for them, and the latest refusals.
final class TransactionRegistry: Sendable {
    /// How a transaction's time in the node ended.
    enum Ending: Sendable {
        case status(TransactionStatus)
        /// The node stopped, or the caller was cancelled, before it was known.
        case unknown
    }

    enum Admission {
        case new
        case alreadyInFlight
        /// The same content with other signatures is being checked, and might not be good: ask again after `checkEnded`.
        case otherIsBeingChecked
        case queueFull
        case shuttingDown
    }

    /// How far a transaction is.
    private enum Stage {
        /// Its signatures are checked, and whether it would apply.
        case beingChecked
        /// It waits for a block.
        case queued
        /// It is in a block on its way to the disk.
        case ordered
    }

    private struct Flight {
        let bytes: [UInt8]
        var stage = Stage.beingChecked
        var waiters: [UInt64: CheckedContinuation<Ending?, Never>] = [:]
        /// Those with other signatures for the same content.
        var others: [CheckedContinuation<Void, Never>] = []
    }

    private struct State {
        var flights: [TransactionID: Flight] = [:]
        var transactionsBeingChecked = 0
        var waitingTransactions = 0
        var waitingBytes = 0
        var refusals: [TransactionID: Refusal] = [:]
        /// Ids of `refusals`, oldest first, as a ring; forgotten ones may appear.
        var refusalOrder: [TransactionID] = []
        var oldestRefusal = 0
        var nextWaiter: UInt64 = 0
        var isShuttingDown = false
    }

    private let state = Mutex(State())
    private let configuration: NodeConfiguration

    init(configuration: NodeConfiguration) {
        self.configuration = configuration
    }

    /// The number of transactions not yet in a block.
    var waitingTransactions: Int { state.withLock { $0.waitingTransactions } }

    /// The number of transactions that are not admitted yet.
    var transactionsBeingChecked: Int { state.withLock { $0.transactionsBeingChecked } }

    /// Takes a transaction up unless it is there already or there is no room.
    func begin(_ transaction: SignedTransaction) -> Admission {
        state.withLock { state in
            if let flight = state.flights[transaction.id] {
                return flight.stage == .beingChecked && flight.bytes != transaction.bytes ? .otherIsBeingChecked : .alreadyInFlight
            }
            if state.isShuttingDown { return .shuttingDown }
            let bytes = transaction.bytes.count
            guard state.waitingTransactions < configuration.queueCapacityTransactions,
                state.waitingBytes + bytes <= configuration.queueCapacityBytes
            else { return .queueFull }
            state.transactionsBeingChecked += 1
            state.waitingTransactions += 1
            state.waitingBytes += bytes
            state.flights[transaction.id] = Flight(bytes: transaction.bytes)
            return .new
        }
    }

    /// The transaction is admitted: its signatures are good, and it waits for a block.
    func admit(_ id: TransactionID) {
        let others = state.withLock { state in
            guard let flight = state.flights[id] else { return [] as [CheckedContinuation<Void, Never>] }
            precondition(flight.stage == .beingChecked, "a transaction is admitted once")
            state.transactionsBeingChecked -= 1
            state.flights[id]?.stage = .queued
            state.flights[id]?.others = []
            return flight.others
        }
        for other in others { other.resume() }
    }

    /// Returns when the transaction with this id is not being checked any more, whatever came of it.
    func checkEnded(_ id: TransactionID) async {
        await withCheckedContinuation { continuation in
            let isWaiting = state.withLock { state in
                guard state.flights[id]?.stage == .beingChecked else { return false }
                state.flights[id]?.others.append(continuation)
                return true
            }
            if !isWaiting { continuation.resume() }
        }
    }

    /// The transactions are in a block that is on its way to the disk; they take no room in the queue any more.
    func order(_ ids: [TransactionID]) {
        state.withLock { state in
            for id in ids {
                guard let flight = state.flights[id] else { preconditionFailure("what is ordered was begun") }
                state.flights[id]?.stage = .ordered
                state.waitingTransactions -= 1
                state.waitingBytes -= flight.bytes.count
            }
        }
    }

    /// Ends flights and tells those who wait.
    func end(_ endings: [(TransactionID, Ending)]) {
        var waiters: [(CheckedContinuation<Ending?, Never>, Ending)] = []
        var others: [CheckedContinuation<Void, Never>] = []
        state.withLock { state in
            for (id, ending) in endings {
                guard let flight = state.flights.removeValue(forKey: id) else { continue }
                if flight.stage == .beingChecked { state.transactionsBeingChecked -= 1 }
                if flight.stage != .ordered {
                    state.waitingTransactions -= 1
                    state.waitingBytes -= flight.bytes.count
                }
                if case .status(.refused(let refusal)) = ending { remember(refusal, of: id, in: &state) }
                waiters += flight.waiters.values.map { ($0, ending) }
                others += flight.others
            }
        }
        for (waiter, ending) in waiters { waiter.resume(returning: ending) }
        for other in others { other.resume() }
    }

    private func remember(_ refusal: Refusal, of id: TransactionID, in state: inout State) {
        guard configuration.rememberedRefusals > 0 else { return }
        if state.refusals.updateValue(refusal, forKey: id) != nil { return }
        if state.refusalOrder.count < configuration.rememberedRefusals {
            state.refusalOrder.append(id)
        } else {
            state.refusals[state.refusalOrder[state.oldestRefusal]] = nil
            state.refusalOrder[state.oldestRefusal] = id
            state.oldestRefusal = (state.oldestRefusal + 1) % state.refusalOrder.count
        }
    }

    /// Whether a transaction is between admission and finality.
    func isInFlight(_ id: TransactionID) -> Bool {
        state.withLock { $0.flights[id] != nil }
    }

    /// The refusal of a transaction, if it was one of the latest.
    func refusal(of id: TransactionID) -> Refusal? {
        state.withLock { $0.refusals[id] }
    }

    /// Waits for a flight's end; nil at once when there is none. Cancelling the task ends the waiting, not the flight.
    func ending(of id: TransactionID) async -> Ending? {
        let token = state.withLock { state in
            defer { state.nextWaiter += 1 }
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isWaiting = state.withLock { state in
                    guard state.flights[id] != nil else { return false }
                    state.flights[id]?.waiters[token] = continuation
                    return true
                }
                if !isWaiting { continuation.resume(returning: nil) }
                // The task may have been cancelled before there was anything to cancel.
                if Task.isCancelled { cancel(token, of: id) }
            }
        } onCancel: {
            cancel(token, of: id)
        }
    }

    private func cancel(_ token: UInt64, of id: TransactionID) {
        let waiter = state.withLock { $0.flights[id]?.waiters.removeValue(forKey: token) }
        waiter?.resume(returning: .unknown)
    }

    var isShuttingDown: Bool { state.withLock { $0.isShuttingDown } }

    /// From now on nothing new is taken up.
    func shutDown() {
        state.withLock { $0.isShuttingDown = true }
    }

    /// Tells everybody who still waits that the node stops.
    func abandon() {
        end(state.withLock { $0.flights.keys.map { ($0, .unknown) } })
    }
}
