public import Cryptography
public import Ledger

/// The highest header that was signed.
public struct GuardedHeader: Hashable, Sendable {
    public let network: NetworkID
    public let height: UInt64
    /// 0 as long as a height has one round of proposing.
    public let epoch: UInt32
    public let hash: BlockHash

    public init(network: NetworkID, height: UInt64, epoch: UInt32, hash: BlockHash) {
        self.network = network
        self.height = height
        self.epoch = epoch
        self.hash = hash
    }

    public init(_ header: BlockHeader) {
        self.init(network: header.network, height: header.height, epoch: 0, hash: header.hash)
    }
}

/// Never two headers at one height (`docs/spec/custody-log.md` section 7): records a header durably before it may be signed, in a file that
/// several signers may race on.
///
/// The record stands in the file twice, written and synced one after the other: whatever is torn or damaged of one, the other tells what
/// was recorded.
public final class HeaderGuard: Sendable {
    /// Every such file has so many bytes, the rest of it zeros.
    static let fileByteCount = 8_192

    private let file: RandomAccessFile

    /// Opens the file at `path`; `creating` makes one that has signed nothing, where there is none.
    public init(_ path: String, creating: Bool) throws(PrivateFileError) {
        file = try RandomAccessFile(path, creating: creating)
        guard creating, try file.byteCount() == 0 else { return }
        try file.write([UInt8](repeating: 0, count: Self.fileByteCount).span, at: 0)
        try file.synchronize()
    }

    /// What was recorded last; nil when nothing was.
    public func last() throws(HeaderGuardError) -> GuardedHeader? {
        try locked { () throws(HeaderGuardError) in try read()?.header }
    }

    /// Records a header, unless it is recorded already. When it returns, this header and no other of its height may be signed.
    ///
    /// Throws `otherHeader` and `below`; and `gap` for a height that does not follow: the record may be of an old copy.
    @available(*, noasync, message: "a thread of the concurrency pool must not wait for a disk")
    public func record(_ header: GuardedHeader) throws(HeaderGuardError) {
        try locked { () throws(HeaderGuardError) in
            let last = try read()
            if let known = last?.header {
                guard known.network == header.network else { throw .otherNetwork }
                if known == header { return }
                guard header.height != known.height else { throw .otherHeader(signed: known) }
                guard header.height > known.height else { throw .below(signed: known) }
            }
            let height = last?.header.height ?? 0
            guard header.height == height + 1 else { throw .gap(signed: height) }
            try write(header, after: last)
        }
    }

    /// Raises the record to a header that a quorum certified: nothing up to there is signed any more.
    @available(*, noasync, message: "a thread of the concurrency pool must not wait for a disk")
    public func raise(to header: GuardedHeader) throws(HeaderGuardError) {
        try locked { () throws(HeaderGuardError) in
            let last = try read()
            if let known = last?.header {
                guard known.network == header.network else { throw .otherNetwork }
                if known == header { return }
                guard header.height != known.height else { throw .otherHeader(signed: known) }
                guard header.height > known.height else { throw .below(signed: known) }
            }
            try write(header, after: last)
        }
    }

    private func locked<Value>(_ body: () throws(HeaderGuardError) -> Value) throws(HeaderGuardError) -> Value {
        let result: Result<Value, HeaderGuardError>
        do throws(PrivateFileError) {
            result = try file.withLock(body)
        } catch {
            throw .file(error)
        }
        return try result.get()
    }

    private func read() throws(HeaderGuardError) -> GuardRecord? {
        do throws(PrivateFileError) {
            var newest: GuardRecord?
            for offset in GuardRecord.offsets {
                let bytes = try file.read(GuardRecord.byteCount, at: offset)
                guard let record = GuardRecord(decoding: bytes) else { continue }
                if newest.map({ $0.number < record.number }) ?? true { newest = record }
            }
            if newest != nil { return newest }
            // Zeros, or a first record that was torn; anything else no crash leaves behind.
            guard try file.byteCount() == Self.fileByteCount,
                try file.read(GuardRecord.byteCount, at: GuardRecord.offsets[1]).allSatisfy({ $0 == 0 })
            else { throw PrivateFileError.system("understand the record of headers in", path: file.path, code: 5) }
            return nil
        } catch {
            throw .file(error)
        }
    }

    private func write(_ header: GuardedHeader, after last: GuardRecord?) throws(HeaderGuardError) {
        let record = GuardRecord(number: (last?.number ?? 0) + 1, header: header)
        do throws(PrivateFileError) {
            for offset in GuardRecord.offsets {
                try file.write(record.bytes.span, at: offset)
                try file.synchronize()
            }
        } catch {
            throw .file(error)
        }
    }
}

/// The record as it stands in the file, with a hash that tells whether it is whole.
private struct GuardRecord {
    static let tag = TaggedHash(tag: "coffer/custody-guard/v1")
    static let byteCount = 8 + 32 + 8 + 4 + 32 + 32
    /// Each in a sector of its own.
    static let offsets = [0, 4_096]

    let number: UInt64
    let header: GuardedHeader

    init(number: UInt64, header: GuardedHeader) {
        self.number = number
        self.header = header
    }

    var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: Self.byteCount)
        writer.write(number)
        writer.write(header.network.bytes)
        writer.write(header.height)
        writer.write(header.epoch)
        writer.write(header.hash.bytes)
        let hash = Self.tag.hash(writer.span.extracting(0..<writer.count))
        writer.write(hash)
        return writer.bytes
    }

    init?(decoding bytes: [UInt8]) {
        do throws(DecodingError) {
            var reader = ByteReader(bytes.span)
            number = try reader.readUInt64()
            header = GuardedHeader(
                network: NetworkID(try reader.readBytes32()), height: try reader.readUInt64(), epoch: try reader.readUInt32(),
                hash: BlockHash(try reader.readBytes32()))
            _ = try reader.readBytes32()
        } catch {
            return nil
        }
        guard self.bytes == bytes else { return nil }
    }
}

/// Why a header must not be signed.
public indirect enum HeaderGuardError: Error, Hashable, Sendable {
    case file(PrivateFileError)
    case otherNetwork
    case otherHeader(signed: GuardedHeader)
    case below(signed: GuardedHeader)
    case gap(signed: UInt64)
}
