import Cryptography
import Ledger
import Support
import Testing
import Verifier

/// A bad block in the middle of a pipeline: the fault, its height and where the chain stands are the serial ones.
struct BlockPipelineFaultTests {
    private static let network = TestNetwork(validators: 3, quorum: 2)
    private static let alice = network.account("alice")
    private static let bob = network.account("bob")
    private static let other = SHA256.hash(Array("something else".utf8))

    /// A kind of offence of one block.
    struct Offence: CustomTestStringConvertible, Sendable {
        let code: String
        var change: @Sendable (inout BlockHeader) -> Void = { _ in }
        var attest: @Sendable ([Attestation]) -> [Attestation] = { $0 }
        /// Puts something into the block, after a good transaction.
        var add: @Sendable (inout BlockForge) -> [SignedTransaction] = { _ in [] }

        var testDescription: String { code }
    }

    static let offences: [Offence] = [
        Offence(code: "header.network", change: { $0.network = NetworkID(other) }),
        Offence(code: "header.height", change: { $0.height += 1 }),
        Offence(code: "header.parent", change: { $0.parent = BlockHash(other) }),
        Offence(code: "header.rules", change: { $0.rules = 2 }),
        Offence(code: "header.time", change: { $0.time = TestNetwork.genesisTime - 1 }),
        Offence(code: "header.proposer", change: { $0.proposer = 3 }),
        Offence(code: "historyRoot", change: { $0.historyRoot = other }),
        Offence(code: "transactionRoot", change: { $0.transactionRoot = other }),
        Offence(code: "notFinal", attest: { $0 + [Attestation(validator: 3, signature: .zero)] }),
        Offence(code: "notFinal", attest: { $0.map { Attestation(validator: $0.validator, signature: .zero) } }),
        Offence(code: "notFinal", attest: { Array($0.dropLast()) }),
        Offence(code: "notFinal", attest: { _ in [] }),
        Offence(code: "insufficientFunds", add: { [$0.pay(1_000_000, from: alice, to: bob)] }),
        Offence(code: "invalidSignature", add: { [spoilingSignature(of: $0.pay(1, from: alice, to: bob))] }),
        Offence(code: "unknownAccount", add: { [$0.pay(1, from: alice, to: network.account("nobody"))] }),
        Offence(
            code: "unneededSignature",
            add: { [$0.run([.setStatus(account: bob.id, status: .frozen)], by: network.walletOperator, alice)] }),
        Offence(code: "wrongInstitution", add: { [$0.network.issue(1, to: alice, bank: network.walletOperator, nonce: $0.nonce())] }),
        Offence(code: "accountExists", add: { [$0.open(alice)] }),
        Offence(
            code: "alreadyApplied",
            add: {
                let payment = $0.pay(1, from: alice, to: bob)
                return [payment, payment]
            }),
        Offence(code: "expired", add: { [network.transfer(1, from: alice, to: bob, nonce: $0.nonce(), expiry: 5)] }),
        Offence(
            code: "invalidSignature",
            add: {
                let keys = TestPolicy(TestKey("alice, again"))
                return [$0.rotate(alice, to: keys), $0.pay(1, from: alice, to: bob)]
            }),
        Offence(code: "accountCount", change: { $0.accountCount += 1 }),
        Offence(code: "stateRoot", change: { $0.stateRoot = other }),
        Offence(code: "supplyRoot", change: { $0.supplyRoot = other }),
    ]

    /// Seven blocks, all good but the one at a height. Those after it follow it as if it were good.
    private static func blocks(_ offence: Offence, at height: UInt64) -> [CertifiedBlock] {
        var forge = BlockForge(network)
        for number in 1...7 as ClosedRange<UInt64> {
            var transactions = number == 1 ? [forge.open(alice, bob)] : []
            transactions += [forge.issue(100, to: alice), forge.pay(5, from: alice, to: bob)]
            guard number == height else {
                forge.add(transactions)
                continue
            }
            transactions += offence.add(&forge)
            forge.add(transactions, change: offence.change) { offence.attest(network.attestations(of: $0)) }
        }
        return forge.blocks
    }

    @Test(arguments: offences)
    func theFaultIsTheSerialOne(offence: Offence) throws {
        for (height, workers) in [(2, 0), (2, 2), (4, 2), (7, 1)] as [(UInt64, Int)] {
            let blocks = Self.blocks(offence, at: height)
            let expected = SerialChain.report(of: blocks, chainspec: Self.network.chainspec)
            #expect(expected.code == offence.code && expected.fault?.height == height)
            let verifier = SignatureVerifier(workerCount: workers)
            let pipeline = PipelineReport(of: blocks, chainspec: Self.network.chainspec, verifier: verifier)
            #expect(pipeline.report == expected, "at \(height), \(workers) workers")
            #expect(pipeline.commits.count == Int(height) - 1)
            pipeline.expectCommits(of: blocks, chainspec: Self.network.chainspec)
            verifier.close()
        }
    }

