import Cryptography

/// The latest checkpoint of a log that a witness cosigned, or was about to.
public struct WitnessRecord: Hashable, Sendable {
    public let checkpoint: Checkpoint
    /// When, in seconds since 1970.
    public let timestamp: UInt64

    public init(checkpoint: Checkpoint, timestamp: UInt64) {
        self.checkpoint = checkpoint
        self.timestamp = timestamp
    }
}

/// Everything that a witness must not forget: who it is, and the latest checkpoint of each log (`docs/spec/witness.md` section 5).
///
/// A witness that signs only after the new state is durable, and only what `decide` allows by the state that is durable, never signs two
/// checkpoints of a log that do not fit together.
public struct WitnessState: Hashable, Sendable {
    /// The most logs that a witness keeps.
    public static let maximumLogCount = 1_024
    /// A longer file is refused unread.
    public static let maximumByteCount = 524_288
    private static let firstLine = "coffer witness state v1"

    public let witness: WitnessKey
    public private(set) var records: [NetworkID: WitnessRecord] = [:]

    /// The state of a witness that has signed nothing.
    public init(witness: WitnessKey) {
        self.witness = witness
    }

    /// Whether the witness may cosign: nothing when it may, and otherwise why not (C2SP tlog-witness, in its order).
    ///
    /// - Parameter chainspec: of the network that the checkpoint names, whose validators' quorum must have signed.
    public func decide(_ request: WitnessRequest, _ chainspec: Chainspec) throws(WitnessRefusal) {
        let new = request.signed.checkpoint
        guard new.network == chainspec.network else { throw .unknownOrigin }
        do {
            try request.signed.verify(against: chainspec)
        } catch {
            throw .notSigned(error)
        }
        guard request.oldSize <= new.size else { throw .oldSizeBeyond(oldSize: request.oldSize, size: new.size) }
        let old = records[new.network]?.checkpoint
        guard request.oldSize == old?.size ?? 0 else { throw .otherSize(latest: old?.size ?? 0) }
        guard let old else {
            // From nothing there is nothing to prove.
            guard request.proof.isEmpty else { throw .inconsistent(oldSize: 0, size: new.size) }
            return
        }
        if old.size == new.size, old.root != new.root { throw .otherRoot(size: old.size) }
        guard
            MerkleProof.isConsistent(
                oldCount: old.size, oldRoot: old.root, newCount: new.size, newRoot: new.root, proof: request.proof)
        else { throw .inconsistent(oldSize: old.size, size: new.size) }
    }

    /// The state in which a checkpoint that `decide` allowed is the latest of its log; nil when there are too many logs.
    public func recording(_ record: WitnessRecord) -> WitnessState? {
        var next = self
        next.records[record.checkpoint.network] = record
        return next.records.count <= Self.maximumLogCount ? next : nil
    }
}

extension WitnessState {
    /// The file: a line with the witness's key, one per log, and the hash of all before it.
    public var text: String {
        var text = "\(Self.firstLine)\nwitness \(witness.text)\n"
        for (_, record) in records.sorted(by: { $0.key < $1.key }) {
            let checkpoint = record.checkpoint
            text += "log \(checkpoint.origin) \(checkpoint.size) \(Base64.encode(checkpoint.root.bytes)) \(record.timestamp)\n"
        }
        return text + "sha256 \(SHA256.hash(Array(text.utf8)).hex)\n"
    }

    /// Reads a file. Whatever is accepted is exactly the `text` of the result.
    public init(text bytes: [UInt8]) throws(WitnessStateError) {
        guard bytes.count <= Self.maximumByteCount else { throw .damaged("it has \(bytes.count) bytes, more than any") }
        var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.first == Self.firstLine else {
            throw .damaged("it does not begin with the line \"\(Self.firstLine)\"")
        }
        guard lines.popLast() == "", let hash = lines.popLast(), lines.count >= 2 else { throw .damaged("it is cut short") }
        let covered = Array((lines.joined(separator: "\n") + "\n").utf8)
        guard hash == "sha256 \(SHA256.hash(covered).hex)" else { throw .damaged("its checksum does not match its content") }
        guard lines[1].hasPrefix("witness ") else { throw .damaged("its second line does not name the witness") }
        do {
            self.init(witness: try WitnessKey(text: String(lines[1].dropFirst(8))))
        } catch {
            throw .damaged("its second line: \(error)")
        }
        for line in lines.dropFirst(2) {
            let record = try Self.record(line)
            guard let next = recording(record) else { throw .damaged("it has more than \(Self.maximumLogCount) logs") }
            self = next
        }
        guard text.utf8.elementsEqual(bytes) else { throw .damaged("it is not in the one form in which it is written") }
    }

    private static func record(_ line: String) throws(WitnessStateError) -> WitnessRecord {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        let prefix = Checkpoint.originPrefix
        guard parts.count == 5, parts[0] == "log", parts[1].hasPrefix(prefix),
            let network = NetworkID(hex: String(parts[1].dropFirst(prefix.count))), let size = UInt64(parts[2]), size > 0,
            let root = Base64.decode(String(parts[3])).flatMap({ Bytes32($0) }),
            let timestamp = UInt64(parts[4]), timestamp <= Cosignature.maximumTimestamp
        else { throw .damaged("a line is not \"log\", an origin, a size, a root and a time") }
        return WitnessRecord(checkpoint: Checkpoint(network: network, size: size, root: root), timestamp: timestamp)
    }
}

/// A file that is no witness's state.
public enum WitnessStateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with it.
    case damaged(String)

    public var description: String {
        switch self {
        case .damaged(let reason): reason
        }
    }
}
