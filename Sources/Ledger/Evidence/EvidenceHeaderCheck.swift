import Cryptography

// The kinds that need no execution: headers, checkpoints and bytes.
extension Evidence {
    func checkHeader(_ chainspec: Chainspec) throws(EvidenceError) -> EvidenceFinding {
        let block = try required(block, "the header")
        let header = block.header
        let signers = chainspec.signers(of: block)
        let isFinal = signers.count >= Int(chainspec.quorum)
        func finding(_ field: String, _ found: String, _ expected: String, linked: Bool) -> EvidenceFinding {
            EvidenceFinding(isFinal && linked ? .validators : .archive, signers: signers, "\(field) is \(found), it must be \(expected)")
        }
        let parent = try finalParent(chainspec)
        let isNext = header.parent == parent.hash
        let field: (found: String, expected: String, isWrong: Bool, linked: Bool)
        switch code {
        case "header.network":
            field = ("\(header.network)", "\(chainspec.network)", header.network != chainspec.network, true)
        case "header.height":
            // A final header of another height, after another parent, is nobody's fault but that of who put it here.
            field = ("\(header.height)", "\(height)", header.height != height, isNext)
        case "header.parent":
            field = ("\(header.parent)", "\(parent.hash)", !isNext, header.height == height)
        case "header.rules": field = ("\(header.rules)", "\(rules)", header.rules != rules, header.height == height)
        case "header.time":
            field = (Timestamp.format(header.time), "\(Timestamp.format(parent.time)) or later", header.time < parent.time, isNext)
        case "header.proposer":
            let count = chainspec.validators.count
            field = ("\(header.proposer)", "below \(count)", Int(header.proposer) >= count, true)
        case "historyRoot":
            var history = try historyTree(before: parent)
            history.append(parent.historyLeaf)
            field = ("\(header.historyRoot)", "\(history.root)", header.historyRoot != history.root, isNext)
        default: throw .otherOffence(claimed: code, found: "no field of this name")
        }
        guard field.isWrong else { throw .noOffence("\(code) is as it must be") }
        return finding(code, field.found, field.expected, linked: field.linked)
    }

    /// The history tree given, which is that of all headers before this one.
    private func historyTree(before header: BlockHeader) throws(EvidenceError) -> HistoryTree {
        let history = try required(history, "the history tree")
        guard history.count == header.height, history.root == header.historyRoot else {
            throw .wrongPath("the history tree is not that of the header of height \(header.height)")
        }
        return history
    }

    func checkCheckpoint(_ chainspec: Chainspec) throws(EvidenceError) -> EvidenceFinding {
        let signed = try required(checkpoint, "the checkpoint")
        do throws(ProofError) {
            try signed.verify(against: chainspec)
        } catch {
            try requireCode(error.code)
            return EvidenceFinding(.archive, signers: [], "the checkpoint does not hold: \(error)")
        }
        try requireCode("checkpointMismatch")
        let block = try required(block, "the last header that the checkpoint is of")
        try requireFinal(block, chainspec)
        guard block.header.height < .max, block.header.height + 1 == signed.checkpoint.size else {
            throw .notLinked("the header is not the last of the checkpoint's \(signed.checkpoint.size)")
        }
        var history = try historyTree(before: block.header)
        history.append(block.header.historyLeaf)
        guard history.root != signed.checkpoint.root else { throw .noOffence("the checkpoint is of the header's history") }
        return EvidenceFinding(
            .validators, signers: chainspec.signers(of: block),
            "the checkpoint of \(signed.checkpoint.size) headers has the root \(signed.checkpoint.root), "
                + "and the final headers give \(history.root): validators signed two histories")
    }

    func checkUndecodable() throws(EvidenceError) -> EvidenceFinding {
        guard !bytes.isEmpty else { throw .incomplete("the bytes of the block") }
        let failure: DecodingError?
        do throws(DecodingError) {
            _ = try CertifiedBlock(decoding: bytes)
            failure = nil
        } catch {
            failure = error
        }
        guard let error = failure else { throw .noOffence("the bytes are a certified block") }
        try requireCode(error.rawValue)
        return EvidenceFinding(.archive, signers: [], "the block does not decode: \(error)\(CertifiedBlock.undecodablePart(of: bytes))")
    }

