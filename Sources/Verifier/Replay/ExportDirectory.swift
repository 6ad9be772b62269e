import Foundation
public import Ledger

/// An export on disk (`docs/spec/export.md`): its blocks in order, one in memory at a time.
public struct ExportDirectory {
    private let directory: URL
    private let network: NetworkID
    private var segment: SegmentReader?
    private var nextSegment: UInt64 = 0
    private var nextHeight: UInt64 = 1
    /// The size of the segment before the present one.
    private var previousByteCount = 0
    /// The bytes of all segments, for showing progress.
    public let byteCount: UInt64
    /// The bytes of the frames read so far.
    public private(set) var byteCountRead: UInt64 = 0

    /// Opens an export. Throws `unreadable` when it is not there or has no segment.
    public init(path: String, network: NetworkID) throws(ReplayError) {
        directory = URL(filePath: path, directoryHint: .isDirectory)
        self.network = network
        byteCount = try Self.totalByteCount(in: directory)
    }

    /// Refuses gaps between segments: a missing one is named before an hour is spent on the others.
    private static func totalByteCount(in directory: URL) throws(ReplayError) -> UInt64 {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        } catch {
            throw .unreadable("The export \(directory.path) cannot be read: \(error.localizedDescription)")
        }
        let segments = Set(names.filter { $0.hasPrefix("blocks-") && $0.hasSuffix(".coffer") })
        guard !segments.isEmpty else {
            throw .unreadable(
                "\(directory.path) holds no export: there is no \(ExportFormat.segmentFileName(0)). "
                    + "Give the directory that coffer export wrote.")
        }
        var total: UInt64 = 0
        for number in 0..<UInt64(segments.count) {
            let name = ExportFormat.segmentFileName(number)
            guard segments.contains(name) else {
                throw .unreadable(
                    "The export has \(segments.count) segments, and \(name) is not among them. "
                        + "Copy the missing segment, or export again.")
            }
            // File systems have files of up to 2^63 - 1 bytes that take no room: it is a sum for showing progress, and may be too small.
            let (sum, overflows) = total.addingReportingOverflow(try fileByteCount(directory.appending(path: name)))
            total = overflows ? .max : sum
        }
        return total
    }

    private static func fileByteCount(_ file: URL) throws(ReplayError) -> UInt64 {
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

    /// The file and byte at which the frame read last begins, or the one that could not be read.
    public private(set) var place = (file: ExportFormat.segmentFileName(0), offset: 0)

    /// The next certified block, decoded; nil after the last.
    public mutating func next() throws(ReplayError) -> CertifiedBlock? {
        guard let frame = try nextBytes() else { return nil }
        do {
            return try CertifiedBlock(decoding: frame.certifiedBlock)
        } catch {
            throw .fault(ChainFault(height: frame.height, offence: .undecodable(error)))
        }
    }

    /// The next frame, its checksum good and its block not decoded; nil after the last.
    public mutating func nextBytes() throws(ReplayError) -> SegmentReader.Frame? {
        while true {
            if segment == nil, try !openNextSegment() { return nil }
            guard let frame = try nextFrame() else { continue }
            nextHeight = frame.height + 1
            byteCountRead += UInt64(ExportFormat.frameByteCount(frame.certifiedBlock.count))
            return frame
        }
    }

    /// The bytes of the frame at a place, its checksum not looked at; nil where a frame cannot be so long or does not end.
    public func rawFrame(at place: (file: String, offset: Int)) throws(ReplayError) -> [UInt8]? {
        let file = directory.appending(path: place.file)
        do {
            let handle = try FileHandle(forReadingFrom: file)
            try handle.seek(toOffset: UInt64(place.offset))
            let length = [UInt8](try handle.read(upToCount: ExportFormat.lengthByteCount) ?? Data())
            let count = length.reduce(0) { $0 << 8 | Int($1) }
            guard length.count == ExportFormat.lengthByteCount, count <= ExportFormat.maximumCertifiedBlockByteCount else { return nil }
            let wanted = count + ExportFormat.checksumByteCount
            let rest = [UInt8](try handle.read(upToCount: wanted) ?? Data())
            return rest.count == wanted ? length + rest : nil
        } catch {
            throw .unreadable("\(file.path) cannot be read: \(error.localizedDescription)")
        }
    }

    /// The next frame of the open segment; nil, and the segment closed, at its end.
    private mutating func nextFrame() throws(ReplayError) -> SegmentReader.Frame? {
        let name = ExportFormat.segmentFileName(nextSegment - 1)
        let byteCount = segment?.byteCount ?? 0
        place = (name, byteCount)
        let frame: SegmentReader.Frame?
        do {
            frame = try segment?.next()
        } catch {
            throw .archive(file: name, error)
        }
        if nextSegment > 1, byteCount == ExportFormat.headerByteCount { try checkCut(before: frame, of: name) }
        guard let frame else {
            previousByteCount = byteCount
            segment = nil
            return nil
        }
        return frame
    }

    /// A segment begins with a block, and with one that the segment before had no room for (`docs/spec/export.md` section 1).
    private func checkCut(before frame: SegmentReader.Frame?, of name: String) throws(ReplayError) {
        guard let frame,
            !ExportFormat.fits(certifiedBlockByteCount: frame.certifiedBlock.count, segmentByteCount: previousByteCount)
        else { throw .wrongCut(file: name, height: nextHeight) }
    }

    private mutating func openNextSegment() throws(ReplayError) -> Bool {
        let name = ExportFormat.segmentFileName(nextSegment)
        let file = directory.appending(path: name)
        guard FileManager.default.fileExists(atPath: file.path) else { return false }
        let handle: FileHandle
        do {
            handle = try FileHandle(forReadingFrom: file)
        } catch {
            throw .unreadable("\(file.path) cannot be opened: \(error.localizedDescription)")
        }
        do {
            segment = try SegmentReader(network: network, firstHeight: nextHeight) { count throws(ExportError) in
                do {
                    return [UInt8](try handle.read(upToCount: count) ?? Data())
                } catch {
                    throw .inputFailed(reason: error.localizedDescription)
                }
            }
        } catch {
            throw .archive(file: name, error)
        }
        byteCountRead += UInt64(ExportFormat.headerByteCount)
        nextSegment += 1
        return true
    }

    /// The checkpoint at the export's end, not verified.
    public func checkpoint() throws(ReplayError) -> SignedCheckpoint {
        let file = directory.appending(path: ExportFormat.checkpointFileName)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw .unreadable("The export has no checkpoint: it was not finished. Run coffer export again; it goes on where it stopped.")
        }
        guard try Self.fileByteCount(file) <= UInt64(SignedCheckpoint.maximumByteCount) else {
            throw .unreadable("\(file.path) is larger than any checkpoint.")
        }
        let bytes: Data
        do {
            bytes = try Data(contentsOf: file)
        } catch {
            throw .unreadable("\(file.path) cannot be read: \(error.localizedDescription)")
        }
        do {
            return try SignedCheckpoint(text: [UInt8](bytes))
        } catch {
            throw .checkpoint(error)
        }
    }
}
