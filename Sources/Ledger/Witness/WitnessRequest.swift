public import Cryptography

/// What a log sends to a witness: a new checkpoint, and the proof that it continues an older one (`docs/spec/witness.md` section 4, C2SP
/// tlog-witness `add-checkpoint`).
public struct WitnessRequest: Hashable, Sendable {
    /// C2SP tlog-witness allows no more lines of proof.
    public static let maximumProofCount = 63
    /// `old`, a space, 20 digits and a newline; the proof; the empty line.
    private static let maximumHeadByteCount = 25 + maximumProofCount * 45 + 1
    /// A longer request is refused unread.
    public static let maximumByteCount = maximumHeadByteCount + SignedCheckpoint.maximumByteCount

    /// The size of the checkpoint that the proof starts from: the witness's latest; 0 when it has none.
    public let oldSize: UInt64
    /// RFC 6962 section 2.1.2; empty from size 0 and for an equal size.
    public let proof: [Bytes32]
    public let signed: SignedCheckpoint

    /// `proof` has at most `maximumProofCount` hashes.
    public init(oldSize: UInt64, proof: [Bytes32], signed: SignedCheckpoint) {
        precondition(proof.count <= Self.maximumProofCount, "no tree of 2^63 leaves needs a longer proof")
        self.oldSize = oldSize
        self.proof = proof
        self.signed = signed
    }

    /// The body of the request.
    public var text: String {
        "old \(oldSize)\n" + proof.map { Base64.encode($0.bytes) + "\n" }.joined() + "\n" + signed.text
    }

    /// Reads a request. Whatever is accepted is exactly the `text` of the result. Nothing is checked but the form, and that the origin
    /// is one that a Coffer network has: what is of another log is `unknownOrigin`, whatever follows.
    public init(text bytes: [UInt8]) throws(WitnessRefusal) {
        guard bytes.count <= Self.maximumByteCount else {
            throw .malformed(line: 1, reason: "begins a request of \(bytes.count) bytes, and at most \(Self.maximumByteCount) are read")
        }
        var rest = bytes[...]
        var number = 0
        func next() throws(WitnessRefusal) -> String {
            number += 1
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
                throw .malformed(line: number, reason: "must end in a newline")
            }
            defer { rest = rest[(end + 1)...] }
            return String(decoding: rest[..<end], as: UTF8.self)
        }
        let oldSize = try Self.oldSize(try next())
        var proof: [Bytes32] = []
        while true {
            let line = try next()
            if line.isEmpty { break }
            guard proof.count < Self.maximumProofCount else {
                throw .malformed(line: number, reason: "must be empty: a proof has at most \(Self.maximumProofCount) lines")
            }
            guard let hash = Base64.decode(line).flatMap({ Bytes32($0) }) else {
                throw .malformed(line: number, reason: "must be the base64 of 32 bytes, or empty")
            }
            proof.append(hash)
        }
        let signed = try Self.checkpoint(Array(rest), after: number)
        self.init(oldSize: oldSize, proof: proof, signed: signed)
    }

    private static func oldSize(_ line: String) throws(WitnessRefusal) -> UInt64 {
        let digits = line.dropFirst(4)
        guard line.hasPrefix("old "), let size = UInt64(digits), String(size) == digits else {
            throw .malformed(line: 1, reason: "must be \"old\", a space and a number without zeros in front")
        }
        return size
    }

    private static func checkpoint(_ bytes: [UInt8], after number: Int) throws(WitnessRefusal) -> SignedCheckpoint {
        do {
            return try SignedCheckpoint(text: bytes)
        } catch {
            guard case .checkpointText(let line, let reason) = error else { throw .malformed(line: number + 1, reason: "\(error)") }
            let origin = bytes.prefix { $0 != UInt8(ascii: "\n") }
            let hasOrigin = !origin.isEmpty && origin.count < bytes.count && bytes.count <= SignedCheckpoint.maximumByteCount
            if line == 1, hasOrigin { throw .unknownOrigin }
            throw .malformed(line: number + line, reason: reason)
        }
    }
}

/// Why a witness does not cosign, with the status of C2SP tlog-witness.
public enum WitnessRefusal: Error, Equatable, Sendable {
    /// `line` counts from 1 over the whole request; `reason` follows it, as in "must be …".
    case malformed(line: Int, reason: String)
    /// The witness knows no such log.
    case unknownOrigin
    /// No quorum of the log's validators signed the checkpoint.
    case notSigned(ProofError)
    /// The proof starts beyond the checkpoint.
    case oldSizeBeyond(oldSize: UInt64, size: UInt64)
    /// The proof does not start at the latest checkpoint that the witness cosigned, which has this size; 0 for none.
    case otherSize(latest: UInt64)
    /// The log has signed another root for the very size that the witness cosigned: a split view.
    case otherRoot(size: UInt64)
    /// The proof does not lead from the latest checkpoint to the new one.
    case inconsistent(oldSize: UInt64, size: UInt64)

    /// The status of the answer.
    public var status: Int {
        switch self {
        case .malformed, .oldSizeBeyond: 400
        case .notSigned: 403
        case .unknownOrigin: 404
        case .otherSize, .otherRoot: 409
        case .inconsistent: 422
        }
    }

    /// What the body of a 409 has: the size of the latest checkpoint that the witness cosigned. Nil for other answers.
    public var latestSize: UInt64? {
        switch self {
        case .otherSize(let size), .otherRoot(let size): size
        default: nil
        }
    }
}

extension WitnessRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformed(let line, let reason): "line \(line) of the request \(reason)"
        case .unknownOrigin: "this witness knows no log of that origin; ask its operator to add the network's chain specification"
        case .notSigned(let error): error.description
        case .oldSizeBeyond(let oldSize, let size): "the old size \(oldSize) is above the checkpoint's size \(size)"
        case .otherSize(let latest): "the proof must start at size \(latest), that of the latest checkpoint cosigned here"
        case .otherRoot(let size):
            "the checkpoint has another root than the one cosigned here before at size \(size): the log shows different histories"
        case .inconsistent(let oldSize, let size): "the proof does not lead from size \(oldSize), as cosigned here, to size \(size)"
        }
    }
}
