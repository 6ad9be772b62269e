import Cryptography
import Ledger
import Support
import Testing
import Verifier

/// Where a chain stands after a fault.
struct ChainContinuationTests {
    private static let network = TestNetwork(validators: 2, quorum: 2)

    /// Two blocks that follow genesis, and a third.
    private static func blocks() -> [CertifiedBlock] {
        var forge = BlockForge(network)
        let alice = network.account("alice")
        let bob = network.account("bob")
        forge.add([forge.open(alice, bob)])
        forge.add([forge.issue(50, to: alice), forge.pay(20, from: alice, to: bob)])
        forge.add([forge.pay(20, from: bob, to: alice)])
        return forge.blocks
    }

    /// The second block with one fault or another that does not show only after execution.
    private static func damaged(_ block: CertifiedBlock) -> [(name: String, block: CertifiedBlock)] {
        func changed(_ change: (inout BlockHeader) -> Void) -> CertifiedBlock {
            var header = block.block.header
            change(&header)
            return CertifiedBlock(
                block: Block(header: header, transactions: block.block.transactions), attestations: network.attestations(of: header))
        }
        func with(_ transactions: [SignedTransaction]) -> CertifiedBlock {
            var header = block.block.header
            header.transactionCount = UInt32(transactions.count)
            header.transactionRoot = Block.transactionRoot(transactions)
            return CertifiedBlock(
                block: Block(header: header, transactions: transactions), attestations: network.attestations(of: header))
        }
        let transactions = block.block.transactions
        return [
            ("form", changed { $0.systemEntryCount = 1 }),
            ("header", changed { $0.height += 1 }),
            ("historyRoot", changed { $0.historyRoot = .zero }),
            ("transactionRoot", changed { $0.transactionRoot = .zero }),
            ("attestations", CertifiedBlock(block: block.block, attestations: [block.attestations[0]])),
            ("order of transactions", with(transactions.reversed())),
            ("signature", with([transactions[0], spoilingSignature(of: transactions[1])])),
        ]
    }

    /// After a fault before execution is done, the chain stands at the last valid block, to the byte, and goes on from there.
    @Test func theChainGoesOnAfterAFault() throws {
        let blocks = Self.blocks()
        let verifier = SignatureVerifier(workerCount: 2)
        defer { verifier.close() }
        let expected = ChainReport(of: [blocks], chainspec: Self.network.chainspec, verifier: verifier)
        #expect(expected.fault == nil)
        for (name, bad) in Self.damaged(blocks[1]) {
            var chain = Chain(genesis: Self.network.chainspec, verifier: verifier)
            let fault = #expect(throws: ChainFault.self, "\(name)") { try chain.append([blocks[0], bad, blocks[2]]) }
            #expect(fault?.height == 2 && fault?.endsChain == false, "\(name)")
            #expect(chain.tip == blocks[0].block.header && chain.state.height == 1, "\(name)")
            #expect(chain.state.stateRoot == chain.tip.stateRoot && chain.state.supplyRoot == chain.tip.supplyRoot, "\(name)")
            try chain.append([blocks[1]])
            try chain.append([blocks[2]])
            #expect(ChainReport(fault: nil, tip: chain.tip, state: chain.state, history: chain.history) == expected, "\(name)")
        }
    }

    /// The whole chain again after its end is refused by its first block.
    @Test func aBlockThatIsThereAlreadyIsRefused() throws {
        let blocks = Self.blocks()
        let verifier = SignatureVerifier(workerCount: 1)
        defer { verifier.close() }
        var chain = Chain(genesis: Self.network.chainspec, verifier: verifier)
        try chain.append(blocks)
        let fault = #expect(throws: ChainFault.self) { try chain.append(blocks) }
        #expect(fault == ChainFault(height: 4, offence: .header(field: "height", expected: "4", found: "1")))
    }

    @Test(arguments: ["accountCount", "stateRoot", "supplyRoot"])
    func aFaultOfTheResultEndsTheChain(name: String) throws {
        let fault = try Self.appendSpoiled(name, thenMore: false)
        #expect(fault == 2)
    }

    /// The state has gone past the tip then, so anything appended would get a wrong verdict.
    @Test func nothingIsAppendedAfterThat() async {
        await #expect(processExitsWith: .failure) { _ = try Self.appendSpoiled("accountCount", thenMore: true) }
        await #expect(processExitsWith: .failure) { _ = try Self.appendSpoiled("stateRoot", thenMore: true) }
    }

    /// Appends the first block and a second with a wrong result; returns the height of the fault if it ends the chain.
    private static func appendSpoiled(_ name: String, thenMore: Bool) throws -> UInt64? {
        let blocks = blocks()
        var header = blocks[1].block.header
        switch name {
        case "accountCount": header.accountCount += 1
        case "stateRoot": header.stateRoot = .zero
        default: header.supplyRoot = .zero
        }
        let bad = CertifiedBlock(
            block: Block(header: header, transactions: blocks[1].block.transactions), attestations: network.attestations(of: header))
        let verifier = SignatureVerifier(workerCount: 0)
        var chain = Chain(genesis: network.chainspec, verifier: verifier)
        var height: UInt64?
        do throws(ChainFault) {
            try chain.append([blocks[0], bad])
        } catch {
            if error.endsChain, error.offence.code == name { height = error.height }
        }
        if thenMore {
            do {
                try chain.append([blocks[1]])
            } catch {
                // A verdict on a valid block, and a wrong one: the process must not have come here.
                return nil
            }
        }
        return height
    }
}
