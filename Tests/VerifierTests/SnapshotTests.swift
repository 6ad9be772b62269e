import Cryptography
import Ledger
import Support
import Testing
import Verifier

/// Starting from a snapshot and a signed checkpoint, and assuming signatures: what is still found, and what is not.
struct SnapshotTests {
    private static let network = TestNetwork(validators: 3, quorum: 2)
    private static let alice = network.account("alice")
    private let fixture: EvidenceFixture

    init() throws { fixture = try EvidenceFixture(Self.network) }

    private static func forge() -> BlockForge {
        var forge = BlockForge(network)
        forge.add([forge.open(alice)])
        forge.add([forge.issue(100, to: alice)])
        forge.add([forge.pay(1, from: alice, to: network.bankB)])
        return forge
    }

    /// The bytes of a snapshot as of the last of these blocks, by a replay of them.
    private func snapshot(_ blocks: [CertifiedBlock]) throws -> [UInt8] {
        var next = blocks[...]
        let replayed = try Replay.run(Chain(genesis: Self.network.chainspec, verifier: fixture.verifier), progress: { _ in }) {
            () throws(ReplayError) in next.popFirst()
        }
        var before = HistoryTree()
        before.append(Self.network.chainspec.genesisHeader.historyLeaf)
        for block in blocks.dropLast() { before.append(block.block.header.historyLeaf) }
        let last = try #require(blocks.last)
        var bytes: [UInt8] = []
        SnapshotFormat.write(
            replayed.chain.state, tip: CertifiedHeader(header: last.block.header, attestations: last.attestations), history: before
        ) { bytes += $0 }
        return bytes
    }

    private func read(_ bytes: [UInt8], network: TestNetwork = network) throws(SnapshotError) -> Snapshot {
        var rest = bytes[...]
        return try Snapshot(network: network.network) { count throws(ExportError) in
            let piece = Array(rest.prefix(count))
            rest = rest.dropFirst(count)
            return piece
        }
    }

    private func start(_ blocks: [CertifiedBlock]) throws -> ReplayStart {
        .snapshot(try read(try snapshot(blocks)), checkpoint(after: blocks, Self.network))
    }

    @Test func theRestIsReplayedFromASnapshot() throws {
        var forge = Self.forge()
        let start = try start(forge.blocks)
        forge.add([forge.pay(2, from: Self.alice, to: Self.network.bankB)])
        forge.add([forge.rotate(Self.alice, to: TestPolicy(TestKey("new")))])
        try fixture.folder.write(ExportFiles(forge.blocks, Self.network))
        let whole = try fixture.replay(.genesis)
        let rest = try fixture.replay(start)
        #expect(rest.figures.blocks == 2 && whole.figures.blocks == 5)
        #expect(rest.tip == whole.tip && rest.supply == whole.supply && rest.history == whole.history)
        // An offence after it is found and proved as from genesis.
        forge.add([forge.pay(98, from: Self.alice, to: Self.network.bankB)])
        let evidence = try #require(try fixture.evidence(ExportFiles(forge.blocks, Self.network), start: start))
        #expect(evidence.height == 6 && evidence.code == "invalidSignature")
        #expect(try fixture.check(evidence).against == .validators)
    }

    /// The window comes from the blocks, not from the snapshot: what was applied before it does not apply again.
    @Test func theReplayWindowIsReadFromTheBlocks() throws {
        var forge = Self.forge()
        let start = try start(forge.blocks)
        let payment = forge.blocks[2].block.transactions[0]
        forge.add([payment])
        try fixture.folder.write(ExportFiles(forge.blocks, Self.network))
        guard case .fault(let fault) = fixture.verdict(start) else {
            Issue.record("nothing was found")
            return
        }
        #expect(fault.height == 4 && fault.offence.code == "alreadyApplied")
    }

    @Test func theOlderPartMustBeAPrefix() throws {
        var forge = Self.forge()
        let start = try start(forge.blocks)
        forge.add()
        // Another history, of the same length and sound in itself.
        var other = BlockForge(Self.network)
        for _ in 0..<4 { other.add() }
        try fixture.folder.write(ExportFiles(other.blocks, Self.network))
        #expect(fixture.verdict(start)?.code == "notAPrefix")
        // An older transaction changed, within the time in which it counts.
        var changed = forge.blocks
        changed[2] = CertifiedBlock(
            block: Block(header: changed[2].block.header, transactions: [spoilingSignature(of: changed[2].block.transactions[0])]),
            attestations: changed[2].attestations)
        try fixture.folder.write(ExportFiles(changed, Self.network))
        #expect(fixture.verdict(start)?.code == "transactionRoot")
        // Fewer blocks than the snapshot has.
        try fixture.folder.write(ExportFiles(Array(forge.blocks[..<2]), Self.network))
        #expect(fixture.verdict(start)?.code == "notAPrefix")
    }

