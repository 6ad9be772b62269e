import Cryptography
import Foundation
@testable import Ledger
import Support
import Testing

/// Makes the files of Tests/Vectors that this implementation publishes, always the same to the last byte: keys and nonces are derived
/// from names and numbers, signatures have no randomness. The network is that of chainspec/two-banks.json.
struct EncodingVectors {
    let network: TestNetwork
    let alice: TestAccount
    let bob: TestAccount
    let shared: TestAccount
    let memo: Memo
    /// Signed transactions by name, in the order in which they apply, none to be left out.
    let transactions: [(name: String, transaction: SignedTransaction)]
    let blocks: [CertifiedBlock]
    let accounts: [Account]
    let supply: [SupplyRecord]

    init() throws {
        let network = try TestNetwork.twoBanks()
        let alice = network.account("alice")
        let bob = network.account("bob", kind: .bankIssued, keys: TestPolicy(TestKey("bob", .ecdsa)), tier: 2)
        let shared = network.account(
            "shared", kind: .walletHeld, sponsor: network.bankB,
            keys: TestPolicy(threshold: 3, [(TestKey("alice"), 1), (TestKey("bob", .ecdsa), 2), (TestKey("alice/new"), 2)]))
        guard let memo = Memo(salt: Bytes16(high: 0x2021_2223_2425_2627, low: 0x2829_2a2b_2c2d_2e2f), text: "Invoice 7") else {
            preconditionFailure("a memo of nine bytes")
        }
        var ledger = TestLedger(network)
        var made: [(name: String, transaction: SignedTransaction)] = []
        func note(_ name: String, _ transaction: SignedTransaction) { made.append((name, transaction)) }
        func leg(_ amount: UInt64, _ asset: AssetIndex, _ from: TestAccount, _ to: TestAccount) -> TransactionBuilder.Leg {
            TransactionBuilder.Leg(from: from.id, to: to.id, asset: asset, amount: amount)
        }
        note("openAccounts: two at once, with an operator", network.open([alice, network.account("carol", tier: 0)], nonce: 1))
        note("openAccounts: at a bank, an ecdsa key", network.open([bob], nonce: 2))
        note("openAccounts: a weighted threshold over both schemes", network.open([shared], nonce: 3))
        note("issue", network.issue(1_000_00, to: alice, nonce: 4))
        note("issue: an ecdsa bank", network.issue(500_00, 1, to: shared, bank: network.bankB, nonce: 5))
        note("transfer: with a memo", network.transfer(12_34, 0, from: alice, to: bob, nonce: 6, memo: memo))
        for transaction in made.map(\.transaction) { try ledger.apply(transaction) }
        ledger.seal()
        let first = made.count
        note(
            "transfer: payment against payment, two payers, three signatures",
            network.signed(
                network.builder([.transfer([leg(100_00, 0, alice, shared), leg(110_00, 1, shared, alice)])], nonce: 7), by: alice,
                shared.signing(with: TestKey("alice"), TestKey("bob", .ecdsa))))
        note("redeem: holder and bank sign", network.redeem(2_00, from: bob, nonce: 8))
        let renewed = TestPolicy(threshold: 2, [(TestKey("alice/new"), 1), (TestKey("alice/new", .ecdsa), 1)])
        note(
            "rotateKeys and setStatus, two operations",
            network.signed(
                network.builder(
                    [network.rotateStep(alice, to: renewed), .setStatus(account: shared.id, status: .creditsFrozen)], nonce: 9),
                by: alice, network.bankB))
        note(
            "setStatus: the responsible institution is only a signer",
            network.signed(network.builder([.setStatus(account: bob.id, status: .frozen)], nonce: 10), by: network.bankA))
        for transaction in made[first...].map(\.transaction) { try ledger.apply(transaction) }
        ledger.seal(proposer: 2)

        self.network = network
        (self.alice, self.bob, self.shared, self.memo) = (alice, bob, shared, memo)
        transactions = made
        blocks = ledger.blocks
        accounts = Array(ledger.state.accounts)
        supply = ledger.state.supply
    }

    private static let chainspecFile = "chainspec/two-banks.json"

    private func document(_ about: String, _ members: KeyValuePairs<String, JSON>) -> JSON {
        .object(
            [
                .init(key: "about", value: .string(about)), .init(key: "chainspec", value: .string(Self.chainspecFile)),
                .init(key: "network", value: .string(network.network.hex)),
            ] + members.map { JSON.Member(key: $0.key, value: $0.value) })
    }

    private static func hex(_ bytes: [UInt8]) -> JSON { .string(Hexadecimal.encode(bytes)) }
    private static func hex(_ hashes: [Bytes32]) -> JSON { .array(hashes.map { .string($0.hex) }) }

