import Client
import Cryptography
import Foundation
import Ledger
import Support
import Testing

/// Exports too large for one segment. The blocks are large and never executed: what is in them is not what is tested.
@Suite("Segments of an export")
struct SegmentTests {
    let network = TestNetwork()

    /// A chain of blocks of about 30 MB each: two fit into a segment.
    private func chain(_ count: Int) throws -> (blocks: [CertifiedBlock], checkpoints: [SignedCheckpoint]) {
        let transactions = Array(repeating: try Self.largeTransaction(network), count: 75)
        let root = Block.transactionRoot(transactions)
        var header = network.chainspec.genesisHeader
        var history = HistoryTree()
        history.append(header.historyLeaf)
        var blocks: [CertifiedBlock] = []
        var checkpoints: [SignedCheckpoint] = []
        for height in 1...UInt64(count) {
            let parent = header
            header.height = height
            header.parent = parent.hash
            header.transactionRoot = root
            header.transactionCount = UInt32(transactions.count)
            header.historyRoot = history.root
            history.append(header.historyLeaf)
            blocks.append(
                CertifiedBlock(
                    block: Block(header: header, transactions: transactions), attestations: network.attestations(of: header)))
            let checkpoint = Checkpoint(network: network.network, size: history.count, root: history.root)
            checkpoints.append(
                SignedCheckpoint(checkpoint, signatures: [try checkpoint.sign(with: testCheckpointKey("validator-0-checkpoint"))]))
        }
        return (blocks, checkpoints)
    }

    /// Opens 256 accounts of 16 keys: 400 kB that decode fast.
    private static func largeTransaction(_ network: TestNetwork) throws -> SignedTransaction {
        let keys = try (0..<16).map { position in
            KeyPolicy.WeightedKey(key: try PublicKey(scheme: .bip340, bytes: SHA256.hash([position]).bytes), weight: 1)
        }
        let opening = Opening(
            kind: .walletHeld, tier: 1, salt: .random(), policy: try KeyPolicy(threshold: 1, keys: keys),
            possession: Array(repeating: .zero, count: 16))
        let builder = network.builder(
            [.openAccounts(sponsor: network.walletOperator.id, openings: Array(repeating: opening, count: 256))], nonce: 1)
        return network.signed(builder, by: network.walletOperator)
    }

    private func node(_ blocks: [[UInt8]], _ checkpoint: SignedCheckpoint) -> NodeClient {
        FakeNode(network: network.network) { (request, _) throws(TransportError) in
            if request.path == "/v1/checkpoint" { return .text(checkpoint.text, type: MediaType.text) }
            guard let height = Int(request.path.dropFirst("/v1/blocks/".count)), (1...blocks.count).contains(height) else {
                return .problem("blockNotFound", 404)
            }
            return .octets(blocks[height - 1])
        }.client(network.chainspec)
    }

    private func firstHeights(in directory: URL) throws -> [String: [UInt8]] {
        var headers: [String: [UInt8]] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) where name.hasPrefix("blocks-") {
            let file = try FileHandle(forReadingFrom: directory.appending(path: name))
            headers[name] = [UInt8](try file.read(upToCount: ExportFormat.headerByteCount) ?? Data())
        }
        return headers
    }

    @Test("A segment ends before the block that would make it too large, also when an export is resumed")
    func cut() async throws {
        let (blocks, checkpoints) = try chain(3)
        let bytes = blocks.map(\.bytes)
        let directory = try TemporaryDirectory()
        // The first run ends with a full segment, the second begins the next.
        for count in [2, 3] {
            let summary = try await Exporter(from: node(bytes, checkpoints[count - 1]), to: directory.url.path).run()
            #expect(summary.height == UInt64(count))
            let headers = [1, 3].prefix(count - 1).map { ExportFormat.header(network: network.network, firstHeight: $0) }
            let expected = Dictionary(uniqueKeysWithValues: headers.enumerated().map { (ExportFormat.segmentFileName(UInt64($0)), $1) })
            #expect(try firstHeights(in: directory.url) == expected)
        }
        let sizes = try ([0, 1] as [UInt64]).map { number -> Int in
            let url = directory.url.appending(path: ExportFormat.segmentFileName(number))
            return try Data(contentsOf: url, options: .mappedIfSafe).count
        }
        let frames = bytes.map { ExportFormat.frameByteCount($0.count) }
        #expect(sizes == [56 + frames[0] + frames[1], 56 + frames[2]])
        #expect(sizes[0] <= ExportFormat.maximumSegmentByteCount && sizes[0] + frames[2] > ExportFormat.maximumSegmentByteCount)
    }
}
