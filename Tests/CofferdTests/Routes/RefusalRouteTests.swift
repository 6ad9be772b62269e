import Cryptography
import HTTPTypes
import Ledger
import Node
import Support
import Testing

@testable import cofferd

/// What can be read and does not apply (`docs/spec/rules.md` section 3): 422 with its code, and nothing is changed anywhere.
@Suite struct RefusalRouteTests {
    /// A ledger on which something of everything is: open accounts, one frozen each way, one closed, one with money.
    private struct Scene {
        let node: TestNode
        let alice: TestAccount
        let bob: TestAccount
        let frozen: TestAccount
        let sealed: TestAccount
        let closed: TestAccount

        init(_ node: TestNode) async throws {
            self.node = node
            let wallets = try await node.wallets("alice", "bob", "frozen", "sealed", "closed")
            (alice, bob, frozen, sealed, closed) = (wallets[0], wallets[1], wallets[2], wallets[3], wallets[4])
            for wallet in wallets.dropLast() { try await node.apply(node.network.issue(100_00, to: wallet, nonce: node.nonce())) }
            for (wallet, status) in [(frozen, AccountStatus.debitsFrozen), (sealed, .creditsFrozen), (closed, .closed)] {
                try await node.apply(signed([.setStatus(account: wallet.id, status: status)], by: node.network.walletOperator))
            }
        }

        var network: TestNetwork { node.network }

        func signed(
            _ steps: [TransactionBuilder.Step], expiresIn milliseconds: UInt64 = 60_000, by signers: TestAccount...
        ) throws -> SignedTransaction {
            try network.sign(
                network.builder(steps, nonce: node.nonce(), expiry: node.clock.now + milliseconds), by: signers)
        }

        func pay(
            _ cents: UInt64, _ asset: AssetIndex = TestNetwork.eur, from payer: TestAccount, to payee: TestAccount,
            expiresIn milliseconds: UInt64 = 60_000, by signers: TestAccount...
        ) throws -> SignedTransaction {
            let leg = TransactionBuilder.Leg(from: payer.id, to: payee.id, asset: asset, amount: cents)
            return try network.sign(
                network.builder([.transfer([leg])], nonce: node.nonce(), expiry: node.clock.now + milliseconds),
                by: signers.isEmpty ? [payer] : signers)
        }

