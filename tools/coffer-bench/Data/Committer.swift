import Ledger
import Store
import Verifier

/// Makes blocks durable on a thread of its own, all that wait in one commit, while the next are verified: as the node does.
final class Committer: Sendable {
    /// Blocks that wait or are being written; more than these hold up whoever makes them.
    static let depthBlocks = 3

    private let store: LedgerStore
    private let queue: Monitor<Queue>
    private let thread: WorkerThread

    private struct Queue {
        var blocks: [BlockCommit] = []
        var isClosing = false
        var failure: StorageError?
        var commitCount = 0
    }

    init(_ store: LedgerStore) {
        let queue = Monitor(Queue())
        self.store = store
        self.queue = queue
        thread = WorkerThread(name: "commit") { Self.run(queue, store) }
    }

    /// Hands a block over; waits while too many are under way.
    @available(*, noasync)
    func append(_ block: BlockCommit) throws {
        let failure = queue.wait { (queue: inout Queue) -> StorageError?? in
            if let failure = queue.failure { return failure }
            guard queue.blocks.count < Self.depthBlocks else { return nil }
            queue.blocks.append(block)
            return .some(nil)
        }
        if let failure { throw failure }
    }

    /// Returns when every block is durable, with the number of commits that took.
    @available(*, noasync)
    func finish() throws -> Int {
        queue.withLock { $0.isClosing = true }
        thread.join()
        let (failure, count) = queue.withLock { ($0.failure, $0.commitCount) }
        if let failure { throw failure }
        return count
    }

    private static func run(_ queue: Monitor<Queue>, _ store: LedgerStore) {
        while true {
            let blocks = queue.wait { (queue: inout Queue) -> [BlockCommit]? in
                queue.blocks.isEmpty && !queue.isClosing ? nil : queue.blocks
            }
            guard !blocks.isEmpty else { return }
            var failure: StorageError?
            do throws(StorageError) {
                try store.commit(blocks)
                try checkReadable(blocks, in: store)
            } catch {
                failure = error
            }
            queue.withLock { queue in
                queue.failure = failure
                queue.blocks.removeFirst(blocks.count)
                queue.commitCount += 1
            }
            if failure != nil { return }
        }
    }

    /// What is durable can be asked for at once: the last transaction has its place.
    private static func checkReadable(_ blocks: [BlockCommit], in store: LedgerStore) throws(StorageError) {
        guard let block = blocks.last?.certified.block, let last = block.transactions.last else { return }
        guard try store.location(of: last.id)?.height == block.header.height else {
            throw .damaged("transaction \(last.id) of the durable block \(block.header.height) is not found")
        }
    }
}
