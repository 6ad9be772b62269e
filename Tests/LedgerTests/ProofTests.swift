import Cryptography
import Ledger
import Support
import Testing

/// A network of three validators of whom two suffice, and two blocks: the first opens and funds accounts, the second has five transfers.
private struct Scene: Sendable {
    let network = TestNetwork(validators: 3, quorum: 2)
    let alice: TestAccount
    let bob: TestAccount
    let memo: Memo
    let genesisAccounts: [Account]
    let genesisPaths: [[Bytes32]]
    let accounts: [Account]
    let paths: [[Bytes32]]
    let block: CertifiedBlock
    /// Position in `block` of the transaction that commits to `memo`.
    let memoPosition = 3

    var chainspec: Chainspec { network.chainspec }

    init() throws {
        var ledger = TestLedger(network)
        genesisAccounts = Array(ledger.state.accounts)
        genesisPaths = Self.paths(ledger.state)
        let alice = try ledger.open("alice")
        let bob = try ledger.open("bob")
        try ledger.issue(1_000_00, to: alice)
        ledger.seal()
        let memo = try #require(Memo(salt: Bytes16(high: 1, low: 2), text: "Rent, November"))
        for position in 0..<5 {
            let transaction = network.transfer(
                UInt64(position + 1), from: alice, to: bob, nonce: ledger.nonce(), expiry: ledger.expiry,
                memo: position == memoPosition ? memo : nil)
            try ledger.apply(transaction)
        }
        block = ledger.seal()
        accounts = Array(ledger.state.accounts)
        paths = Self.paths(ledger.state)
        (self.alice, self.bob, self.memo) = (alice, bob, memo)
    }

    private static func paths(_ state: borrowing LedgerState) -> [[Bytes32]] {
        var paths: [[Bytes32]] = []
        for account in state.accounts { paths.append(state.inclusionPath(of: account.index)) }
        return paths
    }

    func receipt(_ position: Int) -> Receipt { Receipt(of: position, in: block) }

    func balanceProof(of account: Int) -> BalanceProof {
        BalanceProof(
            account: accounts[account], path: paths[account], header: block.block.header, attestations: block.attestations)
    }

    func attestations(by validators: Int...) -> [Attestation] {
        network.attestations(of: block.block.header, by: validators)
    }
}

private func failure(_ check: () throws(ProofError) -> Void) -> ProofError? {
    do throws(ProofError) {
        try check()
        return nil
    } catch {
        return error
    }
}

/// What reading and verifying a receipt's document says against it; nil if it holds.
private func receiptFailure(_ document: JSON, _ chainspec: Chainspec) -> ProofError? {
    failure { () throws(ProofError) in try Receipt(json: document.bytes()).verify(against: chainspec) }
}

private func balanceFailure(_ document: JSON, _ chainspec: Chainspec) -> ProofError? {
    failure { () throws(ProofError) in try BalanceProof(json: document.bytes()).verify(against: chainspec) }
}

/// The same hexadecimal text with one digit changed.
private func changing(digit position: Int, of text: String) -> JSON {
    var digits = Array(text.utf8)
    digits[position] = digits[position] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
    return .string(String(decoding: digits, as: UTF8.self))
}

extension Receipt {
    fileprivate func with(
        transaction: SignedTransaction? = nil, index: UInt32? = nil, path: [Bytes32]? = nil, header: BlockHeader? = nil,
        attestations: [Attestation]? = nil, memo: Memo? = nil
    ) -> Receipt {
        Receipt(
            transaction: transaction ?? self.transaction, index: index ?? self.index, path: path ?? self.path,
            header: header ?? self.header, attestations: attestations ?? self.attestations, memo: memo ?? self.memo)
    }
}

@Suite("Receipts")
struct ReceiptTests {
    private let scene: Scene

    init() throws { scene = try Scene() }

    @Test("every transaction of a block has a receipt that holds, also after writing and reading, with and without its memo")
    func holds() throws {
        for position in scene.block.block.transactions.indices {
            for memo in position == scene.memoPosition ? [nil, scene.memo] : [nil] {
                let receipt = Receipt(of: position, in: scene.block, memo: memo)
                try receipt.verify(against: scene.chainspec)
                let read = try Receipt(json: receipt.json().bytes(.pretty))
                #expect(read == receipt)
                try read.verify(against: scene.chainspec)
                #expect(read.transaction == scene.block.block.transactions[position])
            }
        }
    }

