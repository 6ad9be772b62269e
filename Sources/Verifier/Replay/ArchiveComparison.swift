import Cryptography
import Foundation
import Ledger

/// Compares files with the archives that a list says they are.
struct ArchiveComparison {
    /// So many bytes are read at once.
    private static let pieceByteCount = 1_048_576

    private let manifest: ArchiveManifest
    private let network: NetworkID
    private let maximumSegmentByteCount: Int

    init(_ manifest: ArchiveManifest, _ network: NetworkID, _ maximumSegmentByteCount: Int) {
        self.manifest = manifest
        self.network = network
        self.maximumSegmentByteCount = maximumSegmentByteCount
    }

    /// Compares a file with the archive of a number, whole, before anything in it is believed; nil where the list does not have the number.
    func compare(_ file: URL, number: UInt64) throws(ReplayError) -> ReadArchive? {
        guard let archive = manifest.archive(numbered: number) else { return nil }
        let byteCount = try SegmentFiles.byteCount(of: file)
        guard byteCount == archive.byteCount else {
            // A file of another archive's size may be that archive.
            let same = manifest.archives.filter { $0.byteCount == byteCount }
            let digest = same.isEmpty ? nil : try digest(of: file)
            let other = same.first { $0.digest == digest }
            throw .otherArchive(ArchiveMismatch(archive: archive, path: file.path, cause: other.map { .isAnother($0) } ?? .size(byteCount)))
        }
        let digest = try digest(of: file)
        guard digest == archive.digest else {
            let other = manifest.archives.first { $0.digest == digest }
            if let other { throw .otherArchive(ArchiveMismatch(archive: archive, path: file.path, cause: .isAnother(other))) }
            let damage = try damage(in: file, firstHeight: archive.firstHeight)
            throw .otherArchive(ArchiveMismatch(archive: archive, path: file.path, cause: .digest(digest, damage)))
        }
        return ReadArchive(archive, path: file.path)
    }

    /// The SHA-256 of a file, which is at most as large as a segment can be.
    private func digest(of file: URL) throws(ReplayError) -> Bytes32 {
        var hasher = SHA256()
        do {
            let handle = try FileHandle(forReadingFrom: file)
            var left = ExportFormat.maximumSegmentByteCount
            while left > 0, let bytes = try handle.read(upToCount: min(left, Self.pieceByteCount)), !bytes.isEmpty {
                hasher.update([UInt8](bytes))
                left -= bytes.count
            }
        } catch {
            throw .unreadable("\(file.path) cannot be read: \(error.localizedDescription)")
        }
        return hasher.finalize()
    }

    /// What the file's own form shows of where it is damaged; nil where every frame has its checksum.
    private func damage(in file: URL, firstHeight: UInt64) throws(ReplayError) -> ExportError? {
        let handle: FileHandle
        do {
            handle = try FileHandle(forReadingFrom: file)
        } catch {
            throw .unreadable("\(file.path) cannot be opened: \(error.localizedDescription)")
        }
        do throws(ExportError) {
            var segment = try SegmentReader(
                network: network, firstHeight: firstHeight, maximumSegmentByteCount: maximumSegmentByteCount
            ) { count throws(ExportError) in
                do {
                    return [UInt8](try handle.read(upToCount: count) ?? Data())
                } catch {
                    throw .inputFailed(reason: error.localizedDescription)
                }
            }
            while try segment.next() != nil {}
            return nil
        } catch {
            return error
        }
    }
}

/// The hash of an archive as its blocks are read: it must still be what it was compared with before.
final class ReadArchive {
    private let archive: ArchivedSegment
    private let path: String
    private var hasher = SHA256()

    init(_ archive: ArchivedSegment, path: String) {
        self.archive = archive
        self.path = path
    }

    func add(_ bytes: [UInt8]) { hasher.update(bytes) }

    /// What is wrong, once the file was read up to before a height: it changed meanwhile, or the list has other heights for it.
    func mismatch(before height: UInt64) -> ArchiveMismatch? {
        let digest = hasher.finalize()
        guard digest == archive.digest else { return ArchiveMismatch(archive: archive, path: path, cause: .digest(digest, nil)) }
        guard height == archive.lastHeight + 1 else {
            return ArchiveMismatch(archive: archive, path: path, cause: .lastHeight(height - 1))
        }
        return nil
    }
}
