@testable import Client
import Cryptography
import Ledger
import Support
import Testing

/// That what the factory writes is accepted by the real rules, and how it travels between those who sign.
@Suite("Preparing transactions")
struct WalletTests {
    let network = TestNetwork()
    var chainspec: Chainspec { network.chainspec }
    /// An hour minus a minute after the genesis, so that the default expiry is within a day of every test block.
    var factory: TransactionFactory { TransactionFactory(chainspec: chainspec) { TestNetwork.genesisTime } }

    private func sign(_ transaction: inout PreparedTransaction, _ account: TestAccount) throws {
        for key in account.keys.keys { try transaction.sign(with: key.secretKey(), for: account.id, policy: account.keys.policy) }
    }

    @Test("Every kind of transaction applies once those have signed who must")
    func applies() throws {
        var ledger = TestLedger(network)
        let alice = try ledger.open("alice")
        let bob = try ledger.open("bob")
        var prepared: [(PreparedTransaction, [TestAccount])] = []
        prepared.append((try factory.issue(amount: 100_00, asset: 0, bank: network.bankA.id, to: alice.id), [network.bankA]))
        prepared.append((try factory.transfer(amount: 40_00, asset: 0, from: alice.id, to: bob.id, reference: "Invoice 7"), [alice]))
        prepared.append((try factory.redeem(amount: 10_00, asset: 0, from: bob.id, bank: network.bankA.id), [bob, network.bankA]))
        let newKeys = TestPolicy(threshold: 2, [(TestKey("new-1"), 1), (TestKey("new-2", .ecdsa), 1)])
        let possession = newKeys.possession(network: network.network, account: bob.id)
        prepared.append((try factory.rotateKeys(of: bob.id, to: newKeys.policy, possession: possession), [bob]))
        prepared.append(
            (try factory.setStatus(of: bob.id, to: .frozen, institution: network.walletOperator.id), [network.walletOperator]))
        for (transaction, signers) in prepared {
            var transaction = transaction
            #expect(transaction.signers == signers.map(\.id).sorted())
            for signer in signers {
                #expect(transaction.missing.map(\.account).contains(signer.id))
                try sign(&transaction, signer)
            }
            #expect(transaction.missing.isEmpty)
            try ledger.apply(try transaction.submission().transaction)
        }
        ledger.seal()
        #expect(ledger.balance(alice) == 60_00)
        #expect(ledger.balance(bob) == 30_00)
    }

    @Test("Nonces and salts differ each time, the expiry is an hour ahead unless given, the reference is committed to")
    func content() throws {
        func payment(_ expiry: TimeMilliseconds? = nil) throws -> PreparedTransaction {
            try factory.transfer(amount: 1, asset: 0, from: network.bankA.id, to: network.bankB.id, reference: "x", expiry: expiry)
        }
        let payments = try (0..<20).map { _ in try payment() }
        #expect(Set(payments.map(\.draft.content.nonce)).count == 20)
        #expect(Set(payments.map(\.memo?.salt)).count == 20)
        #expect(payments.allSatisfy { $0.draft.content.expiry == TestNetwork.genesisTime + 3_600_000 })
        #expect(payments.allSatisfy { $0.memo?.commitment == $0.draft.content.memoCommitment && $0.memo?.text == "x" })
        #expect(try payment(99).draft.content.expiry == 99)
        let clock = TransactionFactory(chainspec: chainspec)
        let before = WallClock.now()
        let expiry = try clock.transfer(amount: 1, asset: 0, from: network.bankA.id, to: network.bankB.id).draft.content.expiry
        #expect((before + 3_600_000...WallClock.now() + 3_600_000).contains(expiry))
    }

    @Test("What cannot be written is refused with its reason")
    func refusals() async {
        func transfer(_ amount: UInt64, _ reference: String? = nil, to: TestAccount? = nil) async -> PreparationError? {
            await failure { () throws(PreparationError) in
                try factory.transfer(
                    amount: amount, asset: 0, from: network.bankA.id, to: (to ?? network.bankB).id, reference: reference)
            }
        }
        #expect(await transfer(0) == .encoding(.zeroAmount))
        #expect(await transfer(1, to: network.bankA) == .encoding(.selfTransfer))
        #expect(await transfer(1, "") == .referenceLength(byteCount: 0))
        #expect(await transfer(1, String(repeating: "ä", count: 513)) == .referenceLength(byteCount: 1_026))
        #expect(await transfer(1, String(repeating: "ä", count: 512)) == nil)
        #expect(await failure { () throws(PreparationError) in try factory.open([]) } == .encoding(.countOutOfRange))
    }