    /// Bytes that are no block, right behind the bad one: what is wrong with the bad one is said.
    @Test(arguments: offences)
    func theEarlierOffenceIsReported(offence: Offence) {
        let blocks = Self.blocks(offence, at: 3)
        let expected = SerialChain.report(of: blocks, chainspec: Self.network.chainspec)
        let verifier = SignatureVerifier(workerCount: 1)
        defer { verifier.close() }
        for damaged in Self.damaged(blocks[3].bytes) {
            let bytes = blocks[..<3].map(\.bytes) + [damaged.bytes]
            let pipeline = PipelineReport(of: bytes, chain: Chain(genesis: Self.network.chainspec, verifier: verifier))
            #expect(pipeline.report == expected)
            #expect(pipeline.commits.count == 2)
        }
    }

    /// Bytes that are no block, and why.
    private static func damaged(_ bytes: [UInt8]) -> [(bytes: [UInt8], error: DecodingError?)] {
        [[], Array(bytes.dropLast()), bytes + [0], [0xff] + bytes.dropFirst()].map { damaged in
            do throws(DecodingError) {
                _ = try CertifiedBlock(decoding: damaged)
                return (damaged, nil)
            } catch {
                return (damaged, error)
            }
        }
    }

    /// The fault of bytes that are no block has the height of their place, and the blocks before them are all there: every one was handed on.
    @Test(arguments: [0, 2], 1...3)
    func undecodableBytes(workers: Int, height: Int) throws {
        let blocks = Self.blocks(Offence(code: "none"), at: 1)
        let verifier = SignatureVerifier(workerCount: workers)
        defer { verifier.close() }
        for damaged in Self.damaged(blocks[height - 1].bytes) {
            let error = try #require(damaged.error)
            let before = Array(blocks[..<(height - 1)])
            let bytes = before.map(\.bytes) + [damaged.bytes] + blocks[height...].map(\.bytes)
            let pipeline = PipelineReport(of: bytes, chain: Chain(genesis: Self.network.chainspec, verifier: verifier))
            var expected = SerialChain.report(of: before, chainspec: Self.network.chainspec)
            let fault = ChainFault(height: UInt64(height), offence: .undecodable(error))
            (expected.fault, expected.description, expected.code) = (fault, fault.description, fault.offence.code)
            #expect(pipeline.report == expected)
            #expect(pipeline.commits.map(\.certified) == before, "a store gets every block before the fault")
            pipeline.expectCommits(of: before, chainspec: Self.network.chainspec)
        }
    }

    /// The block before undecodable bytes is handed on when they are pushed; the call after that says what they are.
    @Test func undecodableBytesHaveTheirTurn() throws {
        let blocks = Self.blocks(Offence(code: "none"), at: 1)
        let verifier = SignatureVerifier(workerCount: 1)
        defer { verifier.close() }
        let fault = ChainFault(height: 2, offence: .undecodable(.truncated))
        for isPushed in [false, true] {
            var pipeline = BlockPipeline(chain: Chain(genesis: Self.network.chainspec, verifier: verifier))
            #expect(try pipeline.push(blocks[0].bytes) == nil)
            #expect(try pipeline.push([])?.certified == blocks[0])
            if isPushed { #expect(throws: fault) { try pipeline.push(blocks[1].bytes) } }
            #expect(throws: fault) { try pipeline.finish() }
            #expect(pipeline.takeChain().tip == blocks[0].block.header)
        }
        var pipeline = BlockPipeline(chain: Chain(genesis: Self.network.chainspec, verifier: verifier))
        #expect(throws: ChainFault(height: 1, offence: .undecodable(.truncated))) { try pipeline.push([]) }
    }

    /// Every call says the same after a fault. Where it is not one that only execution shows, the chain can be taken and goes on with the
    /// right block.
    @Test(arguments: offences)
    func theChainAfterAFault(offence: Offence) throws {
        let bad = Self.blocks(offence, at: 3)
        let good = Self.blocks(Offence(code: "none"), at: 3)
        #expect(good[..<2] == bad[..<2])
        let verifier = SignatureVerifier(workerCount: 1)
        defer { verifier.close() }
        var pipeline = BlockPipeline(chain: Chain(genesis: Self.network.chainspec, verifier: verifier))
        var found: ChainFault?
        do throws(ChainFault) { for block in bad { _ = try pipeline.push(block.bytes) } } catch { found = error }
        let fault = try #require(found)
        // Whatever is pushed then, it is not looked at.
        for _ in 0..<2 {
            #expect(throws: fault) { try pipeline.push(good[2].bytes) }
            #expect(throws: fault) { try pipeline.push([]) }
            #expect(throws: fault) { try pipeline.finish() }
        }
        #expect(fault.endsChain == ["accountCount", "stateRoot", "supplyRoot"].contains(offence.code))
        guard !fault.endsChain else { return }
        let rest = PipelineReport(of: good[2...].map(\.bytes), chain: pipeline.takeChain())
        #expect(rest.report == SerialChain.report(of: good, chainspec: Self.network.chainspec))
    }
}
