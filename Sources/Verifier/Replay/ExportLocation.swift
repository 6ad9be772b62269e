public import Cryptography
public import Ledger

/// Where an export is: in one directory, or in several that complete each other, and which archives must be among its segments
/// (`docs/spec/archive.md` section 4).
public struct ExportLocation: Sendable {
    /// The paths of the directories.
    public let directories: [String]
    /// The archives that there must be; each is compared with its size and hash before its first block is read.
    public let archives: ArchiveManifest?

    public init(_ directories: [String], archives: ArchiveManifest? = nil) {
        self.directories = directories
        self.archives = archives
    }
}

/// A file in the place of an archive that is not that archive.
public struct ArchiveMismatch: Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with the file.
    public enum Cause: Hashable, Sendable {
        /// It has another size, in bytes; its hash was not computed.
        case size(UInt64)
        /// Its hash is that of another archive of the list: the files were renamed or changed round.
        case isAnother(ArchivedSegment)
        /// Its hash is none of the list. Where its own format shows from where on it is damaged, that is said.
        case digest(Bytes32, ExportError?)
        /// It has the hash, and ends with the block of another height than the list says.
        case lastHeight(UInt64)
    }

    /// The archive that was looked for.
    public let archive: ArchivedSegment
    /// The file that was found.
    public let path: String
    public let cause: Cause

    public init(archive: ArchivedSegment, path: String, cause: Cause) {
        self.archive = archive
        self.path = path
        self.cause = cause
    }

    /// What the file is, instead of the archive.
    public var found: String {
        switch cause {
        case .size(let bytes) where bytes < archive.byteCount: "\(bytes) bytes: it is cut short by \(archive.byteCount - bytes)"
        case .size(let bytes): "\(bytes) bytes, \(bytes - archive.byteCount) too many"
        case .isAnother(let other): "the archive \(other), under another name"
        case .lastHeight(let height): "a file of that hash whose last block has height \(height)"
        case .digest(let digest, let error): "SHA-256 \(digest.hex)\(error.map { "; \($0)" } ?? "")"
        }
    }

    public var description: String {
        "\(path) is not the archive \(archive), of \(archive.byteCount) bytes. It is \(found). "
            + "Copy the archive again, or export the chain again."
    }
}
