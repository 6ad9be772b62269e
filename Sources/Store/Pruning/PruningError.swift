public import Ledger

/// Why nothing was pruned, or an archive cannot be read. Nothing is dropped before every archive was compared whole.
public enum PruningError: Error, Hashable, Sendable {
    /// The store itself: damaged, full, closed.
    case storage(StorageError)
    /// No file of the archive's name is in the directory.
    case missing(ArchivedSegment, directory: String)
    /// The file cannot be read.
    case unreadable(path: String, reason: String)
    /// The file has another size than the archive.
    case wrongSize(path: String, ArchivedSegment, actual: UInt64)
    /// The file has other bytes than the archive, from the block of a height on; nil where the blocks are not at hand to say which.
    case differs(path: String, ArchivedSegment, height: UInt64?)

    /// A stable word for programs.
    public var code: String {
        switch self {
        case .storage: "storage"
        case .missing: "archiveMissing"
        case .unreadable: "archiveUnreadable"
        case .wrongSize: "archiveWrongSize"
        case .differs: "archiveDiffers"
        }
    }

    /// Whether something was read and is not what it must be, rather than not read.
    public var doesNotHold: Bool {
        switch self {
        case .storage(.damaged), .wrongSize, .differs: true
        case .storage, .missing, .unreadable: false
        }
    }
}

extension PruningError: CustomStringConvertible {
    /// What happened, why, and what to do next.
    public var description: String {
        switch self {
        case .storage(let error): error.description
        case .missing(let archive, let directory):
            "The archive \(archive) is not in \(directory). Export the chain there, or copy the file there."
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .wrongSize(let path, let archive, let actual):
            "\(path) has \(actual) bytes, and the archive \(archive) has \(archive.byteCount): it is not whole, or not this chain's. Copy it "
                + "again, or export the chain again."
        case .differs(let path, let archive, let height):
            "\(path) is not the archive \(archive): \(height.map { "it differs from the block of height \($0) on" } ?? "its hash is another"). "
                + "Copy it again, or export the chain again."
        }
    }
}
