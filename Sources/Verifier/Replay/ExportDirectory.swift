import Foundation
public import Ledger

/// An export on disk (`docs/spec/export.md`): its blocks in order, one in memory at a time.
public struct ExportDirectory {
    private let directories: [URL]
    private let files: SegmentFiles
    private let archives: ArchiveManifest?
    private let maximumSegmentByteCount: Int
    /// What was read of the open segment, where it is an archive that was compared before.
    private var reading: ReadArchive?
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
        try self.init(ExportLocation([path]), network: network)
    }

    /// Opens an export whose segments may be in several directories: archives, and what a node that pruned still has. Throws `missing` where
    /// a segment is in none of them.
    public init(_ location: ExportLocation, network: NetworkID) throws(ReplayError) {
        try self.init(location, network: network, maximumSegmentByteCount: ExportFormat.maximumSegmentByteCount)
    }

    /// The same with another limit, so that a test need not fill a segment.
    package init(_ location: ExportLocation, network: NetworkID, maximumSegmentByteCount: Int) throws(ReplayError) {
        self.maximumSegmentByteCount = maximumSegmentByteCount
        let manifest = location.archives
        directories = location.directories.map { URL(filePath: $0, directoryHint: .isDirectory) }
        self.network = network
        if let manifest, manifest.network != network {
            throw .unreadable("The list of archives is of network \(manifest.network), and the chain specification of \(network).")
        }
        archives = manifest
        files = try SegmentFiles(in: directories, network: network, manifest: manifest)
        byteCount = files.byteCount
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
        guard let file = files.url(named: place.file) else { return nil }
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
            if let mismatch = reading?.mismatch(before: nextHeight) { throw .otherArchive(mismatch) }
            previousByteCount = byteCount
            segment = nil
            return nil
        }
        return frame
    }

    /// A segment begins with a block, and with one that the segment before had no room for (`docs/spec/export.md` section 1).
    private func checkCut(before frame: SegmentReader.Frame?, of name: String) throws(ReplayError) {
        guard let frame,
            !ExportFormat.fits(frame.certifiedBlock.count, previousByteCount, limit: maximumSegmentByteCount)
        else { throw .wrongCut(file: name, height: nextHeight) }
    }

    private mutating func openNextSegment() throws(ReplayError) -> Bool {
        let name = ExportFormat.segmentFileName(nextSegment)
        guard let file = files.url(of: nextSegment) else { return false }
        let handle: FileHandle
        do {
            handle = try FileHandle(forReadingFrom: file)
        } catch {
            throw .unreadable("\(file.path) cannot be opened: \(error.localizedDescription)")
        }
        let reading = try archives.flatMap { manifest throws(ReplayError) in
            try ArchiveComparison(manifest, network, maximumSegmentByteCount).compare(file, number: nextSegment)
        }
        self.reading = reading
        do {
            segment = try SegmentReader(
                network: network, firstHeight: nextHeight, maximumSegmentByteCount: maximumSegmentByteCount
            ) { count throws(ExportError) in
                do {
                    let bytes = [UInt8](try handle.read(upToCount: count) ?? Data())
                    reading?.add(bytes)
                    return bytes
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

    /// The checkpoint at the export's end, not verified: that of the longest chain, where several directories have one.
    public func checkpoint() throws(ReplayError) -> SignedCheckpoint {
        var last: SignedCheckpoint?
        for directory in directories {
            guard let signed = try Self.checkpoint(in: directory) else { continue }
            if let known = last, known.checkpoint.size >= signed.checkpoint.size { continue }
            last = signed
        }
        guard let last else {
            throw .unreadable("The export has no checkpoint: it was not finished. Run coffer export again; it goes on where it stopped.")
        }
        return last
    }

    private static func checkpoint(in directory: URL) throws(ReplayError) -> SignedCheckpoint? {
        let file = directory.appending(path: ExportFormat.checkpointFileName)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        guard try SegmentFiles.byteCount(of: file) <= UInt64(SignedCheckpoint.maximumByteCount) else {
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
