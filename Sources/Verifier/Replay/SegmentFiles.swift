import Foundation
import Ledger

/// Where the segments of an export are, in one directory or in several that complete each other (`docs/spec/archive.md` section 4).
///
/// A segment only ever grows, so where two directories have one, the larger file is meant: the smaller is of an earlier export. Where a list of
/// archives has the segment, a file of the size that it says is meant before any other.
struct SegmentFiles {
    private let urls: [URL]
    /// The bytes of all segments.
    let byteCount: UInt64

    /// Finds all segments; throws `unreadable`, naming every segment that is missing between others or that a manifest lists.
    init(in directories: [URL], network: NetworkID, manifest: ArchiveManifest?) throws(ReplayError) {
        var found: [UInt64: (url: URL, bytes: UInt64)] = [:]
        for directory in directories {
            for (number, url) in try Self.segments(in: directory) {
                let bytes = try Self.byteCount(of: url)
                if let known = found[number] {
                    let wanted = manifest?.archive(numbered: number)?.byteCount
                    if known.bytes == wanted || (known.bytes >= bytes && bytes != wanted) { continue }
                }
                found[number] = (url, bytes)
            }
        }
        let listed = UInt64(manifest?.archives.count ?? 0)
        guard !found.isEmpty || listed > 0 else {
            throw .unreadable(
                "\(Self.names(directories)) holds no export: there is no \(ExportFormat.segmentFileName(0)). "
                    + "Give the directory that coffer export wrote.")
        }
        let gaps = Self.gaps(in: found.keys.sorted(), listed: listed)
        guard gaps.isEmpty else {
            let missing = gaps.prefix(4).map { Self.describe($0, found.mapValues(\.url), network, manifest) }
            let text =
                "\(missing.joined(separator: "; ")) \(gaps.count > 4 ? "and more " : "")not in \(Self.names(directories)), where there are "
                + "\(found.count) other segments. Copy what is missing there, give its directory too, or export again."
            throw gaps.contains { $0.lowerBound < listed } ? .missing(text) : .unreadable(text)
        }
        let sorted = found.sorted { $0.key < $1.key }
        urls = sorted.map(\.value.url)
        // File systems have files of up to 2^63 - 1 bytes that take no room: it is a sum for showing progress, and may be too small.
        byteCount = sorted.reduce(UInt64(0)) { sum, file in
            let (sum, overflows) = sum.addingReportingOverflow(file.value.bytes)
            return overflows ? .max : sum
        }
    }

    /// The file with the name of a segment; nil where there is none.
    func url(named name: String) -> URL? { urls.first { $0.lastPathComponent == name } }

    /// The file of a segment; nil after the last.
    func url(of number: UInt64) -> URL? { number < UInt64(urls.count) ? urls[Int(number)] : nil }

    private static func names(_ directories: [URL]) -> String { directories.map { $0.path }.joined(separator: " or ") }

