import Client
import Cryptography
import Ledger
import Node

/// Why a witness did not cosign.
enum WitnessFailure: Error, Equatable, CustomStringConvertible {
    /// No answer, or none of the form that C2SP tlog-witness has.
    case unreachable(String)
    case refused(status: Int)
    /// The witness cosigned another checkpoint of the very size: it was shown another history under these validators' names.
    case otherHistory(size: UInt64)
    /// The witness cosigned a longer history than this node has.
    case ahead(size: UInt64)
    /// The answer has no valid cosignature by the witness's key.
    case noCosignature
    /// This node cannot prove at present that its history continues what the witness saw.
    case noProof(String)

    var description: String {
        switch self {
        case .unreachable(let reason): reason
        case .refused(let status): "it answered with status \(status)"
        case .otherHistory(let size):
            "it has cosigned another checkpoint of size \(size): somebody showed it another history, signed by this network's validators. Keep its answer and this node's data, and find out which of the two is the network's"
        case .ahead(let size): "it has cosigned size \(size), more than this node has: the node's data is older than what was published"
        case .noCosignature: "its answer has no valid cosignature by its key"
        case .noProof(let reason): reason
        }
    }
}

/// Asks one witness (`docs/spec/witness.md` section 4).
struct WitnessClient: Sendable {
    /// The longest answer that is read: a few signature lines.
    static let maximumAnswerBytes = 16_384
    /// The first answer may be the size from which to prove, and another log server may be asking meanwhile.
    static let maximumAttempts = 3

    let witness: WitnessKey
    let transport: any Transport
    let timeoutSeconds: Int
    /// The consistency proof from a size to another; throws where there is none at present.
    let proof: @Sendable (_ oldSize: UInt64, _ newSize: UInt64) async throws(WitnessFailure) -> [Bytes32]

    /// Obtains the witness's cosignature of a checkpoint. `known` is the size that it cosigned last, 0 where that is not known; it is
    /// updated to what the witness says.
    func cosign(_ signed: SignedCheckpoint, known: inout UInt64) async throws(WitnessFailure) -> CheckpointSignature {
        let size = signed.checkpoint.size
        for _ in 0..<Self.maximumAttempts {
            guard known <= size else {
                // What it has is only known from its word; it is asked anew every time.
                defer { known = 0 }
                throw .ahead(size: known)
            }
            let path = known == 0 || known == size ? [] : try await proof(known, size)
            guard path.count <= WitnessRequest.maximumProofCount else { throw .noProof("the proof is longer than the protocol allows") }
            let answer = try await send(WitnessRequest(oldSize: known, proof: path, signed: signed))
            switch answer.status {
            case 200:
                let line = try cosignature(in: answer.body, of: signed.checkpoint)
                known = size
                return line
            case 409:
                let latest = try Self.size(in: answer)
                guard latest != known else { throw .otherHistory(size: latest) }
                known = latest
            default:
                throw .refused(status: answer.status)
            }
        }
        throw .unreachable("it named a new size \(Self.maximumAttempts) times")
    }

    private func send(_ request: WitnessRequest) async throws(WitnessFailure) -> HTTPResponse {
        do {
            return try await transport.send(
                HTTPRequest(
                    .post, "/add-checkpoint", accept: MediaType.text, contentType: MediaType.text, body: Array(request.text.utf8),
                    maximumResponseByteCount: Self.maximumAnswerBytes, timeoutSeconds: timeoutSeconds))
        } catch {
            switch error {
            case .unreachable(let reason): throw .unreachable("it cannot be reached: \(reason)")
            case .timedOut: throw .unreachable("it did not answer within \(timeoutSeconds) s")
            case .tooLarge: throw .unreachable("its answer has more than \(Self.maximumAnswerBytes) bytes")
            case .cancelled: throw .unreachable("the node is shutting down")
            }
        }
    }

    /// The first line that is this witness's cosignature; others are ignored (C2SP tlog-witness).
    private func cosignature(in body: [UInt8], of checkpoint: Checkpoint) throws(WitnessFailure) -> CheckpointSignature {
        let lines: [CheckpointSignature]
        do {
            lines = try SignedCheckpoint.signatureLines(text: body)
        } catch {
            throw .noCosignature
        }
        guard let line = lines.first(where: { witness.cosignature(in: $0, of: checkpoint) != nil }) else { throw .noCosignature }
        return line
    }

    /// The body of a 409: a size and a newline.
    private static func size(in answer: HTTPResponse) throws(WitnessFailure) -> UInt64 {
        let text = String(decoding: answer.body, as: UTF8.self)
        guard let size = UInt64(text.dropLast()), "\(size)\n" == text else { throw .refused(status: answer.status) }
        return size
    }
}
