import Cryptography
@testable import Ledger
import Support
import Testing

/// The notation of encoding.md section 1, written a second time so that the tests do not lean on the code they test.
enum Layout {
    static func u8(_ value: Int) -> [UInt8] { [UInt8(value)] }
    static func u16(_ value: Int) -> [UInt8] { big(UInt128(value), 2) }
    static func u32(_ value: Int) -> [UInt8] { big(UInt128(value), 4) }
    static func u64(_ value: UInt64) -> [UInt8] { big(UInt128(value), 8) }
    static func u128(_ value: UInt128) -> [UInt8] { big(value, 16) }
    static func text(_ value: String) -> [UInt8] { u8(value.utf8.count) + Array(value.utf8) }

    static func tagged(_ tag: String, _ message: [UInt8]) -> [UInt8] {
        let prefix = SHA256.hash(Array(tag.utf8)).bytes
        return SHA256.hash(prefix + prefix + message).bytes
    }

    private static func big(_ value: UInt128, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt128(8 * (count - 1 - $0))) }
    }

    static func policy(_ policy: KeyPolicy) -> [UInt8] {
        u16(Int(policy.threshold)) + u8(policy.keys.count)
            + policy.keys.flatMap { u8($0.key.scheme == .bip340 ? 1 : 2) + $0.key.bytes + u8(Int($0.weight)) }
    }
}

@Suite("Encoding: every layout, field by field")
struct EncodingLayoutTests {
    let network = TestNetwork()

    @Test("primitives")
    func primitives() throws {
        var writer = ByteWriter()
        writer.write(0x12 as UInt8)
        writer.write(0x3456 as UInt16)
        writer.write(0x789a_bcde as UInt32)
        writer.write(0x0102_0304_0506_0708 as UInt64)
        writer.write(0x1112_1314_1516_1718_191a_1b1c_1d1e_1f20 as UInt128)
        writer.write(Bytes16(high: 0xa1, low: 0xb2))
        writer.write(text: "abc")
        let expected =
            Layout.u8(0x12) + Layout.u16(0x3456) + Layout.u32(0x789a_bcde) + Layout.u64(0x0102_0304_0506_0708)
            + Layout.u128(0x1112_1314_1516_1718_191a_1b1c_1d1e_1f20) + Layout.u64(0xa1) + Layout.u64(0xb2) + Layout.text("abc")
        #expect(writer.bytes == expected)
        var reader = ByteReader(expected.span)
        #expect(try reader.readUInt8() == 0x12)
        #expect(try reader.readUInt16() == 0x3456)
        #expect(try reader.readUInt32() == 0x789a_bcde)
        #expect(try reader.readUInt64() == 0x0102_0304_0506_0708)
        #expect(try reader.readUInt128() == 0x1112_1314_1516_1718_191a_1b1c_1d1e_1f20)
        #expect(try reader.readBytes16() == Bytes16(high: 0xa1, low: 0xb2))
        #expect(try reader.readText(.name) == "abc")
        try reader.finish()
    }

