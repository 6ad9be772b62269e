import Cryptography
import Foundation
import Ledger
import Support
import Testing

@testable import Custody

/// What the log explains of the ledger, and what another policy would have decided.
struct LogComparisonTests {
    private typealias Fixture = CustodyFixture

    private func replay(_ fixture: CustodyFixture, each: (LogRecord, inout CustodyState) -> Void = { _, _ in }) throws -> SigningLogReplay {
        let bytes = Array(try Data(contentsOf: URL(filePath: fixture.paths.log)))
        var position = 0
        return try SigningLogReplay(
            Fixture.network.chainspec,
            reading: { count throws(LogFault) in
                let piece = Array(bytes[position..<min(bytes.count, position + count)])
                position += piece.count
                return piece
            }, each: each)
    }

    private func block(_ transactions: [SignedTransaction], attestations: [Attestation] = []) -> CertifiedBlock {
        var header = Fixture.network.chainspec.genesisHeader
        header.height = 7
        header.transactionCount = UInt32(transactions.count)
        return CertifiedBlock(block: Block(header: header, transactions: transactions), attestations: attestations)
    }

    @Test("a signature on the ledger by a key of the vault that is not in the log is found") func unexplained() throws {
        let fixture = try CustodyFixture()
        let transaction = try Fixture.transfer(1_00)
        guard case .signed(_, let signatures) = try fixture.ask(fixture.request(.transactions([transaction]))) else { return }
        let signed = try SignedTransaction(transaction, signatures: signatures[0])
        let replay = try replay(fixture)
        #expect(replay.figures.signatures == 1)
        let fine = replay.compare(block([signed]))
        #expect(fine.count == 1 && fine.unexplained.isEmpty)
        // Somebody has the key: another payment, and the same with another signature.
        let stolen = try Fixture.transfer(2_00, nonce: 9)
        for content in [stolen, transaction] {
            let signature = TransactionSignature(
                account: 0, key: 0, scheme: .bip340, signature: TestKey("bank-a").sign(content.signingHash))
            let position = try #require(content.accounts.firstIndex(of: Fixture.network.bankA.id))
            let forged = try SignedTransaction(
                content,
                signatures: [
                    TransactionSignature(
                        account: AccountPosition(position), key: 0, scheme: signature.scheme, signature: signature.signature)
                ])
            let found = replay.compare(block([forged]))
            #expect(found.unexplained == [.transaction(content.id, account: Fixture.network.bankA.id, height: 7)])
        }
        // What others sign is none of the log's business.
        let other = try Fixture.build(
            [.transfer([.init(from: Fixture.network.walletOperator.id, to: Fixture.network.bankA.id, asset: 0, amount: 1)])],
            expiry: Fixture.start + 1, nonce: 1)
        let position = try #require(other.accounts.firstIndex(of: Fixture.network.walletOperator.id))
        let foreign = try SignedTransaction(
            other,
            signatures: [
                TransactionSignature(
                    account: AccountPosition(position), key: 0, scheme: .bip340, signature: TestKey("operator").sign(other.signingHash))
            ])
        #expect(replay.compare(block([foreign])).unexplained.isEmpty)
    }

    @Test("an attestation by a key of the vault that is not in the log is found; one header a height is signed") func headers() throws {
        let fixture = try CustodyFixture()
        var header = Fixture.network.chainspec.genesisHeader
        header.height = 1
        header.parent = Fixture.network.chainspec.genesisHeader.hash
        let attestations = try fixture.custodian.attest(header)
        #expect(attestations.map(\.validator) == [0])
        #expect(TestNetwork.blockKey(0).publicKey.verifies(attestations[0].signature, header.attestationMessage))
        // The same again is signed again; another is not, also after a restart.
        #expect(try fixture.custodian.attest(header).count == 1)
        var other = header
        other.time += 1
        #expect(throws: CustodyRefusal.otherHeader(height: 1, signed: header.hash)) { try fixture.custodian.attest(other) }
        try fixture.restart()
        #expect(throws: CustodyRefusal.otherHeader(height: 1, signed: header.hash)) { try fixture.custodian.attest(other) }
        other.height = 3
        #expect(throws: CustodyRefusal.headerGap(height: 3, signed: 1)) { try fixture.custodian.attest(other) }
        other.network = NetworkID(.zero)
        #expect(throws: CustodyRefusal.wrongNetwork) { try fixture.custodian.attest(other) }
        let replay = try replay(fixture)
        let certified = CertifiedBlock(block: Block(header: header, transactions: []), attestations: attestations)
        #expect(replay.compare(certified).unexplained.isEmpty)
        var forged = header
        forged.time += 2
        let signature = TestNetwork.blockKey(0).sign(forged.attestationMessage)
        let stolen = CertifiedBlock(
            block: Block(header: forged, transactions: []), attestations: [Attestation(validator: 0, signature: signature)])
        #expect(replay.compare(stolen).unexplained == [.header(height: 1, forged.hash, validator: 0)])
    }

