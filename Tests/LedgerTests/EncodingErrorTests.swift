import Cryptography
@testable import Ledger
import Support
import Testing

/// A transaction in parts, each of which a test can make wrong.
private struct RawTransaction {
    var version = Layout.u8(1)
    var accountCount: [UInt8]?
    var accounts: [[UInt8]] = [Self.account(1), Self.account(2)]
    var operationCount: [UInt8]?
    var operations: [[UInt8]] = [Self.transfer()]
    var signatureCount: [UInt8]?
    var signatures: [[UInt8]] = [Self.signature()]
    var tail: [UInt8] = []

    var bytes: [UInt8] {
        var bytes = version + [UInt8](repeating: 3, count: 32) + Layout.u64(5) + [UInt8](repeating: 7, count: 16)
        bytes += [UInt8](repeating: 0, count: 32)
        bytes += accountCount ?? Layout.u16(accounts.count)
        bytes += accounts.flatMap { $0 }
        bytes += operationCount ?? Layout.u8(operations.count)
        bytes += operations.flatMap { $0 }
        bytes += signatureCount ?? Layout.u16(signatures.count)
        return bytes + signatures.flatMap { $0 } + tail
    }

    static func account(_ number: Int) -> [UInt8] { [UInt8](repeating: 0, count: 30) + Layout.u16(number) }

    static func leg(_ from: Int = 0, _ to: Int = 1, _ asset: Int = 0, _ amount: UInt64 = 9) -> [UInt8] {
        Layout.u16(from) + Layout.u16(to) + Layout.u16(asset) + Layout.u64(amount)
    }

    static func transfer(_ legs: [[UInt8]] = [leg()], count: Int? = nil) -> [UInt8] {
        Layout.u8(2) + Layout.u16(count ?? legs.count) + legs.flatMap { $0 }
    }

    static func signature(_ account: Int = 0, _ key: Int = 0, scheme: Int = 1, _ last: UInt8 = 1) -> [UInt8] {
        Layout.u16(account) + Layout.u8(key) + Layout.u8(scheme) + [UInt8](repeating: 0, count: 63) + [last]
    }

    static let key = [UInt8](repeating: 0, count: 31) + [5]

    static func policy(
        threshold: Int = 1, count: Int = 1, keys: [[UInt8]] = [Layout.u8(1) + key + Layout.u8(1)]
    ) -> [UInt8] {
        Layout.u16(threshold) + Layout.u8(count) + keys.flatMap { $0 }
    }

    static func opening(kind: Int = 2, policy: [UInt8] = policy(), proof: [UInt8] = [UInt8](repeating: 0, count: 64)) -> [UInt8] {
        Layout.u8(kind) + Layout.u8(1) + [UInt8](repeating: 9, count: 16) + policy + proof
    }

    static func open(_ openings: [[UInt8]] = [opening()], count: Int? = nil) -> [UInt8] {
        Layout.u8(1) + Layout.u16(0) + Layout.u16(count ?? openings.count) + openings.flatMap { $0 }
    }

    /// Half the group order of secp256k1, plus one: the smallest high S.
    static let highS =
        [UInt8](repeating: 0, count: 32) + [
            0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73,
            0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa1,
        ]
    static let compressedKey = Layout.u8(2) + [2] + key + Layout.u8(1)
}

/// Bytes that do not decode, and why.
struct MalformedCase: Sendable, CustomTestStringConvertible {
    let error: DecodingError
    let name: String
    let bytes: [UInt8]

    var testDescription: String { "\(error.rawValue): \(name)" }
}

@Suite("Encoding: every reason not to decode")
struct EncodingErrorTests {
    private static func raw(
        _ error: DecodingError, _ name: String, _ change: (inout RawTransaction) -> Void
    ) -> MalformedCase {
        var transaction = RawTransaction()
        change(&transaction)
        return MalformedCase(error: error, name: name, bytes: transaction.bytes)
    }

    private typealias Raw = RawTransaction

