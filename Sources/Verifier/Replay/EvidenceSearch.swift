public import Ledger

/// Goes over an export once more to make evidence of what a replay found (`docs/spec/evidence.md`).
public struct EvidenceSearch: Sendable {
    /// So many blocks are taken at once.
    private static let blocksPerBatch = 64

    private let chainspec: Chainspec
    private let location: ExportLocation
    private let start: ReplayStart
    private let verifier: SignatureVerifier

    /// - Parameters:
    ///   - export: where the export is.
    ///   - start: where the replay began.
    public init(chainspec: Chainspec, export location: ExportLocation, start: ReplayStart, verifier: SignatureVerifier) {
        self.chainspec = chainspec
        self.location = location
        self.start = start
        self.verifier = verifier
    }

    /// The evidence of a verdict; nil for what was found outside of a block and its checkpoint, such as a missing segment, or in the part
    /// before a snapshot.
    ///
    /// The blocks before the offence were verified by the replay whose verdict it is, so their transactions' signatures are not checked
    /// once more.
    @available(*, noasync, message: "verification computes on the calling thread")
    public func evidence(of verdict: ReplayError) throws(ReplayError) -> Evidence? {
        switch verdict {
        case .fault(let fault): return fault.height > start.height ? try evidence(of: fault) : nil
        case .archive(let file, .checksumMismatch(let height, let offset)):
            return height > start.height ? try evidence(ofFrame: height, in: file, at: offset) : nil
        case .checkpoint(let error):
            guard error.kind == .doesNotHold else { return nil }
            return try evidence(.checkpoint, of: try export().checkpoint(), code: error.code, "\(error)")
        case .checkpointMismatch(let text): return try mismatch(text)
        case .archive, .unreadable, .missing, .list, .otherArchive, .wrongCut, .snapshot, .notAPrefix: return nil
        }
    }

    private func export() throws(ReplayError) -> ExportDirectory {
        try ExportDirectory(location, network: chainspec.network)
    }

    private func evidence(of fault: ChainFault) throws(ReplayError) -> Evidence? {
        var archive = try export()
        var maker = try maker(before: fault.height, &archive)
        guard let frame = try archive.nextBytes() else { return nil }
        var made: Evidence
        switch Self.decode(frame.certifiedBlock) {
        case .success(let block):
            made = try maker.evidence(of: fault.offence, in: block) { (id) throws(ReplayError) in
                try receipt(of: id, before: fault.height)
            }
        case .failure(let error): made = maker.evidence(of: error, in: frame.certifiedBlock)
        }
        made.origin = Evidence.Origin(file: archive.place.file, offset: UInt64(archive.place.offset))
        return made
    }

    private static func decode(_ bytes: [UInt8]) -> Result<CertifiedBlock, DecodingError> {
        Result { () throws(DecodingError) in try CertifiedBlock(decoding: bytes) }
    }

    private func evidence(ofFrame height: UInt64, in file: String, at offset: Int) throws(ReplayError) -> Evidence? {
        var archive = try export()
        var maker = try maker(before: height, &archive)
        guard let bytes = try archive.rawFrame(at: (file, offset)) else { return nil }
        var made = maker.evidence(ofFrame: bytes, .checksumMismatch(height: height, offset: offset))
        made.origin = Evidence.Origin(file: file, offset: UInt64(offset))
        return made
    }

    /// Replays up to before a height; the block of that height is the next of `archive`.
    private func maker(before height: UInt64, _ archive: inout ExportDirectory) throws(ReplayError) -> EvidenceMaker {
        var chain = try start.chain(chainspec, verifier, reading: &archive)
        var parent = CertifiedHeader(header: chain.tip, attestations: [])
        var historyBefore = HistoryTree()
        if case .snapshot(let snapshot, _) = start { (parent, historyBefore) = (snapshot.tip, snapshot.historyBefore) }
        while chain.tip.height + 1 < height {
            var blocks: [CertifiedBlock] = []
            while blocks.count < Self.blocksPerBatch, chain.tip.height + UInt64(blocks.count) + 1 < height, let block = try archive.next() {
                blocks.append(block)
            }
            guard let last = blocks.last else { throw .unreadable("The export changed while it was read. Check it again.") }
            do throws(ChainFault) {
                try chain.appendAssumingSignatures(Array(blocks.dropLast()))
                historyBefore = chain.history
                try chain.appendAssumingSignatures([last])
            } catch {
                throw .fault(error)
            }
            parent = CertifiedHeader(header: last.block.header, attestations: last.attestations)
        }
        return EvidenceMaker(chain: chain, parent: parent, historyBefore: historyBefore)
    }

    /// The receipt of a transaction in the blocks before a height, if there is one.
    private func receipt(of id: TransactionID, before height: UInt64) throws(ReplayError) -> Receipt? {
        var archive = try export()
        while let block = try archive.next(), block.block.header.height < height {
            if let position = block.block.transactions.firstIndex(where: { $0.id == id }) { return Receipt(of: position, in: block) }
        }
        return nil
    }

    // MARK: The checkpoint

    private func evidence(
        _ kind: Evidence.Kind, of checkpoint: SignedCheckpoint, code: String, _ detail: String
    ) throws(ReplayError) -> Evidence {
        let height = checkpoint.checkpoint.size - 1
        var made = Evidence(kind, code: code, height: height, rules: chainspec.rulesVersion(at: height), detail: detail)
        made.checkpoint = checkpoint
        made.origin = Evidence.Origin(file: ExportFormat.checkpointFileName, offset: 0)
        return made
    }

    /// The checkpoint's last header and what came before it; where the export does not have that header, there is nothing to compare.
    private func mismatch(_ text: String) throws(ReplayError) -> Evidence? {
        var archive = try export()
        let checkpoint = try archive.checkpoint()
        var made = try evidence(.checkpoint, of: checkpoint, code: "checkpointMismatch", text)
        var last = CertifiedHeader(header: chainspec.genesisHeader, attestations: [])
        var history = HistoryTree()
        while last.header.height + 1 < checkpoint.checkpoint.size {
            guard let block = try archive.next() else {
                made.kind = .pointer
                return made
            }
            history.append(last.header.historyLeaf)
            last = CertifiedHeader(header: block.block.header, attestations: block.attestations)
        }
        var whole = history
        whole.append(last.header.historyLeaf)
        guard whole.root != checkpoint.checkpoint.root else {
            // It is of this chain, and of fewer blocks than the export has.
            made.kind = .pointer
            return made
        }
        (made.block, made.history) = (last, history)
        return made
    }
}
