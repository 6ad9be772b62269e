import Cryptography
import Ledger
import Support
import Testing

private let network = TestNetwork()
private let chainspec = network.chainspec
private let alice = network.account("alice")
private let bob = network.account("bob")
private let shared = network.account(
    "shared", kind: .bankIssued,
    keys: TestPolicy(threshold: 2, [(TestKey("first"), 1), (TestKey("second", .ecdsa), 1), (TestKey("third"), 2)]))

private func leg(_ amount: UInt64, _ asset: AssetIndex = TestNetwork.eur) -> TransactionBuilder.Leg {
    TransactionBuilder.Leg(from: alice.id, to: bob.id, asset: asset, amount: amount)
}

/// A transaction of every operation, signed by all who have to.
private func everyOperation(memo: Memo? = nil) -> SignedTransaction {
    let steps: [TransactionBuilder.Step] = [
        network.openStep([alice, bob]), network.openStep([shared]),
        .issue(bank: network.bankA.id, to: alice.id, asset: TestNetwork.jpy, amount: .max),
        .transfer([leg(1), leg(12_34), leg(5, TestNetwork.jpy)]),
        .redeem(bank: network.bankA.id, from: bob.id, asset: TestNetwork.eur, amount: 100_00),
        network.rotateStep(alice, to: shared.keys),
        .setStatus(account: bob.id, status: .creditsFrozen), .setStatus(account: shared.id, status: .closed),
    ]
    return network.signed(
        network.builder(steps, nonce: 1, memo: memo), by: network.bankA, network.walletOperator, alice, bob, shared)
}

private func draftFailure(_ document: JSON) -> SubmissionError? {
    do throws(SubmissionError) {
        _ = try TransactionDraft(json: JSONField(document), chainspec: chainspec)
        return nil
    } catch {
        return error
    }
}

private func submissionFailure(_ document: JSON) -> SubmissionError? {
    do throws(SubmissionError) {
        _ = try Submission(json: document.bytes(), chainspec: chainspec)
        return nil
    } catch {
        return error
    }
}

@Suite("Transactions as JSON")
struct TransactionJSONTests {
    @Test("every operation survives writing and reading, down to the canonical bytes", arguments: [JSON.Layout.compact, .pretty])
    func roundTrips(layout: JSON.Layout) throws {
        let signed = everyOperation()
        let document = TransactionDraft(signed).json(chainspec: chainspec)
        let read = try Submission(json: document.bytes(layout), chainspec: chainspec)
        #expect(read.transaction == signed)
        #expect(read.memo == nil)
        #expect(TransactionDraft(read.transaction).json(chainspec: chainspec) == document)
    }

