import Cryptography
import Foundation
import Ledger
import Support
import Testing

@testable import Verifier

/// Exports that hold, and every way in which one does not.
final class ReplayTests {
    private static let network = TestNetwork(validators: 3, quorum: 2)
    private static let alice = network.account("alice")

    /// Four blocks, and a verifier.
    private let blocks: [CertifiedBlock]
    private let verifier = SignatureVerifier(workerCount: 1)
    private let folder: ExportFolder

    init() throws {
        var forge = BlockForge(Self.network)
        forge.add([forge.open(Self.alice)])
        forge.add([forge.issue(100, to: Self.alice)])
        forge.add()
        forge.add([forge.pay(30, from: Self.alice, to: Self.network.bankB), forge.pay(5, from: Self.alice, to: Self.network.bankA)])
        blocks = forge.blocks
        folder = try ExportFolder()
    }

    deinit {
        verifier.close()
    }

    private func verdict(_ export: ExportFiles) throws -> ReplayError? {
        try folder.write(export)
        return VerifierTests.verdict(folder, Self.network, verifier)
    }

    @Test func aGoodExportHolds() throws {
        let files = ExportFiles(blocks, Self.network)
        try folder.write(files)
        var archive = try ExportDirectory(path: folder.path, network: Self.network.network)
        #expect(archive.byteCount == UInt64(files[ExportFiles.firstSegment].count))
        var read: [CertifiedBlock] = []
        while let block = try archive.next() { read.append(block) }
        #expect(read == blocks && archive.byteCountRead == archive.byteCount)
        #expect(try archive.next() == nil)

        var seen: [UInt64] = []
        let result = try verifyExport(folder, Self.network, verifier) { seen.append($0.blocks) }
        #expect(result.tip == blocks.last?.block.header && result.figures.blocks == 4 && result.figures.transactions == 4)
        #expect(seen == [4])
        #expect(result.history.count == 5)
        #expect(result.supply.reduce(0) { $0 + $1.outstanding } == 100)
    }

    @Test func anExportOfGenesisAloneHolds() throws {
        try folder.write(ExportFiles([], Self.network))
        let result = try verifyExport(folder, Self.network, verifier)
        #expect(result.tip == Self.network.chainspec.genesisHeader && result.figures.blocks == 0)
    }

    /// Many blocks are taken in batches; progress is told after each.
    @Test func batchesEndAtTheirLimit() throws {
        var forge = BlockForge(Self.network)
        for _ in 0..<Replay.blocksPerBatch + 5 { forge.add() }
        var next = forge.blocks[...]
        var seen: [UInt64] = []
        let result = try Replay.verify(
            chainspec: Self.network.chainspec, verifier: verifier, progress: { seen.append($0.blocks) },
            next: { () throws(ReplayError) in next.popFirst() })
        #expect(seen == [UInt64(Replay.blocksPerBatch), UInt64(Replay.blocksPerBatch) + 5])
        #expect(result.tip == forge.tip)
    }

    // MARK: Unreadable

    private func expectUnreadable(_ error: ReplayError?, code: String, mentioning text: String) {
        #expect(error?.code == code && error?.doesNotHold == false, "\(String(describing: error))")
        #expect(error?.description.contains(text) == true, "\(String(describing: error))")
    }

    @Test func whatIsNoExportIsUnreadable() throws {
        let unfinished = ExportFiles(frames: [], checkpoint: nil, Self.network)
        expectUnreadable(try verdict(unfinished), code: "exportUnreadable", mentioning: "no checkpoint")
        var files = ExportFiles(blocks, Self.network)
        files.files[ExportFiles.firstSegment] = nil
        expectUnreadable(try verdict(files), code: "exportUnreadable", mentioning: "holds no export")
        let nowhere = ReplayTests.error { () throws(ReplayError) in
            _ = try ExportDirectory(path: folder.path + "/nowhere", network: Self.network.network)
        }
        expectUnreadable(nowhere, code: "exportUnreadable", mentioning: "nowhere cannot be read")
    }

