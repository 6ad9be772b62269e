import Cryptography
public import Ledger
import Synchronization
import Verifier

/// Why a proof in the history tree cannot be made at present.
public enum HistoryProofError: Error, Hashable, Sendable, CustomStringConvertible {
    /// After a start the older headers are still being read.
    case notReady(indexed: UInt64, size: UInt64)
    case storage(StorageError)

    public var description: String {
        switch self {
        case .notReady(let indexed, let size):
            "The node has read \(indexed) of its \(size) headers since it started, and proves about them when it has read the rest. Ask again."
        case .storage(let error): error.description
        }
    }
}

/// Makes proofs in the history tree (`docs/spec/checkpoint.md` section 3) without reading the chain for each.
///
/// A thread of its own reads every header once, 256 at a time, and keeps one hash of them. It begins at the first when the node starts,
/// and goes on as blocks become durable. A proof then reads at most 511 headers, and those that the thread has not reached yet.
final class HistoryIndex: Sendable {
    /// A proof reads at most so many headers that the thread has not reached; while there are more, there are no proofs.
    static let maximumUnindexedHeaders: UInt64 = 4_096

    private struct Work {
        /// How many headers are durable.
        var size: UInt64
        /// How many the thread waits for.
        var awaited = UInt64(HistoryNodes.tileHeaderCount)
        var isStopping = false
    }

    private let storage: any LedgerStorage
    private let work: Monitor<Work>
    /// Added to by the thread only.
    private let nodes = Mutex(HistoryNodes())
    /// What kept the thread from reading; nil when nothing did.
    private let problem = Mutex<StorageError?>(nil)

    /// Of a chain of `size` headers.
    init(storage: any LedgerStorage, size: UInt64) {
        self.storage = storage
        work = Monitor(Work(size: size))
    }

    /// Tells the thread that there are so many headers now.
    func grow(to size: UInt64) {
        work.withLock { work in
            work.size = size
            return ((), wakes: size >= work.awaited)
        }
    }

    /// Lets the thread end.
    func stop() {
        work.withLock { $0.isStopping = true }
    }

    // MARK: - The thread

    /// The thread's work; returns after `stop`.
    @available(*, noasync)
    func run() {
        let tile = UInt64(HistoryNodes.tileHeaderCount)
        var count = UInt64(0)
        var awaited = tile
        while let size = sizeReaching(awaited) {
            do {
                let leaves = try (count..<count + tile).map(leaf)
                nodes.withLock { $0.append(leaves) }
                problem.withLock { $0 = nil }
                count += tile
                awaited = count + tile
            } catch {
                problem.withLock { $0 = error }
                // With the next block it tries again.
                awaited = size + 1
            }
        }
    }

    /// Waits until there are so many headers, and says how many there are; nil when the thread must end.
    @available(*, noasync)
    private func sizeReaching(_ awaited: UInt64) -> UInt64? {
        work.wait { work -> UInt64?? in
            work.awaited = awaited
            if work.isStopping { return .some(nil) }
            return work.size >= awaited ? .some(work.size) : nil
        }
    }

    private func leaf(of height: UInt64) throws(StorageError) -> Bytes32 {
        guard let certified = try storage.certifiedHeader(at: height) else {
            throw .damaged("Header \(height) is not there, although a later one is durable.")
        }
        return certified.header.historyLeaf
    }

    // MARK: - Proofs

    /// How many headers the thread has been through.
    var count: UInt64 { nodes.withLock { $0.count } }

    /// The inclusion proof of the header of a height in the tree of `size` headers with `root`; `height` is below `size`.
    func inclusionPath(of height: UInt64, in size: UInt64, root: Bytes32) throws(HistoryProofError) -> [Bytes32] {
        let nodes = try nodes(reaching: size)
        do throws(StorageError) {
            let path = try MerkleProof.inclusionPath(of: height, count: size) { (subtree) throws(StorageError) in
                try nodes.node(subtree, leaf: leaf)
            }
            guard MerkleProof.includes(leaf: try leaf(of: height), index: height, count: size, path: path, root: root) else {
                throw Self.damage(size)
            }
            return path
        } catch {
            throw .storage(error)
        }
    }

    /// The proof that the tree of `oldSize` headers with `oldRoot` is a prefix of that of `size` with `root`; 1 ≤ `oldSize` ≤ `size`.
    func consistencyPath(
        from oldSize: UInt64, root oldRoot: Bytes32, to size: UInt64, root: Bytes32
    ) throws(HistoryProofError) -> [Bytes32] {
        let nodes = try nodes(reaching: size)
        do throws(StorageError) {
            let path = try MerkleProof.consistencyPath(from: oldSize, to: size) { (subtree) throws(StorageError) in
                try nodes.node(subtree, leaf: leaf)
            }
            guard MerkleProof.isConsistent(oldCount: oldSize, oldRoot: oldRoot, newCount: size, newRoot: root, proof: path) else {
                throw Self.damage(size)
            }
            return path
        } catch {
            throw .storage(error)
        }
    }

    /// What the thread has, unless too much is missing up to `size`.
    private func nodes(reaching size: UInt64) throws(HistoryProofError) -> HistoryNodes {
        let known = nodes.withLock { $0 }
        guard size <= known.count + Self.maximumUnindexedHeaders else {
            if let problem = problem.withLock({ $0 }) { throw .storage(problem) }
            throw .notReady(indexed: known.count, size: size)
        }
        return known
    }

    private static func damage(_ size: UInt64) -> StorageError {
        .damaged("The headers below height \(size) do not have the history root that the chain committed to.")
    }
}