    @Test("a changed digit anywhere in transaction, path, header or attestations is found")
    func findsEveryChangedDigit() throws {
        let document = Receipt(of: scene.memoPosition, in: scene.block, memo: scene.memo).json()
        let paths =
            ["transaction", "header", "attestations[0].signature", "attestations[1].signature", "memo.salt"]
            + document["path"].elements.indices.map { "path[\($0)]" }
        for path in paths {
            let text = document[path].string
            for digit in 0..<text.utf8.count {
                let failure = receiptFailure(document.setting(path, to: changing(digit: digit, of: text)), scene.chainspec)
                #expect(failure?.kind == .doesNotHold, "\(path), digit \(digit)")
            }
        }
    }

    @Test("what does not hold is named exactly")
    func namesOffence() throws {
        let receipt = scene.receipt(2)
        let other = TestNetwork(validators: 3, quorum: 2, name: "other")
        var foreignHeader = receipt.header
        foreignHeader.network = other.network
        let foreign = other.transfer(1, from: scene.alice, to: scene.bob, nonce: 1)
        var fewerTransactions = receipt.header
        fewerTransactions.transactionCount = 2
        var genesisHeader = receipt.header
        genesisHeader.height = 0
        let extra = [Attestation(validator: 3, signature: .zero)]
        let cases: [(Receipt, ProofError)] = [
            (receipt.with(header: foreignHeader), .wrongNetworkOfHeader(other.network, expected: scene.network.network)),
            (receipt.with(transaction: foreign), .wrongNetworkOfTransaction(other.network, expected: scene.network.network)),
            (receipt.with(index: 5), .indexOutOfRange(index: 5, count: 5)),
            (receipt.with(index: .max), .indexOutOfRange(index: UInt64(UInt32.max), count: 5)),
            (receipt.with(header: fewerTransactions), .indexOutOfRange(index: 2, count: 2)),
            (receipt.with(index: 3), .wrongTransactionPath),
            (receipt.with(transaction: scene.receipt(1).transaction), .wrongTransactionPath),
            (receipt.with(path: Array(receipt.path.dropLast())), .wrongTransactionPath),
            (receipt.with(path: receipt.path + [.zero]), .wrongTransactionPath),
            (receipt.with(path: receipt.path.reversed()), .wrongTransactionPath),
            (receipt.with(attestations: []), .tooFewAttestations(count: 0, quorum: 2)),
            (receipt.with(attestations: scene.attestations(by: 1)), .tooFewAttestations(count: 1, quorum: 2)),
            (receipt.with(attestations: scene.attestations(by: 1, 0)), .unsortedAttestations),
            (receipt.with(attestations: scene.attestations(by: 1, 1)), .unsortedAttestations),
            (receipt.with(attestations: scene.attestations(by: 0, 1) + extra), .unknownValidator(3)),
            (receipt.with(header: genesisHeader), .wrongGenesis),
            (receipt.with(memo: scene.memo), .memoMismatch),
        ]
        for (changed, error) in cases {
            #expect(failure { () throws(ProofError) in try changed.verify(against: scene.chainspec) } == error)
            #expect(receiptFailure(changed.json(), scene.chainspec) == error)
            #expect(error.kind == .doesNotHold)
        }
    }

    @Test("an attestation that is not its validator's signature of this header is refused, however many good ones there are")
    func refusesInvalidAttestation() throws {
        let receipt = scene.receipt(0)
        let good = scene.attestations(by: 0, 1, 2)
        try receipt.with(attestations: good).verify(against: scene.chainspec)
        try receipt.with(attestations: scene.attestations(by: 0, 2)).verify(against: scene.chainspec)
        for position in good.indices {
            var attestations = good
            // A neighbour's signature: valid for the header, not for this validator.
            attestations[position] = Attestation(
                validator: ValidatorIndex(position), signature: good[(position + 1) % 3].signature)
            let error = failure { () throws(ProofError) in
                try receipt.with(attestations: attestations).verify(against: scene.chainspec)
            }
            #expect(error == .invalidAttestation(validator: "validator-\(position)"))
        }
    }

    @Test("the network is the whole chain specification: with another quorum or other validators the receipt holds no longer")
    func bindsNetwork() throws {
        for other in [TestNetwork(validators: 3, quorum: 1), TestNetwork(validators: 2, quorum: 2)] {
            let error = failure { () throws(ProofError) in try scene.receipt(0).verify(against: other.chainspec) }
            #expect(error == .wrongNetworkOfHeader(scene.network.network, expected: other.network))
        }
    }

