import Cryptography
import Ledger
import Support
import Testing
import Verifier

/// Every class of offence, made for real with real keys: the evidence of it holds on its own, and against whom.
struct EvidenceTests {
    private static let network = TestNetwork(validators: 3, quorum: 2, eurQuotaB: 1_000)
    private static let alice = network.account("alice")
    private static let bob = network.account("bob", kind: .bankIssued)
    private static let carol = network.account("carol")
    private static let other = Bytes32(copying: SHA256.hash(Array("something else".utf8)).span)

    /// A chain of a few good blocks, whose next block the test makes.
    private static func forge() -> BlockForge {
        var forge = BlockForge(network)
        forge.add([forge.open(alice, carol), forge.open(bob)])
        forge.add([forge.issue(100, to: alice), forge.issue(50, to: bob)])
        forge.add()
        return forge
    }

    /// Each makes the transactions of block 4, the last of which is refused with this code.
    struct Refused: CustomTestStringConvertible, Sendable {
        let reason: Refusal.Reason
        let make: @Sendable (inout BlockForge) -> [SignedTransaction]
        var testDescription: String { reason.rawValue }

        init(_ reason: Refusal.Reason, _ make: @escaping @Sendable (inout BlockForge) -> [SignedTransaction]) {
            self.reason = reason
            self.make = make
        }
    }