    @Test("the form is that of the specification")
    func form() throws {
        let memo = try #require(Memo(salt: Bytes16(high: 1, low: 2), text: "Invoice 7"))
        let document = TransactionDraft(everyOperation(memo: memo)).json(chainspec: chainspec)
        #expect(document["network"] == .string(network.network.hex))
        #expect(document["expiry"] == "2026-01-01T01:00:00.000Z")
        #expect(document["memoCommitment"] == .string(memo.commitment.hex))
        let aliceAddress = JSON.string(chainspec.address(of: alice.id))
        let bobAddress = JSON.string(chainspec.address(of: bob.id))
        let bankAddress = JSON.string(chainspec.address(of: network.bankA.id))
        let operations = document["operations"].elements
        #expect(
            operations.map { $0["type"].string } == [
                "openAccounts", "openAccounts", "issue", "transfer", "redeem", "rotateKeys", "setStatus", "setStatus",
            ])
        #expect(operations[0]["openings[0].kind"] == "walletHeld")
        #expect(operations[1]["openings[0].kind"] == "bankIssued")
        #expect(operations[1]["openings[0].policy"] == shared.keys.policy.json)
        #expect(operations[1]["openings[0].possession"].elements.count == 3)
        #expect(
            operations[2] == [
                "type": "issue", "bank": bankAddress, "to": aliceAddress, "asset": "JPY", "amount": "18446744073709551615",
            ])
        #expect(
            operations[3]["legs[1]"] == ["from": aliceAddress, "to": bobAddress, "asset": "EUR", "amount": "12.34"])
        #expect(operations[3]["legs[2]"]["amount"] == "5")
        #expect(
            operations[4] == ["type": "redeem", "bank": bankAddress, "from": bobAddress, "asset": "EUR", "amount": "100.00"])
        #expect(operations[6] == ["type": "setStatus", "account": bobAddress, "status": "creditsFrozen"])
        #expect(Set(document["signatures"].elements.map { $0["scheme"].string }) == ["bip340", "ecdsa"])
    }

    @Test("random transactions survive writing and reading")
    func roundTripsRandom() throws {
        var random = SplitMix64(test: "transactions as JSON")
        let people = [alice, bob, shared, network.bankA, network.bankB]
        for number in 0..<200 {
            let steps = (0...random.below(4)).map { _ -> TransactionBuilder.Step in
                let (from, to) = (random.pick(people), network.walletOperator)
                let asset: AssetIndex = random.once(in: 2) ? TestNetwork.eur : TestNetwork.jpy
                let amount = max(1, random.next() >> UInt64(random.below(64)))
                switch random.below(4) {
                case 0: return .issue(bank: network.bankA.id, to: from.id, asset: asset, amount: amount)
                case 1: return .redeem(bank: network.bankA.id, from: from.id, asset: asset, amount: amount)
                case 2: return .setStatus(account: from.id, status: random.pick(AccountStatus.allCases))
                default:
                    return .transfer([
                        TransactionBuilder.Leg(from: from.id, to: to.id, asset: asset, amount: amount)
                    ])
                }
            }
            let expiry = random.next() % (Timestamp.maximumMilliseconds + 1)
            let builder = network.builder(steps, nonce: UInt64(number), expiry: expiry)
            let signed = network.signed(builder, by: random.pick(people), network.walletOperator)
            let document = TransactionDraft(signed).json(chainspec: chainspec)
            let read = try Submission(json: document.bytes(), chainspec: chainspec)
            #expect(read.transaction == signed)
        }
    }

    @Test("a draft without signatures keeps its id and its signers, and collects signatures on its way")
    func collectsSignatures() throws {
        var builder = network.builder([.setStatus(account: alice.id, status: .frozen)], nonce: 9)
        builder.furtherSigners = [network.walletOperator.id]
        let content = try builder.build()
        let unsigned = TransactionDraft(content: content)
        let document = unsigned.json(chainspec: chainspec)
        #expect(document["signatures"] == [])
        #expect(document["signers"] == [.string(chainspec.address(of: network.walletOperator.id))])

        let read = try TransactionDraft(json: JSONField(document), chainspec: chainspec)
        #expect(read == unsigned)
        #expect(read.content.id == content.id)
        #expect(throws: DecodingError.countOutOfRange) { try read.signed() }

        let key = TestKey("operator").secretKey()
        let signature = try read.content.signature(
            by: key, account: network.walletOperator.id, policy: network.walletOperator.keys.policy)
        let complete = read.adding(signature)
        #expect(complete.adding(signature) == complete)
        let signed = try complete.signed()
        #expect(signed.id == content.id)
        let again = complete.json(chainspec: chainspec)
        #expect(again.text().contains("signers") == false)
        #expect(try Submission(json: again.bytes(), chainspec: chainspec).transaction == signed)
    }

    @Test("an unsigned draft whose signer never signs has no canonical form")
    func refusesIdleSigner() throws {
        var builder = network.builder([.transfer([leg(1)])], nonce: 9)
        builder.furtherSigners = [network.bankA.id]
        let content = try builder.build()
        let signatures = TestNetwork.signatures(of: content, by: [alice])
        let document = TransactionDraft(content: content, signatures: signatures).json(chainspec: chainspec)
        #expect(submissionFailure(document) == .encoding(.unusedAccount, field: .root))
    }

    @Test("signatures may come in any order")
    func sortsSignatures() throws {
        let signed = everyOperation()
        let document = TransactionDraft(signed).json(chainspec: chainspec)
        let reversed = document.setting("signatures", to: .array(document["signatures"].elements.reversed()))
        #expect(try Submission(json: reversed.bytes(), chainspec: chainspec).transaction == signed)
    }

    /// One change each to a transaction of every operation; the code and the field of the refusal.
    static let refusals: [(path: String, value: JSON?, code: String, field: String)] = [
        ("network", nil, "fieldMissing", "network"),
        ("network", .string(String(repeating: "0", count: 64)), "wrongNetwork", "network"),
        ("network", "0", "fieldValue", "network"),
        ("expiry", "tomorrow", "fieldValue", "expiry"),
        ("nonce", .string(String(repeating: "0", count: 30)), "fieldValue", "nonce"),
        ("memoCommitment", .string(String(repeating: "0", count: 64)), "fieldValue", "memoCommitment"),
        ("operations", [], "countOutOfRange", ""),
        ("operations", .array(Array(repeating: [:], count: 65)), "fieldValue", "operations"),
        ("comment", "hello", "fieldUnknown", "comment"),
        ("operations[0].comment", "hello", "fieldUnknown", "operations[0].comment"),
        ("operations[0].type", "mint", "fieldValue", "operations[0].type"),
        ("operations[0].sponsor", "alice", "fieldValue", "operations[0].sponsor"),
        ("operations[0].openings", [], "countOutOfRange", "operations[0].openings"),
        ("operations[0].openings[0].kind", "institution", "fieldValue", "operations[0].openings[0].kind"),
        ("operations[0].openings[0].kind", "liability", "fieldValue", "operations[0].openings[0].kind"),
        ("operations[0].openings[0].tier", 256, "fieldValue", "operations[0].openings[0].tier"),
        ("operations[0].openings[0].possession", [], "fieldValue", "operations[0].openings[0].possession"),
        ("operations[0].openings[0].policy.threshold", 2, "fieldValue", "operations[0].openings[0].policy.threshold"),
        ("operations[3].legs", [], "countOutOfRange", "operations[3].legs"),
        ("operations[3].legs[0].amount", "0.00", "zeroAmount", "operations[3].legs[0].amount"),
        ("operations[3].legs[0].amount", "0.001", "fieldValue", "operations[3].legs[0].amount"),
        ("operations[3].legs[0].amount", 1, "fieldType", "operations[3].legs[0].amount"),
        ("operations[3].legs[0].asset", "GBP", "fieldValue", "operations[3].legs[0].asset"),
        ("operations[3].legs[2].amount", "1.5", "fieldValue", "operations[3].legs[2].amount"),
        ("operations[3].legs[1].from", .string(chainspec.address(of: bob.id)), "selfTransfer", "operations[3].legs[1]"),
        ("operations[2].amount", "0", "zeroAmount", "operations[2].amount"),
        ("operations[4].amount", "-1", "fieldValue", "operations[4].amount"),
        ("operations[5].possession[0]", nil, "fieldValue", "operations[5].possession"),
        ("operations[6].status", "asleep", "fieldValue", "operations[6].status"),
        ("signatures", nil, "fieldMissing", "signatures"),
        ("signatures", [], "countOutOfRange", ""),
        ("signatures[0].account", "x", "fieldValue", "signatures[0].account"),
        ("signatures[0].key", 256, "fieldValue", "signatures[0].key"),
        ("signatures[0].scheme", "none", "fieldValue", "signatures[0].scheme"),
        ("signatures[0].signature", "00", "fieldValue", "signatures[0].signature"),
    ]

    @Test("one wrong field is refused with its code and place", arguments: refusals)
    func refuses(path: String, value: JSON?, code: String, field: String) {
        let document = TransactionDraft(everyOperation()).json(chainspec: chainspec).setting(path, to: value)
        let failure = submissionFailure(document)
        #expect(failure?.code == code)
        #expect(failure?.field.description == field)
        // An unknown field is named within the object that does not have it.
        let isNamed = failure?.description.contains(field) == true
        #expect(field.isEmpty || code == "fieldUnknown" || isNamed, "\(String(describing: failure))")
    }

    @Test("the same signature twice, and a high-S one, have no canonical form")
    func refusesNonCanonicalSignatures() throws {
        let document = TransactionDraft(everyOperation()).json(chainspec: chainspec)
        let signatures = document["signatures"].elements
        let twice = document.setting("signatures", to: .array(signatures + [signatures[0]]))
        #expect(submissionFailure(twice) == .encoding(.unsortedSignatures, field: .root.appending(key: "signatures")))
        let ecdsa = try #require(signatures.firstIndex { $0["scheme"] == "ecdsa" })
        let low = signatures[ecdsa]["signature"].string
        let high = JSON.string(low.prefix(64) + String(repeating: "f", count: 63) + "0")
        #expect(submissionFailure(document.setting("signatures[\(ecdsa)].signature", to: high))?.code == "highS")
        #expect(submissionFailure(document.setting("operations[5].possession[2]", to: high))?.code == "highS")
    }

    @Test("an address of another network is refused before anything is made of it")
    func refusesForeignAddress() {
        let foreign = Bech32m.encode(prefix: "other", payload: bob.id.bytes.bytes)
        let document = TransactionDraft(everyOperation()).json(chainspec: chainspec)
            .setting("operations[3].legs[0].to", to: .string(foreign))
        #expect(draftFailure(document)?.description.contains("it is of another network") == true)
    }

    @Test("a transaction of an asset the network does not have shows, and does not read back")
    func showsUnknownAsset() throws {
        let builder = network.builder([.transfer([leg(7, 9)])], nonce: 3)
        let document = TransactionDraft(network.signed(builder, by: alice)).json(chainspec: chainspec)
        #expect(document["operations[0].legs[0].asset"] == "?9")
        #expect(document["operations[0].legs[0].amount"] == "7")
        #expect(submissionFailure(document)?.code == "fieldValue")
    }

    @Test("whatever is read of a text with one changed byte is written back to the same transaction")
    func readsMutationsExactly() throws {
        var random = SplitMix64(test: "mutated transaction JSON")
        let builder = network.builder([.transfer([leg(12_34)])], nonce: 4)
        let text = TransactionDraft(network.signed(builder, by: alice)).json(chainspec: chainspec).bytes()
        var acceptedCount = 0
        for position in text.indices {
            for replacement in [UInt8(random.below(256)), UInt8(32 + random.below(95)), UInt8(ascii: "1")] {
                var mutated = text
                mutated[position] = replacement
                do throws(SubmissionError) {
                    let read = try Submission(json: mutated, chainspec: chainspec)
                    let written = TransactionDraft(read.transaction).json(chainspec: chainspec)
                    #expect(try Submission(json: written.bytes(), chainspec: chainspec) == read)
                    acceptedCount += 1
                } catch {
                    #expect(!error.description.isEmpty)
                }
            }
        }
        // Another nonce, amount or signature is another transaction; nearly everything else is none.
        #expect((1...text.count).contains(acceptedCount))
    }
}

