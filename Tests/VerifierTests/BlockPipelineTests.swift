import Cryptography
import Ledger
import Support
import Testing
import Verifier

/// What a pipeline made of blocks, given as bytes: a report as of a chain, and every block it handed on.
struct PipelineReport {
    let report: ChainReport
    let commits: [BlockCommit]

    /// Pushes blocks until one has a fault, and finishes otherwise.
    init(of blocks: [[UInt8]], chain: consuming Chain) {
        var pipeline = BlockPipeline(chain: chain)
        var commits: [BlockCommit] = []
        var fault: ChainFault?
        do throws(ChainFault) {
            for block in blocks { if let commit = try pipeline.push(block) { commits.append(commit) } }
            if let commit = try pipeline.finish() { commits.append(commit) }
        } catch {
            fault = error
        }
        let end = pipeline.takeChain()
        report = ChainReport(fault: fault, tip: end.tip, state: end.state, history: end.history)
        self.commits = commits
    }

    init(of blocks: [CertifiedBlock], chainspec: Chainspec, verifier: SignatureVerifier) {
        self.init(of: blocks.map(\.bytes), chain: Chain(genesis: chainspec, verifier: verifier))
    }

    /// Every block handed on is as executing it alone gives it.
    func expectCommits(of blocks: [CertifiedBlock], chainspec: Chainspec, sourceLocation: SourceLocation = #_sourceLocation) {
        var state = LedgerState(genesis: chainspec)
        var history = HistoryTree()
        history.append(chainspec.genesisHeader.historyLeaf)
        for (commit, block) in zip(commits, blocks) {
            let header = block.block.header
            for (position, transaction) in block.block.transactions.enumerated() {
                do throws(Refusal) {
                    let requirements = try state.requirements(of: transaction, at: header.time)
                    let verified = try VerifiedTransaction(checking: transaction, requirements: requirements)
                    try state.apply(verified, at: UInt32(position), in: BlockContext(height: header.height, time: header.time))
                } catch {
                    Issue.record("block \(header.height) was handed on: \(error)", sourceLocation: sourceLocation)
                }
            }
            let outcome = state.seal(height: header.height, time: header.time)
            history.append(header.historyLeaf)
            #expect(
                commit.certified == block && commit.history.root == history.root && commit.history.count == header.height + 1
                    && commit.outcome.stateRoot == outcome.stateRoot && commit.outcome.supplyRoot == outcome.supplyRoot
                    && commit.outcome.accounts == outcome.accounts && commit.outcome.entries == outcome.entries
                    && commit.outcome.supply.map(\.position) == outcome.supply.map(\.position) && commit.memos.isEmpty,
                "block \(header.height)", sourceLocation: sourceLocation)
        }
    }
}

/// A pipeline gives the verdicts of a chain that checks one block after the other, and hands on the same blocks.
struct BlockPipelineTests {
    @Test(arguments: ConflictScenario.all)
    func theVerdictIsTheSerialOne(scenario: ConflictScenario) {
        var forge = BlockForge()
        scenario.make(&forge)
        let chainspec = forge.network.chainspec
        let expected = SerialChain.report(of: forge.blocks, chainspec: chainspec)
        for workers in 0...4 {
            let verifier = SignatureVerifier(workerCount: workers)
            let pipeline = PipelineReport(of: forge.blocks, chainspec: chainspec, verifier: verifier)
            #expect(pipeline.report == expected, "\(workers) workers")
            #expect(pipeline.commits.count == expected.fault.map { Int($0.height) - 1 } ?? forge.blocks.count)
            pipeline.expectCommits(of: forge.blocks, chainspec: chainspec)
            verifier.close()
        }
    }