    func checkFrame(_ chainspec: Chainspec) throws(EvidenceError) -> EvidenceFinding {
        try requireCode("exportChecksumMismatch")
        let (lengths, sums) = (ExportFormat.lengthByteCount, ExportFormat.checksumByteCount)
        guard bytes.count >= lengths + sums else { throw .incomplete("the frame") }
        let length = bytes.prefix(lengths).reduce(0) { $0 << 8 | UInt64($1) }
        guard length == UInt64(bytes.count - lengths - sums) else {
            throw .notLinked("the frame says it has \(length) bytes, and has \(bytes.count - lengths - sums)")
        }
        let sum = SHA256.hash(Array(bytes.dropLast(sums)))
        guard !sum.bytes.elementsEqual(bytes.suffix(sums)) else { throw .noOffence("the frame matches its checksum") }
        let content = Array(bytes.dropFirst(lengths).dropLast(sums))
        let statement = "the frame's checksum is \(Hexadecimal.encode(Array(bytes.suffix(sums)))), its bytes give \(sum)"
        let block: CertifiedBlock
        do throws(DecodingError) {
            block = try CertifiedBlock(decoding: content)
        } catch {
            let part = CertifiedBlock.undecodablePart(of: content)
            return EvidenceFinding(.archive, signers: [], statement, suspect: "the block does not decode: \(error)\(part)")
        }
        let header = block.block.header
        let certified = CertifiedHeader(header: header, attestations: block.attestations)
        return EvidenceFinding(
            .archive, signers: chainspec.signers(of: certified), statement,
            suspect: try checkSuspect(in: block.block.transactions, of: header, chainspec))
    }

    /// Checks what is said of a suspect: executed on the state before the block, it is the first transaction that is refused.
    func checkSuspect(
        in transactions: [SignedTransaction], of header: BlockHeader, _ chainspec: Chainspec
    ) throws(EvidenceError) -> String? {
        guard let suspect else { return nil }
        let position = Int(suspect.position)
        guard position < transactions.count, transactions[position].id == suspect.id else {
            throw .notLinked("the suspect is not transaction \(position)")
        }
        let parent = try finalParent(chainspec)
        guard header.parent == parent.hash else { throw .notLinked("the header is not after the one before") }
        var refusal = transactions[position].envelopeRefusal(at: header.time, chainspec)
        if refusal == nil {
            var ledger = try SparseLedger(accounts: accounts, supply: supply, before: parent, chainspec: chainspec)
            let found = try ledger.run(Array(transactions[...position]), in: header, onlyForTheLast: true)
            if let found, found.position == position { refusal = found.refusal }
        }
        guard let refusal, haveSameBytes(refusal.reason.rawValue, suspect.code) else {
            throw .noOffence("the suspect is not refused with \(suspect.code)")
        }
        return "transaction \(position) (\(suspect.id)) is the one that was changed, most likely: \(refusal)"
    }
}

extension CertifiedBlock {
    /// The parts of a certified block, in the order of its encoding.
    public enum Part: Hashable, Sendable, CustomStringConvertible {
        case header
        case counts
        /// With its position.
        case transaction(UInt32)
        case attestations
        case afterItsEnd

        /// The end of a sentence.
        public var description: String {
            switch self {
            case .header: " (in the header)"
            case .counts: " (in the header's counts)"
            case .transaction(let position): " (in transaction \(position))"
            case .attestations: " (in the attestations)"
            case .afterItsEnd: " (after its end)"
            }
        }
    }

    /// Which part of bytes that are no certified block is the first that does not decode.
    public static func undecodablePart(of bytes: [UInt8]) -> Part {
        var part = Part.header
        do throws(DecodingError) {
            var reader = ByteReader(bytes.span)
            let header = try BlockHeader(from: &reader)
            part = .counts
            guard header.transactionCount <= Block.maximumTransactionCount, header.systemEntryCount == 0 else { return part }
            for position in 0..<header.transactionCount {
                part = .transaction(position)
                let count = Int(try reader.readUInt32())
                guard count <= Transaction.maximumByteCount else { return part }
                _ = try SignedTransaction(decoding: try reader.readBytes(count))
            }
            part = .attestations
            _ = try [Attestation](from: &reader)
            return .afterItsEnd
        } catch {
            return part
        }
    }
}