        /// Each refusal of rules.md section 3 that a client can bring about, with its field.
        func refusals() throws -> [(SignedTransaction, code: String, field: String?)] {
            let stranger = network.account("stranger")
            let bank = network.bankA
            let signature = try pay(1, from: alice, to: bob)
            let forged = try SignedTransaction(try pay(1, from: alice, to: bob).content, signatures: signature.signatures)
            let otherNetwork = TestNetwork(name: "other")
            let liability = TestAccount(id: network.chainspec.liabilityAccount(asset: 0, bank: 1), keys: alice.keys)
            let impostor = TestAccount(id: alice.id, keys: TestPolicy(TestKey("alice", .ecdsa)))
            return try [
                (otherNetwork.transfer(1, from: alice, to: bob, nonce: 1), "wrongNetwork", nil),
                (pay(1, from: alice, to: bob, expiresIn: 0), "expired", nil),
                (pay(1, from: alice, to: bob, expiresIn: 86_400_001), "expiryTooFar", nil),
                (pay(1, from: alice, to: stranger), "unknownAccount", place(of: stranger, in: pay(1, from: alice, to: stranger))),
                (pay(1, 7, from: alice, to: bob), "unknownAsset", "operations[0]"),
                (
                    signed([.issue(bank: network.walletOperator.id, to: bob.id, asset: 0, amount: 1)], by: network.walletOperator),
                    "wrongInstitution", "operations[0]"
                ),
                (
                    signed([.issue(bank: network.bankB.id, to: bob.id, asset: TestNetwork.jpy, amount: 1)], by: network.bankB),
                    "wrongInstitution", "operations[0]"
                ),
                (pay(1, from: alice, to: liability), "wrongAccountKind", "operations[0]"),
                (signed([.setStatus(account: bank.id, status: .frozen)], by: bank), "wrongAccountKind", "operations[0]"),
                (pay(1, from: alice, to: bob, by: alice, bob), "unneededSignature", "signatures[\(alice.id < bob.id ? 1 : 0)]"),
                (pay(1, from: alice, to: bob, by: impostor), "unknownKey", "signatures[0]"),
                (pay(1, from: alice, to: bob, by: bob), "unneededSignature", "signatures[0]"),
                (
                    signed([.redeem(bank: bank.id, from: alice.id, asset: 0, amount: 1)], by: bank), "missingSignature",
                    "accounts[\(alice.id < bank.id ? 0 : 1)]"
                ),
                (forged, "invalidSignature", "signatures[0]"),
                (network.open([alice], nonce: node.nonce()), "accountExists", "operations[0]"),
                (pay(1, from: alice, to: closed), "accountClosed", "operations[0]"),
                (pay(1, from: frozen, to: bob), "debitsFrozen", "operations[0]"),
                (pay(1, from: alice, to: sealed), "creditsFrozen", "operations[0]"),
                (pay(100_01, from: alice, to: bob), "insufficientFunds", "operations[0]"),
                (pay(.max, from: alice, to: bob), "insufficientFunds", "operations[0]"),
                (pay(1, TestNetwork.jpy, from: alice, to: bob), "insufficientFunds", "operations[0]"),
                (
                    signed([.issue(bank: network.bankB.id, to: bob.id, asset: 0, amount: 500_000_01)], by: network.bankB), "quotaExceeded",
                    "operations[0]"
                ),
                (signed([.issue(bank: bank.id, to: bob.id, asset: 0, amount: .max)], by: bank), "quotaExceeded", "operations[0]"),
                (
                    signed([.redeem(bank: network.bankB.id, from: alice.id, asset: 0, amount: 1)], by: network.bankB, alice),
                    "exceedsOutstanding", "operations[0]"
                ),
                (signed([network.rotateStep(alice, to: alice.keys)], by: alice), "policyUnchanged", "operations[0]"),
                (
                    signed([.setStatus(account: frozen.id, status: .debitsFrozen)], by: network.walletOperator), "statusUnchanged",
                    "operations[0]"
                ),
                (signed([.setStatus(account: alice.id, status: .closed)], by: network.walletOperator), "accountNotEmpty", "operations[0]"),
                (badPossession(), "invalidPossession", "operations[0]"),
                // What came before it in the same transaction is undone.
                (
                    signed(
                        [.issue(bank: bank.id, to: bob.id, asset: 0, amount: 5), .setStatus(account: bob.id, status: .closed)], by: bank,
                        network.walletOperator), "accountNotEmpty", "operations[1]"
                ),
            ]
        }

        private func place(of account: TestAccount, in transaction: SignedTransaction) -> String? {
            transaction.content.accounts.firstIndex(of: account.id).map { "accounts[\($0)]" }
        }

        /// An account opened with a proof of possession of another account's.
        private func badPossession() throws -> SignedTransaction {
            let carol = network.account("carol")
            let good = carol.opening(on: network.network)
            let wrong = Opening(
                kind: good.kind, tier: good.tier, salt: good.salt, policy: good.policy,
                possession: network.account("dave", keys: carol.keys).opening(on: network.network).possession)
            return try signed([.openAccounts(sponsor: network.walletOperator.id, openings: [wrong])], by: network.walletOperator)
        }
    }