@Suite("Submissions")
struct SubmissionTests {
    private let memo: Memo
    private let signed: SignedTransaction

    init() throws {
        memo = try #require(Memo(salt: Bytes16(high: 7, low: 8), text: "Invoice 7"))
        signed = everyOperation(memo: memo)
    }

    private var bytesForm: JSON { ["bytes": .string(Hexadecimal.encode(signed.bytes))] }
    private var fullForm: JSON { TransactionDraft(signed).json(chainspec: chainspec) }

    @Test("bare, as bytes, wrapped: all forms give the same transaction")
    func readsForms() throws {
        for form in [bytesForm, fullForm, ["transaction": bytesForm], ["transaction": fullForm]] as [JSON] {
            let read = try Submission(json: form.bytes(), chainspec: chainspec)
            #expect(read == (try Submission(transaction: signed)))
        }
        for form in [bytesForm, fullForm] {
            let wrapped: JSON = ["transaction": form, "memo": memo.json]
            let read = try Submission(json: wrapped.bytes(), chainspec: chainspec)
            #expect(read == (try Submission(transaction: signed, memo: memo)))
            #expect(try Submission(json: read.json(chainspec: chainspec).bytes(), chainspec: chainspec) == read)
        }
    }

    @Test("a memo that is not the one committed to is refused")
    func refusesOtherMemo() throws {
        for (salt, text) in [(memo.salt, "Invoice 8"), (Bytes16(high: 7, low: 9), "Invoice 7")] {
            let other = try #require(Memo(salt: salt, text: text))
            let failure = submissionFailure(["transaction": fullForm, "memo": other.json])
            #expect(failure == .memoMismatch)
            #expect(failure?.code == "memoMismatch")
            #expect(failure?.field.description == "memo")
        }
        let without = everyOperation()
        #expect(throws: SubmissionError.memoMismatch) { try Submission(transaction: without, memo: memo) }
    }

