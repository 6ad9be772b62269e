import Cryptography
import Ledger

/// A block of an export, the one after it, and where the chain stands before them: what damages to blocks are made from.
struct Scene: Sendable {
    /// The block, attested by the stand-ins.
    let block: CertifiedBlock
    let layout: BlockLayout
    /// The block after it; nil at the end.
    let next: CertifiedBlock?
    /// The header before the block.
    let tip: BlockHeader
    /// The root over all headers up to the tip.
    let historyRoot: Bytes32
    /// The state before the block.
    let accounts: [Account]
    let supply: [SupplyRecord]
    let standIns: StandIns
    /// Key rotations of later blocks, each with the position of a transaction of this block that the same account signed by its old keys.
    let rotations: [(position: Int, rotation: SignedTransaction)]

    /// So many transactions of a block are looked at for material.
    static let maximumTransactionCount = 64

    var header: BlockHeader { block.block.header }
    var transactions: [SignedTransaction] { block.block.transactions }
    var validators: [ValidatorIndex] { block.attestations.map(\.validator) }

    /// The block with another header: as it is, or signed anew.
    func with(_ header: BlockHeader, _ forger: Forger) -> [[UInt8]] {
        [layout.with(header: header.bytes, attestations: forger == .quorum ? standIns.attestations(of: header, by: validators) : nil)]
    }

    /// The block with other transactions, made to fit as far as the forger can.
    func with(_ changed: [SignedTransaction], _ forger: Forger) -> [[UInt8]] {
        var header = header
        // The number of transactions is needed to read the block at all.
        header.transactionCount = UInt32(changed.count)
        if forger == .roots || forger == .quorum { header.transactionRoot = Block.transactionRoot(changed) }
        let attestations = forger == .quorum ? standIns.attestations(of: header, by: validators) : nil
        return [layout.with(header: header.bytes, transactions: changed.map(\.bytes), attestations: attestations)]
    }

    /// The block with the bytes of one transaction in place of another's, nothing else changed.
    func replacing(_ position: Int, with bytes: [UInt8]) -> [[UInt8]] {
        var all = transactions.map(\.bytes)
        all[position] = bytes
        return [layout.with(transactions: all)]
    }

    /// The next block moved to this one's place, with everything that says so changed and signed anew.
    func moved(_ other: CertifiedBlock) -> CertifiedBlock {
        var header = other.block.header
        header.height = tip.height + 1
        header.parent = tip.hash
        header.historyRoot = historyRoot
        header.time = max(header.time, tip.time)
        return CertifiedBlock(
            block: Block(header: header, transactions: other.block.transactions),
            attestations: standIns.attestations(of: header, by: validators))
    }
}

/// A transaction of a scene, with its fields.
struct TransactionUnderTest: Sendable {
    let signed: SignedTransaction
    let fields: [Field]
    let scene: Scene

    var bytes: [UInt8] { signed.bytes }

    init(_ signed: SignedTransaction, _ scene: Scene) throws(UnknownLayout) {
        self.signed = signed
        self.scene = scene
        var walker = FieldWalker(signed.bytes)
        try walker.transaction()
        try walker.finish()
        fields = walker.fields
    }

    /// Where a field stands first.
    func range(_ structure: Structure, _ name: String) -> Range<Int>? {
        fields.first { $0.name == FieldName(structure, name) }?.range
    }

    /// A field's value as an integer of at most 8 bytes.
    func integer(_ structure: Structure, _ name: String) -> UInt64? {
        range(structure, name).map { bytes[$0].reduce(0) { $0 << 8 | UInt64($1) } }
    }

    /// The bytes with another value in a field, where it stands first.
    func setting(_ structure: Structure, _ name: String, to value: UInt64) -> [UInt8]? {
        range(structure, name).flatMap { setting($0, to: value) }
    }

    /// The bytes with another value in a field, where it stands last.
    func settingLast(_ structure: Structure, _ name: String, to value: UInt64) -> [UInt8]? {
        fields.last { $0.name == FieldName(structure, name) }.flatMap { setting($0.range, to: value) }
    }

    private func setting(_ range: Range<Int>, to value: UInt64) -> [UInt8]? {
        var bytes = bytes
        for (place, position) in range.reversed().enumerated() {
            bytes[position] = place < 8 ? UInt8(truncatingIfNeeded: value >> UInt64(8 * place)) : 0
        }
        return bytes == self.bytes ? nil : bytes
    }

    /// The bytes with the value of a field changed by one; nil where it has the largest already.
    func incrementing(_ structure: Structure, _ name: String) -> [UInt8]? {
        guard let range = range(structure, name), let value = integer(structure, name) else { return nil }
        guard value < (range.count == 8 ? UInt64.max : 1 << UInt64(8 * range.count) - 1) else { return nil }
        return setting(structure, name, to: value + 1)
    }

    /// The bytes with the lowest bit of one byte of a field changed; the byte counts from the end where negative.
    func flipping(_ structure: Structure, _ name: String, byte: Int) -> [UInt8]? {
        guard let range = range(structure, name) else { return nil }
        var bytes = bytes
        bytes[byte < 0 ? range.upperBound + byte : range.lowerBound + byte] ^= 1
        return bytes
    }

    /// The only operation of the transaction; nil where it has several.
    var onlyOperation: Operation? { signed.content.operations.count == 1 ? signed.content.operations.first : nil }
}