    @Test func aMissingSegmentIsNamed() throws {
        // Names suffice: nothing is read before all segments are there.
        for present in [[0, 2], [0, 1, 3, 4], [0, 5]] as [[UInt64]] {
            var files = ExportFiles(blocks, Self.network)
            for number in present where number > 0 { files.setSegment(number, firstHeight: 9, [], Self.network) }
            let missing = try #require((0...5).first { !present.contains($0) })
            expectUnreadable(
                try verdict(files), code: "exportUnreadable", mentioning: ExportFormat.segmentFileName(missing))
        }
        var files = ExportFiles(blocks, Self.network)
        files.files[ExportFiles.secondSegment] = files.files.removeValue(forKey: ExportFiles.firstSegment)
        expectUnreadable(try verdict(files), code: "exportUnreadable", mentioning: "\(ExportFiles.firstSegment) ")
    }

    @Test func aLinkOrFolderIsNoSegment() throws {
        try folder.write(ExportFiles(blocks, Self.network))
        let segment = folder.url.appending(path: ExportFiles.firstSegment)
        let elsewhere = folder.url.appending(path: "elsewhere")
        try FileManager.default.moveItem(at: segment, to: elsewhere)
        try FileManager.default.createSymbolicLink(at: segment, withDestinationURL: elsewhere)
        expectUnreadable(
            VerifierTests.verdict(folder, Self.network, verifier), code: "exportUnreadable", mentioning: "not a regular file")
        try FileManager.default.removeItem(at: segment)
        try FileManager.default.createDirectory(at: segment, withIntermediateDirectories: false)
        expectUnreadable(
            VerifierTests.verdict(folder, Self.network, verifier), code: "exportUnreadable", mentioning: "not a regular file")
    }

    @Test func aSegmentOfSomethingElseIsUnreadable() throws {
        func with(_ change: (inout [UInt8]) -> Void) throws -> ReplayError? {
            var files = ExportFiles(blocks, Self.network)
            change(&files[ExportFiles.firstSegment])
            return try verdict(files)
        }
        expectUnreadable(try with { $0[0] ^= 1 }, code: "exportWrongMagic", mentioning: "blocks-00000000.coffer: ")
        expectUnreadable(try with { $0[15] = 2 }, code: "exportUnknownVersion", mentioning: "format version 2")
        expectUnreadable(try with { $0[16] ^= 1 }, code: "exportWrongNetwork", mentioning: "of network")
        expectUnreadable(try with { $0[55] = 2 }, code: "exportWrongFirstHeight", mentioning: "begins at height 2")
        expectUnreadable(try with { $0 = [] }, code: "exportTruncated", mentioning: "byte 0")
        expectUnreadable(try with { $0[56] = 0xff }, code: "exportFrameTooLong", mentioning: "the frame of height 1")
        expectUnreadable(try with { $0.append(0) }, code: "exportTruncated", mentioning: "in the middle")
    }

    /// Cut anywhere, the segment ends within a frame, or blocks are missing that the checkpoint covers.
    @Test func aSegmentCutShortIsNoticed() throws {
        let whole = ExportFiles(blocks, Self.network)
        let bytes = whole[ExportFiles.firstSegment]
        var ends = [ExportFormat.headerByteCount]
        for block in blocks { ends.append(ends[ends.count - 1] + ExportFormat.frameByteCount(block.bytes.count)) }
        #expect(ends.last == bytes.count)
        let lengths = Set((0..<bytes.count).filter { $0.isMultiple(of: 7) } + ends.dropLast().flatMap { [$0 - 1, $0, $0 + 1] })
        for length in lengths.sorted() {
            var files = whole
            files[ExportFiles.firstSegment] = Array(bytes[..<length])
            let error = try verdict(files)
            if ends.contains(length) {
                #expect(error?.code == "checkpointMismatch" && error?.doesNotHold == true, "\(length): \(String(describing: error))")
            } else {
                let start = ends.last { $0 < length } ?? 0
                #expect(error == .archive(file: ExportFiles.firstSegment, .truncated(offset: start)), "\(length)")
            }
        }
    }

    @Test func anUnreadableCheckpointIsSaidToBe() throws {
        var files = ExportFiles(blocks, Self.network)
        for text in ["", "hello\n", "coffer/\(Self.network.network)\n5\n"] {
            files[ExportFormat.checkpointFileName] = Array(text.utf8)
            let error = try verdict(files)
            expectUnreadable(error, code: "checkpointText", mentioning: "checkpoint: line")
        }
        files[ExportFormat.checkpointFileName] = [UInt8](repeating: 0x0A, count: SignedCheckpoint.maximumByteCount + 1)
        expectUnreadable(try verdict(files), code: "exportUnreadable", mentioning: "larger than any checkpoint")
    }