    /// Every file, by its name.
    var files: [(name: String, document: JSON)] {
        [
            ("transactions.json", transactionsDocument), ("block.json", blockDocument), ("tree.json", treeDocument),
            ("addresses.json", addressesDocument), ("memo.json", memoDocument),
        ]
    }

    private var transactionsDocument: JSON {
        let valid = transactions.map { name, transaction -> JSON in
            [
                "name": .string(name), "content": Self.hex(transaction.content.contentBytes), "id": .string(transaction.id.hex),
                "signingHash": .string(transaction.signingHash.hex), "bytes": Self.hex(transaction.bytes),
                "json": .string(TransactionDraft(transaction).json(chainspec: network.chainspec).text()),
            ]
        }
        // The long ones are made by the tests; here they would only be long.
        let refused = EncodingErrorTests.transactions.filter { $0.bytes.count < 4_096 }.map { malformed -> JSON in
            ["name": .string(malformed.name), "error": .string(malformed.error.rawValue), "bytes": Self.hex(malformed.bytes)]
        }
        return document(
            "Signed transactions (docs/spec/transaction.md), which apply in this order: content, id, signing hash, canonical bytes, and the JSON form as a text. A secret is tagged(\"coffer/development-key/v1\", name). BIP 340 signatures are made with 32 zero bytes of auxiliary randomness, ECDSA signatures with the nonce of RFC 6979. Each of the bytes under refused is refused with the error named, a code of errors.md; each of the texts under refusedJSON likewise, and field is the field concerned. Secrets here are public: never use them.",
            ["valid": .array(valid), "refused": .array(refused), "refusedJSON": .array(refusedJSON)])
    }

    /// Changed JSON forms of the transfer, with the codes that they must get.
    private var refusedJSON: [JSON] {
        let text = TransactionDraft(transactions[5].transaction).json(chainspec: network.chainspec).text()
        let address = network.chainspec.address(of: alice.id)
        let other = network.chainspec.address(of: bob.id)
        let changes: [(String, String, String, String)] = [
            ("an amount with three decimals", "fieldValue", "\"12.34\"", "\"12.345\""),
            ("an amount as a number", "fieldType", "\"12.34\"", "12"),
            ("an amount with a sign", "fieldValue", "\"12.34\"", "\"+12.34\""),
            ("an amount with a leading zero", "fieldValue", "\"12.34\"", "\"012.34\""),
            ("an amount of nothing", "zeroAmount", "\"12.34\"", "\"0.00\""),
            ("an amount past 64 bits", "fieldValue", "\"12.34\"", "\"184467440737095516.16\""),
            ("an asset that is not there", "fieldValue", "\"EUR\"", "\"JPY\""),
            ("an asset in lower case", "fieldValue", "\"EUR\"", "\"eur\""),
            ("an unknown field", "fieldUnknown", "\"amount\"", "\"reference\":\"x\",\"amount\""),
            ("a field twice", "jsonDuplicateKey", "\"amount\":\"12.34\"", "\"amount\":\"12.34\",\"amount\":\"12.34\""),
            ("a missing field", "fieldMissing", "\"asset\":\"EUR\",", ""),
            ("an unknown operation", "fieldValue", "\"transfer\"", "\"send\""),
            ("pays to itself", "selfTransfer", "\"to\":\"\(other)\"", "\"to\":\"\(address)\""),
            (
                "an address of another network", "fieldValue", "\"to\":\"\(other)\"",
                "\"to\":\"\(Bech32m.encode(prefix: "cofdev", payload: bob.id.bytes.bytes))\""
            ),
            ("a mistyped address", "fieldValue", "\"to\":\"\(other)\"", "\"to\":\"\(String(other.dropLast(2)))qq\""),
            ("another network", "wrongNetwork", network.network.hex, TestNetwork().network.hex),
            ("a time with an offset", "fieldValue", "00:00.000Z", "00:00.000+00:00"),
            ("upper-case hexadecimal", "fieldValue", memo.commitment.hex, memo.commitment.hex.uppercased()),
            ("a commitment of zeros", "fieldValue", memo.commitment.hex, Bytes32.zero.hex),
            ("a number after the value", "jsonSyntax", "]}", "]}1"),
        ]
        return changes.map { name, error, old, new in
            guard let range = text.range(of: old, options: name == "a number after the value" ? .backwards : []) else {
                preconditionFailure("\(old) is not in the text")
            }
            return ["name": .string(name), "error": .string(error), "text": .string(text.replacingCharacters(in: range, with: new))]
        }
    }

