import Cryptography
@testable import Ledger
import Support
import Testing

@Suite("Block")
struct BlockTests {
    @Test("a header's 230 bytes, its hash, its attestation message and its history leaf")
    func header() throws {
        func filled(_ byte: UInt8) -> Bytes32 { Bytes32(copying: [UInt8](repeating: byte, count: 32).span) }
        let header = BlockHeader(
            rules: 1, network: NetworkID(filled(1)), height: 0x0203, time: 0x0405, parent: BlockHash(filled(6)),
            transactionRoot: filled(7), stateRoot: filled(8), supplyRoot: filled(9), historyRoot: filled(10),
            transactionCount: 11, systemEntryCount: 12, accountCount: 13, proposer: 14)
        var bytes = Layout.u16(1) + Layout.u16(1) + filled(1).bytes + Layout.u64(0x0203) + Layout.u64(0x0405)
        for byte in 6...10 as ClosedRange<UInt8> { bytes += filled(byte).bytes }
        bytes += Layout.u32(11) + Layout.u32(12) + Layout.u64(13) + Layout.u16(14)
        #expect(bytes.count == 230 && BlockHeader.byteCount == 230)
        #expect(header.bytes == bytes)
        #expect(try BlockHeader(decoding: bytes) == header)
        #expect(header.hash.bytes.bytes == Layout.tagged("coffer/block/v1", bytes))
        #expect(header.attestationMessage.bytes == Layout.tagged("coffer/attestation/v1", filled(1).bytes + header.hash.bytes.bytes))
        #expect(header.historyLeaf.bytes == SHA256.hash([0] + bytes).bytes)
    }

    @Test("genesis: what chainspec.md section 3 says, and nothing else")
    func genesis() throws {
        let network = TestNetwork()
        let header = network.chainspec.genesisHeader
        let state = LedgerState(genesis: network.chainspec)
        #expect(header.height == 0 && header.time == TestNetwork.genesisTime && header.parent == BlockHash(.zero))
        #expect(header.rules == 1 && header.proposer == 0 && header.network == network.network)
        #expect(header.transactionCount == 0 && header.systemEntryCount == 0 && header.accountCount == 8)
        #expect(header.transactionRoot == SHA256.hash([]) && header.historyRoot == SHA256.hash([]))
        let accounts = state.accounts
        #expect(header.stateRoot == NaiveTree.root(accounts.map { MerkleHash.leaf($0.bytes) }))
        let ids =
            (0..<5 as Range<UInt16>).map(network.chainspec.institutionAccount)
            + [
                network.chainspec.liabilityAccount(asset: 0, bank: 1), network.chainspec.liabilityAccount(asset: 0, bank: 2),
                network.chainspec.liabilityAccount(asset: 1, bank: 1),
            ]
        #expect(accounts.map(\.id) == ids)
        #expect(accounts.map(\.kind) == Array(repeating: .institution, count: 5) + Array(repeating: .liability, count: 3))
        #expect(accounts.map(\.institution) == [0, 1, 2, 3, 4, 1, 2, 1])
        #expect(accounts.map(\.index) == Array(0..<8))
        #expect(
            accounts.allSatisfy {
                $0.status == .active && $0.tier == 0 && $0.openedHeight == 0 && $0.entryCount == 0 && $0.entryHash == .zero
                    && $0.balances.isEmpty
            })
        let supply = state.supply
        #expect(header.supplyRoot == NaiveTree.root(supply.map { MerkleHash.leaf($0.bytes) }))
        #expect(supply.map(\.quota) == [0, 1_000_000_000_00, 500_000_00, 0, 0, 0, 1_000_000_000, 0, 0, 0])
        #expect(supply.allSatisfy { $0.issued == 0 && $0.balances == 0 })
        try Invariants.check(state)
    }

    @Test("a certified block: header, transactions with their lengths, attestations")
    func certified() throws {
        var scene = try RulesScene(TestNetwork(validators: 4, quorum: 3))
        try scene.ledger.transfer(1, from: scene.alice, to: scene.bob)
        try scene.ledger.transfer(2, from: scene.alice, to: scene.bob)
        let certified = scene.ledger.seal(proposer: 2)
        let block = certified.block
        var bytes = block.header.bytes
        for transaction in block.transactions { bytes += Layout.u32(transaction.bytes.count) + transaction.bytes }
        #expect(block.byteCount == bytes.count)
        bytes += Layout.u16(3)
        for validator in 0..<3 {
            bytes += Layout.u16(validator) + TestNetwork.blockKey(validator).sign(block.header.attestationMessage).bytes
        }
        #expect(certified.bytes == bytes)
        #expect(try CertifiedBlock(decoding: bytes) == certified)
        #expect(block.header.proposer == 2)
        #expect(block.header.transactionRoot == NaiveTree.root(block.transactions.map { MerkleHash.leaf([0] + $0.bytes) }))
        let keys = scene.network.chainspec.validators.map(\.blockKey)
        for attestation in certified.attestations {
            let check = SignatureCheck(
                key: keys[Int(attestation.validator)], message: block.header.attestationMessage, signature: attestation.signature)
            #expect(check.verify() != nil)
        }
    }

    @Test("headers chain by parent and history root, over many blocks")
    func chain() throws {
        var scene = try RulesScene()
        for _ in 0..<20 { scene.ledger.seal() }
        var headers = [scene.network.chainspec.genesisHeader]
        for block in scene.ledger.blocks {
            let header = block.block.header
            #expect(header.height == UInt64(headers.count))
            #expect(header.parent == headers[headers.count - 1].hash)
            #expect(header.historyRoot == NaiveTree.root(headers.map(\.historyLeaf)))
            headers.append(header)
        }
    }
}
