import Cryptography
@testable import Ledger
import Support
import Testing

/// Changes bytes at random, in the ways that find weak decoders.
private struct Mutator {
    var random: SplitMix64
    let samples: [[UInt8]]

    /// A sample, changed in one to three places.
    mutating func next() -> [UInt8] {
        var bytes = random.pick(samples)
        for _ in 0...random.below(3) { change(&bytes) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return bytes.append(UInt8(random.below(256))) }
        let position = random.below(bytes.count)
        switch random.below(10) {
        case 0, 1: bytes[position] ^= 1 << UInt8(random.below(8))
        case 2: bytes[position] = random.pick([0, 1, 2, 3, 4, 5, 16, 64, 127, 128, 255])
        case 3: bytes[position] = UInt8(random.below(256))
        case 4: bytes.removeSubrange(position...)
        case 5: bytes += (0...random.below(70)).map { _ in UInt8(random.below(256)) }
        case 6: bytes.remove(at: position)
        case 7: bytes.insert(UInt8(random.below(256)), at: position)
        case 8:
            // A piece of the same bytes somewhere else: repeats and swaps fields and list elements.
            let count = min(1 + random.below(70), bytes.count - position)
            let target = random.below(bytes.count - count + 1)
            bytes.replaceSubrange(target..<target + count, with: Array(bytes[position..<position + count]))
        default:
            let other = random.pick(samples)
            let start = random.below(other.count)
            bytes.replaceSubrange(position..., with: other[start...])
        }
    }
}

@Suite("Encoding: whatever decodes re-encodes to the same bytes, and nothing traps")
struct EncodingMutationTests {
    private static let rounds = 100_000

