import Ledger
import Synchronization

/// A submission of one or more transactions that is being answered.
public final class PendingSubmission: Sendable {
    public typealias Completion = @Sendable ([SubmissionOutcome]) -> Void

    private struct State {
        /// Per transaction; nil while it is not known.
        var outcomes: [SubmissionOutcome?]
        /// Those admitted, of which the end is awaited: their ids, by position.
        var admitted: [Int: TransactionID] = [:]
        var unanswered: Int
        var waits: Bool
        var completion: Completion?
    }

    private let state: Mutex<State>

    /// - Parameter completion: is called once, when every transaction is answered, on one of the node's threads; it must return at once.
    init(count: Int, waits: Bool, _ completion: Completion? = nil) {
        precondition(count > 0, "there is something to answer")
        state = Mutex(
            State(
                outcomes: [SubmissionOutcome?](repeating: nil, count: count), unanswered: count, waits: waits, completion: completion))
    }

    /// Gives a submission made without one its completion, which is called at once when every transaction is answered already.
    func whenAnswered(_ completion: @escaping Completion) {
        let outcomes = state.withLock { state in
            precondition(state.completion == nil, "a submission has one completion")
            if state.unanswered > 0 { state.completion = completion }
            return state.unanswered > 0 ? nil : state.outcomes.compactMap { $0 }
        }
        if let outcomes { completion(outcomes) }
    }

    /// Answers for one transaction; the first answer counts.
    func answer(_ position: Int, _ outcome: SubmissionOutcome) {
        let completed = state.withLock { Self.answer(position, outcome, in: &$0) }
        if let completed { completed.completion(completed.outcomes) }
    }

    /// A transaction is admitted: that is the answer, unless its end is awaited.
    func admitted(_ position: Int, _ id: TransactionID) {
        let completed = state.withLock { state in
            guard state.waits else { return Self.answer(position, .status(id, .pending), in: &state) }
            if state.outcomes[position] == nil { state.admitted[position] = id }
            return nil
        }
        if let completed { completed.completion(completed.outcomes) }
    }

    /// Ends the waiting: what is admitted is `pending`, what is not yet is answered as soon as it is. The transactions go their way.
    /// Returns the transactions whose end was awaited.
    func endWaiting() -> Set<TransactionID> {
        let (ids, completed) = state.withLock { state in
            state.waits = false
            let admitted = state.admitted
            state.admitted = [:]
            var completed: Completed?
            for (position, id) in admitted {
                if let done = Self.answer(position, .status(id, .pending), in: &state) { completed = done }
            }
            return (Set(admitted.values), completed)
        }
        if let completed { completed.completion(completed.outcomes) }
        return ids
    }

    private typealias Completed = (completion: Completion, outcomes: [SubmissionOutcome])

    private static func answer(_ position: Int, _ outcome: SubmissionOutcome, in state: inout State) -> Completed? {
        guard state.outcomes[position] == nil else { return nil }
        state.outcomes[position] = outcome
        state.unanswered -= 1
        if !state.admitted.isEmpty { state.admitted[position] = nil }
        guard state.unanswered == 0, let completion = state.completion else { return nil }
        state.completion = nil
        return (completion, state.outcomes.compactMap { $0 })
    }
}

/// Where the answer for one transaction goes.
struct Reply: Sendable {
    let submission: PendingSubmission
    let position: Int
    /// Whether its end is awaited, not only its admission.
    let waits: Bool

    func answer(_ outcome: SubmissionOutcome) { submission.answer(position, outcome) }
}