    @Test("a transaction with every operation, its id and its signing hash")
    func transaction() throws {
        let alice = network.account("alice")
        let newcomer = network.account("newcomer", keys: TestPolicy(threshold: 3, [(TestKey("x"), 1), (TestKey("y", .ecdsa), 2)]))
        let opening = newcomer.opening(on: network.network)
        let rotation = TestPolicy(TestKey("alice 2", .ecdsa))
        let proofs = rotation.possession(network: network.network, account: alice.id)
        let memo = try #require(Memo(salt: Bytes16(high: 1, low: 2), text: "Invoice 7"))
        let steps: [TransactionBuilder.Step] = [
            network.openStep([newcomer]),
            .transfer([TransactionBuilder.Leg(from: alice.id, to: network.bankB.id, asset: 1, amount: 12_34)]),
            .issue(bank: network.bankA.id, to: alice.id, asset: 0, amount: .max),
            .redeem(bank: network.bankA.id, from: alice.id, asset: 0, amount: 1),
            .rotateKeys(account: alice.id, policy: rotation.policy, possession: proofs),
            .setStatus(account: alice.id, status: .closed),
        ]
        let builder = network.builder(steps, nonce: 7, expiry: 0x0102_0304, memo: memo)
        let signed = try network.sign(builder, by: [network.bankA, alice, network.walletOperator])
        let accounts = [alice, network.bankA, network.bankB, network.walletOperator].sorted { $0.id < $1.id }
        func position(_ account: TestAccount) throws -> [UInt8] {
            Layout.u16(try #require(accounts.firstIndex(of: account)))
        }
        var content = Layout.u8(1) + network.network.bytes.bytes + Layout.u64(0x0102_0304)
        content += signed.content.nonce.bytes + Layout.tagged("coffer/memo/v1", Layout.u64(1) + Layout.u64(2) + Array("Invoice 7".utf8))
        content += Layout.u16(4) + accounts.flatMap(\.id.bytes.bytes) + Layout.u8(6)
        content += Layout.u8(1) + (try position(network.walletOperator)) + Layout.u16(1)
        content += Layout.u8(2) + Layout.u8(1) + opening.salt.bytes + Layout.policy(opening.policy)
        content += opening.possession.flatMap(\.bytes)
        content += Layout.u8(2) + Layout.u16(1) + (try position(alice)) + (try position(network.bankB)) + Layout.u16(1) + Layout.u64(12_34)
        content += Layout.u8(3) + (try position(network.bankA)) + (try position(alice)) + Layout.u16(0) + Layout.u64(.max)
        content += Layout.u8(4) + (try position(network.bankA)) + (try position(alice)) + Layout.u16(0) + Layout.u64(1)
        content += Layout.u8(5) + (try position(alice)) + Layout.policy(rotation.policy) + proofs.flatMap(\.bytes)
        content += Layout.u8(6) + (try position(alice)) + Layout.u8(4)
        let id = Layout.tagged("coffer/transaction/v1", content)
        let hash = Layout.tagged("coffer/signature/v1", network.network.bytes.bytes + id)
        #expect(signed.content.contentBytes == content)
        #expect(signed.id.bytes.bytes == id && signed.content.id == signed.id)
        #expect(signed.signingHash.bytes == hash && signed.content.signingHash == signed.signingHash)

        let signers = [alice, network.bankA, network.walletOperator].sorted { $0.id < $1.id }
        var bytes = content + Layout.u16(3)
        for signer in signers {
            bytes += (try position(signer)) + Layout.u8(0) + Layout.u8(1)
            bytes += signer.keys.keys[0].sign(signed.signingHash).bytes
        }
        #expect(signed.bytes == bytes)
        let decoded = try SignedTransaction(decoding: bytes)
        #expect(decoded == signed && decoded.content == signed.content && decoded.signatures == signed.signatures)
        #expect(signed.transactionLeaf.bytes == SHA256.hash([0, 0] + bytes).bytes)
    }

    @Test("account ids, addresses, possession messages")
    func identifiers() throws {
        let id = network.network.bytes.bytes
        #expect(network.network.bytes.bytes == Layout.tagged("coffer/network/v1", network.chainspec.bytes))
        #expect(network.bankB.id.bytes.bytes == Layout.tagged("coffer/institution/v1", id + Layout.u16(2)))
        #expect(
            network.chainspec.liabilityAccount(asset: 1, bank: 2).bytes.bytes
                == Layout.tagged("coffer/liability/v1", id + Layout.u16(1) + Layout.u16(2)))
        let alice = network.account("alice", tier: 9)
        let plan = try #require(alice.plan)
        #expect(
            alice.id.bytes.bytes
                == Layout.tagged(
                    "coffer/account/v1",
                    id + Layout.u8(2) + network.walletOperator.id.bytes.bytes + plan.salt.bytes + Layout.policy(alice.keys.policy)))
        #expect(
            alice.keys.policy.possessionMessage(network: network.network, account: alice.id).bytes
                == Layout.tagged("coffer/possession/v1", id + alice.id.bytes.bytes + Layout.policy(alice.keys.policy)))
        let address = network.chainspec.address(of: alice.id)
        #expect(address.hasPrefix("coffertest1"))
        #expect(try Bech32m.decode(address).payload == alice.id.bytes.bytes)
    }

    @Test("the chain specification's canonical bytes")
    func chainspec() {
        var bytes = Layout.u8(1) + Layout.u8(1) + Layout.text("test") + Layout.text("coffertest")
        bytes += Layout.u64(TestNetwork.genesisTime) + Layout.u16(5)
        let members = [
            (1, "authority", network.authority), (2, "bank-a", network.bankA), (2, "bank-b", network.bankB),
            (3, "operator", network.walletOperator), (4, "auditor", network.auditor),
        ]
        for (kind, name, account) in members { bytes += Layout.u8(kind) + Layout.text(name) + Layout.policy(account.keys.policy) }
        bytes += Layout.u16(2)
        bytes += Layout.text("EUR") + Layout.u8(2) + Layout.u16(0) + Layout.u16(2)
        bytes += Layout.u16(1) + Layout.u64(1_000_000_000_00) + Layout.u16(2) + Layout.u64(500_000_00)
        bytes += Layout.text("JPY") + Layout.u8(0) + Layout.u16(0) + Layout.u16(1) + Layout.u16(1) + Layout.u64(1_000_000_000)
        bytes += Layout.u16(1) + Layout.text("validator-0") + Layout.u16(1)
        bytes += TestNetwork.blockKey(0).publicKey.bytes + testCheckpointKey("validator-0-checkpoint").publicKey.bytes.bytes
        bytes += Layout.u16(1) + Layout.u8(1) + Layout.u64(0) + Layout.u16(1)
        #expect(network.chainspec.bytes == bytes)
    }

    @Test("accounts, entries and supply records")
    func state() throws {
        var scene = try RulesScene()
        try scene.ledger.transfer(1, from: scene.alice, to: scene.bob)
        try scene.ledger.setStatus(.debitsFrozen, of: scene.alice)
        scene.ledger.seal()
        let index = try scene.ledger.index(of: scene.alice)
        let account = scene.ledger.state.accounts[index]
        var bytes = Layout.u8(1) + Layout.u8(2) + Layout.u8(1) + Layout.u8(1) + Layout.u16(3) + Layout.u64(8)
        bytes += scene.alice.id.bytes.bytes + Layout.u64(1) + Layout.policy(scene.alice.keys.policy)
        bytes += Layout.u64(5) + account.entryHash.bytes + Layout.u16(2)
        bytes += Layout.u16(0) + Layout.u128(100_00) + Layout.u128(1) + Layout.u128(0) + Layout.u128(0)
        bytes += Layout.u16(1) + Layout.u128(10_000) + Layout.u128(0) + Layout.u128(0) + Layout.u128(0)
        #expect(account.bytes == bytes && account.leaf.bytes == SHA256.hash([0] + bytes).bytes)
        #expect(try Account(decoding: bytes) == account)
        let liability = scene.ledger.state.accounts[5]
        let start = Layout.u8(1) + Layout.u8(3) + Layout.u8(0) + Layout.u8(0) + Layout.u16(1) + Layout.u64(5)
        #expect(liability.bytes.starts(with: start + scene.liability().bytes.bytes + Layout.u64(0) + [0, 0, 0]))

        let blocks = scene.ledger.blocks
        let transfer = blocks[1].block.transactions[0]
        let entries = scene.ledger.outcomes[1].entries
        let debit = Layout.u64(2) + Layout.u32(0) + Layout.u16(0) + Layout.u16(0) + Layout.u8(2) + Layout.u16(0) + Layout.u64(1)
        let credit = Layout.u64(2) + Layout.u32(0) + Layout.u16(0) + Layout.u16(0) + Layout.u8(3) + Layout.u16(0) + Layout.u64(1)
        let status = Layout.u64(2) + Layout.u32(1) + Layout.u16(0) + Layout.u16(0) + Layout.u8(5) + Layout.u16(65_535) + Layout.u64(0)
        let ids = [transfer.id, transfer.id, blocks[1].block.transactions[1].id].map(\.bytes.bytes)
        #expect(entries.map(\.entry.bytes) == [debit + ids[0], credit + ids[1], status + ids[2]])
        #expect(entries.map(\.account) == [8, 9, 8])
        #expect(entries.allSatisfy { $0.entry.bytes.count == Entry.byteCount })
        let before = Bytes32(copying: [UInt8](repeating: 7, count: 32).span)
        #expect(entries[0].entry.hash(after: before).bytes == Layout.tagged("coffer/entry/v1", before.bytes + debit + ids[0]))

        let record = scene.ledger.state.supply[3]
        var figures = Layout.u16(0) + Layout.u16(3) + Layout.u64(0)
        figures += [0, 0, 0, 150_00, 0, 99_99, 0].flatMap { Layout.u128($0) }
        #expect(record.bytes == figures && figures.count == SupplyRecord.byteCount)
        #expect(try SupplyRecord(decoding: figures) == record)
        #expect(record.leaf.bytes == SHA256.hash([0] + figures).bytes)
    }

    @Test("16-byte values")
    func bytes16() throws {
        let value = Bytes16(high: 0x0011_2233_4455_6677, low: 0x8899_aabb_ccdd_eeff)
        #expect(value.hex == "00112233445566778899aabbccddeeff")
        #expect(Bytes16(hex: value.hex) == value && Bytes16(value.bytes) == value)
        #expect(Bytes16(hex: "00112233445566778899AABBCCDDEEFF") == nil)
        #expect(Bytes16(hex: "00") == nil && Bytes16([UInt8](repeating: 0, count: 17)) == nil && Bytes16(hex: "") == nil)
    }

    @Test("memos: their length, and a commitment bound to salt and bytes")
    func memos() throws {
        let salt = Bytes16(high: 1, low: 2)
        #expect(Memo(salt: salt, text: "") == nil)
        #expect(Memo(salt: salt, text: String(repeating: "x", count: 1_025)) == nil)
        #expect(Memo(salt: salt, text: String(repeating: "é", count: 513)) == nil)
        let longest = try #require(Memo(salt: salt, text: String(repeating: "é", count: 512)))
        #expect(longest.commitment.bytes == Layout.tagged("coffer/memo/v1", salt.bytes + Array(longest.text.utf8)))
        let other = try #require(Memo(salt: Bytes16(high: 1, low: 3), text: longest.text))
        #expect(other.commitment != longest.commitment)
        // Swift calls these two equal; they are different bytes, and so different memos.
        let composed = try #require(Memo(salt: salt, text: "\u{e9}"))
        let decomposed = try #require(Memo(salt: salt, text: "e\u{301}"))
        #expect(composed.commitment != decomposed.commitment)
    }
}