    @Test("A draft travels as a file between several signers and says what is missing")
    func drafts() throws {
        let shared = TestPolicy(threshold: 3, [(TestKey("s-1"), 2), (TestKey("s-2"), 1), (TestKey("s-3"), 1)])
        var ledger = TestLedger(network)
        let account = try ledger.open("shared", keys: shared)
        try ledger.issue(5_00, to: account)
        var draft = try factory.transfer(amount: 5_00, asset: 0, from: account.id, to: network.bankB.id, reference: "Miete")
        #expect(draft.missing == [MissingSignatures(account: account.id, weight: 0, threshold: nil)])
        draft.setPolicy(shared.policy, of: account.id)
        #expect(draft.missing == [MissingSignatures(account: account.id, weight: 0, threshold: 3)])
        for (name, missing) in [("s-2", 1), ("s-2", 1), ("s-1", nil)] as [(String, UInt16?)] {
            var received = try PreparedTransaction(json: draft.json(chainspec: chainspec).bytes(.pretty), chainspec: chainspec)
            #expect(received == draft)
            #expect(try received.sign(with: TestKey(name).secretKey()) == [account.id])
            #expect(received.missing.first?.weight == missing)
            draft = received
        }
        #expect(try draft.sign(with: TestKey("stranger").secretKey()) == [])
        let submission = try draft.submission()
        #expect(submission.memo?.text == "Miete")
        #expect(submission.transaction.signatures.count == 2)
        try ledger.apply(submission.transaction)
    }

    @Test("Signatures that repeat a key count once, however many there are")
    func repeatedSignatures() throws {
        let keys = TestPolicy(threshold: 256, [(TestKey("heavy"), 255), (TestKey("light"), 1)])
        let content = try factory.transfer(amount: 1, asset: 0, from: network.bankA.id, to: network.bankB.id).draft.content
        let position = try #require(keys.keys.firstIndex(of: TestKey("heavy")))
        let signature = try content.signature(by: TestKey("heavy").secretKey(), account: network.bankA.id, policy: keys.policy)
        #expect(Int(signature.key) == position)
        let draft = PreparedTransaction(
            draft: TransactionDraft(content: content, signatures: Array(repeating: signature, count: 1_000)), memo: nil,
            furtherSigners: [], policies: [network.bankA.id: keys.policy])
        #expect(draft.missing == [MissingSignatures(account: network.bankA.id, weight: 255, threshold: 256)])
    }

    @Test("A further signer who has not signed yet survives the file")
    func furtherSigner() throws {
        let draft = try factory.setStatus(of: network.bankA.id, to: .frozen, institution: network.bankB.id)
        let received = try PreparedTransaction(json: draft.json(chainspec: chainspec).bytes(), chainspec: chainspec)
        #expect(received.signers == [network.bankB.id])
        #expect(received == draft)
    }

    @Test("Transactions in the forms of the HTTP interface are read as drafts too")
    func otherForms() throws {
        let memo = try #require(Memo(salt: .random(), text: "x"))
        let signed = network.transfer(1, from: network.bankA, to: network.bankB, nonce: 1, memo: memo)
        let bare = TransactionDraft(signed).json(chainspec: chainspec)
        let encoded: JSON = ["bytes": .string(Hexadecimal.encode(signed.bytes))]
        for (document, hasMemo) in [
            (bare, false), (encoded, false), (["transaction": bare, "memo": memo.json], true),
            (["transaction": encoded, "memo": memo.json], true),
        ] as [(JSON, Bool)] {
            let read = try PreparedTransaction(json: document.bytes(), chainspec: chainspec)
            #expect(try read.submission().transaction == signed)
            #expect((read.memo == memo) == hasMemo)
        }
        let other = try #require(Memo(salt: .random(), text: "x"))
        #expect(throws: SubmissionError.memoMismatch) {
            try PreparedTransaction(json: (["transaction": bare, "memo": other.json] as JSON).bytes(), chainspec: chainspec)
        }
    }

    @Test(
        "A draft file that is not of its form is refused",
        arguments: [
            ("\"format\": \"coffer-draft/v1\"", "\"format\": \"coffer-draft/v2\""), ("\"policies\": []", "\"policies\": {}"),
            ("\"policies\": []", "\"policy\": []"), ("\"format\"", "\"transaction\""), ("\"format\": \"coffer-draft/v1\",", ""),
            ("\"amount\": \"0.01\"", "\"amount\": \"0.001\""), ("\"text\": \"x\"", "\"text\": \"y\""), ("\"nonce\"", "\"once\""),
        ])
    func wrongDraft(part: String, replacement: String) throws {
        let draft = try factory.transfer(amount: 1, asset: 0, from: network.bankA.id, to: network.bankB.id, reference: "x")
        let text = draft.json(chainspec: chainspec).text(.pretty)
        #expect(text.contains(part))
        #expect(throws: SubmissionError.self) {
            try PreparedTransaction(json: Array(text.replacing(part, with: replacement).utf8), chainspec: chainspec)
        }
    }
}