    static let transactions: [MalformedCase] = {
        let twoLegs = [Raw.leg(), Raw.leg(0, 1, 0, 8)]
        return [
            raw(.unknownVersion, "version 0") { $0.version = [0] },
            raw(.unknownVersion, "version 2") { $0.version = [2] },
            raw(.trailingBytes, "a byte after the signatures") { $0.tail = [0] },
            raw(.tooLarge, "a byte more than 524,288") { $0.tail = [UInt8](repeating: 0, count: 524_289 - $0.bytes.count) },
            raw(.trailingBytes, "524,288 bytes, most of them left over") {
                $0.tail = [UInt8](repeating: 0, count: 524_288 - $0.bytes.count)
            },
            raw(.countOutOfRange, "no accounts") { $0.accounts = [] },
            raw(.countOutOfRange, "2,113 accounts") { $0.accounts = (1...2_113).map(Raw.account) },
            raw(.truncated, "2,112 accounts announced") { $0.accountCount = Layout.u16(2_112) },
            raw(.unsortedAccounts, "descending") { $0.accounts.reverse() },
            raw(.unsortedAccounts, "twice the same") { $0.accounts = [Raw.account(1), Raw.account(1)] },
            raw(.unusedAccount, "a third account") { $0.accounts.append(Raw.account(3)) },
            raw(.accountOutOfRange, "a leg to the account after the last") { $0.operations = [Raw.transfer([Raw.leg(0, 2)])] },
            raw(.accountOutOfRange, "a signature of the account after the last") { $0.signatures.append(Raw.signature(2)) },
            raw(.accountOutOfRange, "the greatest position") { $0.operations.append(Layout.u8(6) + Layout.u16(65_535) + [1]) },
            raw(.countOutOfRange, "no operations") { $0.operations = [] },
            raw(.countOutOfRange, "65 operations") { $0.operations = Array(repeating: Raw.transfer(), count: 65) },
            raw(.unknownOperation, "type 0") { $0.operations[0][0] = 0 },
            raw(.unknownOperation, "type 7") { $0.operations[0][0] = 7 },
            raw(.countOutOfRange, "no legs") { $0.operations = [Raw.transfer([])] },
            raw(.countOutOfRange, "1,025 legs") { $0.operations = [Raw.transfer(Array(repeating: Raw.leg(), count: 1_025))] },
            raw(.countOutOfRange, "1,025 legs in two operations") {
                $0.operations = [Raw.transfer(Array(repeating: Raw.leg(), count: 1_024)), Raw.transfer()]
            },
            raw(.truncated, "1,024 legs announced, two given") {
                $0.operations = [Raw.transfer(twoLegs, count: 1_024)]
                ($0.signatureCount, $0.signatures) = ([], [])
            },
            raw(.zeroAmount, "a leg") { $0.operations = [Raw.transfer([Raw.leg(0, 1, 0, 0)])] },
            raw(.zeroAmount, "issue") { $0.operations = [Layout.u8(3) + Layout.u16(0) + Layout.u16(1) + Layout.u16(0) + Layout.u64(0)] },
            raw(.zeroAmount, "redeem") { $0.operations = [Layout.u8(4) + Layout.u16(0) + Layout.u16(1) + Layout.u16(0) + Layout.u64(0)] },
            raw(.selfTransfer, "from and to the first account") { $0.operations = [Raw.transfer([Raw.leg(), Raw.leg(0, 0)])] },
            raw(.unknownStatus, "status 5") { $0.operations.append(Layout.u8(6) + Layout.u16(0) + Layout.u8(5)) },
            raw(.countOutOfRange, "no openings") { $0.operations.append(Raw.open([])) },
            raw(.countOutOfRange, "257 openings") { $0.operations.append(Raw.open(Array(repeating: Raw.opening(), count: 257))) },
            raw(.countOutOfRange, "257 openings in two operations") {
                $0.operations += [Raw.open(Array(repeating: Raw.opening(), count: 256)), Raw.open()]
            },
            raw(.unknownKind, "opens an institution's account") { $0.operations.append(Raw.open([Raw.opening(kind: 0)])) },
            raw(.unknownKind, "opens a liability account") { $0.operations.append(Raw.open([Raw.opening(kind: 3)])) },
            raw(.unknownKind, "opens an account of kind 4") { $0.operations.append(Raw.open([Raw.opening(kind: 4)])) },
            raw(.unknownScheme, "a key of scheme 0") {
                $0.operations.append(Raw.open([Raw.opening(policy: Raw.policy(keys: [Layout.u8(0) + Raw.key + [1]]))]))
            },
            raw(.unknownScheme, "a signature of scheme 3") { $0.signatures = [Raw.signature(scheme: 3)] },
            raw(.countOutOfRange, "a policy without keys") {
                $0.operations.append(Raw.open([Raw.opening(policy: Raw.policy(count: 0, keys: []))]))
            },
            raw(.countOutOfRange, "a policy of 17 keys") {
                $0.operations.append(Raw.open([Raw.opening(policy: Raw.policy(count: 17))]))
            },
            raw(.thresholdOutOfRange, "threshold 0") {
                $0.operations.append(Raw.open([Raw.opening(policy: Raw.policy(threshold: 0))]))
            },
            raw(.thresholdOutOfRange, "threshold above the sum of the weights") {
                $0.operations.append(Raw.open([Raw.opening(policy: Raw.policy(threshold: 2))]))
            },
            raw(.weightOutOfRange, "weight 0") {
                $0.operations.append(Raw.open([Raw.opening(policy: Raw.policy(keys: [Layout.u8(1) + Raw.key + [0]]))]))
            },
            raw(.unsortedKeys, "the same key twice") {
                let key = Layout.u8(1) + Raw.key + [1]
                $0.operations.append(Raw.open([Raw.opening(policy: Raw.policy(count: 2, keys: [key, key]))]))
            },
            raw(.unsortedKeys, "a bip340 key after an ecdsa key") {
                let keys = [Raw.compressedKey, Layout.u8(1) + Raw.key + [1]]
                $0.operations.append(Raw.open([Raw.opening(policy: Raw.policy(count: 2, keys: keys))]))
            },
            raw(.malformedKey, "a compressed key that starts with 4") {
                $0.operations.append(Raw.open([Raw.opening(policy: Raw.policy(keys: [Layout.u8(2) + [4] + Raw.key + [1]]))]))
            },
            raw(.highS, "a proof of possession") {
                $0.operations.append(Raw.open([Raw.opening(policy: Raw.policy(keys: [Raw.compressedKey]), proof: Raw.highS)]))
            },
            raw(.highS, "a proof of a rotation") {
                $0.operations.append(Layout.u8(5) + Layout.u16(0) + Raw.policy(keys: [Raw.compressedKey]) + Raw.highS)
            },
            raw(.highS, "a signature") { $0.signatures = [Layout.u16(0) + Layout.u8(0) + Layout.u8(2) + Raw.highS] },
            raw(.countOutOfRange, "no signatures") { $0.signatures = [] },
            raw(.countOutOfRange, "1,025 signatures") { $0.signatureCount = Layout.u16(1_025) },
            raw(.unsortedSignatures, "twice the same key") { $0.signatures.append(Raw.signature(0, 0, 2)) },
            raw(.unsortedSignatures, "keys descending") { $0.signatures = [Raw.signature(0, 1), Raw.signature(0, 0)] },
            raw(.unsortedSignatures, "accounts descending") { $0.signatures = [Raw.signature(1, 0), Raw.signature(0, 1)] },
        ]
    }()

