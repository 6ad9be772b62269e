import Cryptography

/// The state as of a block, as read from a file: nothing of it is believed before `verified` has compared it with a signed checkpoint.
///
/// It has no replay window, because no header commits to one: that is read from the blocks themselves (`docs/spec/snapshot.md` section 3).
public struct Snapshot: Sendable {
    public let tip: CertifiedHeader
    /// The history tree over the headers before `tip`.
    public let historyBefore: HistoryTree
    public let accounts: [Account]
    public let supply: [SupplyRecord]

    /// Reads a snapshot frame by frame.
    ///
    /// Memory: the accounts, whose number the file's own length bounds, and one frame.
    public init(network: NetworkID, read: @escaping SegmentReader.Input) throws(SnapshotError) {
        var reader = try SnapshotReader(network: network, read: read)
        (tip, historyBefore) = try reader.readHead()
        var accounts: [Account] = []
        while UInt64(accounts.count) < tip.header.accountCount {
            try reader.readAccounts(of: tip.header.accountCount, into: &accounts)
        }
        self.accounts = accounts
        supply = try reader.readSupply()
        try reader.finish()
    }

    /// Compares everything with the header, the header with the checkpoint, and the state with the invariants
    /// (`docs/spec/snapshot.md` section 2), in this order.
    /// - Returns: the history tree whose last leaf is the header.
    public func verify(against chainspec: Chainspec, checkpoint signed: SignedCheckpoint) throws(SnapshotError) -> HistoryTree {
        let header = tip.header
        do throws(ProofError) {
            try signed.verify(against: chainspec)
            try chainspec.checkFinality(of: header, attestations: tip.attestations)
        } catch {
            throw .proof(error)
        }
        let checkpoint = signed.checkpoint
        guard header.height < .max, checkpoint.size == header.height + 1 else {
            throw .wrongCheckpoint("the checkpoint is of \(checkpoint.size) headers, and the snapshot as of height \(header.height)")
        }
        guard historyBefore.count == header.height, historyBefore.root == header.historyRoot else {
            throw .wrongRoot("historyRoot", expected: header.historyRoot, found: historyBefore.root)
        }
        var history = historyBefore
        history.append(header.historyLeaf)
        guard history.root == checkpoint.root else {
            throw .wrongCheckpoint("the checkpoint's root is \(checkpoint.root), and the snapshot's header gives \(history.root)")
        }
        let stateRoot = MerkleTree(leaves: accounts.map(\.leaf)).root
        guard stateRoot == header.stateRoot else { throw .wrongRoot("stateRoot", expected: header.stateRoot, found: stateRoot) }
        let supplyRoot = MerkleTree(leaves: supply.map(\.leaf)).root
        guard supplyRoot == header.supplyRoot else { throw .wrongRoot("supplyRoot", expected: header.supplyRoot, found: supplyRoot) }
        return history
    }

    /// The state, with a replay window that was read from the blocks; the invariants are checked once more, over all of it.
    public func state(_ chainspec: Chainspec, replayWindow: ReplayWindow) throws(SnapshotError) -> LedgerState {
        let state = LedgerState(
            chainspec: chainspec, height: tip.header.height, time: tip.header.time, accounts: accounts, supply: supply,
            replayWindow: replayWindow)
        do {
            try Invariants.check(state)
        } catch {
            throw .invariant(error)
        }
        return state
    }
}

/// Reads the frames.
private struct SnapshotReader {
    private let read: SegmentReader.Input
    private var offset = 0

    init(network: NetworkID, read: @escaping SegmentReader.Input) throws(SnapshotError) {
        self.read = read
        let start = try readFully(SnapshotFormat.headerByteCount)
        guard start.prefix(SnapshotFormat.magic.count).elementsEqual(SnapshotFormat.magic.prefix(start.count)) else { throw .wrongMagic }
        guard start.count == SnapshotFormat.headerByteCount else { throw .truncated(offset: 0) }
        let (version, found) = try decode(start) { (reader) throws(DecodingError) in
            _ = try reader.readBytes(SnapshotFormat.magic.count)
            return (try reader.readUInt16(), NetworkID(try reader.readBytes32()))
        }
        guard version == SnapshotFormat.version else { throw .unknownVersion(version) }
        guard found == network else { throw .wrongNetwork(found, expected: network) }
        offset = start.count
    }

    mutating func readHead() throws(SnapshotError) -> (CertifiedHeader, HistoryTree) {
        try decode(try nextFrame()) { (reader) throws(DecodingError) in
            let header = try BlockHeader(from: &reader)
            let attestations = try [Attestation](from: &reader)
            let history = try HistoryTree(decoding: try reader.readBytes(reader.remaining))
            return (CertifiedHeader(header: header, attestations: attestations), history)
        }
    }

    mutating func readAccounts(of count: UInt64, into accounts: inout [Account]) throws(SnapshotError) {
        let first = UInt64(accounts.count)
        let expected = min(UInt64(SnapshotFormat.accountsPerFrame), count - first)
        let part = try decode(try nextFrame()) { (reader) throws(DecodingError) in
            var part: [Account] = []
            for _ in 0..<expected { part.append(try Account(decoding: try reader.readBytes(Int(try reader.readUInt16())))) }
            return part
        }
        for (position, account) in part.enumerated() where account.index != first + UInt64(position) {
            throw .wrongIndex(account.index, expected: first + UInt64(position))
        }
        accounts += part
    }

    mutating func readSupply() throws(SnapshotError) -> [SupplyRecord] {
        try decode(try nextFrame()) { (reader) throws(DecodingError) in
            var records: [SupplyRecord] = []
            while reader.remaining > 0 { records.append(try SupplyRecord(decoding: try reader.readBytes(SupplyRecord.byteCount))) }
            return records
        }
    }

    func finish() throws(SnapshotError) {
        guard try readFully(1).isEmpty else { throw .trailingBytes(offset: offset) }
    }

    private mutating func nextFrame() throws(SnapshotError) -> [UInt8] {
        let lengthBytes = try readFully(4)
        guard lengthBytes.count == 4 else { throw .truncated(offset: offset) }
        let length = lengthBytes.reduce(0) { $0 << 8 | UInt32($1) }
        guard length <= SnapshotFormat.maximumFrameByteCount else { throw .frameTooLong(offset: offset, byteCount: length) }
        let content = try readFully(Int(length))
        let checksum = try readFully(32)
        guard content.count == Int(length), checksum.count == 32 else { throw .truncated(offset: offset) }
        var hasher = SHA256()
        hasher.update(lengthBytes)
        hasher.update(content)
        guard hasher.finalize().bytes == checksum else { throw .checksumMismatch(offset: offset) }
        offset += 36 + content.count
        return content
    }

    private func decode<Value>(
        _ bytes: [UInt8], _ body: (inout ByteReader) throws(DecodingError) -> Value
    ) throws(SnapshotError) -> Value {
        do throws(DecodingError) {
            var reader = ByteReader(bytes.span)
            let value = try body(&reader)
            try reader.finish()
            return value
        } catch {
            throw .malformed(offset: offset, error)
        }
    }

    /// Exactly `count` bytes, or fewer where the file ends before.
    private func readFully(_ count: Int) throws(SnapshotError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let piece: [UInt8]
            do throws(ExportError) {
                piece = try read(min(count - bytes.count, 1_048_576))
            } catch {
                guard case .inputFailed(let reason) = error else { throw .inputFailed(reason: error.description) }
                throw .inputFailed(reason: reason)
            }
            guard !piece.isEmpty else { break }
            bytes += piece
        }
        return bytes
    }
}
