import Cryptography
public import Ledger

/// An archive, by the number of its segment.
struct SegmentKey: RecordKey {
    let number: UInt64

    init(_ number: UInt64) { self.number = number }
    init(from reader: inout ByteReader) throws(DecodingError) { number = try reader.readUInt64() }
    func write(to writer: inout ByteWriter) { writer.write(number) }
    var name: String { "segment \(number)" }
}

extension ArchivedSegment: RecordValue {
    init(payload: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(payload.span)
        self.init(
            number: try reader.readUInt64(), firstHeight: try reader.readUInt64(), lastHeight: try reader.readUInt64(),
            byteCount: try reader.readUInt64(), digest: try reader.readBytes32())
        try reader.finish()
    }

    var payload: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 64)
        for number in [number, firstHeight, lastHeight, byteCount] { writer.write(number) }
        writer.write(digest)
        return writer.bytes
    }
}

extension Environment {
    /// The list of archives; nil where nothing was pruned yet.
    var archiveTable: Table<SegmentKey, ArchivedSegment>? {
        database(named: LogTables.archivesName).map { Table($0) }
    }

    /// What is in the list of archives, which must be without gaps.
    func storedArchives() throws(StoreError) -> [ArchivedSegment] {
        guard let table = archiveTable else { return [] }
        return try read { (transaction) throws(StoreError) in
            var archives: [ArchivedSegment] = []
            try transaction.forEachRecord(in: table) { (key, archive) throws(StoreError) in
                let first = (archives.last?.lastHeight ?? 0) + 1
                guard key.number == UInt64(archives.count), archive.number == key.number, archive.firstHeight == first,
                    archive.lastHeight >= first
                else { throw table.damage(key, "it does not follow the archive before it") }
                archives.append(archive)
                return true
            }
            return archives
        }
    }
}

extension StoreCore {
    /// The last block whose body is pruned; 0 when none is. Bodies at or below it may be there still, and are not read.
    var prunedHeight: UInt64 { archives.withLock { $0.last?.lastHeight ?? 0 } }

    /// Throws `.pruned` where the body of a block is gone. Asked inside a transaction: whatever that does not see any more is in the list.
    func requireBody(of height: UInt64) throws(StoreError) {
        if let block = prunedBlock(at: height) { throw .pruned(block) }
    }

    func prunedBlock(at height: UInt64) -> PrunedBlock? {
        archives.withLock { archives in
            guard height > 0, height <= archives.last?.lastHeight ?? 0 else { return nil }
            guard let archive = archives.first(where: { height <= $0.lastHeight }) else { return nil }
            return PrunedBlock(height: height, archive: archive)
        }
    }
}

extension LedgerStore {
    /// The archives of the blocks whose bodies were pruned, in the order of heights: what the node publishes (`docs/spec/archive.md`).
    public func archives() throws(StorageError) -> ArchiveManifest {
        let archives = try withCore { core in core.archives.withLock { $0 } }
        return ArchiveManifest(network: chainspec.network, archives: archives)
    }

    /// Throws `.pruned` where the body of the block of a height is gone.
    public func requireBody(at height: UInt64) throws(StorageError) {
        try withCore { (core) throws(StoreError) in try core.requireBody(of: height) }
    }

    /// That the archives of all that is pruned are in a directory, whole.
    func checkArchives(in directory: String) throws(StorageError) {
        let archives = try self.archives()
        do throws(PruningError) {
            for archive in archives.archives { try ArchiveFile(archive, in: directory).checkWhole { _ in } }
        } catch {
            throw error.doesNotHold ? .damaged(error.description) : .refused(error.description)
        }
    }

    /// Why the body of a pruned block is not there.
    func prunedError(at height: UInt64) throws(StorageError) -> StoreError {
        try withCore { core in core.prunedBlock(at: height).map { .pruned($0) } ?? .closed }
    }

    /// Runs `body` on the log as of now, with the store's parts and the height of the last block.
    func readBodies<Result: ~Copyable>(
        _ body: (borrowing ReadTransaction, StoreCore, UInt64) throws(StoreError) -> Result
    ) throws(StorageError) -> Result {
        try withCore { (core) throws(StoreError) in
            try core.readLog { (transaction, _, tip) throws(StoreError) in try body(transaction, core, tip) }
        }
    }
}

extension StoreOpening {
    private func missing(_ folder: String, _ archives: [ArchivedSegment]) -> StoreError {
        .mismatched(
            "\(folder) lacks what blocks up to height \(archives.last?.lastHeight ?? 0) led to, and their bodies were pruned, so it cannot be "
                + "derived from the log any more. Put the folder back, from a copy made after the pruning; or give a new, empty data directory "
                + "to cofferd rebuild, with the archives and an export of the rest.")
    }

    /// That the derived state is there where it could not be derived again.
    func requireState(in folder: String, after archives: [ArchivedSegment]) throws(StoreError) {
        guard !archives.isEmpty else { return }
        guard try exists(folder), try exists("\(folder)/\(DataFile.dataName)") else { throw missing(folder, archives) }
    }

    /// That it has all that the pruned blocks led to.
    func checkFolded(
        _ state: borrowing ReadTransaction, _ tables: StateTables, in folder: String, after archives: [ArchivedSegment]
    ) throws(StoreError) {
        guard try state.foldRecord(in: tables).folded.height >= archives.last?.lastHeight ?? 0 else { throw missing(folder, archives) }
    }
}
