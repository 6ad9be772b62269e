import Client
import Cryptography
import Ledger
import Support
import Testing

/// That nothing a node says is believed where it can be checked.
@Suite("Verifying what a node gives")
struct ProofTests {
    let network = TestNetwork(validators: 2, quorum: 2)
    let block: CertifiedBlock
    let proof: BalanceProof
    let payment: SignedTransaction
    let checkpoint: SignedCheckpoint
    let alice: AccountID

    var chainspec: Chainspec { network.chainspec }

    init() throws {
        var ledger = TestLedger(network)
        let alice = try ledger.open("alice")
        payment = try ledger.issue(100_00, to: alice)
        block = ledger.seal()
        let found = ledger.state.account(alice.id)
        let account = try #require(found)
        proof = BalanceProof(
            account: account, path: ledger.state.inclusionPath(of: account.index), header: block.block.header,
            attestations: block.attestations)
        checkpoint = try Self.checkpoint(ledger.history, network.network)
        self.alice = alice.id
    }

    private static func checkpoint(_ history: HistoryTree, _ network: NetworkID, by signers: Int = 2) throws -> SignedCheckpoint {
        let checkpoint = Checkpoint(network: network, size: history.count, root: history.root)
        let signatures = try (0..<signers).map { try checkpoint.sign(with: testCheckpointKey("validator-\($0)-checkpoint")) }
        return SignedCheckpoint(checkpoint, signatures: signatures)
    }

    private func client(_ response: HTTPResponse) -> NodeClient {
        FakeNode(network: network.network) { (_, _) throws(TransportError) in response }.client(chainspec)
    }

    @Test("A receipt that holds is returned")
    func receipt() async throws {
        let receipt = Receipt(of: 1, in: block)
        #expect(try await client(.document(receipt.json())).receipt(of: payment.id) == receipt)
    }

    @Test("A receipt that does not hold, or is of another transaction, is not")
    func wrongReceipt() async {
        let good = Receipt(of: 1, in: block)
        let opening = Receipt(of: 0, in: block)
        let oneAttestation = Receipt(
            transaction: good.transaction, index: 1, path: good.path, header: good.header, attestations: [good.attestations[0]])
        let wrongIndex = Receipt(
            transaction: good.transaction, index: 0, path: good.path, header: good.header, attestations: good.attestations)
        for wrong in [opening, oneAttestation, wrongIndex] {
            let client = client(.document(wrong.json()))
            #expect(await failure { () throws(ClientError) in try await client.receipt(of: payment.id) }?.unproved == "a receipt")
        }
        let text = client(.text("{}"))
        #expect(await failure { () throws(ClientError) in try await text.receipt(of: payment.id) }?.unproved == "a receipt")
    }

    @Test("A balance proof that holds is returned; one of another account, or that does not hold, is not")
    func balance() async throws {
        #expect(try await client(.document(proof.json())).balanceProof(of: alice) == proof)
        let honest = client(.document(proof.json()))
        #expect(
            await failure { () throws(ClientError) in try await honest.balanceProof(of: network.bankA.id) }?.unproved == "a balance proof")
        let shortened = BalanceProof(
            account: proof.account, path: Array(proof.path.dropLast()), header: proof.header, attestations: proof.attestations)
        let lying = client(.document(shortened.json()))
        #expect(await failure { () throws(ClientError) in try await lying.balanceProof(of: alice) }?.unproved == "a balance proof")
    }

    private func headerDocument(_ header: BlockHeader, _ attestations: [Attestation], hash: BlockHash? = nil) -> HTTPResponse {
        .document([
            "hash": .string((hash ?? header.hash).hex), "header": header.json(chainspec: chainspec),
            "attestations": .array(attestations.map(\.json)),
        ])
    }

    @Test("A header comes with the attestations that make it final")
    func header() async throws {
        let header = block.block.header
        let certified = try await client(headerDocument(header, block.attestations)).header(at: 1)
        #expect(certified.header == header)
        #expect(certified.attestations == block.attestations)
        #expect(try await client(headerDocument(header, block.attestations)).header() == certified)
        #expect(try await client(headerDocument(chainspec.genesisHeader, [])).header(at: 0).header == chainspec.genesisHeader)

        var changed = header
        changed.stateRoot = .zero
        for wrong in [
            headerDocument(header, []), headerDocument(header, [block.attestations[0]]), headerDocument(changed, block.attestations),
        ] {
            let client = client(wrong)
            #expect(await failure { () throws(ClientError) in try await client.header(at: 1) }?.unproved == "a block")
        }
        let otherHeight = client(headerDocument(header, block.attestations))
        #expect(await failure { () throws(ClientError) in try await otherHeight.header(at: 2) }?.unproved == "a block")
        let otherHash = client(headerDocument(header, block.attestations, hash: BlockHash(.zero)))
        #expect(await failure { () throws(ClientError) in try await otherHash.header(at: 1) }?.malformedTarget != nil)
    }

    @Test("A block is final and holds the transactions of its header")
    func blocks() async throws {
        #expect(try await client(.octets(block.bytes)).block(at: 1) == block)
        let fewer = CertifiedBlock(
            block: Block(header: block.block.header, transactions: [block.block.transactions[1], block.block.transactions[0]]),
            attestations: block.attestations)
        let unattested = CertifiedBlock(block: block.block, attestations: [])
        for wrong in [fewer, unattested] {
            let client = client(.octets(wrong.bytes))
            #expect(await failure { () throws(ClientError) in try await client.block(at: 1) }?.unproved == "a block")
        }
        let cut = client(.octets(Array(block.bytes.dropLast())))
        #expect(await failure { () throws(ClientError) in try await cut.block(at: 1) }?.malformedTarget == "/v1/blocks/1")
    }

    @Test("A checkpoint is signed by a quorum")
    func checkpoints() async throws {
        let response = HTTPResponse.text(checkpoint.text, type: MediaType.text)
        #expect(try await client(response).checkpoint() == checkpoint)
        let one = SignedCheckpoint(checkpoint.checkpoint, signatures: [checkpoint.signatures[0]])
        for wrong in [one.text, checkpoint.text + "x", ""] {
            let client = client(.text(wrong, type: MediaType.text))
            #expect(await failure { () throws(ClientError) in try await client.checkpoint() }?.unproved == "a checkpoint")
        }
    }
}
