import Cryptography
import Foundation
import Ledger
import Support

/// Forty blocks with every operation, both schemes and a weighted policy, on a network of three validators; the same every time.
struct LongChain {
    let network = TestNetwork(validators: 3, quorum: 2)
    let header: BlockHeader
    let blocks: [CertifiedBlock]
    let checkpoint: SignedCheckpoint
    let receipt: Receipt
    let balanceProof: BalanceProof
    /// The names of the operations that occur.
    let operations: Set<String>

    init() throws {
        var ledger = TestLedger(network)
        let memo = try Self.memo()
        var paid: (height: UInt64, position: Int) = (0, 0)
        var people: [TestAccount] = []
        for round in 0..<8 {
            // Each round opens two accounts, funds them, pays around, and ends one of them: five blocks.
            let bank = round.isMultiple(of: 2) ? network.bankA : network.bankB
            let holder = try ledger.open("holder-\(round)", kind: .bankIssued, sponsor: bank)
            let family = try ledger.open("family-\(round)", keys: Self.weightedKeys(round), tier: UInt8(round))
            ledger.seal()
            people += [holder, family]

            try ledger.issue(UInt64(100_00 + round), to: holder)
            try ledger.issue(UInt64(50_00 + round), to: family, bank: network.bankB)
            try ledger.issue(7_000, TestNetwork.jpy, to: family)
            ledger.seal()

            let steps = people.indices.dropLast().map { position in
                TransactionBuilder.Leg(from: people[position].id, to: people[position + 1].id, asset: TestNetwork.eur, amount: 1)
            }
            let transfer = network.builder([.transfer(steps)], nonce: ledger.nonce(), expiry: ledger.expiry, memo: memo)
            paid = (ledger.height, ledger.transactions.count)
            try ledger.apply(network.sign(transfer, by: Array(people.dropLast())))
            try ledger.transfer(500, TestNetwork.jpy, from: family, to: holder)
            ledger.seal()

            try ledger.redeem(10_00, from: holder, bank: network.bankA)
            try ledger.run([network.rotateStep(holder, to: TestPolicy(TestKey("new-\(round)", .ecdsa)))], by: holder)
            people[people.count - 2] = holder.rotated(to: TestPolicy(TestKey("new-\(round)", .ecdsa)))
            try ledger.setStatus(.frozen, of: family)
            ledger.seal()

            try ledger.setStatus(.active, of: family)
            let brief = try ledger.open("brief-\(round)")
            try ledger.setStatus(.closed, of: brief)
            ledger.seal()
        }
        header = ledger.header
        blocks = ledger.blocks
        operations = Set(blocks.flatMap { $0.block.transactions }.flatMap { $0.content.operations }.map(Self.name))
        let block = ledger.blocks[Int(paid.height) - 1]
        receipt = Receipt(of: paid.position, in: block, memo: memo)
        let last = ledger.state.accounts.count - 1
        balanceProof = BalanceProof(
            account: ledger.state.accounts[last], path: ledger.state.inclusionPath(of: UInt64(last)), header: ledger.header,
            attestations: blocks[blocks.count - 1].attestations)
        let unsigned = Checkpoint(network: network.network, size: ledger.history.count, root: ledger.history.root)
        checkpoint = SignedCheckpoint(
            unsigned, signatures: try [0, 2].map { try unsigned.sign(with: testCheckpointKey("validator-\($0)-checkpoint")) })
    }

    private static func memo() throws -> Memo {
        guard let memo = Memo(salt: Bytes16(high: 1, low: 2), text: "Miete für November, 12 €") else {
            preconditionFailure("a memo within its limits")
        }
        return memo
    }

    private static func weightedKeys(_ round: Int) -> TestPolicy {
        TestPolicy(
            threshold: 3,
            [(TestKey("mother-\(round)"), 2), (TestKey("father-\(round)", .ecdsa), 2), (TestKey("child-\(round)"), 1)])
    }

    private static func name(_ operation: Ledger.Operation) -> String {
        switch operation {
        case .openAccounts: "openAccounts"
        case .transfer: "transfer"
        case .issue: "issue"
        case .redeem: "redeem"
        case .rotateKeys: "rotateKeys"
        case .setStatus: "setStatus"
        }
    }

    private var frames: [[UInt8]] { blocks.map { ExportFormat.frame($0.bytes) } }
    private var segmentHeader: [UInt8] { ExportFormat.header(network: network.network, firstHeight: 1) }
    private var segment: [UInt8] { segmentHeader + frames.joined() }

    /// Writes `chainspec.json`, `receipt.json`, `balance.json`, and the export in `export`.
    func write(to directory: URL) throws {
        func write(_ bytes: [UInt8], _ name: String) throws { try Data(bytes).write(to: directory.appending(path: name)) }
        try FileManager.default.createDirectory(at: directory.appending(path: "export"), withIntermediateDirectories: true)
        try write(network.chainspec.json().bytes(.pretty), "chainspec.json")
        try write(receipt.json().bytes(), "receipt.json")
        try write(balanceProof.json().bytes(), "balance.json")
        try write(segment, "export/" + ExportFormat.segmentFileName(0))
        try write(Array(checkpoint.text.utf8), "export/" + ExportFormat.checkpointFileName)
    }

    /// Segments that are each damaged in another way.
    func damagedSegments() -> [(name: String, bytes: [UInt8])] {
        let frames = frames
        let good = segment
        var damaged: [(String, [UInt8])] = []
        var random = SplitMix64(seed: 2_026)
        for _ in 0..<10 {
            let position = random.below(good.count)
            let bit = random.below(8)
            var bytes = good
            bytes[position] ^= 1 << UInt8(bit)
            damaged.append(("bit \(bit) of byte \(position) flipped", bytes))
        }
        for _ in 0..<4 {
            let count = random.below(good.count)
            damaged.append(("cut to \(count) bytes", Array(good.prefix(count))))
        }
        damaged.append(("without the last block", segmentHeader + frames.dropLast().joined()))
        damaged.append(("without block 7", segmentHeader + frames[..<6].joined() + frames[7...].joined()))
        damaged.append(("with block 7 twice", segmentHeader + frames[...6].joined() + frames[6...].joined()))
        var swapped = frames
        swapped.swapAt(10, 11)
        damaged.append(("with two blocks changed round", segmentHeader + swapped.joined()))
        return damaged
    }
}
