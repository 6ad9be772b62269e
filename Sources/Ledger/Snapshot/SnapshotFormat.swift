public import Cryptography

/// The layout of a state snapshot (`docs/spec/snapshot.md` section 1).
public enum SnapshotFormat {
    /// The first bytes of every snapshot.
    public static let magic = Array("COFFER-SNAPSHOT\n".utf8)
    public static let version: UInt16 = 1
    /// Magic, version and network.
    public static let headerByteCount = 50
    /// The most a frame's length may say: more than 1,024 accounts have, and than the supply has.
    public static let maximumFrameByteCount = 8_388_608
    /// So many accounts are in a frame; in the last one, the rest.
    public static let accountsPerFrame = 1_024

    /// Writes a snapshot piece by piece, at most one frame in memory.
    /// - Parameters:
    ///   - state: the state after `tip`'s block.
    ///   - tip: that block's header and attestations.
    ///   - history: the history tree over the headers before `tip`.
    public static func write<Failure: Error>(
        _ state: borrowing LedgerState, tip: CertifiedHeader, history: HistoryTree, to sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        var start = ByteWriter(reservingCapacity: headerByteCount)
        start.write(bytes: magic)
        start.write(version)
        start.write(state.chainspec.network.bytes)
        try sink(start.bytes)
        try sink(frame { $0.write(tip, history) })
        var next = 0
        while next < state.accounts.count {
            let part = state.accounts[next..<min(next + accountsPerFrame, state.accounts.count)]
            try sink(
                frame { writer in
                    for account in part {
                        let bytes = account.bytes
                        writer.write(UInt16(bytes.count))
                        writer.write(bytes: bytes)
                    }
                })
            next += part.count
        }
        let supply = state.supply
        try sink(
            frame { writer in
                for record in supply { writer.write(bytes: record.bytes) }
            })
    }

    private static func frame(_ body: (inout ByteWriter) -> Void) -> [UInt8] {
        var content = ByteWriter(reservingCapacity: 65_536)
        body(&content)
        let bytes = content.bytes
        precondition(bytes.count <= maximumFrameByteCount, "a frame is within its own limit")
        var writer = ByteWriter(reservingCapacity: bytes.count + 36)
        writer.write(UInt32(bytes.count))
        writer.write(bytes: bytes)
        writer.write(SHA256.hash(writer.bytes))
        return writer.bytes
    }
}

extension ByteWriter {
    fileprivate mutating func write(_ tip: CertifiedHeader, _ history: HistoryTree) {
        tip.header.write(to: &self)
        tip.attestations.write(to: &self)
        write(bytes: history.bytes)
    }
}

/// Why a snapshot cannot be read, or is not the state it says. `offset` is the byte at which the frame concerned begins.
public enum SnapshotError: Error, Equatable, Sendable {
    case inputFailed(reason: String)
    case wrongMagic
    case unknownVersion(UInt16)
    case wrongNetwork(NetworkID, expected: NetworkID)
    case truncated(offset: Int)
    case frameTooLong(offset: Int, byteCount: UInt32)
    /// There are bytes after the last frame.
    case trailingBytes(offset: Int)
    case checksumMismatch(offset: Int)
    case malformed(offset: Int, DecodingError)
    /// An account does not stand at its index.
    case wrongIndex(AccountIndex, expected: AccountIndex)
    /// A root of the state is not the header's.
    case wrongRoot(String, expected: Bytes32, found: Bytes32)
    /// The header is not final, or the checkpoint is not signed.
    case proof(ProofError)
    /// The checkpoint is not the one whose last header is the snapshot's.
    case wrongCheckpoint(String)
    case invariant(InvariantViolation)
}

extension SnapshotError: CustomStringConvertible {
    /// Whether there was something to check.
    public var kind: ProofError.Kind {
        switch self {
        case .inputFailed, .wrongMagic, .unknownVersion, .wrongNetwork, .truncated, .frameTooLong, .trailingBytes: .unreadable
        case .proof(let error): error.kind
        case .checksumMismatch, .malformed, .wrongIndex, .wrongRoot, .wrongCheckpoint, .invariant: .doesNotHold
        }
    }

    /// The stable code of `docs/spec/errors.md`.
    public var code: String {
        switch self {
        case .inputFailed: "snapshotInputFailed"
        case .wrongMagic: "snapshotWrongMagic"
        case .unknownVersion: "snapshotUnknownVersion"
        case .wrongNetwork: "snapshotWrongNetwork"
        case .truncated: "snapshotTruncated"
        case .frameTooLong: "snapshotFrameTooLong"
        case .trailingBytes: "snapshotTrailingBytes"
        case .checksumMismatch: "snapshotChecksumMismatch"
        case .malformed: "snapshotMalformed"
        case .wrongIndex: "snapshotWrongIndex"
        case .wrongRoot: "snapshotWrongRoot"
        case .proof(let error): error.code
        case .wrongCheckpoint: "snapshotWrongCheckpoint"
        case .invariant: "invariant"
        }
    }

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .inputFailed(let reason): "it could not be read: \(reason)"
        case .wrongMagic: "the file does not begin with COFFER-SNAPSHOT; check the path"
        case .unknownVersion(let version):
            "it has format version \(version), and this program reads \(SnapshotFormat.version); use a newer program"
        case .wrongNetwork(let found, let expected): "it is of network \(found), and the chain specification of \(expected)"
        case .truncated(let offset): "it ends in the middle of what begins at byte \(offset); copy it again"
        case .frameTooLong(let offset, let byteCount):
            "the frame at byte \(offset) claims \(byteCount) bytes, more than any has; the file is damaged: copy it again"
        case .trailingBytes(let offset): "there are bytes after its end at byte \(offset); copy it again"
        case .checksumMismatch(let offset): "the frame at byte \(offset) does not match its checksum; the file is damaged: copy it again"
        case .malformed(let offset, let error): "the frame at byte \(offset) does not decode: \(error)"
        case .wrongIndex(let found, let expected): "account \(found) stands at index \(expected)"
        case .wrongRoot(let name, let expected, let found):
            "the \(name) of what is in it is \(found), and its header says \(expected): make the snapshot again by your own replay"
        case .proof(let error): error.description
        case .wrongCheckpoint(let text): text
        case .invariant(let violation): violation.description
        }
    }
}