    @Test func everyRefusalHasItsCodeAndChangesNothing() async throws {
        try await TestNode.run { node, client in
            let scene = try await Scene(node)
            let accounts = [scene.alice, scene.bob, scene.frozen, scene.sealed, scene.closed]
            let before = try await node.visibleState(client, accounts)
            for (transaction, code, field) in try scene.refusals() {
                for query in ["", "?wait=final"] {
                    let answer = try await client.post("/v1/transactions\(query)", transaction.bytes)
                    try answer.expectProblem(422, code, field: field)
                    #expect(answer.headers[.retryAfter] == nil)
                }
                let result = try await client.submitBatch([transaction.bytes]).object()["results"]?.elements.first?.members
                #expect(result?["status"] == "refused")
                #expect(result?["code"]?.text == code)
                #expect(result?["id"]?.text == transaction.id.hex)
                let status = try await client.get("/v1/transactions/\(transaction.id.hex)").object()
                #expect(status["code"]?.text == code)
            }
            #expect(node.node.waitingTransactions == 0)
            #expect(try await node.visibleState(client, accounts) == before)
        }
    }

    @Test func sumsBeyond64BitsAreRightNotWrapped() async throws {
        let network = TestNetwork(eurQuotaA: .max, eurQuotaB: .max)
        try await TestNode.run(network) { node, client in
            let wallets = try await node.wallets("alice", "bob")
            let (alice, bob) = (wallets[0], wallets[1])
            for bank in [network.bankA, network.bankB] {
                try await node.apply(network.issue(.max, to: alice, bank: bank, nonce: node.nonce()))
                let more = network.issue(1, to: bob, bank: bank, nonce: node.nonce())
                try await client.submit(more).expectProblem(422, "quotaExceeded", field: "operations[0]")
            }
            // Twice 2^64 − 1 cents, which 64 bits do not hold, move in one transfer of two legs; a third leg is too much.
            let leg = TransactionBuilder.Leg(from: alice.id, to: bob.id, asset: TestNetwork.eur, amount: .max)
            let last = TransactionBuilder.Leg(from: alice.id, to: bob.id, asset: TestNetwork.eur, amount: 1)
            let tooMuch = network.signed(network.builder([.transfer([leg, leg, last])], nonce: node.nonce()), by: alice)
            try await client.submit(tooMuch).expectProblem(422, "insufficientFunds", field: "operations[0]")
            try await node.apply(network.signed(network.builder([.transfer([leg, leg])], nonce: node.nonce()), by: alice))

            let balance = try await client.get("/v1/accounts/\(node.address(bob))").object()["balances"]?.elements.first?.members
            #expect(balance?["posted"] == "368934881474191032.30")
            let asset = try await client.get("/v1/assets/EUR").object()
            #expect(asset["outstanding"] == "368934881474191032.30")
        }
    }

    @Test func whatExpiresWhileItWaitsIsRefused() async throws {
        try await TestNode.run(TestNetwork(), ["--commit-depth-blocks", "1"]) { node, client in
            let scene = try await Scene(node)
            node.disk.hold()
            #expect(try await client.submit(scene.pay(1, from: scene.alice, to: scene.bob), wait: false).status == 200)
            while node.node.waitingTransactions > 0 { try await Task.sleep(for: .milliseconds(1)) }
            let late = try scene.pay(1, from: scene.alice, to: scene.bob, expiresIn: 1_000)
            #expect(try await client.submit(late, wait: false).object()["status"] == "pending")
            node.clock.advance(milliseconds: 1_000)
            node.disk.release()
            try await client.submit(late).expectProblem(422, "expired")
        }
    }

    @Test func aFinalTransactionIsFinalForEverAlsoOnceItsIdIsForgotten() async throws {
        try await TestNode.run { node, client in
            let scene = try await Scene(node)
            let payment = try scene.pay(1, from: scene.alice, to: scene.bob, expiresIn: 1_000)
            let answer = try await client.submit(payment).json()
            node.clock.advance(milliseconds: 2_000)
            // A block after the expiry: from here on, the ledger no longer keeps the id to refuse it.
            try await node.apply(try scene.pay(1, from: scene.alice, to: scene.bob))
            #expect(try await client.submit(payment).json() == answer)
            #expect(try await client.submit(payment, wait: false).json() == answer)
        }
    }
}
