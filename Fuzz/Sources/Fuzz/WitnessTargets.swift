import Cryptography
import Custody
import Ledger

/// The witnesses of Tests/Vectors/witness.json, two of whom must have cosigned.
private let policy: WitnessPolicy = {
    do {
        return try WitnessPolicy(
            witnesses: [
                WitnessKey(text: "witness.example/w1+8d9e18f1+BBm6sS1TBCaz7vPP3A1yHnvlgDbHyOeTktBQHbJBDKcA"),
                WitnessKey(text: "witness.example/w2+7d59c724+BE85t5CkNhicBVcdMr/SQIwkkWUrO1fuYvlSgCUdnIjD"),
                WitnessKey(text: "witness.example/w3+3b85df57+BEUao2GZSPeOKbfxj9QOK+FYtTrfIWJshlCaT74/sqzn"),
            ], quorum: 2)
    } catch {
        preconditionFailure("the witnesses of the vectors: \(error)")
    }
}()

@Sendable func readCosignatures(_ bytes: [UInt8]) {
    do throws(ProofError) {
        let signed = try SignedCheckpoint(text: bytes)
        let cosigners = try policy.check(signed)
        precondition(cosigners.count >= policy.quorum, "no fewer than the quorum cosigned")
    } catch {
        precondition(!error.code.isEmpty && !error.description.isEmpty, "an error says what is wrong")
    }
}

@Sendable func readWitnessKey(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    do throws(WitnessKeyError) {
        let key = try WitnessKey(text: text)
        precondition(key.text.utf8.elementsEqual(text.utf8), "a key has one text")
    } catch {
        precondition(!error.description.isEmpty, "an error says what is wrong")
    }
}

@Sendable func readWitnessRequest(_ bytes: [UInt8]) {
    do throws(WitnessRefusal) {
        let request = try WitnessRequest(text: bytes)
        precondition(Array(request.text.utf8) == bytes, "a request has one text")
        // A witness that has signed nothing, and one that signed what the request starts from.
        let fresh = WitnessState(witness: policy.witnesses[0])
        let old = Checkpoint(
            network: request.signed.checkpoint.network, size: max(1, request.oldSize), root: request.proof.first ?? .zero)
        let seasoned = fresh.recording(WitnessRecord(checkpoint: old, timestamp: 0)) ?? fresh
        for state in [fresh, seasoned] {
            do throws(WitnessRefusal) {
                try state.decide(request, witnessedChainspec)
            } catch {
                precondition(!error.description.isEmpty && (400..<500).contains(error.status), "a refusal says why")
            }
        }
    } catch {
        precondition(!error.description.isEmpty && (400..<500).contains(error.status), "a refusal says why")
    }
}

/// The input as it is; and with a checksum that fits, without which hardly any would be read further.
@Sendable func readWitnessState(_ bytes: [UInt8]) {
    let end = bytes.dropLast().lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
    let covered = Array(bytes[..<end])
    for text in [bytes, covered + Array("sha256 \(SHA256.hash(covered).hex)\n".utf8)] {
        do throws(WitnessStateError) {
            let state = try WitnessState(text: text)
            precondition(Array(state.text.utf8) == text, "a state has one text")
        } catch {
            precondition(!error.description.isEmpty, "an error says what is wrong")
        }
    }
}

@Sendable func readKeyFile(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    do throws(KeyFileError) {
        let file = try KeyFile(text: text)
        precondition(file.text.utf8.elementsEqual(text.utf8), "a key file has one text")
    } catch {
        precondition(!"\(error)".isEmpty, "an error says what is wrong")
    }
}
