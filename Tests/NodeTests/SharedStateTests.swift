import Ledger
import Support
import Synchronization
import Testing
import Verifier

@testable import Node

/// The state that requests read while it is executed upon.
@Suite(.timeLimit(.minutes(10))) struct SharedStateTests {
    private let network = TestNetwork()

    /// What a thread of its own does with the state until it is let go: as long as a large block takes to be sealed.
    private func whileHeld(
        _ hold: @escaping @Sendable (SharedState, @Sendable () -> Void) -> Void, _ body: @Sendable (SharedState) -> Void
    ) {
        let state = SharedState(LedgerState(genesis: network.chainspec))
        let stage = Monitor(0)
        let thread = WorkerThread(name: "holder") {
            hold(state) {
                stage.withLock { $0 = 1 }
                stage.wait { $0 == 2 ? () : nil }
            }
        }
        stage.wait { $0 == 1 ? () : nil }
        body(state)
        stage.withLock { $0 = 2 }
        thread.join()
    }

    /// Reads on a thread of its own; whether the call returned while the state was held, and what is read in the end.
    private func read(_ state: SharedState) -> (returned: Bool, heights: Monitor<[UInt64]>) {
        let heights = Monitor<[UInt64]>([])
        let hasReturned = Monitor(false)
        _ = WorkerThread(name: "reader") {
            state.read { state in
                let height = state.height
                heights.withLock { $0.append(height) }
            }
            hasReturned.withLock { $0 = true }
        }
        return (hasReturned.wait(atMostSeconds: 5) { $0 ? true : nil } ?? false, heights)
    }

    @Test func nobodyWhoReadsWaitsForABlockToBeSealed() {
        let heights = Mutex<Monitor<[UInt64]>?>(nil)
        whileHeld({ state, hold in
            _ = state.applyPart { _ in 0 }
            state.endBlock { state in
                hold()
                _ = state.seal(height: 1, time: state.time)
            }
        }) { state in
            let (returned, read) = read(state)
            #expect(returned, "reading returns although the state is held")
            heights.withLock { $0 = read }
        }
        #expect(heights.withLock { $0 }?.wait(atMostSeconds: 5) { $0 == [1] ? true : nil } == true, "and is served by the block's end")
    }

    @Test func nobodyWhoReadsWaitsForAdmission() {
        let heights = Mutex<Monitor<[UInt64]>?>(nil)
        whileHeld({ state, hold in
            state.endBlock { _ in hold() }
        }) { state in
            let (returned, read) = read(state)
            #expect(returned)
            heights.withLock { $0 = read }
        }
        #expect(heights.withLock { $0 }?.wait(atMostSeconds: 5) { $0 == [0] ? true : nil } == true, "whoever holds the state serves it")
    }
}
