import Cryptography
import Foundation
import Ledger
import Verifier

/// Damages copies of an export in every known way, and lets the verifier find each damage.
struct SelfTest {
    private let export: ExportLocation
    private let chainspec: Chainspec
    private let standIns: StandIns
    private let verifier: SignatureVerifier
    private let blockDamages: [BlockDamage]
    private let archiveDamages: [ArchiveDamage]

    /// How far a run is.
    enum Progress: Sendable {
        /// Bytes of the export read, and how many there are.
        case reading(UInt64, of: UInt64)
        /// Damages tried, and how many there are; those without material are never tried.
        case damaging(Int, of: Int)
    }

    /// Every known damage to blocks.
    static var allBlockDamages: [BlockDamage] { HeaderDamage.all + EnvelopeDamage.all + OperationDamage.all + OrderDamage.all }

    init(
        export: ExportLocation, chainspec: Chainspec, verifier: SignatureVerifier, blockDamages: [BlockDamage] = Self.allBlockDamages,
        archiveDamages: [ArchiveDamage] = ArchiveDamage.all
    ) throws {
        self.export = export
        self.chainspec = chainspec
        self.verifier = verifier
        self.blockDamages = blockDamages
        self.archiveDamages = archiveDamages
        standIns = try StandIns(for: chainspec)
    }

    /// Runs every damage that the export has material for. `progress` is called now and then.
    ///
    /// Throws `ReplayError` where the blocks used do not hold as they are, and `UnknownLayout` where they have a field that is not known here.
    func run(progress: (Progress) -> Void = { _ in }) throws -> DetectionMatrix {
        let scan = try scan(progress)
        let total = archiveDamages.count + blockDamages.count
        var tried = 0
        func triedOne() {
            tried += 1
            progress(.damaging(tried, of: total))
        }
        var matrix = DetectionMatrix(blockCount: scan.blockCount, archiveBlockCount: scan.firstBlocks.count)
        try runArchiveDamages(scan, &matrix, triedOne)
        try runBlockDamages(scan, &matrix, triedOne)
        return matrix
    }

    private func scan(_ progress: (Progress) -> Void) throws -> Scan {
        var scan = Scan()
        var history = HistoryTree()
        history.append(chainspec.genesisHeader.historyLeaf)
        var archive = try ExportDirectory(export, network: chainspec.network)
        while let block = try archive.next() {
            try scan.add(block)
            progress(.reading(archive.byteCountRead, of: archive.byteCount))
            history.append(block.block.header.historyLeaf)
        }
        let signed = try archive.checkpoint()
        do throws(ProofError) { try signed.verify(against: chainspec) } catch { throw ReplayError.checkpoint(error) }
        guard signed.checkpoint.size == history.count, signed.checkpoint.root == history.root else {
            throw ReplayError.checkpointMismatch(
                "it is of \(signed.checkpoint.size) headers with root \(signed.checkpoint.root), "
                    + "the export has \(history.count) with root \(history.root)")
        }
        return scan
    }
}

// MARK: - Damages to blocks

extension SelfTest {
    /// Replays the export under the stand-ins up to the last block that is needed, and damages blocks on the way.
    private func runBlockDamages(_ scan: Scan, _ matrix: inout DetectionMatrix, _ triedOne: () -> Void) throws {
        var left = Array(blockDamages.enumerated())
        var rows = [DetectionMatrix.Row?](repeating: nil, count: blockDamages.count)
        var archive = try ExportDirectory(export, network: chainspec.network)
        var chain = Chain(genesis: standIns.chainspec, verifier: verifier)
        var block = try next(of: &archive)
        while let present = block, let last = scan.sites.last, present.block.header.height <= last {
            let following = try next(of: &archive)
            let height = present.block.header.height
            if scan.sites.contains(height) {
                let scene = try scene(present, following, chain, scan.rotations[height] ?? [])
                matrix.heights.append(height)
                left = left.filter { position, damage in
                    guard let blocks = damage.make(scene) else { return true }
                    let verdict = verdict(on: blocks, after: chain)
                    rows[position] = DetectionMatrix.Row(damage, verdict, place: .height(height))
                    triedOne()
                    return false
                }
            }
            do throws(ChainFault) { try chain.append([present]) } catch { throw ReplayError.fault(error) }
            block = following
        }
        matrix.checkedHeight = chain.tip.height
        matrix.rows += zip(blockDamages, rows).map { $1 ?? DetectionMatrix.Row($0, nil, place: .nowhere) }
    }

