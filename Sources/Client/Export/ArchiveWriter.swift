import Foundation
internal import Ledger

/// Writes an export archive (`docs/spec/export.md`), from nothing or on from where an earlier run ended.
///
/// Frames carry checksums, so a segment may be cut anywhere by a crash: what is incomplete at the very end is dropped at the next opening,
/// and everything else is checked again then. A segment is synced to disk when it is full, the last one before the checkpoint is written.
struct ArchiveWriter: ~Copyable {
    private let directory: URL
    private let network: NetworkID
    /// The end of what is in the archive.
    private(set) var link: ChainLink
    /// The number of the segment that grows.
    private var segment: UInt64 = 0
    /// Its bytes so far; 0 while it is not there yet.
    private var segmentByteCount = 0
    private var file: FileHandle?
    /// The bytes of all segments.
    private(set) var byteCount: UInt64 = 0
    /// Of an earlier run. It says nothing about the archive once a block is added.
    private var mayHaveCheckpoint = true

    /// Opens the archive in a directory, which is made if it is not there, and checks every frame in it.
    init(directory path: String, chainspec: Chainspec) throws(ExportFailure) {
        directory = URL(filePath: path, directoryHint: .isDirectory)
        network = chainspec.network
        link = ChainLink(genesis: chainspec.genesisHeader)
        let directory = directory
        try ExportFailure.system(path) {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        }
        let count = try Self.segmentCount(in: directory)
        for number in 0..<count {
            segment = number
            try resume(isLast: number + 1 == count)
        }
    }

    private static func url(of segment: UInt64, in directory: URL) -> URL {
        directory.appending(path: ExportFormat.segmentFileName(segment))
    }

    private var segmentURL: URL { Self.url(of: segment, in: directory) }
    private var checkpointURL: URL { directory.appending(path: ExportFormat.checkpointFileName) }

    /// How many segments there are; they must be all from the first on.
    private static func segmentCount(in directory: URL) throws(ExportFailure) -> UInt64 {
        let names = try ExportFailure.system(directory.path) {
            try FileManager.default.contentsOfDirectory(atPath: directory.path)
        }
        let count = UInt64(names.count { $0.hasPrefix("blocks-") && $0.hasSuffix(".coffer") })
        for number in 0..<count where !names.contains(ExportFormat.segmentFileName(number)) {
            throw .missingSegment(path: url(of: number, in: directory).path)
        }
        return count
    }

    // MARK: Resuming

    /// Reads the segment that is there. Only at the end of the last one may something be incomplete, and is cut off.
    private mutating func resume(isLast: Bool) throws(ExportFailure) {
        let path = segmentURL.path
        let url = segmentURL
        let file = try ExportFailure.system(path) { try FileHandle(forUpdating: url) }
        let good = try follow(file, path: path)
        let end = try ExportFailure.system(path) { try file.seekToEnd() }
        if UInt64(good) < end {
            guard isLast else { throw .segment(path: path, .truncated(offset: good)) }
            try ExportFailure.system(path) { try file.truncate(atOffset: UInt64(good)) }
        }
        byteCount += UInt64(good)
        segmentByteCount = good
        self.file = file
    }

    /// Follows the chain through a segment; gives the byte after its last complete frame.
    private mutating func follow(_ file: FileHandle, path: String) throws(ExportFailure) -> Int {
        var reader: SegmentReader
        do throws(ExportError) {
            reader = try SegmentReader(network: network, firstHeight: link.height + 1) { (count) throws(ExportError) in
                try Self.read(file, count)
            }
        } catch {
            return try Self.end(error, path: path)
        }
        while true {
            let frame: SegmentReader.Frame?
            do throws(ExportError) {
                frame = try reader.next()
            } catch {
                return try Self.end(error, path: path)
            }
            guard let frame else { return reader.byteCount }
            try follow(frame)
        }
    }

