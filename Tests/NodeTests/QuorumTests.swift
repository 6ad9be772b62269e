import Ledger
import Node
import Store
import Support
import Testing
import Verifier

/// Which signers a node needs, and what they sign.
@Suite(.timeLimit(.minutes(10))) struct QuorumTests {
    @Test(arguments: [[], [0], [2]] as [[ValidatorIndex]])
    func withoutAQuorumNoNodeStarts(held: [ValidatorIndex]) throws {
        let error = try failure(signers: held.map { TestSigner($0) })
        #expect(error == .quorumOutOfReach(held: held.count, quorum: 2))
        #expect(error?.description.contains("holds the keys of \(held.count) validators") == true)
    }

    /// The same validator twice makes one attestation.
    @Test func aValidatorCountsOnce() throws {
        #expect(try failure(signers: [TestSigner(1), TestSigner(1)]) == .quorumOutOfReach(held: 1, quorum: 2))
    }

    /// Why a node of three validators and a quorum of two does not start; nil when it does.
    private func failure(signers: [TestSigner]) throws -> NodeError? {
        let network = TestNetwork(validators: 3, quorum: 2)
        do {
            _ = try TestNode(network, NodeConfiguration(), signers: signers)
            return nil
        } catch let error as NodeError {
            return error
        }
    }

    @Test func everyHeldValidatorAttests() async throws {
        let network = TestNetwork(validators: 3, quorum: 2)
        let alice = network.account("alice")
        for held in [[0, 1, 2], [2, 1], [0, 2], [1, 2, 1]] as [[ValidatorIndex]] {
            try await withNode(network, signers: held.map { TestSigner($0) }) { test in
                try await test.fund(alice, with: 10)
                let issue = test.issue(1, to: alice)
                let location = try await test.final(issue)
                let certified = try #require(try test.storage.certifiedBlock(at: location.height))
                let expected = Set(held).sorted()
                #expect(certified.attestations.map(\.validator) == expected)
                // The first of them proposes.
                #expect(certified.block.header.proposer == expected[0])
                try network.chainspec.checkFinality(of: certified.block.header, attestations: certified.attestations)
                try #require(try test.node.receipt(of: issue.id, includingMemo: false)).verify(against: network.chainspec)
                try test.node.latestCheckpoint().verify(against: network.chainspec)
            }
        }
    }

    /// A node goes on where another set of validators stopped.
    @Test func theChainGoesOnWithOtherValidators() async throws {
        let network = TestNetwork(validators: 3, quorum: 2)
        let folder = try DataFolder()
        let verifier = SignatureVerifier(workerCount: 1)
        let clock = TestClock(network.chainspec.genesisTime)
        for (number, held) in ([[0, 1], [1, 2], [0, 2]] as [[ValidatorIndex]]).enumerated() {
            let store = try LedgerStore.open(
                directory: folder.path, chainspec: network.chainspec, configuration: StoreConfiguration(mapSizeBytes: 64 << 20))
            let node = try Node(
                chainspec: network.chainspec, storage: TestStorage(store), signers: held.map { TestSigner($0) }, verifier: verifier,
                observer: TestObserver(), clock: { clock.now })
            let opening = network.open([network.account("account \(number)")], nonce: UInt64(number))
            let status = try await node.submitAndWait(opening)
            #expect(status == .final(TransactionLocation(height: UInt64(number) + 1, position: 0), time: clock.now))
            #expect(node.tip.proposer == held[0])
            await node.shutDown()
            store.close()
        }
        close(verifier)
    }

    private func close(_ verifier: SignatureVerifier) { verifier.close() }

    /// Storage that cannot be restored from is no storage to go on with.
    @Test func aStoreThatIsClosedStartsNoNode() throws {
        let network = TestNetwork()
        let folder = try DataFolder()
        let store = try LedgerStore.open(
            directory: folder.path, chainspec: network.chainspec, configuration: StoreConfiguration(mapSizeBytes: 64 << 20))
        store.close()
        let verifier = SignatureVerifier(workerCount: 1)
        defer { verifier.close() }
        let error = #expect(throws: NodeError.self) {
            try Node(
                chainspec: network.chainspec, storage: TestStorage(store), signers: [TestSigner(0)], verifier: verifier,
                observer: TestObserver(), clock: { 0 })
        }
        guard case .storage(let reason) = error else { throw UnexpectedStatus(description: "\(String(describing: error))") }
        #expect(reason.description.contains("closed"))
    }
}