    // MARK: Does not hold

    private func expectDoesNotHold(_ error: ReplayError?, code: String, mentioning text: String) {
        #expect(error?.code == code && error?.doesNotHold == true, "\(String(describing: error))")
        #expect(error?.description.contains(text) == true, "\(String(describing: error))")
    }

    @Test func aCheckpointOfAnotherChainDoesNotHold() throws {
        var files = ExportFiles(blocks, Self.network)
        func replaceCheckpoint(_ checkpoint: SignedCheckpoint) { files[ExportFormat.checkpointFileName] = Array(checkpoint.text.utf8) }
        replaceCheckpoint(checkpoint(after: Array(blocks.dropLast()), Self.network))
        expectDoesNotHold(try verdict(files), code: "checkpointMismatch", mentioning: "it is of 4 headers")
        // As many headers, and one of them another.
        var forge = BlockForge(Self.network)
        for _ in 0..<4 { forge.add() }
        replaceCheckpoint(checkpoint(after: forge.blocks, Self.network))
        expectDoesNotHold(try verdict(files), code: "checkpointMismatch", mentioning: "it is of 5 headers")
        replaceCheckpoint(checkpoint(after: blocks, TestNetwork(validators: 3, quorum: 2, name: "other")))
        expectDoesNotHold(try verdict(files), code: "wrongNetwork", mentioning: "the checkpoint is of network")
        replaceCheckpoint(checkpoint(after: blocks, Self.network, validators: [1]))
        expectDoesNotHold(try verdict(files), code: "tooFewCheckpointSignatures", mentioning: "the chain specification's quorum is 2")
        let right = checkpoint(after: blocks, Self.network)
        let other = checkpoint(after: forge.blocks, Self.network)
        replaceCheckpoint(SignedCheckpoint(right.checkpoint, signatures: other.signatures))
        expectDoesNotHold(try verdict(files), code: "invalidCheckpointSignature", mentioning: "validator-0")
        replaceCheckpoint(checkpoint(after: blocks, Self.network, validators: [2, 1]))
        #expect(try verdict(files) == nil)
    }

    @Test func aDamagedFrameDoesNotHold() throws {
        for position in blocks.indices {
            var frames = blocks.map { ExportFormat.frame($0.bytes) }
            frames[position][100] ^= 4
            let files = ExportFiles(frames: frames, checkpoint: checkpoint(after: blocks, Self.network), Self.network)
            expectDoesNotHold(
                try verdict(files), code: "exportChecksumMismatch", mentioning: "the frame of height \(position + 1) at byte")
        }
    }

