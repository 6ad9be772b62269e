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
        case queueFull
        case shuttingDown
    }

    private struct Flight {
        let byteCount: Int
        var isOrdered = false
        var waiters: [UInt64: CheckedContinuation<Ending?, Never>] = [:]
    }

    private struct State {
        var flights: [TransactionID: Flight] = [:]
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

    /// Takes a transaction up unless it is there already or there is no room.
    func begin(_ transaction: SignedTransaction) -> Admission {
        state.withLock { state in
            if state.flights[transaction.id] != nil { return .alreadyInFlight }
            if state.isShuttingDown { return .shuttingDown }
            let bytes = transaction.bytes.count
            guard state.waitingTransactions < configuration.queueCapacityTransactions,
                state.waitingBytes + bytes <= configuration.queueCapacityBytes
            else { return .queueFull }
            state.waitingTransactions += 1
            state.waitingBytes += bytes
            state.flights[transaction.id] = Flight(byteCount: bytes)
            return .new
        }
    }

    /// The transactions are in a block that is on its way to the disk; they take no room in the queue any more.
    func order(_ ids: [TransactionID]) {
        state.withLock { state in
            for id in ids {
                guard let flight = state.flights[id] else { preconditionFailure("what is ordered was begun") }
                state.flights[id]?.isOrdered = true
                state.waitingTransactions -= 1
                state.waitingBytes -= flight.byteCount
            }
        }
    }

    /// Ends flights and tells those who wait.
    func end(_ endings: [(TransactionID, Ending)]) {
        let waiters = state.withLock { state in
            endings.flatMap { id, ending -> [(CheckedContinuation<Ending?, Never>, Ending)] in
                guard let flight = state.flights.removeValue(forKey: id) else { return [] }
                if !flight.isOrdered {
                    state.waitingTransactions -= 1
                    state.waitingBytes -= flight.byteCount
                }
                if case .status(.refused(let refusal)) = ending { remember(refusal, of: id, in: &state) }
                return flight.waiters.values.map { ($0, ending) }
            }
        }
        for (waiter, ending) in waiters { waiter.resume(returning: ending) }
    }

    private func remember(_ refusal: Refusal, of id: TransactionID, in state: inout State) {
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

    /// From now on nothing new is taken up.
    func shutDown() {
        state.withLock { $0.isShuttingDown = true }
    }

    /// Tells everybody who still waits that the node stops.
    func abandon() {
        let waiters = state.withLock { state in
            defer { state.flights = [:] }
            return state.flights.values.flatMap { $0.waiters.values }
        }
        for waiter in waiters { waiter.resume(returning: .unknown) }
    }
}