    private static func signed(_ steps: [TransactionBuilder.Step], by accounts: TestAccount...) -> SignedTransaction {
        do {
            return try network.sign(network.builder(steps, nonce: 9_999), by: accounts)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    static let refused: [Refused] = [
        Refused(.wrongNetwork) { forge in
            let elsewhere = TestNetwork(name: "elsewhere")
            let payment = elsewhere.transfer(1, from: elsewhere.bankA, to: elsewhere.bankB, nonce: 1)
            return [forge.pay(1, from: alice, to: bob), payment]
        },
        Refused(.expired) { forge in
            let late = network.transfer(1, from: alice, to: bob, nonce: 88, expiry: TestNetwork.genesisTime + 4_000)
            return [forge.pay(1, from: alice, to: bob), late]
        },
        Refused(.expiryTooFar) { _ in
            [network.transfer(1, from: alice, to: bob, nonce: 88, expiry: TestNetwork.genesisTime + 90_000_000)]
        },
        Refused(.alreadyApplied) { forge in
            let payment = forge.pay(1, from: alice, to: bob)
            return [payment, payment]
        },
        Refused(.wrongInstitution) { forge in
            let step = TransactionBuilder.Step.issue(bank: network.walletOperator.id, to: alice.id, asset: TestNetwork.eur, amount: 1)
            return [forge.pay(1, from: alice, to: bob), signed([step], by: network.walletOperator)]
        },
        Refused(.unneededSignature) { forge in
            [forge.run([.transfer([.init(from: alice.id, to: bob.id, asset: TestNetwork.eur, amount: 1)])], by: alice, carol)]
        },
        Refused(.missingSignature) { forge in
            let leg = TransactionBuilder.Leg(from: alice.id, to: bob.id, asset: TestNetwork.eur, amount: 1)
            return [forge.run([.transfer([leg]), .setStatus(account: carol.id, status: .frozen)], by: alice)]
        },
        Refused(.invalidSignature) { forge in
            // Two that matter before it, and one that does not.
            let first = forge.pay(1, from: alice, to: network.bankB)
            let bad = spoilingSignature(of: forge.pay(3, from: alice, to: carol))
            return [first, forge.issue(7, to: bob), forge.pay(2, from: alice, to: carol), bad]
        },
        Refused(.accountExists) { forge in [forge.pay(1, from: alice, to: bob), forge.open(alice)] },
        Refused(.debitsFrozen) { forge in [forge.set(.debitsFrozen, of: alice), forge.pay(1, from: alice, to: carol)] },
        Refused(.creditsFrozen) { forge in [forge.set(.creditsFrozen, of: carol), forge.pay(1, from: alice, to: carol)] },
        Refused(.accountClosed) { forge in [forge.set(.closed, of: carol), forge.pay(1, from: alice, to: carol)] },
        Refused(.insufficientFunds) { forge in
            [forge.pay(60, from: alice, to: carol), forge.pay(1, from: bob, to: network.bankB), forge.pay(41, from: alice, to: carol)]
        },
        Refused(.quotaExceeded) { forge in [network.issue(1_001, to: alice, bank: network.bankB, nonce: 77)] },
        Refused(.exceedsOutstanding) { forge in [network.redeem(1, from: alice, bank: network.bankB, nonce: 77)] },
        Refused(.policyUnchanged) { forge in [forge.rotate(alice, to: TestPolicy(TestKey("alice")))] },
        Refused(.statusUnchanged) { forge in [forge.set(.frozen, of: bob), forge.set(.frozen, of: bob)] },
        Refused(.accountNotEmpty) { forge in [forge.set(.closed, of: alice)] },
    ]

    @Test(arguments: refused)
    func aRefusedTransactionIsProved(offence: Refused) throws {
        let fixture = try EvidenceFixture(Self.network)
        var forge = Self.forge()
        let transactions = offence.make(&forge)
        forge.add(transactions)
        let evidence = try #require(try fixture.evidence(forge.blocks))
        #expect(evidence.kind == .transaction && evidence.height == 4 && evidence.code == offence.reason.rawValue)
        #expect(evidence.position == UInt32(transactions.count - 1) && evidence.id == transactions.last?.id)
        let finding = try fixture.check(evidence)
        #expect(finding.against == .validators && finding.signers == ["validator-0", "validator-1"])
        #expect(finding.statement.contains(offence.reason.rawValue) || finding.statement.contains(offence.reason.explanation))
        #expect(evidence.json().bytes(.pretty).count < 20_000, "it is small")

        // Without any one of its parts it proves nothing.
        for position in evidence.accounts.indices {
            var less = evidence
            less.accounts.remove(at: position)
            let error = fixture.error(less)
            // What opens an account anew would only succeed without it: then there is no offence.
            #expect(error != nil, "account \(evidence.accounts[position].account.index)")
        }
        let parts: [(inout Evidence) -> Void] = [
            { $0.parent = nil }, { $0.block = nil }, { $0.position = nil }, { $0.id = nil }, { $0.transactions.removeLast() },
            { $0.transactions = $0.transactions.reversed() + $0.transactions }, { $0.path.append(Self.other) }, { $0.code = "unknownKey" },
            { $0.height += 1 }, { $0.rules = 2 },
            { $0.parent = CertifiedHeader(header: $0.parent?.header ?? Self.network.chainspec.genesisHeader, attestations: []) },
            { $0.block = $0.parent },
        ]
        for (number, change) in parts.enumerated() {
            var changed = evidence
            change(&changed)
            #expect(fixture.error(changed) != nil, "change \(number)")
        }
    }

    /// An id from an earlier block needs that block's receipt.
    @Test func anEarlierTransactionIsProvedByItsReceipt() throws {
        let fixture = try EvidenceFixture(Self.network)
        var forge = Self.forge()
        let payment = forge.pay(1, from: Self.alice, to: Self.bob)
        forge.add([forge.issue(1, to: Self.bob), payment])
        forge.add()
        forge.add([payment])
        var evidence = try #require(try fixture.evidence(forge.blocks))
        #expect(evidence.earlier?.header.height == 4 && evidence.code == "alreadyApplied")
        #expect(try fixture.check(evidence).against == .validators)
        let earlier = try #require(evidence.earlier)
        evidence.earlier = nil
        #expect(fixture.error(evidence)?.code == "evidenceNoOffence")
        evidence.earlier = Receipt(
            transaction: earlier.transaction, index: 0, path: earlier.path, header: earlier.header, attestations: earlier.attestations)
        #expect(fixture.error(evidence)?.code == "wrongTransactionPath")
    }

    /// Nobody can be framed: what was left out of the block's beginning is missed.
    @Test func aHonestBlockCannotBeAccused() throws {
        let fixture = try EvidenceFixture(Self.network)
        var forge = Self.forge()
        let money = forge.pay(50, from: Self.bob, to: Self.alice)
        forge.add([money, forge.pay(120, from: Self.alice, to: Self.carol), forge.pay(31, from: Self.alice, to: Self.carol)])
        let evidence = try #require(try fixture.evidence(forge.blocks))
        #expect(try fixture.check(evidence).statement.contains("transaction 2"))
        // Without the payment that made it possible, the second one would look wrong.
        var framing = evidence
        let transactions = forge.blocks[3].block.transactions
        framing.transactions = [transactions[1]]
        (framing.position, framing.id) = (1, transactions[1].id)
        framing.path = MerkleTree(leaves: transactions.map(\.transactionLeaf)).inclusionPath(of: 1)
        #expect(fixture.error(framing)?.code == "evidenceIncomplete")
        framing.transactions = [transactions[2], transactions[1]]
        #expect(fixture.error(framing)?.code == "evidenceWrongPath")
        framing.transactions = Array(transactions[...1])
        #expect(fixture.error(framing)?.code == "evidenceNoOffence")
    }

    @Test func anUnknownAccountIsOnlyPointedAt() throws {
        let fixture = try EvidenceFixture(Self.network)
        var forge = Self.forge()
        forge.add([forge.pay(1, from: Self.alice, to: Self.network.account("nobody"))])
        let evidence = try #require(try fixture.evidence(forge.blocks))
        #expect(evidence.kind == .pointer && evidence.code == "unknownAccount" && evidence.origin?.file == ExportFiles.firstSegment)
        let error = try #require(fixture.error(evidence))
        #expect(error.kind == .unreadable && error.code == "evidenceNotSelfContained")
    }

    // MARK: Roots

    @Test(arguments: ["stateRoot", "supplyRoot", "accountCount"], [0, 1, 2])
    func aWrongRootIsProved(name: String, openings: Int) throws {
        let fixture = try EvidenceFixture(Self.network)
        var forge = Self.forge()
        var transactions = [forge.pay(10, from: Self.alice, to: Self.bob), forge.rotate(Self.carol, to: TestPolicy(TestKey("new")))]
        for number in 0..<openings { transactions.append(forge.open(Self.network.account("new-\(number)"))) }
        forge.add(transactions) { header in
            switch name {
            case "stateRoot": header.stateRoot = Self.other
            case "supplyRoot": header.supplyRoot = Self.other
            default: header.accountCount += 1
            }
        }
        var evidence = try #require(try fixture.evidence(forge.blocks))
        #expect(evidence.kind == .root && evidence.code == name)
        let finding = try fixture.check(evidence)
        #expect(finding.against == .validators)
        if name != "accountCount" { #expect(finding.statement.contains("\(Self.other)")) }
        // The root found by execution is that of the honest block.
        if name == "stateRoot" {
            var honestForge = Self.forge()
            let header = honestForge.add(transactions).block.header
            #expect(finding.statement.contains("\(header.stateRoot)"))
        }
        for other in ["stateRoot", "supplyRoot", "accountCount"] where other != name {
            evidence.code = other
            #expect(fixture.error(evidence)?.code == "evidenceNoOffence")
        }
    }

    @Test func aWrongTransactionRootNamesWhatWasChanged() throws {
        let fixture = try EvidenceFixture(Self.network)
        var forge = Self.forge()
        let payments = [forge.pay(10, from: Self.alice, to: Self.bob), forge.pay(11, from: Self.alice, to: Self.bob)]
        let good = forge.add(payments)
        // The archive has another amount in the second payment, as signed for the first.
        let changed = try SignedTransaction(
            Self.network.builder([.transfer([.init(from: Self.alice.id, to: Self.bob.id, asset: 0, amount: 12)])], nonce: 5).build(),
            signatures: payments[1].signatures)
        let block = CertifiedBlock(
            block: Block(header: good.block.header, transactions: [payments[0], changed]), attestations: good.attestations)
        let evidence = try #require(try fixture.evidence(forge.blocks.dropLast() + [block]))
        #expect(evidence.kind == .root && evidence.code == "transactionRoot")
        #expect(evidence.suspect == Evidence.Suspect(position: 1, id: changed.id, code: "invalidSignature"))
        let finding = try fixture.check(evidence)
        #expect(finding.against == .archive && finding.signers.count == 2)
        #expect(finding.suspect?.contains("transaction 1 (\(changed.id))") == true)
        var wrong = evidence
        wrong.suspect = Evidence.Suspect(position: 0, id: payments[0].id, code: "invalidSignature")
        #expect(fixture.error(wrong)?.code == "evidenceNoOffence")
        wrong = evidence
        wrong.transactions = payments
        #expect(fixture.error(wrong)?.code == "evidenceNoOffence")
    }

    // MARK: Headers, finality, bytes

    static let headers: [(code: String, change: @Sendable (inout BlockHeader) -> Void, against: EvidenceFinding.Against)] = [
        ("header.network", { $0.network = NetworkID(other) }, .validators),
        ("header.height", { $0.height = 9 }, .validators),
        ("header.parent", { $0.parent = BlockHash(other) }, .validators),
        ("header.rules", { $0.rules = 2 }, .validators),
        ("header.time", { $0.time = TestNetwork.genesisTime }, .validators),
        ("header.proposer", { $0.proposer = 3 }, .validators),
        ("historyRoot", { $0.historyRoot = other }, .validators),
    ]

    @Test(arguments: headers.indices)
    func aWrongHeaderIsProved(number: Int) throws {
        let fixture = try EvidenceFixture(Self.network)
        let (code, change, against) = Self.headers[number]
        var forge = Self.forge()
        forge.add(change: change)
        let evidence = try #require(try fixture.evidence(forge.blocks))
        #expect(evidence.kind == .header && evidence.code == code)
        #expect(try fixture.check(evidence).against == against)
        for (other, _, _) in Self.headers where other != code {
            var wrong = evidence
            wrong.code = other
            // A header of another height is not after its place either, and so on; it is never more than what is seen.
            if let finding = fixture.error(wrong) { #expect(finding.kind == .doesNotHold) }
        }
        // Attested by nobody, it accuses nobody.
        var unsigned = evidence
        unsigned.block = evidence.block.map { CertifiedHeader(header: $0.header, attestations: []) }
        #expect(try fixture.check(unsigned).against == .archive)
        var good = evidence
        good.block = CertifiedHeader(header: Self.goodHeader(), attestations: [])
        #expect(fixture.error(good)?.code == "evidenceNoOffence")
    }

    private static func goodHeader() -> BlockHeader {
        var forge = forge()
        return forge.add().block.header
    }

    /// A block left out of the archive: the header after it is sound, and accuses nobody.
    @Test func aBlockLeftOutAccusesNobody() throws {
        let fixture = try EvidenceFixture(Self.network)
        var forge = Self.forge()
        forge.add([forge.pay(1, from: Self.alice, to: Self.bob)])
        forge.add()
        var blocks = forge.blocks
        blocks.remove(at: 3)
        let evidence = try #require(try fixture.evidence(blocks))
        #expect(evidence.code == "header.height")
        let finding = try fixture.check(evidence)
        #expect(finding.against == .archive && finding.signers.count == 2)
    }

    @Test func missingFinalityIsProvedOfTheArchive() throws {
        let fixture = try EvidenceFixture(Self.network)
        var forge = Self.forge()
        forge.add(attest: { Self.network.attestations(of: $0, by: [1]) })
        var evidence = try #require(try fixture.evidence(forge.blocks))
        #expect(evidence.kind == .finality && evidence.code == "notFinal")
        let finding = try fixture.check(evidence)
        #expect(finding.against == .archive && finding.signers == ["validator-1"])
        evidence.block = evidence.parent
        #expect(fixture.error(evidence)?.code == "evidenceNoOffence")
    }

    @Test func bytesThatAreNoBlockAreShown() throws {
        let fixture = try EvidenceFixture(Self.network)
        var forge = Self.forge()
        let block = forge.add([forge.pay(1, from: Self.alice, to: Self.bob), forge.pay(2, from: Self.alice, to: Self.bob)])
        var bytes = block.bytes
        // The version of the second transaction.
        let position = BlockHeader.byteCount + 4 + block.block.transactions[0].bytes.count + 4
        bytes[position] = 7
        let frames = forge.blocks.dropLast().map { ExportFormat.frame($0.bytes) } + [ExportFormat.frame(bytes)]
        let checkpoint = checkpoint(after: forge.blocks, Self.network)
        var evidence = try #require(try fixture.evidence(ExportFiles(frames: frames, checkpoint: checkpoint, Self.network)))
        #expect(evidence.kind == .undecodable && evidence.code == "unknownVersion")
        #expect(try fixture.check(evidence).statement.contains("in transaction 1"))
        evidence.bytes = block.bytes
        #expect(fixture.error(evidence)?.code == "evidenceNoOffence")
    }

    /// A damaged frame, explained down to the transaction.
    @Test func aDamagedFrameNamesTheTransaction() throws {
        let fixture = try EvidenceFixture(Self.network)
        var forge = Self.forge()
        let block = forge.add([forge.pay(1, from: Self.alice, to: Self.bob), forge.pay(2, from: Self.alice, to: Self.bob)])
        forge.add()
        var files = ExportFiles(forge.blocks, Self.network)
        let before = forge.blocks[..<3].reduce(ExportFormat.headerByteCount) { $0 + ExportFormat.frameByteCount($1.bytes.count) }
        let first = block.block.transactions[0].bytes.count
        // The last byte of the second transaction's signature.
        let second = before + 4 + BlockHeader.byteCount + 4 + first + 4 + block.block.transactions[1].bytes.count - 1
        files.files[ExportFiles.firstSegment]?[second] ^= 1
        let evidence = try #require(try fixture.evidence(files))
        #expect(evidence.kind == .frame && evidence.origin == Evidence.Origin(file: ExportFiles.firstSegment, offset: UInt64(before)))
        let finding = try fixture.check(evidence)
        #expect(finding.against == .archive && finding.signers.count == 2)
        #expect(finding.suspect?.contains("transaction 1 (\(block.block.transactions[1].id))") == true)
        var good = evidence
        good.bytes = ExportFormat.frame(block.bytes)
        #expect(fixture.error(good)?.code == "evidenceNoOffence")
    }

    @Test func aCheckpointOfAnotherHistoryIsProved() throws {
        let fixture = try EvidenceFixture(Self.network)
        let forge = Self.forge()
        var other = Self.forge()
        other.add([], change: { $0.time += 1 })
        var mine = Self.forge()
        mine.add()
        var files = ExportFiles(mine.blocks, Self.network)
        files[ExportFormat.checkpointFileName] = Array(checkpoint(after: other.blocks, Self.network).text.utf8)
        var evidence = try #require(try fixture.evidence(files))
        #expect(evidence.kind == .checkpoint && evidence.code == "checkpointMismatch")
        #expect(try fixture.check(evidence).against == .validators)
        evidence.checkpoint = checkpoint(after: mine.blocks, Self.network)
        #expect(fixture.error(evidence)?.code == "evidenceNoOffence")
        // One of fewer blocks is of this history: nothing is proved.
        files[ExportFormat.checkpointFileName] = Array(checkpoint(after: forge.blocks, Self.network).text.utf8)
        #expect(try fixture.evidence(files)?.kind == .pointer)
        // A signature that is not one accuses nobody.
        files[ExportFormat.checkpointFileName] = Array(checkpoint(after: mine.blocks, Self.network, validators: [1]).text.utf8)
        let unsigned = try #require(try fixture.evidence(files))
        #expect(unsigned.code == "tooFewCheckpointSignatures")
        #expect(try fixture.check(unsigned).against == .archive)
    }
}
