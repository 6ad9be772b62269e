import Synchronization

/// A value that threads change and tasks wait on, so that tests wait for conditions instead of for time.
final class Watched<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var waiters: [UInt64: (isMet: @Sendable (Value) -> Bool, continuation: CheckedContinuation<Void, Never>)] = [:]
        var next: UInt64 = 0
    }

    private let state: Mutex<State>

    init(_ value: Value) {
        state = Mutex(State(value: value))
    }

    var value: Value { state.withLock { $0.value } }

    func update(_ body: (inout Value) -> Void) {
        let ready = state.withLock { state in
            body(&state.value)
            let value = state.value
            let ready = state.waiters.filter { $0.value.isMet(value) }
            for token in ready.keys { state.waiters[token] = nil }
            return ready.values.map(\.continuation)
        }
        for continuation in ready { continuation.resume() }
    }

    /// Returns when the condition holds, or the task is cancelled: a test's time limit does that.
    func until(_ isMet: @escaping @Sendable (Value) -> Bool) async {
        let token = state.withLock { state in
            defer { state.next += 1 }
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isMetNow = state.withLock { state in
                    if isMet(state.value) { return true }
                    state.waiters[token] = (isMet, continuation)
                    return false
                }
                if isMetNow { continuation.resume() }
                if Task.isCancelled { cancel(token) }
            }
        } onCancel: {
            cancel(token)
        }
    }

    private func cancel(_ token: UInt64) {
        let waiter = state.withLock { $0.waiters.removeValue(forKey: token) }
        waiter?.continuation.resume()
    }
}