    @Test("a checkpoint is signed only when it ends with the header that was attested") func checkpoints() throws {
        let fixture = try CustodyFixture()
        let genesis = Fixture.network.chainspec.genesisHeader
        var tree = HistoryTree()
        #expect(try fixture.custodian.checkpoint(endingWith: genesis, after: tree).count == 1)
        tree.append(genesis.historyLeaf)
        var header = genesis
        header.height = 1
        header.historyRoot = tree.root
        #expect(throws: CustodyRefusal.unattestedCheckpoint) { try fixture.custodian.checkpoint(endingWith: header, after: tree) }
        _ = try fixture.custodian.attest(header)
        let signatures = try fixture.custodian.checkpoint(endingWith: header, after: tree)
        var whole = tree
        whole.append(header.historyLeaf)
        let text = Checkpoint(network: Fixture.network.network, size: 2, root: whole.root).signedText
        #expect(testCheckpointKey("validator-0-checkpoint").publicKey.verify(signatures[0].1, message: Array(text.utf8)))
        #expect(throws: CustodyRefusal.unattestedCheckpoint) { try fixture.custodian.checkpoint(endingWith: header, after: HistoryTree()) }
        _ = try replay(fixture)
    }

    @Test("a copy that is older than the chain is raised only to what a quorum certified") func raising() throws {
        let fixture = try CustodyFixture()
        var header = Fixture.network.chainspec.genesisHeader
        header.height = 41
        let attestation = Attestation(validator: 0, signature: TestNetwork.blockKey(0).sign(header.attestationMessage))
        #expect(throws: CustodyRefusal.uncertifiedTip) { try fixture.custodian.raise(to: header, attestations: [], user: 0) }
        let forged = Attestation(validator: 0, signature: .zero)
        #expect(throws: CustodyRefusal.uncertifiedTip) { try fixture.custodian.raise(to: header, attestations: [forged], user: 0) }
        try fixture.custodian.raise(to: header, attestations: [attestation], user: 0)
        #expect(throws: CustodyRefusal.headerBelow(height: 40, signed: 41)) {
            var below = header
            below.height = 40
            _ = try fixture.custodian.attest(below)
        }
        header.height = 42
        #expect(try fixture.custodian.attest(header).count == 1)
        _ = try replay(fixture)
    }

    @Test("what another policy would have decided otherwise, and nothing else, is listed") func otherPolicy() throws {
        let fixture = try CustodyFixture()
        for (nonce, amount) in [(1, 10_00), (2, 60_00), (3, 90_00)] as [(UInt64, UInt64)] {
            _ = try fixture.ask(fixture.request(.transactions([try Fixture.transfer(amount, nonce: nonce)]), nonce: nonce))
        }
        let issue = try fixture.request(.transactions([try Fixture.issue(5_00)]), by: "ann", nonce: 9)
        _ = try fixture.ask(issue, as: "ann")
        _ = try fixture.approve(issue.id, by: "ben")
        func differences(_ rules: [String]) throws -> (count: UInt64, [PolicyComparison.Difference]) {
            var comparison = PolicyComparison(try PolicyFixture.policy(rules))
            _ = try replay(fixture) { record, state in comparison.add(record, &state) }
            return (comparison.decisionCount, comparison.differences)
        }
        let same = try differences(Fixture.rules)
        #expect(same.count == 5 && same.1.isEmpty)
        let lower = try differences([Fixture.rules[0].replacing("100.00", with: "50.00"), Fixture.rules[1], Fixture.rules[2]])
        #expect(lower.1.map { $0.facts.first?.money?.amount } == [60_00, 90_00])
        // Sums count what was really signed: 10, then 70, then 160.
        let sum = "{name: day, operation: [transfer], asset: EUR, sum: {at-most: 100.00, window: 24h, per: source}, then: allow}"
        let summed = try differences([sum, Fixture.rules[1], Fixture.rules[2]])
        #expect(summed.1.map { $0.facts.first?.money?.amount } == [90_00])
        let milder = try differences([Fixture.rules[0], Fixture.rules[1].replacing("count: 2", with: "count: 1"), Fixture.rules[2]])
        #expect(milder.1.map(\.request) == [issue.id, issue.id])
    }
}
