/// A block with everything a store needs to make it durable and its indexes true.
public struct BlockCommit: Sendable {
    public let certified: CertifiedBlock
    public let outcome: BlockOutcome
    /// The history tree with this block's header as its last leaf.
    public let history: HistoryTree
    /// Memos that came with the block's transactions.
    public let memos: [TransactionID: Memo]

    public init(
        certified: CertifiedBlock, outcome: BlockOutcome, history: HistoryTree, memos: [TransactionID: Memo] = [:]
    ) {
        self.certified = certified
        self.outcome = outcome
        self.history = history
        self.memos = memos
    }
}

/// Where a transaction stands in the chain.
public struct TransactionLocation: Hashable, Sendable {
    public let height: UInt64
    /// Position in the block.
    public let position: UInt32

    public init(height: UInt64, position: UInt32) {
        self.height = height
        self.position = position
    }
}

/// A header and the attestations that make it final.
public struct CertifiedHeader: Hashable, Sendable {
    public let header: BlockHeader
    public let attestations: [Attestation]

    public init(header: BlockHeader, attestations: [Attestation]) {
        self.header = header
        self.attestations = attestations
    }
}

/// An entry of an account and its number, from 0, in the account's entry chain.
public struct StatementLine: Hashable, Sendable {
    public let sequence: UInt64
    public let entry: Entry

    public init(sequence: UInt64, entry: Entry) {
        self.sequence = sequence
        self.entry = entry
    }
}

/// What a store gives back when it is opened: the state after its last durable block.
public struct RestoredLedger: ~Copyable, Sendable {
    public let state: LedgerState
    public let tip: CertifiedHeader
    public let history: HistoryTree

    public init(state: consuming LedgerState, tip: CertifiedHeader, history: HistoryTree) {
        self.state = state
        self.tip = tip
        self.history = history
    }

    /// The parts, for their new owner.
    public consuming func takeState() -> LedgerState { state }
}

/// Why a store did not do what it was asked.
public enum StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no room. Nothing was changed; the same commit can be tried again when there is.
    case full(String)
    /// Stored bytes are not what was written. Names the record.
    case damaged(String)
    /// The data directory cannot be used: another network, a newer format, in use, not permitted.
    case refused(String)
    /// The operating system or the database failed.
    case failed(String)
    /// What is asked for needs a block's body that was pruned (`docs/spec/archive.md`); says which archive has it.
    case pruned(PrunedBlock)

    public var description: String {
        switch self {
        case .pruned(let block): block.description
        case .full(let text), .damaged(let text), .refused(let text), .failed(let text): text
        }
    }
}

/// A block whose body a store does not have any more, and the archive that has it.
public struct PrunedBlock: Hashable, Sendable, CustomStringConvertible {
    public let height: UInt64
    public let archive: ArchivedSegment

    public init(height: UInt64, archive: ArchivedSegment) {
        self.height = height
        self.archive = archive
    }

    public var description: String {
        "The body of the block of height \(height) was pruned. It is in the archive \(archive): look there."
    }
}
