import Cryptography
import Ledger
import Support
import Testing
import Verifier

/// The verdict on a chain is the serial one, whatever the threads and however the blocks are batched.
struct ChainParallelTests {
    @Test(arguments: ConflictScenario.all)
    func parallelEqualsSerial(scenario: ConflictScenario) throws {
        var forge = BlockForge()
        scenario.make(&forge)
        let chainspec = forge.network.chainspec
        let blocks = forge.blocks
        let expected = SerialChain.report(of: blocks, chainspec: chainspec)
        // The scenario is about what its name says.
        if let reason = scenario.refusal {
            guard case .transaction(_, _, let refusal) = expected.fault?.offence else {
                Issue.record("\(String(describing: expected.description)) is no refusal")
                return
            }
            #expect(refusal.reason == reason)
        } else {
            #expect(expected.fault == nil && expected.tip == forge.tip && expected.stateRoot == forge.state.stateRoot)
        }
        for workers in 0...16 {
            let verifier = SignatureVerifier(workerCount: workers)
            let splits = [0, 1, 5].contains(workers) ? blocks.everySplit : [[blocks]]
            for batches in splits {
                let report = ChainReport(of: batches, chainspec: chainspec, verifier: verifier)
                #expect(report == expected, "\(workers) workers, batches of \(batches.map(\.count))")
            }
            verifier.close()
        }
    }

    /// Random payments among few accounts, with rotations, freezing, invalid signatures and repetitions thrown in.
    @Test(arguments: 0..<12)
    func parallelEqualsSerialForRandomChains(run: Int) throws {
        var random = SplitMix64(test: "parallelEqualsSerialForRandomChains, run \(run)")
        var chain = RandomBlocks(faultsPerThousand: run.isMultiple(of: 3) ? 0 : 25)
        let blocks = chain.make(8, &random)
        let chainspec = chain.forge.network.chainspec
        let expected = SerialChain.report(of: blocks, chainspec: chainspec)
        if run.isMultiple(of: 3) { #expect(expected.fault == nil) }
        for workers in [0, 1, 2, 3, 7, 16] {
            let verifier = SignatureVerifier(workerCount: workers)
            for batches in [[blocks], blocks.map { [$0] }, random.pick(blocks.everySplit), random.pick(blocks.everySplit)] {
                let report = ChainReport(of: batches, chainspec: chainspec, verifier: verifier)
                #expect(report == expected, "\(workers) workers, batches of \(batches.map(\.count))")
            }
            verifier.close()
        }
    }

    @Test func nothingAppendedChangesNothing() throws {
        let network = TestNetwork()
        let verifier = SignatureVerifier(workerCount: 1)
        defer { verifier.close() }
        var chain = Chain(genesis: network.chainspec, verifier: verifier)
        try chain.append([])
        #expect(chain.tip == network.chainspec.genesisHeader && chain.history.count == 1)
    }
}

/// Blocks of random transactions among a few accounts.
struct RandomBlocks: ~Copyable {
    var forge = BlockForge()
    let faultsPerThousand: Int
    private var accounts: [TestAccount] = []
    private var earlier: [SignedTransaction] = []
    private var rotations = 0

    init(faultsPerThousand: Int) {
        self.faultsPerThousand = faultsPerThousand
    }

    mutating func make(_ count: Int, _ random: inout SplitMix64) -> [CertifiedBlock] {
        accounts = (0..<6).map { forge.network.account("account \($0)") }
        forge.add([forge.network.open(accounts, nonce: forge.nonce())])
        forge.add(accounts.map { forge.issue(10_000, to: $0) })
        for _ in 0..<count {
            var block: [SignedTransaction] = []
            for _ in 0..<random.below(9) { block.append(transaction(&random)) }
            forge.add(block)
        }
        return forge.blocks
    }

    private mutating func transaction(_ random: inout SplitMix64) -> SignedTransaction {
        let isFault = random.below(1_000) < faultsPerThousand
        let position = random.below(accounts.count)
        let payee = accounts[(position + 1 + random.below(accounts.count - 1)) % accounts.count]
        if isFault {
            switch random.below(4) {
            case 0: return forge.pay(1_000_000, from: accounts[position], to: payee)
            case 1: return spoilingSignature(of: forge.pay(1, from: accounts[position], to: payee))
            case 2: return forge.set(.active, of: accounts[position])
            default: if let again = earlier.last { return again }
            }
        }
        switch random.below(10) {
        case 0:
            rotations += 1
            let keys = TestPolicy(TestKey("rotation \(rotations)", random.once(in: 2) ? .bip340 : .ecdsa))
            defer { accounts[position] = accounts[position].rotated(to: keys) }
            return forge.rotate(accounts[position], to: keys)
        case 1: return forge.issue(UInt64(1 + random.below(50)), to: accounts[position])
        default:
            let payment = forge.pay(UInt64(1 + random.below(20)), from: accounts[position], to: payee)
            earlier.append(payment)
            return payment
        }
    }
}