    @Test func aSnapshotIsComparedWithTheCheckpoint() throws {
        let forge = Self.forge()
        let good = try read(try snapshot(forge.blocks))
        let signed = checkpoint(after: forge.blocks, Self.network)
        func error(_ snapshot: Snapshot, _ signed: SignedCheckpoint) -> SnapshotError? {
            do throws(SnapshotError) {
                _ = try snapshot.verify(against: Self.network.chainspec, checkpoint: signed)
                return nil
            } catch {
                return error
            }
        }
        #expect(error(good, signed) == nil)
        #expect(error(good, checkpoint(after: Array(forge.blocks[..<2]), Self.network))?.code == "snapshotWrongCheckpoint")
        #expect(error(good, checkpoint(after: forge.blocks, Self.network, validators: [0]))?.code == "tooFewCheckpointSignatures")
        var other = Self.forge()
        other.add()
        #expect(error(try read(try snapshot(other.blocks)), signed)?.code == "snapshotWrongCheckpoint")
    }

    /// No changed bit of a snapshot passes, with its checksum or behind one.
    @Test func noFlippedBitPasses() throws {
        let forge = Self.forge()
        let bytes = try snapshot(forge.blocks)
        let signed = checkpoint(after: forge.blocks, Self.network)
        func holds(_ bytes: [UInt8]) -> Bool {
            do throws(SnapshotError) {
                let snapshot = try read(bytes)
                _ = try snapshot.verify(against: Self.network.chainspec, checkpoint: signed)
                _ = try snapshot.state(Self.network.chainspec, replayWindow: ReplayWindow())
                return true
            } catch {
                return false
            }
        }
        #expect(holds(bytes))
        var random = SplitMix64(test: "noFlippedBitPasses")
        for _ in 0..<500 {
            var changed = bytes
            let position = random.below(bytes.count)
            changed[position] ^= 1 << UInt8(random.below(8))
            #expect(!holds(changed), "byte \(position)")
        }
        // Behind checksums that fit.
        for _ in 0..<500 {
            var changed = bytes
            let position = SnapshotFormat.headerByteCount + random.below(bytes.count - SnapshotFormat.headerByteCount)
            changed[position] ^= 1 << UInt8(random.below(8))
            guard let fixed = Self.fixingChecksums(changed), fixed != bytes else { continue }
            #expect(!holds(fixed), "byte \(position)")
        }
        for count in [0, 5, 49, 60, bytes.count - 1] { #expect(!holds(Array(bytes.prefix(count)))) }
        #expect(!holds(bytes + [0]))
        #expect(throws: SnapshotError.self) { try read(bytes, network: TestNetwork(name: "elsewhere")) }
    }

    /// The same frames with the checksums of what is in them; nil where the lengths no longer fit.
    private static func fixingChecksums(_ bytes: [UInt8]) -> [UInt8]? {
        var fixed = Array(bytes.prefix(SnapshotFormat.headerByteCount))
        var rest = bytes.dropFirst(SnapshotFormat.headerByteCount)
        while !rest.isEmpty {
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard rest.count >= length + 36 else { return nil }
            let content = Array(rest.prefix(4 + length))
            fixed += content + SHA256.hash(content).bytes
            rest = rest.dropFirst(length + 36)
        }
        return fixed
    }

    @Test func lengthsOfSnapshotsAreBounded() throws {
        let bytes = try snapshot(Self.forge().blocks)
        var long = bytes
        long.replaceSubrange(SnapshotFormat.headerByteCount..<SnapshotFormat.headerByteCount + 4, with: [0xFF, 0xFF, 0xFF, 0xFF])
        do throws(SnapshotError) {
            _ = try read(long)
            Issue.record("it was read")
        } catch {
            #expect(error == .frameTooLong(offset: SnapshotFormat.headerByteCount, byteCount: .max))
        }
    }

    // MARK: Assumed signatures

    @Test func assumedSignaturesAreNotCheckedAndEverythingElseIs() throws {
        var forge = Self.forge()
        forge.add([spoilingSignature(of: forge.pay(5, from: Self.alice, to: Self.network.bankB))])
        // The forger's state did not move; so without its signature the payment makes another state.
        try fixture.folder.write(ExportFiles(forge.blocks, Self.network))
        #expect(fixture.verdict(.genesis)?.code == "invalidSignature")
        #expect(fixture.verdict(.genesis, assumingUntil: 3)?.code == "invalidSignature")
        #expect(fixture.verdict(.genesis, assumingUntil: 4)?.code == "stateRoot")

        var good = Self.forge()
        good.add([good.pay(5, from: Self.alice, to: Self.network.bankB)])
        try fixture.folder.write(ExportFiles(good.blocks, Self.network))
        let whole = try fixture.replay(.genesis)
        for height in [1, 2, 4, 100] as [UInt64] {
            let result = try fixture.replay(.genesis, assumingUntil: height)
            #expect(result.tip == whole.tip && result.figures.assumedBlocks == min(height, 4))
            #expect(result.figures.blocks == 4 && result.figures.attestations == 8)
        }
        #expect(whole.figures.assumedBlocks == 0)

        // A rule, an attestation and a root are looked at all the same.
        var poor = Self.forge()
        poor.add([poor.pay(500, from: Self.alice, to: Self.network.bankB)])
        try fixture.folder.write(ExportFiles(poor.blocks, Self.network))
        #expect(fixture.verdict(.genesis, assumingUntil: 9)?.code == "insufficientFunds")
        var unsigned = Self.forge()
        unsigned.add(attest: { _ in [] })
        try fixture.folder.write(ExportFiles(unsigned.blocks, Self.network))
        #expect(fixture.verdict(.genesis, assumingUntil: 9)?.code == "notFinal")
    }
}
