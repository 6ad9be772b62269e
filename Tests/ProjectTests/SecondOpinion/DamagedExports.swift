import Cryptography
import Foundation
import Ledger
import Support

/// Damaged copies of a golden chain's export: from single bits to blocks that all validators attested and that are wrong all the same.
struct DamagedExports {
    typealias Files = [String: [UInt8]]

    private(set) var copies: [(name: String, files: Files)] = []
    private let chain: GoldenChain
    private var random: SplitMix64
    private static let first = ExportFormat.segmentFileName(0)
    private static let second = ExportFormat.segmentFileName(1)

    init(of chain: GoldenChain, _ random: SplitMix64) throws {
        self.chain = chain
        self.random = random
        damageFiles()
        damageFrames()
        damageAttestedBlocks()
        try damageCheckpoint()
    }

    private mutating func add(_ name: String, segment: [UInt8]? = nil, checkpoint: [UInt8]? = nil) {
        copies.append((name, [Self.first: segment ?? chain.segment, ExportFormat.checkpointFileName: checkpoint ?? chain.checkpoint]))
    }

    private mutating func flipBit(_ bytes: inout [UInt8], in range: Range<Int>? = nil) -> String {
        let range = range ?? bytes.indices
        let position = range.lowerBound + random.below(range.count)
        let bit = random.below(8)
        bytes[position] ^= 1 << UInt8(bit)
        return "bit \(bit) of byte \(position)"
    }

    // MARK: - Files

    private mutating func damageFiles() {
        for _ in 0..<40 {
            var bytes = chain.segment
            let flip = flipBit(&bytes, in: random.once(in: 3) ? 0..<60 : nil)
            add("\(flip) of the segment", segment: bytes)
        }
        for _ in 0..<15 {
            let count = random.below(chain.segment.count)
            add("the segment cut to \(count) bytes", segment: Array(chain.segment.prefix(count)))
        }
        let checkpoint = ExportFormat.checkpointFileName
        let certified = chain.blocks.map(\.bytes)
        let (head, tail) = (chain.segment(Array(certified[..<3])), chain.segment(Array(certified[3...]), firstHeight: 4))
        let files: Files = [Self.first: chain.segment, checkpoint: chain.checkpoint]
        copies += [
            ("nothing", [:]), ("no checkpoint", [Self.first: chain.segment]), ("no segment", [checkpoint: chain.checkpoint]),
            ("an empty segment", files.merging([Self.first: []]) { $1 }),
            ("a segment 1 of the header alone", files.merging([Self.second: chain.segment([], firstHeight: 4)]) { $1 }),
            ("cut at another height", files.merging([Self.first: head, Self.second: tail]) { $1 }),
            ("a gap between the segments", files.merging([ExportFormat.segmentFileName(2): tail]) { $1 }),
            ("the first segment twice", files.merging([Self.second: chain.segment]) { $1 }),
        ]
    }

    // MARK: - Frames whose checksums are right

    private mutating func damageFrames() {
        let certified = chain.blocks.map(\.bytes)
        for _ in 0..<10 {
            var frames = certified
            let (one, other) = (random.below(frames.count), random.below(frames.count))
            switch random.below(3) {
            case 0: frames.swapAt(one, other)
            case 1: frames.remove(at: one)
            default: frames.insert(frames[one], at: other)
            }
            add("frames \(one) and \(other) moved", segment: chain.segment(frames))
        }
        for _ in 0..<120 {
            var frames = certified
            let height = random.below(frames.count)
            let flip = flipBit(&frames[height])
            add("\(flip) of block \(height + 1)", segment: chain.segment(frames))
        }
        for _ in 0..<20 {
            var frames = certified
            let height = random.below(frames.count)
            let position = random.below(frames[height].count)
            switch random.below(3) {
            case 0: frames[height].remove(at: position)
            case 1: frames[height].insert(UInt8(random.below(256)), at: position)
            default: frames[height].removeSubrange(position...)
            }
            add("block \(height + 1) longer or shorter at byte \(position)", segment: chain.segment(frames))
        }
        // Two at once: the first in the order of the file is the verdict, whatever reads ahead.
        for _ in 0..<20 {
            var frames = certified
            let height = random.below(frames.count - 1)
            let flip = flipBit(&frames[height])
            var bytes = chain.segment(frames)
            let start = ExportFormat.headerByteCount + frames[...height].reduce(0) { $0 + ExportFormat.frameByteCount($1.count) }
            let second = flipBit(&bytes, in: start..<bytes.count)
            add("\(flip) of block \(height + 1), and \(second) of the segment", segment: bytes)
        }
    }

    // MARK: - Blocks that all validators attested