    private var blockDocument: JSON {
        let blocks = blocks.map { certified -> JSON in
            let header = certified.block.header
            return [
                "header": [
                    "version": .number(UInt64(BlockHeader.version)), "rules": .number(UInt64(header.rules)),
                    "network": .string(header.network.hex), "height": .number(header.height), "time": .number(header.time),
                    "parent": .string(header.parent.hex), "transactionRoot": .string(header.transactionRoot.hex),
                    "stateRoot": .string(header.stateRoot.hex), "supplyRoot": .string(header.supplyRoot.hex),
                    "historyRoot": .string(header.historyRoot.hex), "transactionCount": .number(UInt64(header.transactionCount)),
                    "systemEntryCount": .number(UInt64(header.systemEntryCount)), "accountCount": .number(header.accountCount),
                    "proposer": .number(UInt64(header.proposer)),
                ],
                "headerBytes": Self.hex(header.bytes), "hash": .string(header.hash.hex),
                "attestedHash": .string(header.attestationMessage.hex), "historyLeaf": .string(header.historyLeaf.hex),
                "transactions": .array(certified.block.transactions.map { .string($0.id.hex) }),
                "attestations": .array(
                    certified.attestations.map {
                        ["validator": .number(UInt64($0.validator)), "signature": .string($0.signature.hex)]
                    }),
                "bytes": Self.hex(certified.bytes),
            ]
        }
        let refused = refusedBlocks.map { name, error, bytes -> JSON in
            ["name": .string(name), "error": .string(error.rawValue), "bytes": Self.hex(bytes)]
        }
        return document(
            "Two certified blocks that follow genesis (docs/spec/block.md), with the transactions of transactions.json: every field of the header, its bytes and its hash, the hash that validators sign, the header's leaf in the history tree, the ids of the transactions, and the certified block. Each of the bytes under refused does not decode, with the error named.",
            ["valid": .array(blocks), "refused": .array(refused)])
    }

    /// The second block with something wrong, cut after its second transaction to stay short.
    private var refusedBlocks: [(String, DecodingError, [UInt8])] {
        let empty = CertifiedBlock(
            block: Block(header: network.chainspec.genesisHeader, transactions: []), attestations: blocks[1].attestations)
        let bytes = empty.bytes
        func changed(_ position: Int, _ value: [UInt8]) -> [UInt8] {
            Array(bytes[..<position]) + value + Array(bytes[(position + value.count)...])
        }
        return [
            ("version 2", .unknownVersion, changed(0, Layout.u16(2))),
            ("65,537 transactions", .countOutOfRange, changed(212, Layout.u32(65_537))),
            ("a transaction that is not there", .truncated, changed(212, Layout.u32(1))),
            ("a system entry", .countOutOfRange, changed(216, Layout.u32(1))),
            ("65 attestations", .countOutOfRange, changed(230, Layout.u16(65))),
            ("a third attestation that is not there", .truncated, changed(230, Layout.u16(3))),
            ("attestations of the same validator", .unsortedAttestations, changed(232 + 66, Layout.u16(0))),
            ("attestations in descending order", .unsortedAttestations, changed(232, Layout.u16(2))),
            ("a byte more", .trailingBytes, bytes + [0]),
            ("a byte less", .truncated, Array(bytes.dropLast())),
            ("a header alone", .truncated, Array(bytes[..<230])),
        ]
    }

    private var treeDocument: JSON {
        let leaves = accounts.map { MerkleHash.leaf($0.bytes) }
        let state = MerkleTree(leaves: leaves)
        let supplyTree = MerkleTree(leaves: supply.map(\.leaf))
        let small = (0...8).map { count -> JSON in
            let hashes = (0..<count).map { MerkleHash.leaf([UInt8($0)]) }
            let tree = MerkleTree(leaves: hashes)
            let consistency = (1..<max(count, 1)).map { old -> JSON in
                ["oldSize": .number(UInt64(old)), "proof": Self.hex(NaiveTree.consistency(old, hashes))]
            }
            return [
                "size": .number(UInt64(count)), "root": .string(tree.root.hex),
                "paths": .array((0..<count).map { Self.hex(tree.inclusionPath(of: $0)) }), "consistency": .array(consistency),
            ]
        }
        return document(
            "Trees (docs/spec/encoding.md section 3, docs/spec/state-tree.md). state: the encoded accounts after the second block of block.json, their hashes as leaves, the root, and every account's inclusion proof from the leaf's sibling upwards. supply: likewise, without proofs. small: trees of 0 to 8 leaves, whose leaves are the single bytes 00, 01 and so on, with every inclusion proof, and the consistency proof from every smaller tree.",
            [
                "state": [
                    "leaves": .array(accounts.map { Self.hex($0.bytes) }), "leafHashes": Self.hex(leaves),
                    "root": .string(state.root.hex), "paths": .array(accounts.indices.map { Self.hex(state.inclusionPath(of: $0)) }),
                ],
                "supply": [
                    "leaves": .array(supply.map { Self.hex($0.bytes) }), "leafHashes": Self.hex(supply.map(\.leaf)),
                    "root": .string(supplyTree.root.hex),
                ],
                "small": .array(small),
            ])
    }

