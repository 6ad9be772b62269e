import Cryptography
import Ledger
import Support
import Testing

/// A segment in memory, given out in pieces of random size.
private final class PiecewiseInput {
    private var rest: ArraySlice<UInt8>
    private var random: SplitMix64
    private(set) var largestRequest = 0

    init(_ bytes: [UInt8], seed: UInt64 = 1) {
        rest = bytes[...]
        random = SplitMix64(seed: seed)
    }

    func read(_ maximumCount: Int) -> [UInt8] {
        largestRequest = max(largestRequest, maximumCount)
        let count = min(rest.count, 1 + random.below(maximumCount))
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}

private let network = TestNetwork()

private func reader(_ bytes: [UInt8], firstHeight: UInt64 = 1) throws(ExportError) -> SegmentReader {
    let input = PiecewiseInput(bytes)
    return try SegmentReader(network: network.network, firstHeight: firstHeight) { (count: Int) in input.read(count) }
}

/// All frames of a segment, and what ended the reading; nil for its regular end.
private func readAll(_ bytes: [UInt8], firstHeight: UInt64 = 1) -> (frames: [SegmentReader.Frame], failure: ExportError?) {
    var frames: [SegmentReader.Frame] = []
    do throws(ExportError) {
        var reader = try reader(bytes, firstHeight: firstHeight)
        while let frame = try reader.next() { frames.append(frame) }
        return (frames, nil)
    } catch {
        return (frames, error)
    }
}

@Suite("Export segments")
struct ExportFormatTests {
    private let blocks: [CertifiedBlock]
    private let segment: [UInt8]
    /// Where each frame begins; then the segment's end.
    private let offsets: [Int]

    init() throws {
        var ledger = TestLedger(network)
        let alice = try ledger.open("alice")
        ledger.seal()
        try ledger.issue(1_00, to: alice)
        ledger.seal()
        ledger.seal()
        blocks = ledger.blocks
        var segment = ExportFormat.header(network: network.network, firstHeight: 1)
        var offsets = [segment.count]
        for block in blocks {
            segment += ExportFormat.frame(block.bytes)
            offsets.append(segment.count)
        }
        self.segment = segment
        self.offsets = offsets
    }

    @Test("a segment's bytes are laid out as specified")
    func layout() throws {
        let header = ExportFormat.header(network: network.network, firstHeight: 0x0102)
        #expect(header.count == ExportFormat.headerByteCount)
        #expect(
            header == Array("COFFER-EXPORT\n".utf8) + [0, 1] + network.network.bytes.bytes + [0, 0, 0, 0, 0, 0, 1, 2])
        let block: [UInt8] = Array(repeating: 7, count: 300)
        let frame = ExportFormat.frame(block)
        #expect(frame.count == ExportFormat.frameByteCount(300))
        #expect(frame == [0, 0, 1, 44] + block + SHA256.hash([0, 0, 1, 44] + block).bytes)
        #expect(ExportFormat.segmentFileName(0) == "blocks-00000000.coffer")
        #expect(ExportFormat.segmentFileName(12_345_678) == "blocks-12345678.coffer")
        #expect(ExportFormat.segmentFileName(123_456_789) == "blocks-123456789.coffer")
    }

    @Test("all blocks come back with their heights, whatever pieces the input comes in")
    func reads() throws {
        for seed in 0..<50 {
            let input = PiecewiseInput(segment, seed: UInt64(seed))
            var reader = try SegmentReader(network: network.network, firstHeight: 1) { (count: Int) in input.read(count) }
            for (position, block) in blocks.enumerated() {
                #expect(reader.byteCount == offsets[position])
                #expect(reader.nextHeight == block.block.header.height)
                let frame = try #require(try reader.next())
                #expect(frame.height == block.block.header.height)
                #expect(try CertifiedBlock(decoding: frame.certifiedBlock) == block)
            }
            #expect(try reader.next() == nil)
            #expect(reader.byteCount == segment.count)
            #expect(reader.nextHeight == UInt64(blocks.count) + 1)
            #expect(try reader.next() == nil)
        }
    }

    @Test("a segment cut anywhere gives its whole frames, then says where the incomplete one begins")
    func findsTruncation() {
        for count in 0..<segment.count {
            let (frames, failure) = readAll(Array(segment.prefix(count)))
            let whole = offsets.lastIndex { $0 <= count }
            #expect(frames.count == whole ?? 0)
            if let whole, offsets[whole] == count {
                #expect(failure == nil)
            } else {
                #expect(failure == .truncated(offset: whole.map { offsets[$0] } ?? 0), "\(count) bytes")
            }
        }
    }

    @Test("a changed byte anywhere is found, and the frames before it come back unharmed")
    func findsEveryChangedByte() throws {
        let unharmed = readAll(segment).frames
        for position in segment.indices {
            var changed = segment
            changed[position] ^= 0x40
            let (frames, failure) = readAll(changed)
            let frame = offsets.lastIndex { $0 <= position }
            #expect(failure != nil, "byte \(position)")
            #expect(frames == Array(unharmed.prefix(frame ?? 0)))
        }
    }