    @Test("a transaction or header that does not decode does not hold; a document of another form is unreadable")
    func tellsUnreadable() throws {
        let document = scene.receipt(0).json()
        let transaction = document["transaction"].string
        #expect(
            receiptFailure(document.setting("transaction", to: .string(transaction + "00")), scene.chainspec)
                == .malformedTransaction(.trailingBytes))
        let header = document["header"].string
        #expect(
            receiptFailure(document.setting("header", to: .string(String(header.dropLast(2)))), scene.chainspec)
                == .malformedHeader(.truncated))
        #expect(
            receiptFailure(document.setting("header", to: .string(header + "00")), scene.chainspec)
                == .malformedHeader(.trailingBytes))
        let unreadable: [(JSON, code: String)] = [
            (document.setting("format", to: "coffer-balance/v1"), "fieldValue"),
            (document.setting("format", to: nil), "fieldMissing"),
            (document.setting("index", to: "0"), "fieldType"),
            (document.setting("index", to: .number(1 << 32)), "fieldValue"),
            (document.setting("path[0]", to: "00"), "fieldValue"),
            (document.setting("path", to: .array(Array(repeating: .string(Bytes32.zero.hex), count: 65))), "fieldValue"),
            (document.setting("attestations[0].validator", to: .number(65_536)), "fieldValue"),
            (document.setting("attestations[0].name", to: "x"), "fieldUnknown"),
            (document.setting("memo", to: ["salt": "", "text": "x"]), "fieldValue"),
            (document.setting("note", to: 1), "fieldUnknown"),
            ([], "fieldType"),
        ]
        for (document, code) in unreadable {
            let error = receiptFailure(document, scene.chainspec)
            #expect(error?.kind == .unreadable)
            #expect(error?.code == code)
        }
        let tooLong = [UInt8](repeating: UInt8(ascii: " "), count: Receipt.maximumJSONByteCount + 1)
        let error = failure { () throws(ProofError) in _ = try Receipt(json: tooLong) }
        #expect(error?.code == "jsonTooLarge")
    }
}

@Suite("Balance proofs")
struct BalanceProofTests {
    private let scene: Scene

    init() throws { scene = try Scene() }

    @Test("every account's proof holds and gives the account, also after writing and reading")
    func holds() throws {
        #expect(scene.accounts.count == scene.genesisAccounts.count + 2)
        for account in scene.accounts.indices {
            let proof = scene.balanceProof(of: account)
            let read = try BalanceProof(json: proof.json().bytes())
            #expect(read == proof)
            #expect(try read.verify(against: scene.chainspec) == scene.accounts[account])
        }
        let alice = try #require(scene.accounts.first { $0.id == scene.alice.id })
        #expect(alice.balance(of: TestNetwork.eur).posted == 1_000_00 - 15)
    }

    @Test("at height 0 the genesis header that the chain specification gives suffices, without attestations")
    func holdsAtGenesis() throws {
        let header = scene.chainspec.genesisHeader
        for (account, path) in zip(scene.genesisAccounts, scene.genesisPaths) {
            let proof = BalanceProof(account: account, path: path, header: header, attestations: [])
            #expect(try proof.verify(against: scene.chainspec) == account)
            let attested = BalanceProof(
                account: account, path: path, header: header, attestations: scene.network.attestations(of: header))
            #expect(failure { () throws(ProofError) in try attested.verify(against: scene.chainspec) } == .genesisAttested)
        }
        var other = header
        other.time += 1
        let proof = BalanceProof(
            account: scene.genesisAccounts[0], path: scene.genesisPaths[0], header: other, attestations: [])
        #expect(failure { () throws(ProofError) in try proof.verify(against: scene.chainspec) } == .wrongGenesis)
    }

    @Test("a changed digit anywhere is found")
    func findsEveryChangedDigit() throws {
        let document = scene.balanceProof(of: scene.accounts.count - 1).json()
        let paths =
            ["account", "header", "attestations[0].signature", "attestations[1].signature"]
            + document["path"].elements.indices.map { "path[\($0)]" }
        for path in paths {
            let text = document[path].string
            for digit in 0..<text.utf8.count {
                let failure = balanceFailure(document.setting(path, to: changing(digit: digit, of: text)), scene.chainspec)
                #expect(failure?.kind == .doesNotHold, "\(path), digit \(digit)")
            }
        }
    }

