internal import Cryptography
internal import Ledger

/// The end of a chain of headers, to which the next one must fit, and the tree over all of them.
struct ChainLink {
    private(set) var header: BlockHeader
    private(set) var history = HistoryTree()

    init(genesis: BlockHeader) {
        header = genesis
        history.append(genesis.historyLeaf)
    }

    var height: UInt64 { header.height }

    /// Goes on to the next header: its height, its parent, and the history it commits to must be right.
    mutating func append(_ next: BlockHeader) throws(ExportFailure) {
        let height = header.height + 1
        guard next.height == height else { throw .brokenChain(height: height, reason: "it says it has height \(next.height)") }
        guard next.network == header.network else { throw .brokenChain(height: height, reason: "it is of another network") }
        guard next.parent == header.hash else { throw .brokenChain(height: height, reason: "it names another parent") }
        guard next.historyRoot == history.root else {
            throw .brokenChain(height: height, reason: "it commits to another history")
        }
        header = next
        history.append(next.historyLeaf)
    }
}