    @Test("malformed forms are refused with their code and place")
    func refuses() {
        let hex = bytesForm["bytes"].string
        let cases: [(JSON, code: String, field: String)] = [
            ("x", "fieldType", ""),
            (["bytes": "0"], "fieldValue", "bytes"),
            (["bytes": ""], "truncated", "bytes"),
            (["bytes": .string(String(hex.dropLast(2)))], "truncated", "bytes"),
            (["transaction": ["bytes": .string(hex + "00")]], "trailingBytes", "transaction.bytes"),
            (["bytes": .string(hex), "memo": memo.json], "fieldUnknown", "memo"),
            (["transaction": bytesForm, "note": 1], "fieldUnknown", "note"),
            (["transaction": bytesForm, "memo": ["salt": "00", "text": "x"]], "fieldValue", "memo.salt"),
            (["transaction": bytesForm, "memo": memo.json.setting("text", to: "")], "fieldValue", "memo.text"),
            (
                ["transaction": bytesForm, "memo": memo.json.setting("text", to: .string(String(repeating: "x", count: 1_025)))],
                "fieldValue", "memo.text"
            ),
            (["transaction": fullForm.setting("nonce", to: nil)], "fieldMissing", "transaction.nonce"),
            (["bytes": .string(String(repeating: "0", count: 1_048_578))], "fieldValue", "bytes"),
        ]
        for (document, code, field) in cases {
            let failure = submissionFailure(document)
            #expect(failure?.code == code)
            #expect(failure?.field.description == field)
        }
    }