    /// A block made to fit as far as anyone who holds the validators' keys can make it: transaction root, count and attestations.
    private mutating func attested(
        _ name: String, _ height: Int, transactions: [SignedTransaction]? = nil, change: (inout BlockHeader) -> Void = { _ in }
    ) {
        let old = chain.blocks[height].block
        var header = old.header
        let transactions = transactions ?? old.transactions
        header.transactionRoot = Block.transactionRoot(transactions)
        header.transactionCount = UInt32(transactions.count)
        change(&header)
        let block = CertifiedBlock(block: Block(header: header, transactions: transactions), attestations: chain.attestations(of: header))
        var certified = chain.blocks.map(\.bytes)
        certified[height] = block.bytes
        add(name, segment: chain.segment(certified))
    }

    private mutating func damageAttestedBlocks() {
        for _ in 0..<60 {
            let height = random.below(chain.blocks.count)
            var bytes = chain.blocks[height].block.header.bytes
            let flip = flipBit(&bytes)
            do {
                let header = try BlockHeader(decoding: bytes)
                attested("\(flip) of the header of block \(height + 1), attested", height) { $0 = header }
            } catch {
                continue
            }
        }
        let all = chain.blocks.flatMap(\.block.transactions)
        for _ in 0..<150 {
            let height = random.below(chain.blocks.count)
            var transactions = chain.blocks[height].block.transactions
            let position = random.below(transactions.count + 1)
            let what: String
            switch random.below(4) {
            case 0:
                transactions.insert(random.pick(all), at: position)
                what = "another block's transaction at \(position)"
            case 1 where position < transactions.count:
                transactions.remove(at: position)
                what = "without transaction \(position)"
            case 2 where position < transactions.count:
                transactions.swapAt(position, random.below(transactions.count))
                what = "transaction \(position) moved"
            default:
                guard let (flip, changed) = changed(random.pick(all)) else { continue }
                transactions.insert(changed, at: position)
                what = "a transaction at \(position) with \(flip)"
            }
            attested("block \(height + 1) \(what), attested", height, transactions: transactions)
        }
        damageAttestations()
    }

    /// A transaction with one bit changed; nil where it does not decode.
    private mutating func changed(_ transaction: SignedTransaction) -> (flip: String, SignedTransaction)? {
        var bytes = transaction.bytes
        let flip = flipBit(&bytes)
        do {
            return (flip, try SignedTransaction(decoding: bytes))
        } catch {
            return nil
        }
    }

    private mutating func damageAttestations() {
        for height in [0, chain.blocks.count - 1] {
            let (block, good) = (chain.blocks[height].block, chain.blocks[height].attestations)
            let other = chain.blocks[1].attestations
            let stranger = Attestation(validator: 7, signature: good[0].signature)
            for (name, attestations) in [
                ("none", []), ("one too few", Array(good.dropLast())), ("one twice", good + good.suffix(1)), ("of block 2", other),
                ("and a stranger's", good + [stranger]), ("reversed", good.reversed()),
                ("of zeros", good.map { Attestation(validator: $0.validator, signature: .zero) }),
            ] {
                var certified = chain.blocks.map(\.bytes)
                certified[height] = CertifiedBlock(block: block, attestations: attestations).bytes
                add("attestations of block \(height + 1): \(name)", segment: chain.segment(certified))
            }
        }
    }

    // MARK: - Checkpoints

    private mutating func damageCheckpoint() throws {
        for _ in 0..<60 {
            var bytes = chain.checkpoint
            let flip = flipBit(&bytes)
            add("\(flip) of the checkpoint", checkpoint: bytes)
        }
        for _ in 0..<10 {
            let count = random.below(chain.checkpoint.count)
            add("the checkpoint cut to \(count) bytes", checkpoint: Array(chain.checkpoint.prefix(count)))
        }
        let lines = String(decoding: chain.checkpoint, as: UTF8.self).components(separatedBy: "\n")
        for position in lines.indices {
            var (without, twice) = (lines, lines)
            without.remove(at: position)
            twice.insert(lines[position], at: position)
            add("the checkpoint without line \(position)", checkpoint: Array(without.joined(separator: "\n").utf8))
            add("the checkpoint with line \(position) twice", checkpoint: Array(twice.joined(separator: "\n").utf8))
        }
        let size = UInt64(chain.blocks.count) + 1
        for (name, other) in [("one more", size + 1), ("one less", size - 1), ("one", 1), ("the largest", .max)] {
            add("a signed checkpoint of size \(name)", checkpoint: try chain.checkpoint(size: other, root: .zero))
        }
        add("a signed checkpoint with another root", checkpoint: try chain.checkpoint(size: size, root: .zero))
        add("carriage returns in the checkpoint", checkpoint: Array(lines.joined(separator: "\r\n").utf8))
    }
}