    /// The next block, final by the network's own validators, and attested by the stand-ins instead.
    private func next(of archive: inout ExportDirectory) throws -> CertifiedBlock? {
        guard let certified = try archive.next() else { return nil }
        let header = certified.block.header
        do throws(ProofError) {
            try chainspec.checkFinality(of: header, attestations: certified.attestations)
        } catch {
            throw ReplayError.fault(ChainFault(height: header.height, offence: .notFinal(reason: error.description)))
        }
        return standIns.attested(certified)
    }

    private func scene(
        _ block: CertifiedBlock, _ next: CertifiedBlock?, _ chain: borrowing Chain,
        _ rotations: [(position: Int, rotation: SignedTransaction)]
    ) throws -> Scene {
        Scene(
            block: block, layout: try BlockLayout(block.bytes, transactionCount: block.block.transactions.count), next: next,
            tip: chain.tip, historyRoot: chain.history.root, accounts: Array(chain.state.accounts), supply: chain.state.supply,
            standIns: standIns, rotations: rotations)
    }

    /// What the verifier says about blocks that follow a chain; nil when it accepts them.
    private func verdict(on blocks: [[UInt8]], after chain: borrowing Chain) -> ReplayError? {
        var copy = Chain(
            restored: RestoredLedger(
                state: chain.state.copy(), tip: CertifiedHeader(header: chain.tip, attestations: []), history: chain.history),
            verifier: verifier)
        for bytes in blocks {
            let certified: CertifiedBlock
            do throws(DecodingError) {
                certified = try CertifiedBlock(decoding: bytes)
            } catch {
                return .fault(ChainFault(height: copy.tip.height + 1, offence: .undecodable(error)))
            }
            do throws(ChainFault) { try copy.append([certified]) } catch { return .fault(error) }
        }
        return nil
    }
}

// MARK: - Damages to files

extension SelfTest {
    private func runArchiveDamages(_ scan: Scan, _ matrix: inout DetectionMatrix, _ triedOne: () -> Void) throws {
        let scene = ArchiveScene(scan.firstBlocks.map { standIns.attested($0) }, standIns)
        var directory = try WorkingDirectory()
        try directory.write(scene.files)
        if let verdict = try verdict(on: directory) { throw verdict }
        if let listed = scene.listed {
            try directory.write(listed)
            if let verdict = try verdict(on: directory) { throw verdict }
        }
        for damage in archiveDamages {
            guard let files = damage.make(scene) else {
                matrix.rows.append(DetectionMatrix.Row(damage, nil, place: .nowhere))
                continue
            }
            try directory.write(files)
            matrix.rows.append(DetectionMatrix.Row(damage, try verdict(on: directory), place: .files))
            triedOne()
        }
    }

    /// All that `coffer-verify chain` does with an export.
    private func verdict(on directory: borrowing WorkingDirectory) throws -> ReplayError? {
        do throws(ReplayError) {
            var archive = try copy(in: directory)
            let result = try Replay.verify(chainspec: standIns.chainspec, verifier: verifier) { _ in
            } next: { () throws(ReplayError) in
                try archive.next()
            }
            try result.check(try archive.checkpoint(), against: standIns.chainspec)
            return nil
        } catch {
            return error
        }
    }

    /// A copy with a list of archives is cut so that every block is an archive of its own.
    private func copy(in directory: borrowing WorkingDirectory) throws(ReplayError) -> ExportDirectory {
        guard let list = directory.list else { return try ExportDirectory(path: directory.path, network: chainspec.network) }
        let archives: ArchiveManifest
        do throws(JSONError) { archives = try ArchiveManifest(json: list) } catch { throw .list(error) }
        return try ExportDirectory(
            ExportLocation([directory.path], archives: archives), network: chainspec.network,
            maximumSegmentByteCount: ArchiveScene.listedSegmentByteCount)
    }
}

extension StandIns {
    /// A block with attestations by the stand-ins of those who attested it.
    func attested(_ certified: CertifiedBlock) -> CertifiedBlock {
        CertifiedBlock(
            block: certified.block,
            attestations: attestations(of: certified.block.header, by: certified.attestations.map(\.validator)))
    }
}