    @Test("a document over the limit is refused unread; the longest transaction is within it in both forms")
    func limit() throws {
        let tooLong = [UInt8](repeating: UInt8(ascii: " "), count: Submission.maximumJSONByteCount + 1)
        #expect(throws: SubmissionError.self) { try Submission(json: tooLong, chainspec: chainspec) }
        // 250 openings of 16 keys, 1,024 legs and as many signatures: within a hundredth of the limit on canonical bytes.
        let policy = TestPolicy(threshold: 16, (0..<16).map { (TestKey("limit-\($0)", .ecdsa), 1) })
        let possession = policy.policy.keys.map { _ in Bytes64.zero }
        let openings = (0..<250).map {
            Opening(
                kind: .walletHeld, tier: 255, salt: Bytes16(high: 0, low: UInt64($0)), policy: policy.policy, possession: possession)
        }
        let legs = (0..<1_024).map { number in
            TransactionBuilder.Leg(
                from: AccountID(SHA256.hash([UInt8(number >> 8), UInt8(number & 255)])), to: bob.id, asset: 0, amount: .max)
        }
        let builder = network.builder(
            [.openAccounts(sponsor: network.walletOperator.id, openings: openings), .transfer(legs)], nonce: 1)
        let content = try builder.build()
        let signatures = legs.indices.map {
            TransactionSignature(account: AccountPosition($0), key: 15, scheme: .bip340, signature: .zero)
        }
        let large = try TransactionDraft(content: content, signatures: signatures).signed()
        #expect(large.bytes.count > Transaction.maximumByteCount * 9 / 10)
        let document = try Submission(transaction: large).json(chainspec: chainspec).bytes()
        #expect(document.count < Submission.maximumJSONByteCount / 2)
        #expect(try Submission(json: document, chainspec: chainspec).transaction == large)
    }
}

@Suite("Signing a transaction")
struct TransactionSigningTests {
    @Test("a key of the policy signs at its place; the signature is the one the ledger checks")
    func signs() throws {
        let builder = network.builder(
            [.transfer([TransactionBuilder.Leg(from: shared.id, to: bob.id, asset: 0, amount: 1)])], nonce: 1)
        let content = try builder.build()
        for (position, key) in shared.keys.keys.enumerated() {
            let signature = try content.signature(by: key.secretKey(), account: shared.id, policy: shared.keys.policy)
            #expect(Int(signature.key) == position)
            #expect(signature.scheme == key.scheme)
            #expect(content.account(at: signature.account) == shared.id)
            let check = SignatureCheck(key: key.publicKey, message: content.signingHash, signature: signature.signature)
            #expect(check.verify() != nil)
        }
    }

    @Test("a foreign key and an account that the transaction does not name are refused")
    func refuses() throws {
        let content = try network.builder([.transfer([leg(1)])], nonce: 1).build()
        let foreign = TestKey("foreign")
        #expect(throws: SigningError.keyNotInPolicy(foreign.publicKey)) {
            try content.signature(by: foreign.secretKey(), account: alice.id, policy: alice.keys.policy)
        }
        #expect(throws: SigningError.accountNotNamed(shared.id)) {
            try content.signature(by: TestKey("first").secretKey(), account: shared.id, policy: shared.keys.policy)
        }
    }
}
