public import Ledger

/// Why a replay ended early.
public enum ReplayError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is nothing that can be read as an export.
    case unreadable(String)
    /// Archives of the list are in none of the directories.
    case missing(String)
    /// The list of archives cannot be read.
    case list(JSONError)
    /// A segment cannot be read on.
    case archive(file: String, ExportError)
    /// A segment begins where none does: the one before it had room for its first block, or it has none.
    case wrongCut(file: String, height: UInt64)
    /// A segment is not the archive that the list of archives has.
    case otherArchive(ArchiveMismatch)
    /// A block is not valid.
    case fault(ChainFault)
    /// The checkpoint does not hold, or cannot be read.
    case checkpoint(ProofError)
    /// The checkpoint is of another chain than the blocks.
    case checkpointMismatch(String)
    /// The snapshot cannot be read, or is not of the checkpoint.
    case snapshot(SnapshotError)
    /// The blocks before the snapshot are not those that the checkpoint commits to.
    case notAPrefix(height: UInt64, String)

    /// Whether the input could be read and does not hold, rather than not be read at all.
    public var doesNotHold: Bool {
        switch self {
        case .unreadable, .missing, .list: false
        case .archive(_, let error):
            switch error {
            case .checksumMismatch, .segmentTooLong: true
            default: false
            }
        case .wrongCut, .otherArchive, .fault, .checkpointMismatch, .notAPrefix: true
        case .snapshot(let error): error.kind == .doesNotHold
        case .checkpoint(let error): error.kind == .doesNotHold
        }
    }

    /// A stable word for programs.
    public var code: String {
        switch self {
        case .unreadable: "exportUnreadable"
        case .missing: "archiveMissing"
        case .list(let error): error.code.rawValue
        case .archive(_, let error): error.code
        case .wrongCut: "exportWrongCut"
        case .otherArchive: "archiveDiffers"
        case .fault(let fault): fault.offence.code
        case .checkpoint(let error): error.code
        case .checkpointMismatch: "checkpointMismatch"
        case .snapshot(let error): error.code
        case .notAPrefix: "notAPrefix"
        }
    }

    public var description: String {
        switch self {
        case .unreadable(let text), .missing(let text): text
        case .list(let error): "the list of archives: \(error)"
        case .archive(let file, let error): "\(file): \(error)"
        case .wrongCut(let file, let height):
            "\(file): no segment begins at height \(height); the export was not cut as the format says: export again"
        case .otherArchive(let mismatch): mismatch.description
        case .fault(let fault): fault.description
        case .checkpoint(let error): "checkpoint: \(error)"
        case .checkpointMismatch(let text): "The checkpoint is not of this chain: \(text)."
        case .snapshot(let error): "snapshot: \(error)"
        case .notAPrefix(let height, let text): "block \(height), which is before the checkpoint: \(text)"
        }
    }
}
