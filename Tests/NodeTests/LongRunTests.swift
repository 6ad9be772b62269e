import Foundation
import Support
import Synchronization
import Testing

@testable import Node

/// What must not grow with the number of blocks that a node has made.
@Suite(.timeLimit(.minutes(10))) struct LongRunTests {
    @Test func tellingOfBlocksTakesNoMoreStackThanAtFirst() async throws {
        let network = TestNetwork()
        let alice = network.account("alice")
        let depths = Depths()
        try await withNode(network) { test in
            test.node.committer.whenDurable { _ in depths.add() }
            try await test.fund(alice, with: 1_000)
            for _ in 0..<50 { _ = try await test.node.submitAndWait(test.pay(1, from: alice, to: network.bankB)) }
        }
        let all = depths.all
        #expect(all.count > 50)
        #expect(Set(all).count == 1, "\(all)")
    }

    /// How many calls were under way, each time that somebody was told.
    private final class Depths: Sendable {
        private let depths = Mutex<[Int]>([])

        func add() {
            let depth = Thread.callStackReturnAddresses.count
            depths.withLock { $0.append(depth) }
        }

        var all: [Int] { depths.withLock { $0 } }
    }
}
