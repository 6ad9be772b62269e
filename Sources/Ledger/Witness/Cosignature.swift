public import Cryptography

/// A witness's timestamped signature of a checkpoint: `cosignature/v1` (`docs/spec/witness.md` section 2, C2SP tlog-cosignature).
///
/// It says that as of the time, the checkpoint was the largest that the witness had seen of the log, and consistent with all it had seen.
public struct Cosignature: Hashable, Sendable {
    /// 2⁶³ − 1, the greatest time that the format has.
    public static let maximumTimestamp = UInt64(Int64.max)
    /// After the key id: 8 bytes of time and the signature.
    private static let byteCount = 8 + Bytes64.byteCount

    /// Seconds since 1970-01-01T00:00:00Z.
    public let timestamp: UInt64
    let signature: Bytes64

    init(timestamp: UInt64, signature: Bytes64) {
        self.timestamp = timestamp
        self.signature = signature
    }

    /// What follows the key id in a signature line; nil for anything of another form.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count == Self.byteCount, let signature = Bytes64(bytes.dropFirst(8)) else { return nil }
        timestamp = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        self.signature = signature
        guard timestamp <= Self.maximumTimestamp else { return nil }
    }

    /// What stands in a signature line after the key id.
    var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: Self.byteCount)
        writer.write(timestamp)
        return writer.bytes + signature.bytes
    }

    /// What is signed: a header line, a line with the time, and the checkpoint's three lines.
    static func message(_ checkpoint: Checkpoint, at timestamp: UInt64) -> [UInt8] {
        Array("cosignature/v1\ntime \(timestamp)\n\(checkpoint.signedText)".utf8)
    }
}

extension Checkpoint {
    /// Cosigns as the witness whose key this is. Whoever calls has recorded before that this checkpoint is the latest.
    ///
    /// - Parameters:
    ///   - witness: the name and public key; it must be that of `key`.
    ///   - timestamp: seconds since 1970, at most `Cosignature.maximumTimestamp`.
    public func cosign(
        with key: borrowing Ed25519SecretKey, as witness: WitnessKey, at timestamp: UInt64
    ) throws(KeyError) -> CheckpointSignature {
        precondition(key.publicKey == witness.key, "a witness signs with its own key")
        precondition(timestamp <= Cosignature.maximumTimestamp, "the time is one that the format has")
        let cosignature = Cosignature(timestamp: timestamp, signature: try key.sign(Cosignature.message(self, at: timestamp)))
        return CheckpointSignature(keyName: witness.name, blob: witness.keyID + cosignature.bytes)
    }
}

extension WitnessKey {
    /// The cosignature in a line, if it is this witness's of this checkpoint; nil for any other line.
    public func cosignature(in line: CheckpointSignature, of checkpoint: Checkpoint) -> Cosignature? {
        guard claims(line), let cosignature = Cosignature(line.blob.dropFirst(CheckpointSignature.keyIDByteCount)),
            key.verify(cosignature.signature, message: Cosignature.message(checkpoint, at: cosignature.timestamp))
        else { return nil }
        return cosignature
    }
}

/// The witnesses that somebody relies on, and how many of them must have cosigned (`docs/spec/witness.md` section 3).
public struct WitnessPolicy: Hashable, Sendable {
    /// More witnesses are refused.
    public static let maximumWitnessCount = 64

    public let witnesses: [WitnessKey]
    /// How many different witnesses must have cosigned.
    public let quorum: Int

    /// - Parameters:
    ///   - witnesses: 1 to `maximumWitnessCount`, no key twice: under two names it would count twice.
    ///   - quorum: 1 to the number of witnesses; nil for all of them.
    public init(witnesses: [WitnessKey], quorum: Int? = nil) throws(WitnessPolicyError) {
        guard (1...Self.maximumWitnessCount).contains(witnesses.count) else { throw .witnessCount(witnesses.count) }
        var keys: Set<Ed25519PublicKey> = []
        for witness in witnesses where !keys.insert(witness.key).inserted { throw .keyTwice(witness.name) }
        let quorum = quorum ?? witnesses.count
        guard (1...witnesses.count).contains(quorum) else { throw .quorum(quorum, witnesses: witnesses.count) }
        self.witnesses = witnesses
        self.quorum = quorum
    }

    /// Who cosigned a checkpoint, and when last.
    public struct Cosigner: Hashable, Sendable {
        public let witness: WitnessKey
        /// Seconds since 1970.
        public let timestamp: UInt64
    }

    /// Checks the cosignatures: lines of unknown keys are ignored, every line of a known witness must be valid, and `quorum` different
    /// witnesses must have cosigned. Whether validators signed is checked by `SignedCheckpoint.verify(against:)`.
    ///
    /// - Returns: the witnesses that cosigned, in the policy's order.
    @discardableResult
    public func check(_ signed: SignedCheckpoint) throws(ProofError) -> [Cosigner] {
        var cosigners: [Cosigner] = []
        for witness in witnesses {
            var latest: UInt64?
            for line in signed.signatures where witness.claims(line) {
                guard let cosignature = witness.cosignature(in: line, of: signed.checkpoint) else {
                    // Key ids are short: the line may be another witness's of the same name.
                    let isOfAnother = witnesses.contains { $0.cosignature(in: line, of: signed.checkpoint) != nil }
                    if isOfAnother { continue }
                    throw .invalidCosignature(witness: witness.name)
                }
                latest = max(latest ?? 0, cosignature.timestamp)
            }
            if let latest { cosigners.append(Cosigner(witness: witness, timestamp: latest)) }
        }
        guard cosigners.count >= quorum else { throw .tooFewCosignatures(count: cosigners.count, quorum: quorum) }
        return cosigners
    }
}

/// Why witnesses and a quorum make no policy.
public enum WitnessPolicyError: Error, Hashable, Sendable, CustomStringConvertible {
    case witnessCount(Int)
    /// The name of the second witness with the key.
    case keyTwice(String)
    case quorum(Int, witnesses: Int)

    public var description: String {
        switch self {
        case .witnessCount(let count):
            "\(count) witnesses are given, and 1 to \(WitnessPolicy.maximumWitnessCount) can be relied on"
        case .keyTwice(let name): "the key of the witness \(name) is given twice, and would count twice; give each key once"
        case .quorum(let quorum, let witnesses):
            "a quorum of \(quorum) cannot be asked of \(witnesses) witnesses; give 1 to \(witnesses)"
        }
    }
}