    @Test("each offence is named")
    func namesOffence() {
        func changed(_ position: Int, to bytes: [UInt8]) -> [UInt8] {
            var changed = segment
            changed.replaceSubrange(position..<position + bytes.count, with: bytes)
            return changed
        }
        let other = TestNetwork(name: "other")
        let firstBlock = blocks[0].bytes.count
        let cases: [([UInt8], ExportError)] = [
            (Array("something else".utf8), .wrongMagic), (Array("x".utf8), .wrongMagic), (changed(13, to: [0x20]), .wrongMagic),
            ([], .truncated(offset: 0)), (changed(14, to: [0, 2]), .unknownVersion(2)),
            (changed(16, to: other.network.bytes.bytes), .wrongNetwork(other.network, expected: network.network)),
            (changed(55, to: [2]), .wrongFirstHeight(2, expected: 1)),
            (
                changed(offsets[1], to: [0xFF, 0xFF, 0xFF, 0xFF]),
                .frameTooLong(height: 2, offset: offsets[1], byteCount: .max)
            ),
            (changed(offsets[1], to: [0x02, 0x00, 0x10, 0x83]), .frameTooLong(height: 2, offset: offsets[1], byteCount: 33_558_659)),
            (changed(offsets[0] + 4 + firstBlock, to: [0]), .checksumMismatch(height: 1, offset: offsets[0])),
            (changed(offsets[2] + 100, to: [0xAA]), .checksumMismatch(height: 3, offset: offsets[2])),
        ]
        var codes: Set<String> = []
        for (bytes, error) in cases {
            #expect(readAll(bytes).failure == error)
            #expect(!error.description.isEmpty)
            #expect(error.kind == (error.code == "exportChecksumMismatch" ? .doesNotHold : .unreadable))
            codes.insert(error.code)
        }
        #expect(codes.count == 7)
    }

    @Test("what the input throws comes through")
    func passesInputErrors() throws {
        let segment = segment
        var isBroken = false
        let input = PiecewiseInput(segment)
        var reader = try SegmentReader(network: network.network, firstHeight: 1) {
            (count: Int) throws(ExportError) in
            if isBroken { throw .inputFailed(reason: "the disk is gone") }
            return input.read(count)
        }
        _ = try reader.next()
        isBroken = true
        #expect(throws: ExportError.inputFailed(reason: "the disk is gone")) { try reader.next() }
    }

    @Test("a frame that claims much and brings little takes little memory")
    func readsInPieces() throws {
        var bytes = ExportFormat.header(network: network.network, firstHeight: 1)
        bytes += [0x02, 0x00, 0x00, 0x00] + [UInt8](repeating: 0, count: 100)
        let input = PiecewiseInput(bytes)
        var reader = try SegmentReader(network: network.network, firstHeight: 1) { (count: Int) in input.read(count) }
        #expect(throws: ExportError.truncated(offset: ExportFormat.headerByteCount)) { try reader.next() }
        #expect(input.largestRequest <= 1_048_576)
    }

    @Test("a segment ends before the block that would make it too large, unless that block is its first")
    func cutsSegments() {
        let header = ExportFormat.headerByteCount
        let largest = ExportFormat.maximumCertifiedBlockByteCount
        #expect(ExportFormat.fits(certifiedBlockByteCount: largest, segmentByteCount: header))
        let full = ExportFormat.maximumSegmentByteCount - ExportFormat.frameByteCount(1_000)
        #expect(ExportFormat.fits(certifiedBlockByteCount: 1_000, segmentByteCount: full))
        #expect(!ExportFormat.fits(certifiedBlockByteCount: 1_001, segmentByteCount: full))
        #expect(!ExportFormat.fits(certifiedBlockByteCount: 1_000, segmentByteCount: full + 1))
        #expect(!ExportFormat.fits(certifiedBlockByteCount: largest, segmentByteCount: header + largest + 36))
    }

    @Test("a frame that belongs to the next segment is refused where it stands; a first frame never does")
    func refusesLateCut() throws {
        for (limit, expected) in [(segment.count, nil), (segment.count - 1, 3), (offsets[1], 2), (0, 2)] as [(Int, Int?)] {
            let input = PiecewiseInput(segment)
            var reader = try SegmentReader(network: network.network, firstHeight: 1, maximumSegmentByteCount: limit) {
                (count: Int) in input.read(count)
            }
            for _ in 1..<(expected ?? blocks.count + 1) { #expect(try reader.next() != nil) }
            guard let expected else {
                #expect(try reader.next() == nil)
                continue
            }
            let error = ExportError.segmentTooLong(height: UInt64(expected), offset: offsets[expected - 1])
            #expect(throws: error) { try reader.next() }
            #expect(error.kind == .doesNotHold)
        }
    }
}