    private static func segments(in directory: URL) throws(ReplayError) -> [(UInt64, URL)] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        } catch {
            throw .unreadable("The export \(directory.path) cannot be read: \(error.localizedDescription)")
        }
        var segments: [(UInt64, URL)] = []
        for name in names where name.hasPrefix("blocks-") && name.hasSuffix(".coffer") {
            guard let number = UInt64(name.dropFirst(7).dropLast(7)), ExportFormat.segmentFileName(number) == name else {
                throw .unreadable(
                    "\(directory.path)/\(name) has a name that no segment has; the first is \(ExportFormat.segmentFileName(0)). Remove or "
                        + "rename it.")
            }
            segments.append((number, directory.appending(path: name)))
        }
        return segments
    }

    static func byteCount(of file: URL) throws(ReplayError) -> UInt64 {
        do {
            let values = try file.resourceValues(forKeys: [.fileSizeKey, .isRegularFileKey])
            guard values.isRegularFile == true else {
                throw ReplayError.unreadable("\(file.path) is not a regular file. Give the export itself, not links to it.")
            }
            return UInt64(values.fileSize ?? 0)
        } catch {
            throw (error as? ReplayError) ?? .unreadable("\(file.path) cannot be read: \(error.localizedDescription)")
        }
    }

    // MARK: - What is missing

    /// The ranges of numbers that are not there, from 0 to the last one that is there or listed.
    private static func gaps(in present: [UInt64], listed: UInt64) -> [ClosedRange<UInt64>] {
        var gaps: [ClosedRange<UInt64>] = []
        var next: UInt64 = 0
        for number in present {
            if number > next { gaps.append(next...(number - 1)) }
            next = number == .max ? number : number + 1
        }
        if next < listed { gaps.append(next...(listed - 1)) }
        return gaps
    }

    /// Names a gap: its files, heights, and hashes where a manifest has them.
    private static func describe(
        _ gap: ClosedRange<UInt64>, _ present: [UInt64: URL], _ network: NetworkID, _ manifest: ArchiveManifest?
    ) -> String {
        if let manifest, gap.lowerBound < UInt64(manifest.archives.count) {
            let archives = manifest.archives[Int(gap.lowerBound)...Int(min(gap.upperBound, UInt64(manifest.archives.count) - 1))]
            let rest = archives.count > 4 ? ", and those up to height \(archives[archives.endIndex - 1].lastHeight)," : ""
            let shown = archives.prefix(4).map(\.description).joined(separator: ", ")
            return "\(shown)\(rest) \(archives.count == 1 ? "is" : "are")"
        }
        let first = gap.lowerBound == 0 ? 1 : present[gap.lowerBound - 1].flatMap { SegmentSkim.heightAfter($0, network) }
        let next = gap.upperBound == .max ? nil : present[gap.upperBound + 1].flatMap { SegmentSkim.firstHeight($0, network) }
        let heights =
            switch (first, next) {
            case (.some(let first), .some(let next)) where next > first: " (heights \(first) to \(next - 1))"
            case (.some(let first), _): " (from height \(first) on)"
            case (_, .some(let next)): " (up to height \(next - 1))"
            default: ""
            }
        let (low, high) = (ExportFormat.segmentFileName(gap.lowerBound), ExportFormat.segmentFileName(gap.upperBound))
        return low == high ? "\(low)\(heights) is" : "\(low) to \(high)\(heights) are"
    }
}

/// Finds out which heights a segment has without reading its blocks, to name what is missing beside it.
enum SegmentSkim {
    /// The height of its first block; nil where the file does not say.
    static func firstHeight(_ url: URL, _ network: NetworkID) -> UInt64? {
        do {
            let file = try FileHandle(forReadingFrom: url)
            return try firstHeight(of: file, network)
        } catch {
            return nil
        }
    }

    /// The height after its last block.
    static func heightAfter(_ url: URL, _ network: NetworkID) -> UInt64? {
        do {
            let file = try FileHandle(forReadingFrom: url)
            guard var height = try firstHeight(of: file, network) else { return nil }
            let end = try file.seekToEnd()
            var offset = UInt64(ExportFormat.headerByteCount)
            while offset < end {
                try file.seek(toOffset: offset)
                guard let length = try file.read(upToCount: ExportFormat.lengthByteCount), length.count == ExportFormat.lengthByteCount,
                    height < .max
                else { return nil }
                offset += UInt64(ExportFormat.frameByteCount(Int(length.reduce(UInt32(0)) { $0 << 8 | UInt32($1) })))
                height += 1
            }
            return offset == end ? height : nil
        } catch {
            return nil
        }
    }

    private static func firstHeight(of file: FileHandle, _ network: NetworkID) throws -> UInt64? {
        guard let header = try file.read(upToCount: ExportFormat.headerByteCount), header.count == ExportFormat.headerByteCount else {
            return nil
        }
        let height = header.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Array(header) == ExportFormat.header(network: network, firstHeight: height) && height > 0 ? height : nil
    }
}
