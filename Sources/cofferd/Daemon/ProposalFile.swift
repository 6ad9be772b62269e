import Cryptography
import Ledger
import Node

/// Proposals in a file of the data directory, replaced whole: what a custody signer is shown.
final class ProposalFile: ProposalStore {
    private static let magic = Array("coffer proposals v1\n".utf8)
    private static let maximumByteCount = 1 << 30

    private let path: String

    init(in directory: String) {
        path = "\(directory)/proposals"
    }

    func load() throws(StorageError) -> [Proposal] {
        guard PrivateFile.presence(at: path) != .nothing else { return [] }
        let bytes: [UInt8]
        do throws(PrivateFileError) {
            let file = try RandomAccessFile(path, creating: false)
            let count = try file.byteCount()
            guard count <= Self.maximumByteCount else {
                throw PrivateFileError.tooLarge(path: path, maximumByteCount: Self.maximumByteCount)
            }
            bytes = try file.read(count, at: 0)
        } catch {
            throw .failed(error.description)
        }
        do throws(DecodingError) {
            return try Self.decode(bytes)
        } catch {
            throw .damaged("\(path) is damaged: \(error). A signer that was shown what it held signs nothing else at that height.")
        }
    }

    func save(_ proposals: [Proposal]) throws(StorageError) {
        do throws(PrivateFileError) {
            try PrivateFile.replace(path, Self.encode(proposals).span)
        } catch {
            throw .failed(error.description)
        }
    }

    /// The magic, a `u32` count, of each the length and the block, then a `u32` count of memos: id, salt, `u16` length and text.
    static func encode(_ proposals: [Proposal]) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 65_536)
        writer.write(bytes: magic)
        writer.write(UInt32(proposals.count))
        for proposal in proposals {
            proposal.block.write(to: &writer)
            writer.write(UInt32(proposal.memos.count))
            for (id, memo) in proposal.memos.sorted(by: { $0.key < $1.key }) {
                writer.write(id.bytes)
                writer.write(memo.salt)
                writer.write(UInt16(memo.text.utf8.count))
                writer.write(bytes: Array(memo.text.utf8))
            }
        }
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8]) throws(DecodingError) -> [Proposal] {
        guard bytes.starts(with: magic) else { throw .unknownVersion }
        var reader = ByteReader(bytes.span)
        _ = try reader.readBytes(magic.count)
        var proposals: [Proposal] = []
        for _ in 0..<(try reader.readUInt32()) {
            let block = try Block(from: &reader)
            var memos: [TransactionID: Memo] = [:]
            for _ in 0..<(try reader.readUInt32()) {
                let id = TransactionID(try reader.readBytes32())
                let salt = try reader.readBytes16()
                let text = try reader.readBytes(Int(try reader.readUInt16()))
                guard let text = String(validating: text, as: UTF8.self), let memo = Memo(salt: salt, text: text) else {
                    throw .malformedText
                }
                memos[id] = memo
            }
            proposals.append(Proposal(block: block, memos: memos))
        }
        try reader.finish()
        return proposals
    }
}
