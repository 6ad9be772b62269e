import Ledger
import Support
import Testing
import Verifier

/// Single bits changed anywhere in an export: none passes unnoticed, and none ends the process.
struct ExportDamageTests {
    // Every signature of the checkpoint counts: a line whose name is changed is a witness's, and ignored.
    private let network = TestNetwork(validators: 2, quorum: 2)
    private let blocks: [CertifiedBlock]
    private let verifier = SignatureVerifier(workerCount: 0)
    private let folder: ExportFolder

    init() throws {
        var forge = BlockForge(network)
        let alice = network.account("alice")
        forge.add([forge.open(alice), forge.issue(100, to: alice)])
        forge.add([forge.pay(30, from: alice, to: network.bankB), forge.rotate(alice, to: TestPolicy(TestKey("new")))])
        blocks = forge.blocks
        folder = try ExportFolder()
    }

    @Test func noFlippedBitOfASegmentPassesUnnoticed() throws {
        var random = SplitMix64(test: "noFlippedBitOfASegmentPassesUnnoticed")
        let export = ExportFiles(blocks, network)
        try folder.write(export)
        #expect(verdict(folder, network, verifier) == nil)
        for _ in 0..<1_200 {
            let (bytes, flip) = flipped(export[ExportFiles.firstSegment], &random)
            try folder.write(bytes, to: ExportFiles.firstSegment)
            #expect(verdict(folder, network, verifier) != nil, "\(flip)")
        }
    }

    @Test func noFlippedBitOfTheCheckpointPassesUnnoticed() throws {
        var random = SplitMix64(test: "noFlippedBitOfTheCheckpointPassesUnnoticed")
        let export = ExportFiles(blocks, network)
        try folder.write(export)
        let result = try verifyExport(folder, network, verifier)
        for _ in 0..<2_000 {
            let (bytes, flip) = flipped(export[ExportFormat.checkpointFileName], &random)
            try folder.write(bytes, to: ExportFormat.checkpointFileName)
            let archive = try ExportDirectory(path: folder.path, network: network.network)
            #expect(throws: ReplayError.self, "\(flip)") { try result.check(try archive.checkpoint(), against: network.chainspec) }
        }
    }

    private func flipped(_ bytes: [UInt8], _ random: inout SplitMix64) -> (bytes: [UInt8], flip: String) {
        var bytes = bytes
        let position = random.below(bytes.count)
        let bit = UInt8(random.below(8))
        bytes[position] ^= 1 << bit
        return (bytes, "bit \(bit) of byte \(position)")
    }

    /// The same below the checksums, which anyone can compute: then decoding, rules, roots and attestations notice.
    @Test func noFlippedBitPassesBehindAChecksum() throws {
        var random = SplitMix64(test: "noFlippedBitPassesBehindAChecksum")
        let checkpoint = checkpoint(after: blocks, network)
        var codes: Set<String> = []
        for _ in 0..<1_000 {
            var certified = blocks.map(\.bytes)
            let height = random.below(certified.count)
            let position = random.below(certified[height].count)
            certified[height][position] ^= 1 << UInt8(random.below(8))
            try folder.write(ExportFiles(frames: certified.map(ExportFormat.frame), checkpoint: checkpoint, network))
            let error = verdict(folder, network, verifier)
            guard case .fault(let fault) = error else {
                Issue.record("byte \(position) of block \(height + 1): \(String(describing: error))")
                continue
            }
            #expect(fault.height == UInt64(height) + 1, "byte \(position): \(fault)")
            codes.insert(fault.offence.code)
        }
        #expect(codes.isSuperset(of: ["header.parent", "transactionRoot", "notFinal", "unknownVersion"]), "\(codes.sorted())")
    }

    /// Attested by a dishonest quorum, wrong content is found all the same: validators are not believed.
    @Test func attestationsDoNotMakeItTrue() throws {
        var random = SplitMix64(test: "attestationsDoNotMakeItTrue")
        var codes: Set<String> = []
        for _ in 0..<500 {
            let height = random.below(blocks.count)
            var changed = blocks
            guard let block = changedAndAttested(blocks[height], &random) else { continue }
            changed[height] = block
            try folder.write(ExportFiles(changed, network))
            let error = verdict(folder, network, verifier)
            guard case .fault(let fault) = error else {
                Issue.record("block \(height + 1): \(String(describing: error))")
                continue
            }
            #expect(fault.height >= UInt64(height) + 1)
            codes.insert(fault.offence.code)
        }
        #expect(codes.isSuperset(of: ["stateRoot", "supplyRoot", "accountCount"]), "\(codes.sorted())")
    }

    /// A block with one bit changed in a transaction or in the header, and everything that can be made to fit made to fit: the
    /// transaction root, the count and the attestations. Nil where it does not decode.
    private func changedAndAttested(_ certified: CertifiedBlock, _ random: inout SplitMix64) -> CertifiedBlock? {
        var header = certified.block.header
        var transactions = certified.block.transactions
        do {
            if random.once(in: 2) {
                var bytes = header.bytes
                // Neither version, network nor height, which are looked at before; nor time, counts and proposer, which a quorum may choose
                // or which are made to fit.
                let position = random.pick(Array(52..<212) + Array(220..<228))
                bytes[position] ^= 1 << UInt8(random.below(8))
                header = try BlockHeader(decoding: bytes)
            } else {
                let position = random.below(transactions.count)
                var bytes = transactions[position].bytes
                bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
                transactions[position] = try SignedTransaction(decoding: bytes)
                header.transactionRoot = Block.transactionRoot(transactions)
            }
        } catch {
            return nil
        }
        return CertifiedBlock(
            block: Block(header: header, transactions: transactions), attestations: network.attestations(of: header))
    }
}
