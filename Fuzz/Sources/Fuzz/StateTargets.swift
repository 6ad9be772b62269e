import Cryptography
import Ledger

@Sendable func readEvidence(_ bytes: [UInt8]) {
    do throws(EvidenceError) {
        let evidence = try Evidence(json: bytes)
        let again: Evidence
        do throws(EvidenceError) {
            again = try Evidence(json: evidence.json().bytes())
        } catch {
            preconditionFailure("what was written is not read: \(error)")
        }
        precondition(again == evidence, "what was written is read as it was")
        _ = try evidence.verify(against: witnessedChainspec)
    } catch {
        precondition(!error.code.isEmpty && !error.description.isEmpty, "an error says what is wrong")
    }
}

/// The input as it is; and with checksums that fit, without which hardly any would be read further.
@Sendable func readSnapshot(_ bytes: [UInt8]) {
    for bytes in [bytes, withChecksums(bytes)] {
        var offset = 0
        do throws(SnapshotError) {
            let snapshot = try Snapshot(network: witnessedChainspec.network) { count in
                let piece = bytes[offset..<min(bytes.count, offset + count)]
                offset += piece.count
                return Array(piece)
            }
            precondition(offset == bytes.count, "a snapshot is read to its end")
            precondition(
                UInt64(snapshot.accounts.count) == snapshot.tip.header.accountCount, "a snapshot has the accounts that its header says")
            let checkpoint = SignedCheckpoint(
                Checkpoint(network: witnessedChainspec.network, size: max(1, snapshot.tip.header.height), root: .zero), signatures: [])
            _ = try snapshot.verify(against: witnessedChainspec, checkpoint: checkpoint)
        } catch {
            precondition(!error.code.isEmpty && !error.description.isEmpty, "an error says what is wrong")
        }
    }
}

/// The frames of a snapshot (`docs/spec/snapshot.md` section 1), each with the checksum of what it has.
private func withChecksums(_ bytes: [UInt8]) -> [UInt8] {
    var result = Array(bytes.prefix(SnapshotFormat.headerByteCount))
    var rest = bytes.dropFirst(SnapshotFormat.headerByteCount)
    while rest.count >= 4 {
        let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        let frame = Array(rest.prefix(4 + length))
        result += frame
        guard frame.count == 4 + length else { break }
        result += SHA256.hash(frame).bytes
        rest = rest.dropFirst(frame.count + 32)
    }
    return result
}