    /// Random payments, rotations and repetitions; then the same with faults.
    @Test(arguments: 0..<8)
    func theVerdictOnRandomChainsIsTheSerialOne(run: Int) throws {
        var random = SplitMix64(test: "theVerdictOnRandomChainsIsTheSerialOne, run \(run)")
        var maker = RandomBlocks(faultsPerThousand: run.isMultiple(of: 2) ? 0 : 40)
        let blocks = maker.make(10, &random)
        let chainspec = maker.forge.network.chainspec
        let expected = SerialChain.report(of: blocks, chainspec: chainspec)
        if run.isMultiple(of: 2) { #expect(expected.fault == nil && expected.tip == maker.forge.tip) }
        for workers in [0, 1, 3] {
            let verifier = SignatureVerifier(workerCount: workers)
            let pipeline = PipelineReport(of: blocks, chainspec: chainspec, verifier: verifier)
            #expect(pipeline.report == expected, "\(workers) workers")
            #expect(pipeline.report == ChainReport(of: [blocks], chainspec: chainspec, verifier: verifier), "\(workers) workers")
            pipeline.expectCommits(of: blocks, chainspec: chainspec)
            verifier.close()
        }
    }

    /// Every block uses what the one just before it has done, which is not in the state when its signatures are looked at first.
    @Test(arguments: [0, 2])
    func aBlockUsesWhatTheOneBeforeItDid(workers: Int) {
        var forge = BlockForge()
        var accounts: [TestAccount] = []
        for number in 0..<6 {
            // The newest account pays one that is opened now, and gets new keys in this very block.
            let opened = forge.network.account("opened \(number)")
            var transactions = [forge.open(opened), forge.issue(100, to: opened)]
            if let last = accounts.last {
                let keys = TestPolicy(TestKey("rotated \(number)", number.isMultiple(of: 2) ? .ecdsa : .bip340))
                transactions += [forge.pay(30, from: last, to: opened), forge.rotate(last, to: keys)]
                accounts[accounts.count - 1] = last.rotated(to: keys)
            }
            if accounts.count > 1 { transactions.append(forge.pay(10, from: accounts[accounts.count - 2], to: opened)) }
            accounts.append(opened)
            forge.add(transactions)
        }
        let expected = SerialChain.report(of: forge.blocks, chainspec: forge.network.chainspec)
        #expect(expected.fault == nil && expected.tip == forge.tip)
        let verifier = SignatureVerifier(workerCount: workers)
        defer { verifier.close() }
        let pipeline = PipelineReport(of: forge.blocks, chainspec: forge.network.chainspec, verifier: verifier)
        #expect(pipeline.report == expected && pipeline.commits.count == 6)
        pipeline.expectCommits(of: forge.blocks, chainspec: forge.network.chainspec)
    }

    /// Good when its block is begun, applied already when its turn comes.
    @Test(arguments: [0, 2])
    func theSameTransactionInTwoBlocks(workers: Int) {
        var forge = BlockForge()
        let (alice, bob) = (forge.network.account("alice"), forge.network.account("bob"))
        forge.add([forge.open(alice, bob), forge.issue(100, to: alice)])
        let payment = forge.pay(1, from: alice, to: bob)
        forge.add([payment])
        forge.add([forge.pay(2, from: alice, to: bob), payment])
        let verifier = SignatureVerifier(workerCount: workers)
        defer { verifier.close() }
        let pipeline = PipelineReport(of: forge.blocks, chainspec: forge.network.chainspec, verifier: verifier)
        let offence = BlockOffence.transaction(position: 1, id: payment.id, refusal: Refusal(.alreadyApplied))
        #expect(pipeline.report.fault == ChainFault(height: 3, offence: offence))
        #expect(pipeline.report == SerialChain.report(of: forge.blocks, chainspec: forge.network.chainspec))
        #expect(pipeline.commits.count == 2)
    }

    /// The chain can be taken at any time: it ends with the last block that was completed, and goes on from there, with a pipeline or without.
    @Test(arguments: [0, 2])
    func theChainIsTakenAfterSomeBlocks(workers: Int) throws {
        var random = SplitMix64(test: "theChainIsTakenAfterSomeBlocks, \(workers) workers")
        var maker = RandomBlocks(faultsPerThousand: 0)
        let blocks = maker.make(6, &random)
        let chainspec = maker.forge.network.chainspec
        let expected = SerialChain.report(of: blocks, chainspec: chainspec)
        let verifier = SignatureVerifier(workerCount: workers)
        defer { verifier.close() }
        for pushed in 0...blocks.count {
            for isFinished in [false, true] {
                var pipeline = BlockPipeline(chain: Chain(genesis: chainspec, verifier: verifier))
                var completed = 0
                for block in blocks[..<pushed] { if try pipeline.push(block.bytes) != nil { completed += 1 } }
                #expect(completed == max(0, pushed - 1))
                if isFinished { if try pipeline.finish() != nil { completed += 1 } }
                #expect(!isFinished || completed == pushed)
                // Nothing is left to finish.
                if isFinished { #expect(try pipeline.finish() == nil) }
                var chain = pipeline.takeChain()
                #expect(chain.tip.height == UInt64(completed) && chain.state.height == UInt64(completed))
                #expect(chain.history.count == UInt64(completed) + 1)
                if pushed.isMultiple(of: 2) {
                    try chain.append(Array(blocks[completed...]))
                    #expect(ChainReport(fault: nil, tip: chain.tip, state: chain.state, history: chain.history) == expected)
                } else {
                    #expect(PipelineReport(of: blocks[completed...].map(\.bytes), chain: chain).report == expected)
                }
            }
        }
    }

    /// A pipeline that goes on where a store's ledger ends.
    @Test(arguments: [0, 2])
    func aRestoredChainGoesOn(workers: Int) throws {
        var random = SplitMix64(test: "aRestoredChainGoesOn, \(workers) workers")
        var maker = RandomBlocks(faultsPerThousand: 0)
        let blocks = maker.make(6, &random)
        let chainspec = maker.forge.network.chainspec
        let expected = SerialChain.report(of: blocks, chainspec: chainspec)
        let verifier = SignatureVerifier(workerCount: workers)
        defer { verifier.close() }
        for stored in 1..<blocks.count {
            let before = PipelineReport(of: Array(blocks[..<stored]), chainspec: chainspec, verifier: verifier)
            var chain = Chain(genesis: chainspec, verifier: verifier)
            try chain.append(Array(blocks[..<stored]))
            let state = LedgerState(
                chainspec: chainspec, height: chain.state.height, time: chain.state.time, accounts: chain.state.accounts,
                supply: chain.state.supply, replayWindow: chain.state.replayWindow)
            let last = try #require(before.commits.last)
            let tip = CertifiedHeader(header: last.certified.block.header, attestations: last.certified.attestations)
            let restored = RestoredLedger(state: state, tip: tip, history: last.history)
            let rest = PipelineReport(of: blocks[stored...].map(\.bytes), chain: Chain(restored: restored, verifier: verifier))
            #expect(rest.report == expected)
            #expect(rest.commits.map(\.certified) == Array(blocks[stored...]))
        }
    }
}