    /// The checksum is right, and what it covers is no block.
    @Test func aFrameThatDoesNotDecodeDoesNotHold() throws {
        var frames = blocks.map { ExportFormat.frame($0.bytes) }
        frames[2] = ExportFormat.frame(blocks[2].bytes + [0])
        let files = ExportFiles(frames: frames, checkpoint: checkpoint(after: blocks, Self.network), Self.network)
        #expect(try verdict(files) == .fault(ChainFault(height: 3, offence: .undecodable(.trailingBytes))))
        frames[2] = ExportFormat.frame([])
        #expect(
            try verdict(ExportFiles(frames: frames, checkpoint: nil, Self.network))
                == .fault(ChainFault(height: 3, offence: .undecodable(.truncated))))
    }

    @Test func blocksOutOfOrderDoNotHold() throws {
        let swapped = [blocks[0], blocks[2], blocks[1], blocks[3]]
        expectDoesNotHold(try verdict(ExportFiles(swapped, Self.network)), code: "header.height", mentioning: "block 2: ")
        let repeated = [blocks[0]] + blocks
        expectDoesNotHold(
            try verdict(ExportFiles(repeated, Self.network)), code: "header.height", mentioning: "block 2: header field height is 1")
    }

    /// Whatever is wrong further back, an offence in an earlier block is the verdict.
    @Test func theFirstOffenceIsTheVerdict() throws {
        var bad = blocks
        bad[1] = CertifiedBlock(block: bad[1].block, attestations: [bad[1].attestations[0]])
        let offence = BlockOffence.notFinal(reason: "1 attestations, the quorum is 2")
        let expected = ReplayError.fault(ChainFault(height: 2, offence: offence))
        var frames = bad.map { ExportFormat.frame($0.bytes) }
        #expect(try verdict(ExportFiles(frames: frames, checkpoint: nil, Self.network)) == expected)
        frames[2] = ExportFormat.frame([1, 2, 3])
        #expect(try verdict(ExportFiles(frames: frames, checkpoint: nil, Self.network)) == expected)
        frames[2][20] ^= 1
        #expect(try verdict(ExportFiles(frames: frames, checkpoint: nil, Self.network)) == expected)
        frames[2] = [0, 0]
        #expect(try verdict(ExportFiles(frames: frames, checkpoint: nil, Self.network)) == expected)
    }

    // MARK: Where segments are cut

    /// A segment ends only where the next block does not fit.
    @Test func aSegmentThatBeginsTooEarlyDoesNotHold() throws {
        let frames = blocks.map { ExportFormat.frame($0.bytes) }
        let checkpoint = checkpoint(after: blocks, Self.network)
        for cut in 0...blocks.count {
            var files = ExportFiles(frames: Array(frames[..<cut]), checkpoint: checkpoint, Self.network)
            files.setSegment(1, firstHeight: UInt64(cut) + 1, Array(frames[cut...]), Self.network)
            #expect(try verdict(files) == .wrongCut(file: ExportFiles.secondSegment, height: UInt64(cut) + 1), "cut at \(cut)")
        }
        let error = ReplayError.wrongCut(file: ExportFiles.secondSegment, height: 3)
        expectDoesNotHold(error, code: "exportWrongCut", mentioning: "no segment begins at height 3")
    }

    /// Three large blocks take two segments, cut before the third; nowhere else.
    @Test func largeBlocksAreCutWhereTheyDoNotFit() throws {
        let large = largeTransaction(Self.network)
        let count = 23_000_000 / large.bytes.count
        var forge = BlockForge(Self.network)
        let header = forge.add().block.header
        let block = Block(header: Self.counting(count, header), transactions: Array(repeating: large, count: count))
        let bytes = CertifiedBlock(block: block, attestations: []).bytes
        let frame = ExportFormat.frame(bytes)
        #expect(frame.count * 2 < ExportFormat.maximumSegmentByteCount && frame.count * 3 > ExportFormat.maximumSegmentByteCount)

        var files = ExportFiles(frames: [frame, frame], checkpoint: nil, Self.network)
        files.setSegment(1, firstHeight: 3, [frame], Self.network)
        try folder.write(files)
        var archive = try ExportDirectory(path: folder.path, network: Self.network.network)
        for _ in 0..<3 { #expect(try archive.next()?.block.header == block.header) }
        #expect(try archive.next() == nil)
        #expect(archive.byteCountRead == archive.byteCount)

        // The third block in the first segment, and the second block in the second one.
        try folder.write(ExportFiles(frames: [frame, frame, frame], checkpoint: nil, Self.network))
        let tooLong = ExportError.segmentTooLong(height: 3, offset: ExportFormat.headerByteCount + 2 * frame.count)
        #expect(try endOfReading() == .archive(file: ExportFiles.firstSegment, tooLong))
        files = ExportFiles(frames: [frame], checkpoint: nil, Self.network)
        files.setSegment(1, firstHeight: 2, [frame, frame], Self.network)
        try folder.write(files)
        #expect(try endOfReading() == .wrongCut(file: ExportFiles.secondSegment, height: 2))
    }

    private func endOfReading() throws -> ReplayError? {
        var archive = try ExportDirectory(path: folder.path, network: Self.network.network)
        return Self.error { () throws(ReplayError) in while try archive.next() != nil {} }
    }

    private static func error(_ body: () throws(ReplayError) -> Void) -> ReplayError? {
        do {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private static func counting(_ count: Int, _ header: BlockHeader) -> BlockHeader {
        var header = header
        header.transactionCount = UInt32(count)
        return header
    }
}
