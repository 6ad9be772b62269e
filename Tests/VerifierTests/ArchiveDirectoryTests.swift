import Cryptography
import Foundation
import Ledger
import Support
import Testing
import Verifier

/// An export may lie in several directories; the verdict is that of one, and what is missing is named.
@Suite struct ArchiveDirectoryTests {
    /// So small that every block or two fill a segment.
    private static let limit = 1_500
    private static let network = TestNetwork()
    private let verifier = SignatureVerifier(workerCount: 1)
    private let blocks: [CertifiedBlock]
    /// The segments' files, and what a list of archives says of them.
    private let files: [[UInt8]]
    private let archives: [ArchivedSegment]
    private let folders: [ExportFolder]

    init() throws {
        var ledger = TestLedger(Self.network)
        let alice = try ledger.open("alice")
        for amount in 1...12 as ClosedRange<UInt64> {
            try ledger.issue(amount, to: alice)
            ledger.seal()
        }
        blocks = ledger.blocks
        var files: [[UInt8]] = []
        var heights: [(first: UInt64, last: UInt64)] = []
        for block in blocks {
            let frame = ExportFormat.frame(block.bytes)
            let height = block.block.header.height
            if let last = files.last, last.count + frame.count <= Self.limit {
                files[files.count - 1] += frame
                heights[heights.count - 1].last = height
            } else {
                files.append(ExportFormat.header(network: Self.network.network, firstHeight: height) + frame)
                heights.append((height, height))
            }
        }
        self.files = files
        archives = files.indices.map {
            ArchivedSegment(
                number: UInt64($0), firstHeight: heights[$0].first, lastHeight: heights[$0].last, byteCount: UInt64(files[$0].count),
                digest: SHA256.hash(files[$0]))
        }
        folders = [try ExportFolder(), try ExportFolder(), try ExportFolder()]
        try #require(files.count >= 5)
    }

    private func write(_ numbers: [Int], to folder: Int, checkpointAfter count: Int? = nil) throws {
        for number in numbers { try folders[folder].write(files[number], to: archives[number].fileName) }
        guard let count else { return }
        let signed = checkpoint(after: Array(blocks.prefix(count)), Self.network)
        try folders[folder].write(Array(signed.text.utf8), to: ExportFormat.checkpointFileName)
    }

    private func verify(_ used: [Int], manifest: ArchiveManifest? = nil) throws(ReplayError) -> ReplayResult {
        let chainspec = Self.network.chainspec
        var export = try ExportDirectory(
            ExportLocation(used.map { folders[$0].path }, archives: manifest), network: chainspec.network,
            maximumSegmentByteCount: Self.limit)
        let result = try Replay.verify(chainspec: chainspec, verifier: verifier, progress: { _ in }) { () throws(ReplayError) in
            try export.next()
        }
        try result.check(try export.checkpoint(), against: chainspec)
        return result
    }

    private func error(_ used: [Int], manifest: ArchiveManifest? = nil) -> ReplayError? {
        do throws(ReplayError) {
            _ = try verify(used, manifest: manifest)
            return nil
        } catch {
            return error
        }
    }

    private func manifest(_ count: Int) -> ArchiveManifest {
        ArchiveManifest(network: Self.network.network, archives: Array(archives.prefix(count)))
    }

    @Test func archivesAndTheRestHaveTheVerdictOfTheWhole() throws {
        let last = files.count - 1
        try write(Array(0...last), to: 0, checkpointAfter: blocks.count)
        let whole = try verify([0])
        #expect(whole.tip == blocks.last?.block.header && whole.figures.blocks == UInt64(blocks.count))

        // An older export's checkpoint and short last segment lie beside the archives; the later export has both anew.
        try write([0, 1], to: 1, checkpointAfter: 3)
        try folders[1].write(Array(files[2].prefix(ExportFormat.headerByteCount)), to: archives[2].fileName)
        try write(Array(2...last), to: 2, checkpointAfter: blocks.count)
        for used in [[1, 2], [2, 1]] {
            for manifest in [nil, manifest(2), manifest(last)] {
                let parts = try verify(used, manifest: manifest)
                #expect(parts.tip == whole.tip && parts.supply == whole.supply && parts.history == whole.history)
            }
        }
        #expect(error([1]) != nil && error([2]) != nil)
    }

    @Test func whatIsMissingIsNamedWithItsHeights() throws {
        let last = files.count - 1
        try write([0, 1] + Array(3...last), to: 0, checkpointAfter: blocks.count)
        let archive = archives[2]
        guard case .unreadable(let text) = error([0]) else {
            Issue.record("no error")
            return
        }
        #expect(text.contains("\(archive.fileName) (heights \(archive.firstHeight) to \(archive.lastHeight)) is not in "))
        #expect(!text.contains(archive.digest.hex))
        guard case .missing(let withManifest) = error([0], manifest: manifest(last)) else {
            Issue.record("no error")
            return
        }
        #expect(withManifest.contains("\(archive) is not in ") && withManifest.contains(archive.digest.hex))

        // The first ones, and archives after the last that is there: only the list knows of these.
        try write(Array(1..<last), to: 1, checkpointAfter: blocks.count)
        guard case .unreadable(let first) = error([1]) else {
            Issue.record("no error")
            return
        }
        #expect(first.contains("\(archives[0].fileName) (heights 1 to \(archives[0].lastHeight)) is not in "))
        try write([0], to: 1)
        guard case .missing(let end) = error([1], manifest: manifest(last + 1)) else {
            Issue.record("no error")
            return
        }
        #expect(end.contains("\(archives[last]) is not in "))
    }