    private var addressesDocument: JSON {
        let chainspec = network.chainspec
        func address(_ id: AccountID) -> [JSON.Member] {
            [.init(key: "id", value: .string(id.hex)), .init(key: "address", value: .string(chainspec.address(of: id)))]
        }
        let institutions = chainspec.institutions.enumerated().map { position, institution -> JSON in
            .object(
                [.init(key: "name", value: .string(institution.name)), .init(key: "institution", value: .number(UInt64(position)))]
                    + address(chainspec.institutionAccount(InstitutionIndex(position))))
        }
        let liabilities = chainspec.assets.enumerated().flatMap { position, asset in
            asset.issuers.map { issuer -> JSON in
                .object(
                    [
                        .init(key: "code", value: .string(asset.code)), .init(key: "asset", value: .number(UInt64(position))),
                        .init(key: "bank", value: .number(UInt64(issuer.bank))),
                    ] + address(chainspec.liabilityAccount(asset: AssetIndex(position), bank: issuer.bank)))
            }
        }
        let opened = [alice, bob, shared].compactMap { account -> JSON? in
            guard let plan = account.plan else { return nil }
            return .object(
                [
                    .init(key: "kind", value: .number(UInt64(plan.kind.rawValue))), .init(key: "sponsor", value: .string(plan.sponsor.hex)),
                    .init(key: "salt", value: .string(plan.salt.hex)),
                    .init(key: "policy", value: Self.hex(Layout.policy(account.keys.policy))),
                    .init(
                        key: "possessionMessage",
                        value: .string(account.keys.policy.possessionMessage(network: network.network, account: account.id).hex)),
                ] + address(account.id))
        }
        let good = chainspec.address(of: alice.id)
        let refused: [(String, String)] = [
            ("another network's prefix", Bech32m.encode(prefix: "cofdev", payload: alice.id.bytes.bytes)),
            ("31 bytes", Bech32m.encode(prefix: chainspec.addressPrefix, payload: Array(alice.id.bytes.bytes.dropLast()))),
            ("33 bytes", Bech32m.encode(prefix: chainspec.addressPrefix, payload: alice.id.bytes.bytes + [0])),
            ("upper case", good.uppercased()), ("mixed case", String(good.dropLast()) + good.suffix(1).uppercased() + "Q"),
            ("a wrong checksum", String(good.dropLast()) + (good.hasSuffix("q") ? "p" : "q")), ("a character more", good + "q"),
            ("a character less", String(good.dropLast())), ("a space before it", " " + good), ("nothing", ""),
        ]
        return document(
            "Account ids and addresses (docs/spec/encoding.md sections 2 and 5): of institutions, of liability accounts, and of opened accounts with what their ids are made from and what their keys sign. None under refused is an address of this network.",
            [
                "institutions": .array(institutions), "liabilities": .array(liabilities), "opened": .array(opened),
                "refused": .array(refused.map { ["name": .string($0), "address": .string($1)] }),
            ])
    }

    private var memoDocument: JSON {
        let salts = [Bytes16(high: 0, low: 0), memo.salt, Bytes16(high: .max, low: .max)]
        let texts = [
            "Invoice 7", "x", "é", "e\u{301}", "😀 Rechnung Nr. 7\nzweite Zeile", String(repeating: "é", count: 512), "\u{0}",
        ]
        let valid = salts.flatMap { salt in texts.compactMap { Memo(salt: salt, text: $0) } }.map { memo -> JSON in
            ["salt": .string(memo.salt.hex), "text": .string(memo.text), "commitment": .string(memo.commitment.hex)]
        }
        let refused: [(String, String)] = [
            ("nothing", ""), ("1,025 bytes", String(repeating: "x", count: 1_025)),
            ("513 characters, 1,026 bytes", String(repeating: "é", count: 513)),
        ]
        return document(
            "Memos (docs/spec/transaction.md section 5) and the commitments to them. A text is its bytes in UTF-8: the third and the fourth look alike and differ. None under refused is a memo.",
            [
                "valid": .array(valid),
                "refused": .array(refused.map { ["name": .string($0), "salt": .string(memo.salt.hex), "text": .string($1)] }),
            ])
    }
}
