import Cryptography
import Custody
import Ledger

/// Gets an input, and returns unless a promise is broken.
typealias Target = @Sendable ([UInt8]) -> Void

/// Every decoder of hostile input, by name. `tools/fuzz` runs all that it finds here.
let targets: [String: Target] = [
    // Canonical bytes: whatever decodes re-encodes to the same bytes (docs/spec/encoding.md).
    "transaction": { canonical($0) { bytes throws(DecodingError) in try SignedTransaction(decoding: bytes).bytesBuiltAnew() } },
    "block": { canonical($0) { bytes throws(DecodingError) in try CertifiedBlock(decoding: bytes).bytes } },
    "header": { canonical($0) { bytes throws(DecodingError) in try BlockHeader(decoding: bytes).bytes } },
    "account": { canonical($0) { bytes throws(DecodingError) in try Account(decoding: bytes).bytes } },
    "entry": { canonical($0) { bytes throws(DecodingError) in try Entry(decoding: bytes).bytes } },
    "supplyRecord": { canonical($0) { bytes throws(DecodingError) in try SupplyRecord(decoding: bytes).bytes } },
    "historyTree": { canonical($0) { bytes throws(DecodingError) in try HistoryTree(decoding: bytes).bytes } },
    "segment": readSegment,
    "snapshot": readSnapshot,
    "checkpoint": readCheckpoint,
    // Documents: what is read, written and read again is the same, and checking it ends.
    "json": readJSON,
    "chainspec": readChainspec,
    "receipt": readReceipt,
    "balance": readBalance,
    "history": readHistory,
    "supply": readSupply,
    "consistency": readConsistency,
    "evidence": readEvidence,
    "archives": readArchives,
    "submission": readSubmission,
    // What witnesses read, and what is read of them.
    "cosignature": readCosignatures,
    "witnessKey": readWitnessKey,
    "witnessRequest": readWitnessRequest,
    "witnessState": readWitnessState,
    "keyFile": readKeyFile,
    "policy": readPolicy,
    // What a signer reads: bulk files, and what programs say to it.
    "bulkCSV": readBulkCSV,
    "bulkPain001": readBulkPain001,
    "wire": readWire,
    "custodyRequest": { canonical($0) { bytes throws(DecodingError) in try SigningRequest(decoding: bytes).bytesBuiltAnew() } },
    "custodyApproval": { canonical($0) { bytes throws(DecodingError) in try Approval(decoding: bytes).bytes } },
    "custodyAnswer": { canonical($0) { bytes throws(DecodingError) in try RequestAnswer(decoding: bytes).bytes } },
    "custodyRecord": { canonical($0) { bytes throws(DecodingError) in try LogRecord(decoding: bytes).bytes } },
    "custodyLog": readCustodyLog,
    "vault": readVault,
    // Texts within documents and on command lines.
    "amount": readAmount,
    "address": readAddress,
    "time": readTime,
    "base64": readBase64,
]

/// Requires that what decodes encodes to the same bytes. A decoder's only other way to end is its own error.
private func canonical(_ bytes: [UInt8], _ encodeDecoded: ([UInt8]) throws(DecodingError) -> [UInt8]) {
    do throws(DecodingError) {
        let again = try encodeDecoded(bytes)
        precondition(again == bytes, "what decodes has one encoding")
    } catch {
        precondition(!error.description.isEmpty, "an error says what is wrong")
    }
}

extension SignedTransaction {
    /// The transaction put together again from its parts, not the bytes that it keeps.
    fileprivate func bytesBuiltAnew() throws(DecodingError) -> [UInt8] {
        let operations = content.operations.map { $0 }
        precondition(operations.count == content.operations.count, "a list has as many elements as it says")
        return try SignedTransaction(content, signatures: signatures.map { $0 }).bytes
    }
}

private func readSegment(_ bytes: [UInt8]) {
    var offset = 0
    // Asked for pieces of any size, an input may give less.
    let pieceByteCount = max(1, Int(bytes.first ?? 1))
    do throws(ExportError) {
        var written = ExportFormat.header(network: chainspec.network, firstHeight: 1)
        var reader = try SegmentReader(network: chainspec.network, firstHeight: 1) { count in
            let piece = bytes[offset..<min(bytes.count, offset + min(count, pieceByteCount))]
            offset += piece.count
            return Array(piece)
        }
        while let frame = try reader.next() {
            written += ExportFormat.frame(frame.certifiedBlock)
            precondition(written.count == reader.byteCount, "a reader knows how far it is")
        }
        precondition(written == bytes, "a segment that is read to its end is what a writer writes")
    } catch {
        precondition(!error.code.isEmpty && !error.description.isEmpty, "an error says what is wrong")
    }
}

private func readCheckpoint(_ bytes: [UInt8]) {
    document(bytes) { bytes throws(ProofError) in
        try SignedCheckpoint(text: bytes)
    } write: { signed in
        precondition(Array(signed.text.utf8) == bytes, "a checkpoint has one text")
        return Array(signed.text.utf8)
    } check: { signed throws(ProofError) in
        try signed.verify(against: chainspec)
    }
}

/// Requires that what was read is read again from what was written, and lets it be checked.
private func document<Document: Equatable>(
    _ bytes: [UInt8], read: ([UInt8]) throws(ProofError) -> Document, write: (Document) -> [UInt8],
    check: (Document) throws(ProofError) -> Void
) {
    do throws(ProofError) {
        let document = try read(bytes)
        let again: Document
        do throws(ProofError) {
            again = try read(write(document))
        } catch {
            preconditionFailure("what was written is not read: \(error)")
        }
        precondition(again == document, "what was written is read as it was")
        try check(document)
    } catch {
        precondition(!error.code.isEmpty && !error.description.isEmpty, "an error says what is wrong")
    }
}

private func readReceipt(_ bytes: [UInt8]) {
    document(bytes) { bytes throws(ProofError) in
        try Receipt(json: bytes)
    } write: {
        $0.json().bytes()
    } check: {
        (receipt) throws(ProofError) in
        try receipt.verify(against: chainspec)
    }
}

private func readBalance(_ bytes: [UInt8]) {
    document(bytes) { bytes throws(ProofError) in
        try BalanceProof(json: bytes)
    } write: {
        $0.json().bytes()
    } check: {
        (proof) throws(ProofError) in
        _ = try proof.verify(against: chainspec)
    }
}

private func readHistory(_ bytes: [UInt8]) {
    document(bytes) { bytes throws(ProofError) in
        try HistoryProof(json: bytes)
    } write: {
        $0.json().bytes()
    } check: {
        (proof) throws(ProofError) in
        _ = try proof.verify(against: chainspec)
    }
}

private func readSupply(_ bytes: [UInt8]) {
    document(bytes) { bytes throws(ProofError) in
        try SupplyProof(json: bytes)
    } write: {
        $0.json().bytes()
    } check: {
        (proof) throws(ProofError) in
        try proof.verify(against: chainspec)
    }
}

private func readConsistency(_ bytes: [UInt8]) {
    document(bytes) { bytes throws(ProofError) in
        try ConsistencyProof(json: bytes)
    } write: {
        $0.json().bytes()
    } check: {
        (proof) throws(ProofError) in
        // Sizes and path as an attacker chooses them, roots that fit nothing.
        let old = Checkpoint(network: chainspec.network, size: max(1, proof.oldSize), root: .zero)
        let new = Checkpoint(network: chainspec.network, size: max(1, proof.newSize), root: proof.path.first ?? .zero)
        try new.checkExtends(old, proof: proof)
    }
}
