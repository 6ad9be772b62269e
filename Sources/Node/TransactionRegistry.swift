import Ledger
import Synchronization

/// The transactions between admission and finality, who waits for them, and the latest refusals.
final class TransactionRegistry: Sendable {
    /// How a transaction's time in the node ended.
    enum Ending: Sendable {
        case status(TransactionStatus)
        /// The node stopped, or storage failed, before it was known.
        case unknown
    }

    enum Admission {
        case new
        case alreadyInFlight
        /// The same content with other signatures is being checked, and might not be good: it is given back when that is known.
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

    /// A transaction under way. Lives in `State`, whose lock guards it: a class, so that a change costs one look-up.
    private final class Flight {
        let bytes: [UInt8]
        var stage = Stage.beingChecked
        var waiters: Waiters
        /// Those with other signatures for the same content. Each takes as much room in the queue as a flight.
        var others: [Candidate] = []

        init(bytes: [UInt8], waiters: Waiters) {
            self.bytes = bytes
            self.waiters = waiters
        }
    }

    private struct State {
        var flights: [TransactionID: Flight] = [:]
        var transactionsBeingChecked = 0
        /// Flights that are in no block, and those that wait for the end of such a flight's check.
        var waitingTransactions = 0
        var waitingBytes = 0
        var refusals: [TransactionID: Refusal] = [:]
        /// Ids of `refusals`, oldest first, as a ring; forgotten ones may appear.
        var refusalOrder: [TransactionID] = []
        var oldestRefusal = 0
        var isShuttingDown = false

        /// Takes room in the queue, if there is any.
        mutating func takeRoom(_ transaction: SignedTransaction, _ configuration: NodeConfiguration) -> Bool {
            let bytes = transaction.bytes.count
            guard waitingTransactions < configuration.queueCapacityTransactions,
                waitingBytes + bytes <= configuration.queueCapacityBytes
            else { return false }
            waitingTransactions += 1
            waitingBytes += bytes
            return true
        }

        mutating func giveBackRoom(_ byteCount: Int) {
            waitingTransactions -= 1
            waitingBytes -= byteCount
        }

        /// Takes out those that waited for the end of a flight's check.
        mutating func takeOthers(of flight: Flight) -> [Candidate] {
            guard !flight.others.isEmpty else { return [] }
            let others = flight.others
            flight.others = []
            for other in others { giveBackRoom(other.transaction.bytes.count) }
            return others
        }
    }

    private let state = Mutex(State())
    private let configuration: NodeConfiguration

    init(configuration: NodeConfiguration) {
        self.configuration = configuration
    }

    /// The number of transactions not yet in a block, those with other signatures for the same content included.
    var waitingTransactions: Int { state.withLock { $0.waitingTransactions } }

    /// The number of transactions that are not admitted yet.
    var transactionsBeingChecked: Int { state.withLock { $0.transactionsBeingChecked } }

    /// Takes transactions up, each unless it is there already or there is no room. Who waits for the end of one that is in flight then
    /// gets its answer when it ends.
    func begin(_ candidates: [Candidate]) -> [Admission] {
        state.withLock { state in candidates.map { begin($0, &state) } }
    }

    private func begin(_ candidate: Candidate, _ state: inout State) -> Admission {
        let transaction = candidate.transaction
        if let flight = state.flights[transaction.id] {
            if flight.stage == .beingChecked && flight.bytes != transaction.bytes {
                guard flight.others.count < configuration.maximumRivalSignings, state.takeRoom(transaction, configuration) else {
                    return .queueFull
                }
                flight.others.append(candidate)
                return .otherIsBeingChecked
            }
            if candidate.reply.waits { flight.waiters.add(candidate.reply) }
            return .alreadyInFlight
        }
        if state.isShuttingDown { return .shuttingDown }
        guard state.takeRoom(transaction, configuration) else { return .queueFull }
        state.transactionsBeingChecked += 1
        state.flights[transaction.id] = Flight(
            bytes: transaction.bytes, waiters: Waiters(candidate.reply.waits ? candidate.reply : nil))
        return .new
    }

    /// The transactions are admitted: their signatures are good, and they wait for a block. Returns those that waited for that, with other
    /// signatures.
    func admit(_ ids: [TransactionID]) -> [Candidate] {
        state.withLock { state in
            var others: [Candidate] = []
            for id in ids {
                guard let flight = state.flights[id] else { preconditionFailure("what is admitted was begun") }
                precondition(flight.stage == .beingChecked, "a transaction is admitted once")
                state.transactionsBeingChecked -= 1
                flight.stage = .queued
                others += state.takeOthers(of: flight)
            }
            return others
        }
    }

    /// The transactions are in a block that is on its way to the disk; they take no room in the queue any more.
    func order(_ ids: [TransactionID]) {
        state.withLock { state in
            for id in ids {
                guard let flight = state.flights[id] else { preconditionFailure("what is ordered was begun") }
                flight.stage = .ordered
                state.giveBackRoom(flight.bytes.count)
            }
        }
    }

    /// Ends flights and tells those who wait. Returns those that waited, with other signatures, for the end of the check.
    @discardableResult
    func end(_ endings: [(TransactionID, Ending)]) -> [Candidate] {
        var answers: [(Reply, SubmissionOutcome)] = []
        var others: [Candidate] = []
        state.withLock { state in
            for (id, ending) in endings {
                guard let flight = state.flights.removeValue(forKey: id) else { continue }
                if flight.stage == .beingChecked { state.transactionsBeingChecked -= 1 }
                if flight.stage != .ordered { state.giveBackRoom(flight.bytes.count) }
                if case .status(.refused(let refusal)) = ending { remember(refusal, of: id, in: &state) }
                if !flight.waiters.isEmpty {
                    let outcome = ending.outcome(of: id)
                    flight.waiters.forEach { answers.append(($0, outcome)) }
                }
                others += state.takeOthers(of: flight)
            }
        }
        for (reply, outcome) in answers { reply.answer(outcome) }
        return others
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

    /// Has a flight's end answered; false when there is no such flight.
    func await(_ id: TransactionID, _ reply: Reply) -> Bool {
        state.withLock { state in
            guard let flight = state.flights[id] else { return false }
            flight.waiters.add(reply)
            return true
        }
    }

    /// Forgets that a submission waits for flights, so that waiting again and again leaves nothing behind.
    func forget(_ submission: PendingSubmission, waitingFor ids: Set<TransactionID>) {
        state.withLock { state in
            for id in ids { state.flights[id]?.waiters.remove(submission) }
        }
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

extension TransactionRegistry.Ending {
    /// What those who wait are told.
    fileprivate func outcome(of id: TransactionID) -> SubmissionOutcome {
        switch self {
        case .status(let status): .status(id, status)
        case .unknown: .status(id, .pending)
        }
    }
}
