import Cryptography
import Glibc
public import Ledger

/// A file that may be an archive, read from its start.
final class ArchiveFile {
    /// So many bytes are read at once.
    private static let pieceBytes = 1_048_576

    let path: String
    let archive: ArchivedSegment
    private let file: FileDescriptor
    private var offset: UInt64 = 0
    private var hasher = SHA256()

    /// Opens the file of an archive's name; throws `missing`, `unreadable` or `wrongSize`.
    init(_ archive: ArchivedSegment, in directory: String) throws(PruningError) {
        let path = "\(directory)/\(archive.fileName)"
        self.path = path
        self.archive = archive
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            throw errno == ENOENT ? .missing(archive, directory: directory) : .unreadable(path: path, reason: describeCode(errno))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path: path, reason: "it is not a regular file. Put the archive itself there, not a link to it")
        }
        guard UInt64(status.st_size) == archive.byteCount else {
            throw .wrongSize(path: path, archive, actual: UInt64(status.st_size))
        }
        do throws(StoreError) {
            file = try FileDescriptor(opening: path, flags: O_RDONLY, during: .check)
        } catch {
            throw .unreadable(path: path, reason: error.description)
        }
    }

    /// The next bytes, at most so many; none at the end.
    func read(_ maximumCount: Int) throws(PruningError) -> [UInt8] {
        do throws(StoreError) {
            let bytes = try file.read(count: min(maximumCount, Self.pieceBytes), at: offset)
            offset += UInt64(bytes.count)
            hasher.update(bytes)
            return bytes
        } catch {
            throw .unreadable(path: path, reason: error.description)
        }
    }

    /// That the file, read to its end, is the archive.
    func checkDigest() throws(PruningError) {
        guard offset == archive.byteCount, hasher.finalize() == archive.digest else { throw .differs(path: path, archive, height: nil) }
    }

    /// Reads the whole file, and makes it durable: a copy that was just made may be in memory only.
    func checkWhole(_ progress: (UInt64) -> Void) throws(PruningError) {
        while !(try read(Self.pieceBytes)).isEmpty { progress(offset) }
        try checkDigest()
        do throws(StoreError) {
            try file.synchronize(during: .check)
        } catch {
            throw .unreadable(path: path, reason: error.description)
        }
    }
}

/// The blocks of archives, in order, each archive compared with its hash at its end.
public struct ArchiveReader {
    private let directory: String
    private let network: NetworkID
    private var archives: ArraySlice<ArchivedSegment>
    private var file: ArchiveFile?
    private var segment: SegmentReader?

    /// - Parameters:
    ///   - manifest: which archives; they are read from the first on.
    ///   - directory: where their files are.
    public init(_ manifest: ArchiveManifest, in directory: String) {
        self.directory = directory
        network = manifest.network
        archives = manifest.archives[...]
    }

    /// The next block, decoded and otherwise not checked; nil after the last archive.
    public mutating func next() throws(PruningError) -> CertifiedBlock? {
        while true {
            if segment == nil {
                guard let archive = archives.popFirst() else { return nil }
                try open(archive)
            }
            guard let file else { preconditionFailure("a segment is read from a file") }
            let frame: SegmentReader.Frame?
            do throws(ExportError) {
                frame = try segment?.next()
            } catch {
                throw Self.fault(error, file)
            }
            guard let frame else {
                try file.checkDigest()
                segment = nil
                continue
            }
            do throws(DecodingError) {
                return try CertifiedBlock(decoding: frame.certifiedBlock)
            } catch {
                throw .differs(path: file.path, file.archive, height: frame.height)
            }
        }
    }

    private mutating func open(_ archive: ArchivedSegment) throws(PruningError) {
        let file = try ArchiveFile(archive, in: directory)
        self.file = file
        do throws(ExportError) {
            segment = try SegmentReader(network: network, firstHeight: archive.firstHeight) { (count) throws(ExportError) in
                do throws(PruningError) {
                    return try file.read(count)
                } catch {
                    throw .inputFailed(reason: error.description)
                }
            }
        } catch {
            throw Self.fault(error, file)
        }
    }

    private static func fault(_ error: ExportError, _ file: ArchiveFile) -> PruningError {
        switch error {
        case .inputFailed(let reason): .unreadable(path: file.path, reason: reason)
        case .checksumMismatch(let height, _), .segmentTooLong(let height, _), .frameTooLong(let height, _, _):
            .differs(path: file.path, file.archive, height: height)
        default: .differs(path: file.path, file.archive, height: nil)
        }
    }
}

extension ArchiveFile {
    /// Makes the names of archives durable: a file that was synced can still lose its name. The directory's own name lies in its parent.
    static func synchronizeNames(in directory: String) throws(PruningError) {
        for path in ["\(directory)/.", "\(directory)/.."] {
            do throws(StoreError) {
                try FileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY, during: .check).synchronize(during: .check)
            } catch {
                throw .unreadable(path: path, reason: error.description)
            }
        }
    }
}
