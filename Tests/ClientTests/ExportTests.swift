import Client
import Cryptography
import Foundation
import Ledger
import Support
import Testing

/// Exports of a chain made by the real rules, from a node that serves its blocks.
@Suite("Export archives")
struct ExportTests {
    let network: TestNetwork
    let blocks: [CertifiedBlock]
    /// The checkpoint after each block, from genesis on: its size is its position and one.
    let checkpoints: [SignedCheckpoint]

    init() throws {
        let network = TestNetwork()
        var ledger = TestLedger(network)
        var checkpoints = [try Self.checkpoint(of: ledger.history, network)]
        let alice = try ledger.open("alice")
        for amount in 1...6 as ClosedRange<UInt64> {
            try ledger.issue(amount, to: alice)
            ledger.seal()
            checkpoints.append(try Self.checkpoint(of: ledger.history, network))
        }
        self.network = network
        blocks = ledger.blocks
        self.checkpoints = checkpoints
    }

    private static func checkpoint(of history: HistoryTree, _ network: TestNetwork) throws -> SignedCheckpoint {
        let checkpoint = Checkpoint(network: network.network, size: history.count, root: history.root)
        return SignedCheckpoint(checkpoint, signatures: [try checkpoint.sign(with: testCheckpointKey("validator-0-checkpoint"))])
    }

    /// A node that has so many of the blocks.
    private func node(_ count: Int, serving blocks: [CertifiedBlock]? = nil) -> FakeNode {
        let blocks = blocks ?? self.blocks
        let checkpoint = checkpoints[count]
        return FakeNode(network: network.network) { (request, _) throws(TransportError) in
            if request.path == "/v1/checkpoint" { return .text(checkpoint.text, type: MediaType.text) }
            guard let height = Int(request.path.dropFirst("/v1/blocks/".count)), (1...count).contains(height) else {
                return .problem("blockNotFound", 404)
            }
            return .octets(blocks[height - 1].bytes)
        }
    }

    @discardableResult
    private func export(_ node: FakeNode, to directory: URL) async throws(ExportFailure) -> Exporter.Summary {
        try await Exporter(from: node.client(network.chainspec, retry: .never), to: directory.path).run()
    }

    /// What the specification says the first segment is, after so many blocks.
    private func segment(_ count: Int) -> [UInt8] {
        ExportFormat.header(network: network.network, firstHeight: 1) + blocks[..<count].flatMap { ExportFormat.frame($0.bytes) }
    }