/// How an account gets from its owners to its sponsor.
@Suite("Preparing openings")
struct OpeningTests {
    let network = TestNetwork()
    var chainspec: Chainspec { network.chainspec }
    let policy = TestPolicy(threshold: 2, [(TestKey("one"), 1), (TestKey("two", .ecdsa), 1)])

    private var opening: PreparedOpening {
        PreparedOpening(
            network: network.network, sponsor: network.walletOperator.id, kind: .walletHeld, tier: 2, policy: policy.policy)
    }

    @Test("Owners add their proofs in turn, and the sponsor opens the account")
    func flow() throws {
        var opening = opening
        #expect(opening.unprovedKeys == policy.policy.keys.map(\.key))
        for key in policy.keys {
            #expect(throws: OpeningError.missingProof(opening.unprovedKeys[0])) { try opening.opening() }
            opening = try PreparedOpening(json: opening.json(chainspec: chainspec).bytes(.pretty), chainspec: chainspec)
            try opening.prove(with: key.secretKey())
        }
        let second = try self.proved(self.opening)
        let factory = TransactionFactory(chainspec: chainspec) { TestNetwork.genesisTime }
        var transaction = try factory.open([opening, second])
        try transaction.sign(
            with: network.walletOperator.keys.keys[0].secretKey(), for: network.walletOperator.id,
            policy: network.walletOperator.keys.policy)
        var ledger = TestLedger(network)
        try ledger.apply(try transaction.submission().transaction)
        ledger.seal()
        let account = ledger.state.account(opening.account)
        #expect(account?.policy == policy.policy)
        #expect(account?.tier == 2)
        let isSecondOpen = ledger.state.account(second.account) != nil
        #expect(isSecondOpen)
        #expect(opening.account != second.account)
    }

    private func proved(_ opening: PreparedOpening) throws -> PreparedOpening {
        var opening = opening
        for key in policy.keys { try opening.prove(with: key.secretKey()) }
        return opening
    }

    @Test("A proof by a stranger, for another account, or of another sponsor is refused")
    func wrongProofs() throws {
        var one = try proved(opening)
        #expect(throws: SigningError.keyNotInPolicy(TestKey("x").publicKey)) { try one.prove(with: TestKey("x").secretKey()) }
        let other = try proved(opening)
        let mixed = PreparedOpening(
            network: one.network, sponsor: one.sponsor, kind: one.kind, tier: one.tier, salt: one.salt, policy: one.policy,
            possession: other.possession)
        #expect(throws: OpeningError.invalidProof(policy.policy.keys[0].key)) { try mixed.opening() }
        let elsewhere = PreparedOpening(
            network: one.network, sponsor: network.bankA.id, kind: one.kind, tier: one.tier, salt: one.salt, policy: one.policy,
            possession: one.possession)
        #expect(throws: OpeningError.self) { try elsewhere.opening() }
        let factory = TransactionFactory(chainspec: chainspec)
        #expect(throws: PreparationError.severalSponsors) { try factory.open([one, elsewhere]) }
        let otherFactory = TransactionFactory(chainspec: TestNetwork(name: "other").chainspec)
        #expect(throws: PreparationError.opening(.wrongNetwork(network.network))) { try otherFactory.open([one]) }
    }

    @Test(
        "A changed file is refused",
        arguments: [
            ("\"tier\": 2", "\"tier\": 3"), ("\"kind\": \"walletHeld\"", "\"kind\": \"bankIssued\""),
            ("\"kind\": \"walletHeld\"", "\"kind\": \"liability\""), ("\"threshold\": 2", "\"threshold\": 1"),
            ("\"key\": 1,", "\"key\": 0,"), ("\"key\": 1,", "\"key\": 2,"), ("\"key\": 1,", "\"key\": 256,"),
            ("coffer-opening/v1", "coffer-opening/v2"), ("\"salt\"", "\"Salt\""), ("\"possession\"", "\"proofs\""),
        ])
    func changed(part: String, replacement: String) throws {
        let text = try proved(opening).json(chainspec: chainspec).text(.pretty)
        #expect(text.contains(part))
        let changed = Array(text.replacing(part, with: replacement).utf8)
        // The tier is not in the account's id, so it is the sponsor's to see; everything else is.
        guard part != "\"tier\": 2" else {
            return #expect(try PreparedOpening(json: changed, chainspec: chainspec).tier == 3)
        }
        #expect(throws: JSONError.self) { try PreparedOpening(json: changed, chainspec: chainspec) }
    }

    @Test("An opening of another network is refused")
    func otherNetwork() throws {
        let bytes = try proved(opening).json(chainspec: chainspec).bytes()
        #expect(throws: JSONError.self) { try PreparedOpening(json: bytes, chainspec: TestNetwork(name: "other").chainspec) }
    }
}