    @Test func anArchiveThatIsNotTheListedOneIsNamed() throws {
        let last = files.count - 1
        try write(Array(0...last), to: 0, checkpointAfter: blocks.count)
        var listed = Array(archives.prefix(last))
        let archive = archives[1]
        listed[1] = ArchivedSegment(
            number: 1, firstHeight: archive.firstHeight, lastHeight: archive.lastHeight, byteCount: archive.byteCount,
            digest: SHA256.hash(files[0]))
        let found = error([0], manifest: ArchiveManifest(network: Self.network.network, archives: listed))
        #expect(found == mismatch(listed[1], .digest(archive.digest, nil)) && found?.code == "archiveDiffers" && found?.doesNotHold == true)
        #expect(found?.description.contains(listed[1].digest.hex) == true && found?.description.contains(archive.digest.hex) == true)

        let other = ArchiveManifest(network: NetworkID(.zero), archives: [])
        #expect(error([0], manifest: other)?.code == "exportUnreadable")
    }

    private func mismatch(_ archive: ArchivedSegment, _ cause: ArchiveMismatch.Cause) -> ReplayError {
        let path = folders[0].path.hasSuffix("/") ? String(folders[0].path.dropLast()) : folders[0].path
        return .otherArchive(ArchiveMismatch(archive: archive, path: "\(path)/\(archive.fileName)", cause: cause))
    }

    @Test func everyDamagedArchiveIsNamedForWhatItIs() throws {
        let last = files.count - 1
        let list = manifest(last)
        try write(Array(0...last), to: 0, checkpointAfter: blocks.count)
        #expect(error([0], manifest: list) == nil)
        let (one, two) = (archives[1], archives[2])

        try folders[0].write(Array(files[1].dropLast(5)), to: one.fileName)
        #expect(error([0], manifest: list) == mismatch(one, .size(one.byteCount - 5)))
        #expect(error([0], manifest: list)?.description.contains("cut short by 5") == true)
        try folders[0].write(files[1] + [0], to: one.fileName)
        #expect(error([0], manifest: list) == mismatch(one, .size(one.byteCount + 1)))

        var flipped = files[1]
        flipped[ExportFormat.headerByteCount + 40] ^= 4
        try folders[0].write(flipped, to: one.fileName)
        let damage = ExportError.checksumMismatch(height: one.firstHeight, offset: ExportFormat.headerByteCount)
        #expect(error([0], manifest: list) == mismatch(one, .digest(SHA256.hash(flipped), damage)))
        // Without the list, the archive's own form shows it.
        #expect(error([0]) == .archive(file: one.fileName, damage))

        // Changed round: each is told to be the other.
        try folders[0].write(files[2], to: one.fileName)
        try folders[0].write(files[1], to: two.fileName)
        #expect(error([0], manifest: list) == mismatch(one, .isAnother(two)))
        #expect(error([0], manifest: list)?.description.contains("It is the archive \(two), under another name") == true)
        guard case .archive(one.fileName, .wrongFirstHeight) = error([0]) else {
            Issue.record("changed round, and not found: \(String(describing: error([0])))")
            return
        }
        // One archive under the name of another that is missing.
        try folders[0].remove(two.fileName)
        #expect(error([0], manifest: list)?.code == "archiveMissing")
        try folders[0].write(files[1], to: one.fileName)
        try folders[0].write(files[2], to: two.fileName)
        #expect(error([0], manifest: list) == nil)
    }

    /// Of two files in the place of one archive, the one of the size that the list says is meant, in whatever order the directories are.
    @Test func aLongerFileDoesNotStandForAListedArchive() throws {
        let last = files.count - 1
        try write(Array(0...last), to: 0, checkpointAfter: blocks.count)
        try folders[1].write(files[1] + [7], to: archives[1].fileName)
        for used in [[0, 1], [1, 0]] {
            #expect(error(used, manifest: manifest(last)) == nil)
            #expect(error(used)?.code == "exportTruncated")
        }
    }

    @Test func heightsOfTheListAreCompared() throws {
        let last = files.count - 1
        try write(Array(0...last), to: 0, checkpointAfter: blocks.count)
        let listed = archives.prefix(last).enumerated().map { position, archive in
            ArchivedSegment(
                number: archive.number, firstHeight: position == 0 ? 1 : archive.firstHeight + 1, lastHeight: archive.lastHeight + 1,
                byteCount: archive.byteCount, digest: archive.digest)
        }
        let found = error([0], manifest: ArchiveManifest(network: Self.network.network, archives: listed))
        #expect(found == mismatch(listed[0], .lastHeight(archives[0].lastHeight)))
    }

    @Test func aStrangeNameIsRefused() throws {
        try write(Array(files.indices), to: 0, checkpointAfter: blocks.count)
        for name in ["blocks-1.coffer", "blocks-0000000x.coffer", "blocks-99999999999999999999999.coffer", "blocks--0000001.coffer"] {
            try folders[0].write([], to: name)
            guard case .unreadable(let text) = error([0]) else {
                Issue.record("\(name) was accepted")
                continue
            }
            #expect(text.contains(name))
            try folders[0].remove(name)
        }
        // Far ahead of the others: said at once, and without counting up to it.
        let far = ExportFormat.segmentFileName(UInt64.max)
        try folders[0].write([], to: far)
        #expect(error([0])?.description.contains("is not in") == true || error([0])?.description.contains("are not in") == true)
    }
}