    private func contents(_ directory: URL) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
            files[name] = [UInt8](try Data(contentsOf: directory.appending(path: name)))
        }
        return files
    }

    private func complete(_ count: Int) -> [String: [UInt8]] {
        ["blocks-00000000.coffer": segment(count), "checkpoint": Array(checkpoints[count].text.utf8)]
    }

    @Test("An export is byte for byte what the specification says", arguments: [0, 1, 2, 6])
    func fresh(count: Int) async throws {
        let directory = try TemporaryDirectory()
        let target = directory.url.appending(path: "made/on/the/way")
        let summary = try await export(node(count), to: target)
        #expect(try contents(target) == complete(count))
        #expect(summary.height == UInt64(count))
        #expect(summary.addedBlockCount == UInt64(count))
        #expect(summary.byteCount == UInt64(segment(count).count))
        #expect(summary.checkpoint == checkpoints[count])
    }

    @Test("Progress counts up to the target")
    func progress() async throws {
        let directory = try TemporaryDirectory()
        var heights: [UInt64] = []
        var isTargetRight = true
        _ = try await Exporter(from: node(6).client(network.chainspec), to: directory.url.path).run { progress in
            heights.append(progress.height)
            isTargetRight = isTargetRight && progress.targetHeight == 6
        }
        #expect(heights == Array(0...6))
        #expect(isTargetRight)
    }

    @Test("An archive is brought up to date; run again, nothing changes")
    func extends() async throws {
        let directory = try TemporaryDirectory()
        for (count, added) in [(0, 0), (0, 0), (2, 2), (2, 0), (5, 3), (6, 1), (6, 0)] {
            let summary = try await export(node(count), to: directory.url)
            #expect(summary.addedBlockCount == UInt64(added))
            #expect(try contents(directory.url) == complete(count))
        }
    }

    @Test("Cut off anywhere, an export is resumed to the same bytes")
    func cuts() async throws {
        let directory = try TemporaryDirectory()
        let whole = segment(2)
        let file = directory.url.appending(path: "blocks-00000000.coffer")
        // Around each place where something begins or ends, and at some others.
        let frame = ExportFormat.headerByteCount + ExportFormat.frame(blocks[0].bytes).count
        let places = [0, ExportFormat.magic.count, ExportFormat.headerByteCount, frame, frame + 4, whole.count - 32, whole.count]
        var lengths = Set(places.flatMap { $0 - 2...$0 + 2 })
        var generator = SplitMix64(test: "ExportTests.cuts")
        for _ in 0..<20 { lengths.insert(generator.below(whole.count)) }
        for length in lengths.sorted() where (0...whole.count).contains(length) {
            try Data(whole[..<length]).write(to: file)
            try Data(checkpoints[1].text.utf8).write(to: directory.url.appending(path: "checkpoint"))
            try await export(node(2), to: directory.url)
            #expect(try contents(directory.url) == complete(2), "cut at \(length)")
        }
    }

    @Test("A node that goes away in the middle leaves an archive that is resumed")
    func interrupted() async throws {
        let directory = try TemporaryDirectory()
        let blocks = blocks
        let checkpoint = checkpoints[6]
        let broken = FakeNode(network: network.network) { (request, _) throws(TransportError) in
            if request.path == "/v1/checkpoint" { return .text(checkpoint.text, type: MediaType.text) }
            guard let height = Int(request.path.dropFirst("/v1/blocks/".count)), height < 4 else { throw .unreachable(reason: "gone") }
            return .octets(blocks[height - 1].bytes)
        }
        let error = await failure { () throws(ExportFailure) in try await export(broken, to: directory.url) }
        #expect(error == .node(.unreachable(node: "http://fake", reason: "gone")))
        #expect(try contents(directory.url)["checkpoint"] == nil)
        try await export(node(6), to: directory.url)
        #expect(try contents(directory.url) == complete(6))
    }

    @Test("While blocks are added to a complete archive, it has no checkpoint")
    func noStaleCheckpoint() async throws {
        let directory = try TemporaryDirectory()
        try await export(node(2), to: directory.url)
        // The last block is not there, so the export fails after it added some.
        let blocks = blocks
        let checkpoint = checkpoints[6]
        let failing = FakeNode(network: network.network) { (request, _) throws(TransportError) in
            if request.path == "/v1/checkpoint" { return .text(checkpoint.text, type: MediaType.text) }
            guard let height = Int(request.path.dropFirst("/v1/blocks/".count)), height < 6 else { return .problem("blockNotFound", 404) }
            return .octets(blocks[height - 1].bytes)
        }
        let error = await failure { () throws(ExportFailure) in try await export(failing, to: directory.url) }
        guard case .node(.refused(let problem)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(problem.code == "blockNotFound")
        #expect(try contents(directory.url)["checkpoint"] == nil)
    }

    @Test("Damage in what is there is named, and nothing is changed")
    func damage() async throws {
        let directory = try TemporaryDirectory()
        try await export(node(3), to: directory.url)
        let file = directory.url.appending(path: "blocks-00000000.coffer")
        let good = segment(3)
        let second = ExportFormat.headerByteCount + ExportFormat.frame(blocks[0].bytes).count
        var places: [(Int, ExportError)] = [
            (0, .wrongMagic), (second + 10, .checksumMismatch(height: 2, offset: second)),
            (good.count - 1, .checksumMismatch(height: 3, offset: second + ExportFormat.frame(blocks[1].bytes).count)),
            (55, .wrongFirstHeight(0, expected: 1)),
        ]
        places.append((15, .unknownVersion(0)))
        for (place, expected) in places {
            var bad = good
            bad[place] ^= 1
            try Data(bad).write(to: file)
            let error = await failure { () throws(ExportFailure) in try await export(node(6), to: directory.url) }
            #expect(error == .segment(path: file.path, expected))
            #expect(try contents(directory.url) == ["blocks-00000000.coffer": bad, "checkpoint": Array(checkpoints[3].text.utf8)])
        }
    }

    @Test("A segment that is missing, or ends too early before another, is named")
    func missingSegment() async throws {
        let directory = try TemporaryDirectory()
        let (first, second) = (
            directory.url.appending(path: "blocks-00000000.coffer"), directory.url.appending(path: "blocks-00000001.coffer")
        )
        try Data(segment(2)).write(to: second)
        let missing = await failure { () throws(ExportFailure) in try await export(node(6), to: directory.url) }
        #expect(missing == .missingSegment(path: first.path))
        try Data(segment(2).dropLast()).write(to: first)
        let cut = await failure { () throws(ExportFailure) in try await export(node(6), to: directory.url) }
        let offset = ExportFormat.headerByteCount + ExportFormat.frame(blocks[0].bytes).count
        #expect(cut == .segment(path: first.path, .truncated(offset: offset)))
    }

    @Test("A node with fewer blocks, or of another history, cannot continue an archive")
    func otherNode() async throws {
        let directory = try TemporaryDirectory()
        try await export(node(4), to: directory.url)
        let behind = await failure { () throws(ExportFailure) in try await export(node(2), to: directory.url) }
        #expect(behind == .nodeIsBehind(nodeHeight: 2, archiveHeight: 4))
        #expect(try contents(directory.url) == complete(4))

        // The same network with another history: what its validators would sign after a fork.
        var fork = TestLedger(network)
        let bob = try fork.open("bob")
        for amount in 1...6 as ClosedRange<UInt64> {
            try fork.issue(amount, to: bob)
            fork.seal()
        }
        let broken = await failure { () throws(ExportFailure) in try await export(node(6, serving: fork.blocks), to: directory.url) }
        #expect(broken == .brokenChain(height: 5, reason: "it names another parent"))
        let empty = try TemporaryDirectory()
        let other = await failure { () throws(ExportFailure) in try await export(node(6, serving: fork.blocks), to: empty.url) }
        #expect(other == .otherHistory(height: 6))
        #expect(try contents(empty.url)["checkpoint"] == nil)
    }

    @Test("A block that is not final, or of another height, is not written")
    func wrongBlocks() async throws {
        let unattested = blocks.map { CertifiedBlock(block: $0.block, attestations: []) }
        let swapped = [blocks[1], blocks[0]] + blocks[2...]
        for wrong in [unattested, swapped] {
            let directory = try TemporaryDirectory()
            let error = await failure { () throws(ExportFailure) in try await export(node(6, serving: wrong), to: directory.url) }
            guard case .node(.unproved) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(try contents(directory.url).isEmpty)
        }
    }

    @Test("A directory that cannot be used is named")
    func unusable() async throws {
        let directory = try TemporaryDirectory()
        let file = directory.url.appending(path: "file")
        try Data().write(to: file)
        let error = await failure { () throws(ExportFailure) in try await export(node(1), to: file) }
        guard case .file(let path, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(path == file.path)
    }
}
