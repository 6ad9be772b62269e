public import Ledger

/// Why the store could not do what was asked.
///
/// A case exists where a caller can act differently on it. A key that is not there is never an error: look-ups return nil.
/// Every description says what happened, why, and what to do next.
public enum StoreError: Error, Equatable, Sendable {
    /// The file system took less than was to be written; the transaction was undone and nothing acknowledged is lost.
    ///
    /// Codes that lead here, on writing: `ENOSPC` (no space), `EDQUOT` (a quota), `EFBIG` (a file size limit) and `EIO`, which is
    /// what LMDB answers to a short write, the usual face of a full disk. `freeBytes` is what the file system reported
    /// as available right afterwards, nil when it could not say.
    case diskFull(operation: String, code: Int32, freeBytes: UInt64?)
    /// The address space reserved for the data file is used up (`MDB_MAP_FULL`); the transaction was undone.
    case mapFull(limitBytes: UInt64)
    /// One transaction changed more pages than LMDB can track (`MDB_TXN_FULL`); it was undone.
    case transactionTooLarge
    /// The data file does not hold what it must (`MDB_CORRUPTED`, `MDB_PAGE_NOTFOUND`, `MDB_INVALID`, `MDB_VERSION_MISMATCH`,
    /// or our own check before opening). The text names what is wrong.
    case damaged(String)
    /// The derived state in `folder` is not what the log leads to, or cannot be read. The log is not concerned.
    case stateDamaged(String, folder: String)
    /// Making a commit's last page durable failed, and the environment refuses further work (`MDB_PANIC`). Whether that commit
    /// is on disk is known only after opening again.
    case outcomeUnknown(operation: String, code: Int32)
    /// Another process, or this one, has the directory open already.
    case inUse(path: String)
    /// The operating system refused access (`EACCES`, `EPERM`, `EROFS`).
    case permission(path: String, code: Int32)
    /// The file or directory is not there.
    case notFound(path: String)
    /// Every reader slot is taken (`MDB_READERS_FULL`).
    case readersFull(limit: Int)
    /// Every named database slot is taken (`MDB_DBS_FULL`).
    case databasesFull(limit: Int)
    /// The named database is not visible in this transaction: it was opened after the transaction began, or its creation was undone.
    case databaseNotVisible(name: String)
    /// Blocks come faster than the state can follow: so much waits in memory that no more was taken. Nothing was changed.
    case foldBehind(accounts: Int, transactions: Int, entries: Int)
    /// What belongs together does not: the log and the derived state are of different stores or times. The text says which and what to do.
    case mismatched(String)
    /// A block's body was pruned; says which archive has it.
    case pruned(PrunedBlock)
    /// The environment or the writer was closed.
    case closed
    /// Any other failure: an `errno` (positive) or an LMDB code (negative).
    case io(code: Int32, operation: String)
}

extension StoreError: CustomStringConvertible {
    /// What happened, why, and what to do next.
    public var description: String {
        switch self {
        case .diskFull(let operation, let code, let freeBytes):
            Self.describeDiskFull(operation, code, freeBytes)
        case .mapFull(let limitBytes):
            "The data file reached its limit of \(limitBytes) bytes of reserved address space, so the change was undone. "
                + "Start again with a larger map size."
        case .transactionTooLarge:
            "One transaction changed more pages than the database can track, so it was undone. Split the change into smaller commits."
        case .damaged(let what):
            "The data file is damaged: \(what). Stop the node and keep a copy of the directory. The history is in "
                + "any export of the chain; do not start a node from an older copy of the directory, it could sign a height twice."
        case .stateDamaged(let what, let folder):
            "The state that is derived from the log is damaged: \(what). No block is lost: all of it follows from the log, whose records "
                + "have checksums of their own. Stop the node, move \(folder) away, and start again: it is then made anew from the log. "
                + "Where old blocks were pruned it cannot be, and the start says what to do instead."
        case .outcomeUnknown(let operation, let code):
            "The environment stopped during \(operation): \(describeCode(code)). Whether the last commit is on disk is not known. "
                + "Check the disk and the kernel log, then restart: opening again shows the last durable state."
        case .inUse(let path):
            "\(path) is in use by another process or opened twice in this one. Stop the other one (fuser shows which) or choose "
                + "another data directory."
        case .permission(let path, let code):
            "Access to \(path) was refused: \(describeCode(code)). Give the user that runs this process read and write access."
        case .notFound(let path):
            "\(path) does not exist. Check the path, or create the data directory first."
        case .readersFull(let limit):
            "All \(limit) reader slots are taken, so the read could not begin. Try again; if this lasts, raise the number of readers."
        case .databasesFull(let limit):
            "All \(limit) slots for named databases are taken. Open the environment with room for more."
        case .databaseNotVisible(let name):
            "The database \"\(name)\" is not visible in this transaction, which began before it was opened, or its creation was undone. "
                + "Open the database, then begin the transaction."
        case .foldBehind(let accounts, let transactions, let entries):
            "\(transactions) transactions, with \(entries) entries of \(accounts) accounts, wait in memory to be folded into the state, and no more are "
                + "taken: the disk is slower than the blocks. The same blocks can be committed again in a moment."
        case .mismatched(let text): text
        case .pruned(let block): block.description
        case .closed:
            "The store was closed, so nothing was read or written. Open it again first."
        case .io(let code, let operation):
            "The \(operation) failed: \(describeCode(code)). Check the disk and the kernel log, then try again or restart."
        }
    }

    private static func describeDiskFull(_ operation: String, _ code: Int32, _ freeBytes: UInt64?) -> String {
        let room = freeBytes.map { "the file system reports \($0) bytes available" } ?? "the file system did not report its room"
        return "The disk did not take all that was written during \(operation): \(describeCode(code)), and \(room). "
            + "The change was undone and nothing earlier is lost. Free space or raise the quota; if there is room enough, look for "
            + "disk errors in the kernel log. Writing works again without a restart."
    }
}