    @Test("what does not hold is named exactly")
    func namesOffence() throws {
        let proof = scene.balanceProof(of: 2)
        func with(
            account: Account? = nil, path: [Bytes32]? = nil, header: BlockHeader? = nil, attestations: [Attestation]? = nil
        ) -> BalanceProof {
            BalanceProof(
                account: account ?? proof.account, path: path ?? proof.path, header: header ?? proof.header,
                attestations: attestations ?? proof.attestations)
        }
        let other = TestNetwork(name: "other")
        var foreignHeader = proof.header
        foreignHeader.network = other.network
        var fewerAccounts = proof.header
        fewerAccounts.accountCount = 2
        let cases: [(BalanceProof, ProofError)] = [
            (with(header: foreignHeader), .wrongNetworkOfHeader(other.network, expected: scene.network.network)),
            (with(account: scene.genesisAccounts[1]), .wrongAccountPath),
            (with(header: fewerAccounts), .wrongAccountPath),
            (with(path: []), .wrongAccountPath),
            (with(path: scene.paths[3]), .wrongAccountPath),
            (with(attestations: scene.attestations(by: 2)), .tooFewAttestations(count: 1, quorum: 2)),
            (with(attestations: scene.attestations(by: 2, 0)), .unsortedAttestations),
        ]
        for (changed, error) in cases {
            #expect(balanceFailure(changed.json(), scene.chainspec) == error)
        }
        let document = proof.json()
        let account = document["account"].string
        #expect(
            balanceFailure(document.setting("account", to: .string(account + "00")), scene.chainspec)
                == .malformedAccount(.trailingBytes))
        #expect(balanceFailure(document.setting("format", to: "coffer-receipt/v1"), scene.chainspec)?.kind == .unreadable)
        #expect(balanceFailure(document.setting("index", to: 2), scene.chainspec)?.kind == .unreadable)
    }

    @Test("the largest account is within the limit of a proof")
    func limit() throws {
        let policy = TestPolicy(threshold: 16, (0..<16).map { (TestKey("limit-\($0)", .ecdsa), 1) })
        let account = Account(
            index: .max, id: scene.alice.id, kind: .walletHeld, institution: 0, openedHeight: .max, policy: policy.policy,
            balances: (0..<UInt16(Account.maximumBalanceCount)).map { Balance(asset: $0, creditsPosted: .max) })
        let path = [Bytes32](repeating: .zero, count: MerkleProof.maximumPathCount)
        let attestations = (0..<Attestation.maximumCount).map {
            Attestation(validator: ValidatorIndex($0), signature: .zero)
        }
        let proof = BalanceProof(account: account, path: path, header: scene.block.block.header, attestations: attestations)
        let document = proof.json().bytes()
        #expect(document.count < BalanceProof.maximumJSONByteCount / 10)
        #expect(try BalanceProof(json: document) == proof)
    }
}

@Suite("Proof errors")
struct ProofErrorTests {
    @Test("every error has a code of its own and says something of its own")
    func codes() {
        let network = NetworkID(.zero)
        let errors: [ProofError] = [
            .json(JSONError(.jsonSyntax, message: "m")), .checkpointText(line: 1, reason: "is missing"),
            .malformedTransaction(.truncated), .malformedAccount(.truncated), .malformedHeader(.truncated),
            .wrongNetworkOfHeader(network, expected: network), .indexOutOfRange(index: 1, count: 1), .wrongTransactionPath,
            .wrongAccountPath, .memoMismatch, .wrongGenesis, .genesisAttested, .tooFewAttestations(count: 0, quorum: 1),
            .unsortedAttestations, .unknownValidator(1), .invalidAttestation(validator: "v"),
            .invalidCheckpointSignature(validator: "v"), .tooFewCheckpointSignatures(count: 0, quorum: 1),
        ]
        #expect(Set(errors.map(\.code)).count == errors.count)
        #expect(Set(errors.map(\.description)).count == errors.count)
        // The network can be wrong in three places: one code, three sentences.
        let networks: [ProofError] = [
            .wrongNetworkOfHeader(network, expected: network), .wrongNetworkOfTransaction(network, expected: network),
            .wrongNetworkOfCheckpoint(network, expected: network),
        ]
        #expect(Set(networks.map(\.code)) == ["wrongNetwork"])
        #expect(Set(networks.map(\.description)).count == 3)
    }
}