    @Test("a transaction", arguments: transactions)
    func transaction(_ malformed: MalformedCase) {
        #expect(throws: malformed.error) { try SignedTransaction(decoding: malformed.bytes) }
    }

    @Test("the transactions those were made from decode, at the limits too")
    func sound() throws {
        var raw = RawTransaction()
        #expect(try SignedTransaction(decoding: raw.bytes).bytes == raw.bytes)
        raw.operations = [Raw.transfer(Array(repeating: Raw.leg(), count: 1_024)), Raw.open(Array(repeating: Raw.opening(), count: 256))]
        raw.operations += Array(repeating: Layout.u8(6) + Layout.u16(0) + Layout.u8(4), count: 62)
        raw.signatures = (0..<4).flatMap { account in (0..<256).map { Raw.signature(account, $0) } }
        raw.accounts = (1...4).map(Raw.account)
        #expect(raw.signatures.count == 1_024)
        #expect(try SignedTransaction(decoding: raw.bytes).bytes == raw.bytes)
        var low = Raw.highS
        low[63] = 0xa0
        raw.signatures = (0..<4).map { Layout.u16($0) + Layout.u8(0) + Layout.u8(2) + low }
        #expect(try SignedTransaction(decoding: raw.bytes).bytes == raw.bytes)
    }