    private static func read(_ file: FileHandle, _ count: Int) throws(ExportError) -> [UInt8] {
        do {
            return [UInt8](try file.read(upToCount: count) ?? Data())
        } catch {
            throw .inputFailed(reason: PlainText.line(error.localizedDescription, maximumCharacterCount: 500))
        }
    }

    /// Where the complete frames end of a segment that ends too early; any other error stands.
    private static func end(_ error: ExportError, path: String) throws(ExportFailure) -> Int {
        guard case .truncated(let offset) = error else { throw .segment(path: path, error) }
        return offset
    }

    private mutating func follow(_ frame: SegmentReader.Frame) throws(ExportFailure) {
        let header: BlockHeader
        do throws(DecodingError) {
            header = try BlockHeader(decoding: Array(frame.certifiedBlock.prefix(BlockHeader.byteCount)))
        } catch {
            throw .brokenChain(height: frame.height, reason: "\(error)")
        }
        try link.append(header)
    }

    // MARK: Writing

    /// Appends the next block, given decoded and as its canonical bytes.
    mutating func append(_ block: CertifiedBlock, bytes: [UInt8]) throws(ExportFailure) {
        if mayHaveCheckpoint {
            try removeCheckpoint()
            mayHaveCheckpoint = false
        }
        if !ExportFormat.fits(certifiedBlockByteCount: bytes.count, segmentByteCount: segmentByteCount) {
            try closeSegment()
            segment += 1
            segmentByteCount = 0
        }
        let height = link.height + 1
        try link.append(block.block.header)
        var added: [UInt8] = []
        if segmentByteCount == 0 { added = ExportFormat.header(network: network, firstHeight: height) }
        added += ExportFormat.frame(bytes)
        try write(added)
    }

    private mutating func write(_ bytes: [UInt8]) throws(ExportFailure) {
        let url = segmentURL
        if file == nil {
            file = try ExportFailure.system(url.path) {
                guard FileManager.default.createFile(atPath: url.path, contents: nil) else {
                    throw CocoaError(.fileWriteUnknown)
                }
                return try FileHandle(forUpdating: url)
            }
        }
        guard let file else { preconditionFailure("the segment was opened above") }
        try ExportFailure.system(url.path) { try file.write(contentsOf: Data(bytes)) }
        segmentByteCount += bytes.count
        byteCount += UInt64(bytes.count)
    }

    private mutating func closeSegment() throws(ExportFailure) {
        guard let open = file else { return }
        file = nil
        try ExportFailure.system(segmentURL.path) {
            try open.synchronize()
            try open.close()
        }
        try synchronizeDirectory()
    }

    private func removeCheckpoint() throws(ExportFailure) {
        let url = checkpointURL
        guard FileManager.default.fileExists(atPath: url.path) else { return }
        try ExportFailure.system(url.path) { try FileManager.default.removeItem(at: url) }
        try synchronizeDirectory()
    }

    /// Ends the archive with the checkpoint of exactly its blocks; only now is it complete.
    /// - Returns: the bytes of all segments.
    @discardableResult
    consuming func finish(_ signed: SignedCheckpoint) throws(ExportFailure) -> UInt64 {
        guard signed.checkpoint.size == link.history.count, signed.checkpoint.root == link.history.root else {
            throw .otherHistory(height: link.height)
        }
        // An archive of genesis alone is a segment without frames, which tells it from an empty directory.
        if segment == 0, segmentByteCount == 0 {
            try write(ExportFormat.header(network: network, firstHeight: 1))
        }
        try closeSegment()
        let url = checkpointURL
        try ExportFailure.system(url.path) {
            try Data(signed.text.utf8).write(to: url)
            let file = try FileHandle(forUpdating: url)
            try file.synchronize()
            try file.close()
        }
        try synchronizeDirectory()
        return byteCount
    }

    /// Makes names in the directory durable.
    private func synchronizeDirectory() throws(ExportFailure) {
        let directory = directory
        try ExportFailure.system(directory.path) {
            let handle = try FileHandle(forReadingFrom: directory)
            try handle.synchronize()
            try handle.close()
        }
    }
}