    /// Feeds mutated samples to a decoder that gives back what it decoded, encoded again. Every sample itself must pass.
    private static func check(
        _ name: String, _ samples: [[UInt8]], recode: ([UInt8]) throws(DecodingError) -> [UInt8]
    ) throws {
        for sample in samples { #expect(try recode(sample) == sample) }
        var mutator = Mutator(random: SplitMix64(test: "mutated \(name)"), samples: samples)
        var decoded = 0
        var errors: Set<DecodingError> = []
        for _ in 0..<rounds {
            let bytes = mutator.next()
            do throws(DecodingError) {
                let again = try recode(bytes)
                decoded += 1
                if again != bytes { Issue.record("\(Hexadecimal.encode(bytes)) became \(Hexadecimal.encode(again))") }
            } catch {
                errors.insert(error)
            }
        }
        // Both ways must have been taken often enough to mean something.
        #expect(decoded > rounds / 100, "\(decoded) of \(rounds) decoded")
        #expect(errors.contains(.truncated) && errors.contains(.trailingBytes))
    }

    private static let network = TestNetwork()

    private static let transactions: [SignedTransaction] = {
        let alice = network.account("alice")
        let joint = network.account(
            "joint", kind: .bankIssued, keys: TestPolicy(threshold: 2, [(TestKey("x"), 1), (TestKey("y", .ecdsa), 2)]))
        let leg = TransactionBuilder.Leg(from: alice.id, to: joint.id, asset: 0, amount: 5)
        let back = TransactionBuilder.Leg(from: joint.id, to: alice.id, asset: 1, amount: 600)
        return [
            network.open([joint], nonce: 1), network.issue(5, to: alice, nonce: 2), network.redeem(7, from: alice, nonce: 3),
            network.signed(network.builder([.transfer([leg, back])], nonce: 4), by: alice, joint),
            network.signed(
                network.builder([network.rotateStep(alice, to: joint.keys), .setStatus(account: joint.id, status: .frozen)], nonce: 5),
                by: alice, network.bankA),
        ]
    }()

    private static let block: CertifiedBlock = {
        var header = network.chainspec.genesisHeader
        header.transactionCount = 2
        return CertifiedBlock(
            block: Block(header: header, transactions: Array(transactions[1...2])),
            attestations: network.attestations(of: header, by: [0, 3]))
    }()

    @Test("transactions")
    func signedTransactions() throws {
        try Self.check("transactions", Self.transactions.map(\.bytes)) { bytes throws(DecodingError) in
            let decoded = try SignedTransaction(decoding: bytes)
            // Encoded from its parts: `bytes` alone would be what was put in.
            return try SignedTransaction(decoded.content, signatures: decoded.signatures).bytes
        }
    }

    @Test("headers")
    func headers() throws {
        try Self.check("headers", [Self.block.block.header.bytes, Self.network.chainspec.genesisHeader.bytes]) {
            bytes throws(DecodingError) in try BlockHeader(decoding: bytes).bytes
        }
    }

    @Test("certified blocks")
    func certifiedBlocks() throws {
        let empty = CertifiedBlock(block: Block(header: Self.network.chainspec.genesisHeader, transactions: []), attestations: [])
        try Self.check("blocks", [Self.block.bytes, Self.block.bytes, empty.bytes]) { bytes throws(DecodingError) in
            try CertifiedBlock(decoding: bytes).bytes
        }
    }

    @Test("accounts, and the key policies in them")
    func accounts() throws {
        let policies = Self.transactions.flatMap(\.content.operations).compactMap { operation -> KeyPolicy? in
            if case .rotateKeys(let rotation) = operation { rotation.policy } else { nil }
        }
        let balances = [
            Balance(asset: 0, creditsPosted: 900, debitsPosted: 300, creditsPending: 7, debitsPending: 600),
            Balance(asset: 3, creditsPosted: .max, debitsPosted: .max),
        ]
        let samples = [AccountKind.walletHeld, .liability, .institution].map { kind in
            Account(
                index: 7, id: Self.network.bankA.id, kind: kind, tier: 2, institution: 1, openedHeight: 9, status: .frozen,
                policy: kind == .liability ? .none : policies[0], entryCount: 3, entryHash: SHA256.hash([1]),
                balances: kind == .liability ? [Balance(asset: 0, creditsPosted: 1, debitsPosted: 2)] : balances)
        }
        try Self.check("accounts", samples.map(\.bytes)) { bytes throws(DecodingError) in
            let account = try Account(decoding: bytes)
            // None of these may trap on anything that decodes.
            for balance in account.balances {
                _ = account.kind.isHolder ? [balance.posted, balance.available] : [balance.outstanding]
            }
            return account.bytes
        }
    }

    @Test("key policies")
    func policies() throws {
        let samples = [
            TestPolicy(TestKey("a")), TestPolicy(threshold: 2, [(TestKey("x"), 1), (TestKey("y", .ecdsa), 2)]),
            TestPolicy(threshold: 30, (0..<6).map { (TestKey("k\($0)", $0 % 2 == 0 ? .bip340 : .ecdsa), UInt8(10 + $0)) }),
        ].map { Layout.policy($0.policy) }
        try Self.check("policies", samples) { bytes throws(DecodingError) in
            var reader = ByteReader(bytes.span)
            let policy = try KeyPolicy(from: &reader)
            try reader.finish()
            var writer = ByteWriter()
            policy.write(to: &writer)
            return writer.bytes
        }
    }

    @Test("entries")
    func entries() throws {
        let entry = Entry(
            height: 3, transaction: 4, operation: 5, item: 6, kind: .credit, asset: 1, amount: 700, id: Self.transactions[0].id)
        try Self.check("entries", [entry.bytes]) { bytes throws(DecodingError) in try Entry(decoding: bytes).bytes }
    }

    @Test("supply records")
    func supplyRecords() throws {
        var record = SupplyRecord(asset: 1, institution: 2, quota: 900)
        record.issued = 500
        record.redeemed = 100
        record.balances = 400
        try Self.check("supply records", [record.bytes, SupplyRecord(asset: 0, institution: 0, quota: 0).bytes]) {
            bytes throws(DecodingError) in try SupplyRecord(decoding: bytes).bytes
        }
    }

    @Test("history trees")
    func historyTrees() throws {
        var tree = HistoryTree()
        for leaf in NaiveTree.leaves(21) { tree.append(leaf) }
        try Self.check("history trees", [tree.bytes, HistoryTree().bytes]) { bytes throws(DecodingError) in
            let tree = try HistoryTree(decoding: bytes)
            _ = tree.root
            return tree.bytes
        }
    }
}