    @Test("every beginning of a transaction is truncated, nothing else")
    func beginnings() throws {
        let network = TestNetwork()
        let account = network.account("a", keys: TestPolicy(threshold: 1, [(TestKey("a"), 1), (TestKey("b", .ecdsa), 1)]))
        let bytes = network.open([account], nonce: 1).bytes
        for count in 0..<bytes.count {
            #expect(throws: DecodingError.truncated) { try SignedTransaction(decoding: Array(bytes[..<count])) }
        }
    }

    @Test("accounts, entries, headers, blocks, supply records, texts")
    func others() throws {
        var scene = try RulesScene()
        try scene.ledger.transfer(1, from: scene.alice, to: scene.bob)
        let block = scene.ledger.seal()
        let index = try scene.ledger.index(of: scene.alice)
        let account = scene.ledger.state.accounts[index].bytes
        let start = account.count - 2 * 66
        func expect(_ error: DecodingError, account bytes: [UInt8]) {
            #expect(throws: error) { try Account(decoding: bytes) }
        }
        func changed(_ bytes: [UInt8], _ position: Int, _ value: [UInt8]) -> [UInt8] {
            var bytes = bytes
            bytes.replaceSubrange(position..<position + value.count, with: value)
            return bytes
        }
        expect(.unknownVersion, account: changed(account, 0, [2]))
        expect(.unknownKind, account: changed(account, 1, [4]))
        expect(.unknownStatus, account: changed(account, 2, [5]))
        expect(.countOutOfRange, account: changed(account, 1, [3]))
        expect(.countOutOfRange, account: changed(account, start - 2, Layout.u16(65)))
        expect(.unsortedBalances, account: changed(account, start, Layout.u16(1)))
        expect(.negativeBalance, account: changed(account, start + 2 + 16, Layout.u128(100_01)))
        expect(.negativeBalance, account: changed(account, start + 2 + 48, Layout.u128(100_00)))
        expect(.negativeBalance, account: changed(account, start + 2 + 48, Layout.u128(.max)))
        expect(.trailingBytes, account: account + [0])
        for count in 0..<account.count { expect(.truncated, account: Array(account[..<count])) }
        let liability = scene.ledger.state.accounts[5].bytes
        expect(.negativeBalance, account: changed(liability, liability.count - 64, Layout.u128(.max)))
        expect(.countOutOfRange, account: changed(liability, 56, [1]))

        let entry = try #require(scene.ledger.outcomes.last?.entries.first).entry.bytes
        for kind in [0, 6, 255] { #expect(throws: DecodingError.unknownKind) { try Entry(decoding: changed(entry, 16, Layout.u8(kind))) } }
        #expect(throws: DecodingError.trailingBytes) { try Entry(decoding: entry + [0]) }
        #expect(throws: DecodingError.truncated) { try Entry(decoding: Array(entry.dropLast())) }

        let header = block.block.header.bytes
        for version in [0, 2, 256] {
            #expect(throws: DecodingError.unknownVersion) { try BlockHeader(decoding: Layout.u16(version) + header[2...]) }
        }
        #expect(throws: DecodingError.trailingBytes) { try BlockHeader(decoding: header + [0]) }
        #expect(throws: DecodingError.truncated) { try BlockHeader(decoding: Array(header.dropLast())) }

        let record = scene.ledger.state.supply[1].bytes
        #expect(throws: DecodingError.negativeBalance) { try SupplyRecord(decoding: changed(record, 28, Layout.u128(.max))) }
        #expect(throws: DecodingError.negativeBalance) { try SupplyRecord(decoding: changed(record, 44, Layout.u128(1))) }
        #expect(throws: DecodingError.trailingBytes) { try SupplyRecord(decoding: record + [0]) }

        for text in [Layout.text(""), Layout.text("EU"), Layout.text("EURO-"), Layout.text("EURé"), Layout.text("ABCDEFGHIJKLM")] {
            var reader = ByteReader(text.span)
            var found: DecodingError?
            do throws(DecodingError) { _ = try reader.readText(.assetCode) } catch { found = error }
            #expect(found == .malformedText)
        }
    }

    @Test("certified blocks")
    func blocks() throws {
        var scene = try RulesScene(TestNetwork(validators: 3, quorum: 2))
        try scene.ledger.transfer(1, from: scene.alice, to: scene.bob)
        let certified = scene.ledger.seal()
        let bytes = certified.bytes
        let end = bytes.count - 2 * 66 - 2
        func expect(_ error: DecodingError, _ change: (inout [UInt8]) -> Void) {
            var changed = bytes
            change(&changed)
            #expect(throws: error) { try CertifiedBlock(decoding: changed) }
        }
        expect(.trailingBytes) { $0.append(0) }
        expect(.truncated) { $0.removeLast() }
        expect(.unsortedAttestations) { $0.replaceSubrange(end + 2..<end + 4, with: Layout.u16(1)) }
        expect(.unsortedAttestations) { $0.replaceSubrange(end + 2..<end + 4, with: Layout.u16(2)) }
        expect(.countOutOfRange) { $0.replaceSubrange(end..<end + 2, with: Layout.u16(65)) }
        expect(.truncated) { $0.replaceSubrange(end..<end + 2, with: Layout.u16(64)) }
        expect(.countOutOfRange) { $0.replaceSubrange(212..<216, with: Layout.u32(65_537)) }
        expect(.truncated) { $0.replaceSubrange(212..<216, with: Layout.u32(65_536)) }
        expect(.countOutOfRange) { $0.replaceSubrange(216..<220, with: Layout.u32(1)) }
        expect(.tooLarge) { $0.replaceSubrange(230..<234, with: Layout.u32(524_289)) }
        expect(.truncated) { $0.replaceSubrange(230..<234, with: Layout.u32(524_288)) }
        expect(.trailingBytes) { $0.replaceSubrange(230..<234, with: Layout.u32(end - 234 + 2)) }
        expect(.unknownVersion) { $0[234] = 9 }
        expect(.tooLarge) { $0 += [UInt8](repeating: 0, count: CertifiedBlock.maximumByteCount + 1 - $0.count) }
        #expect(CertifiedBlock.maximumByteCount == 33_558_658)
    }

    @Test("a block's own limit counts, also where the limit with attestations would let it pass")
    func largeBlock() throws {
        let keys = (0..<16).map { Layout.u8(2) + [2] + [UInt8](repeating: 0, count: 31) + Layout.u8($0) + Layout.u8(1) }
        let opening = Raw.opening(policy: Raw.policy(count: 16, keys: keys), proof: [UInt8](repeating: 0, count: 64 * 16))
        func transaction(openings: Int) throws -> SignedTransaction {
            var raw = RawTransaction()
            raw.operations.append(Raw.open(Array(repeating: opening, count: openings)))
            return try SignedTransaction(decoding: raw.bytes)
        }
        func block(_ transactions: [SignedTransaction]) -> CertifiedBlock {
            var header = TestNetwork().chainspec.genesisHeader
            header.transactionCount = UInt32(transactions.count)
            return CertifiedBlock(block: Block(header: header, transactions: transactions), attestations: [])
        }
        let large = try transaction(openings: 256)
        let count = Block.maximumByteCount / (large.bytes.count + 4)
        let most = Array(repeating: large, count: count)
        let room = Block.maximumByteCount - block(most).block.byteCount
        // The last transaction fits just so, and does not with one more opening, which is smaller than all attestations together.
        let openings = try (1...256).last { try transaction(openings: $0).bytes.count + 4 <= room }
        let last = try #require(openings)
        let fits = block(most + [try transaction(openings: last)])
        #expect(try CertifiedBlock(decoding: fits.bytes) == fits)
        let tooLarge = block(most + [try transaction(openings: last + 1)])
        #expect(tooLarge.bytes.count < CertifiedBlock.maximumByteCount)
        #expect(throws: DecodingError.tooLarge) { try CertifiedBlock(decoding: tooLarge.bytes) }
    }

    @Test("what a builder refuses")
    func builder() throws {
        let network = TestNetwork()
        func expect(_ error: DecodingError, _ steps: [TransactionBuilder.Step], signers: [AccountID] = []) {
            var builder = network.builder(steps, nonce: 1)
            builder.furtherSigners = signers
            #expect(throws: error) { try builder.build() }
        }
        let (a, b) = (network.bankA.id, network.bankB.id)
        expect(.countOutOfRange, [])
        expect(.countOutOfRange, [], signers: [a])
        expect(.countOutOfRange, [.transfer([])], signers: [a])
        expect(.countOutOfRange, Array(repeating: .setStatus(account: a, status: .active), count: 65))
        expect(.countOutOfRange, Array(repeating: .setStatus(account: a, status: .active), count: 300))
        expect(.zeroAmount, [.issue(bank: a, to: b, asset: 0, amount: 0)])
        expect(.selfTransfer, [.transfer([TransactionBuilder.Leg(from: a, to: a, asset: 0, amount: 1)])])
        let policy = TestPolicy(TestKey("p")).policy
        for proofs in [[], [Bytes64.zero, .zero]] {
            expect(.countOutOfRange, [.rotateKeys(account: a, policy: policy, possession: proofs)])
            let opening = Opening(kind: .walletHeld, tier: 0, salt: Bytes16(high: 0, low: 0), policy: policy, possession: proofs)
            expect(.countOutOfRange, [.openAccounts(sponsor: a, openings: [opening])])
        }
        let ecdsa = TestPolicy(TestKey("p", .ecdsa)).policy
        let high = try #require(Bytes64(Raw.highS))
        expect(.highS, [.rotateKeys(account: a, policy: ecdsa, possession: [high])])
        let sixteen = TestPolicy(threshold: 1, (0..<16).map { (TestKey("p\($0)"), 1) }).policy
        let large = Opening(
            kind: .walletHeld, tier: 0, salt: Bytes16(high: 0, low: 0), policy: sixteen,
            possession: Array(repeating: .zero, count: 16))
        let many = TransactionBuilder.Step.openAccounts(sponsor: a, openings: Array(repeating: large, count: 256))
        let rotations = Array(
            repeating: TransactionBuilder.Step.rotateKeys(account: a, policy: sixteen, possession: large.possession), count: 63)
        let crowd = (0..<1_000).map { AccountID(SHA256.hash(Layout.u32($0))) }
        expect(.tooLarge, [many] + rotations, signers: crowd)
    }

    @Test("putting signatures to a content refuses what would not decode")
    func signing() throws {
        let network = TestNetwork()
        let content = try network.builder([.setStatus(account: network.bankA.id, status: .active)], nonce: 1).build()
        func signature(_ account: UInt16, _ key: UInt8) -> TransactionSignature {
            TransactionSignature(account: account, key: key, scheme: .bip340, signature: .zero)
        }
        #expect(throws: DecodingError.countOutOfRange) { try SignedTransaction(content, signatures: []) }
        #expect(throws: DecodingError.countOutOfRange) {
            try SignedTransaction(content, signatures: Array(repeating: signature(0, 0), count: 70_000))
        }
        #expect(throws: DecodingError.unsortedSignatures) {
            try SignedTransaction(content, signatures: [signature(0, 0), signature(0, 0)])
        }
        #expect(throws: DecodingError.accountOutOfRange) { try SignedTransaction(content, signatures: [signature(1, 0)]) }
        let two = try SignedTransaction(content, signatures: [signature(0, 3), signature(0, 1)])
        #expect(two.signatures.map(\.key) == [1, 3], "any order will do")
    }

    @Test("every reason says what is wrong")
    func descriptions() {
        for error in DecodingError.allCases { #expect(error.description.count > 15) }
    }
}
