import Cryptography
@testable import Ledger
import Support
import Testing

@Suite("Rules: what operations do")
struct RulesFlowTests {
    @Test("issue, pay, redeem: balances, supply and the certified block")
    func firstPayment() throws {
        var ledger = TestLedger()
        let alice = try ledger.open("alice")
        let bob = try ledger.open("bob", kind: .bankIssued)
        try ledger.issue(100_00, to: alice)
        try ledger.transfer(30_00, from: alice, to: bob)
        try ledger.redeem(10_00, from: bob)
        let block = ledger.seal()
        #expect(ledger.balance(alice) == 70_00)
        #expect(ledger.balance(bob) == 20_00)
        #expect(block.block.transactions.count == 5)
        #expect(try CertifiedBlock(decoding: block.bytes) == block)
        let supply = ledger.state.supply
        let bankA = supply[1]
        #expect(bankA.asset == 0 && bankA.institution == 1)
        #expect(bankA.issued == 100_00 && bankA.redeemed == 10_00 && bankA.outstanding == 90_00)
        // Bob is the bank's customer, Alice the operator's.
        #expect(bankA.balances == 20_00 && supply[3].balances == 70_00)
        try Invariants.check(ledger.state)
    }

    @Test("currency exchange, payment against payment: both legs or neither")
    func exchange() throws {
        var scene = try RulesScene()
        try scene.ledger.issue(1_000, TestNetwork.jpy, to: scene.bob)
        let legs = [
            scene.leg(10_00, TestNetwork.eur, from: scene.alice, to: scene.bob),
            scene.leg(1_000, TestNetwork.jpy, from: scene.bob, to: scene.alice),
        ]
        let onlyAlice = try scene.transaction([.transfer(legs)], by: [scene.alice])
        #expect(scene.verdict(onlyAlice)?.reason == .missingSignature)
        let both = try scene.transaction([.transfer(legs)], by: [scene.alice, scene.bob])
        #expect(scene.verdict(both) == nil)
        #expect(scene.ledger.balance(scene.alice) == 90_00 && scene.ledger.balance(scene.bob) == 60_00)
        #expect(scene.ledger.balance(scene.alice, TestNetwork.jpy) == 11_000 && scene.ledger.balance(scene.bob, TestNetwork.jpy) == 0)
        // Bob has no more JPY: the second leg fails, and Alice keeps her EUR.
        let again = try scene.transaction([.transfer(legs)], by: [scene.alice, scene.bob])
        #expect(scene.verdict(again) == Refusal(.insufficientFunds, at: .operation(0, item: 1)))
        #expect(scene.ledger.balance(scene.alice) == 90_00)
    }

    @Test("legs see what earlier legs and operations did: money can pass through in one transaction")
    func passingThrough() throws {
        var scene = try RulesScene()
        let legs = [
            scene.leg(100_00, from: scene.alice, to: scene.dora), scene.leg(100_00, from: scene.dora, to: scene.bob),
        ]
        let forwards = try scene.transaction([.transfer(legs)], by: [scene.alice, scene.dora])
        #expect(scene.verdict(forwards) == nil)
        #expect(scene.ledger.balance(scene.dora) == 0 && scene.ledger.balance(scene.bob) == 150_00)
        let steps: [TransactionBuilder.Step] = [
            .issue(bank: scene.network.bankA.id, to: scene.dora.id, asset: 0, amount: 5),
            .transfer([scene.leg(5, from: scene.dora, to: scene.alice)]),
            .redeem(bank: scene.network.bankA.id, from: scene.alice.id, asset: 0, amount: 5),
        ]
        let chain = try scene.transaction(steps, by: [scene.network.bankA, scene.dora, scene.alice])
        #expect(scene.verdict(chain) == nil)
        try Invariants.check(scene.ledger.state)
    }

    @Test("256 openings in a transaction, 1,024 legs with one payer, 1,024 legs with 1,024 payers")
    func greatest() throws {
        var ledger = TestLedger()
        let accounts = (0..<1_024).map { ledger.network.account("crowd \($0)") }
        for start in stride(from: 0, to: 1_024, by: 256) {
            try ledger.apply(ledger.network.open(Array(accounts[start..<start + 256]), nonce: ledger.nonce(), expiry: ledger.expiry))
        }
        let treasury = ledger.network.bankA
        try ledger.issue(1_024_000, to: treasury)
        let out = accounts.map { TransactionBuilder.Leg(from: treasury.id, to: $0.id, asset: 0, amount: 1_000) }
        let paid = ledger.network.builder([.transfer(out)], nonce: ledger.nonce(), expiry: ledger.expiry)
        try ledger.apply(ledger.network.sign(paid, by: [treasury]))
        let back = accounts.map { TransactionBuilder.Leg(from: $0.id, to: treasury.id, asset: 0, amount: 999) }
        let returned = ledger.network.builder([.transfer(back)], nonce: ledger.nonce(), expiry: ledger.expiry)
        let signed = try ledger.network.sign(returned, by: accounts)
        #expect(signed.signatures.count == 1_024)
        try ledger.apply(signed)
        let block = ledger.seal()
        #expect(ledger.balance(treasury) == 1_024 * 999)
        #expect(accounts.allSatisfy { ledger.balance($0) == 1 })
        #expect(try CertifiedBlock(decoding: block.bytes) == block)
        try Invariants.check(ledger.state)

        #expect(throws: DecodingError.countOutOfRange) {
            try ledger.network.builder([.transfer(out), .transfer([out[0]])], nonce: 1).build()
        }
        let opening = ledger.network.account("one more").opening(on: ledger.network.network)
        let sponsor = ledger.network.walletOperator.id
        #expect(throws: DecodingError.countOutOfRange) {
            try ledger.network.builder(
                [.openAccounts(sponsor: sponsor, openings: Array(repeating: opening, count: 257))], nonce: 1
            ).build()
        }
    }

    @Test("opened accounts get the next indexes, the sponsor's institution and the given tier")
    func openings() throws {
        var ledger = TestLedger()
        let count = ledger.state.accounts.count
        #expect(count == 8, "five institutions and three liability accounts")
        let accounts = [
            ledger.network.account("x", kind: .bankIssued, sponsor: ledger.network.bankB, tier: 3),
            ledger.network.account("y", kind: .walletHeld, sponsor: ledger.network.bankB, tier: 255),
        ]
        try ledger.apply(ledger.network.open(accounts, nonce: ledger.nonce(), expiry: ledger.expiry))
        for (offset, account) in accounts.enumerated() {
            let opened = ledger.state.accounts[count + offset]
            #expect(opened.id == account.id && opened.index == AccountIndex(count + offset))
            #expect(opened.institution == 2 && opened.openedHeight == 1 && opened.status == .active)
            #expect(opened.kind == account.plan?.kind && opened.tier == account.plan?.tier)
            #expect(opened.policy == account.keys.policy && opened.balances.isEmpty)
        }
    }

    @Test("an institution can hold money and redeem its own")
    func institutionsHold() throws {
        var ledger = TestLedger()
        try ledger.issue(5, to: ledger.network.bankA)
        try ledger.redeem(3, from: ledger.network.bankA)
        #expect(ledger.balance(ledger.network.bankA) == 2)
        try ledger.issue(7, to: ledger.network.auditor, bank: ledger.network.bankB)
        try ledger.transfer(7, from: ledger.network.auditor, to: ledger.network.bankA)
        // Money is fungible: what one bank issued can be redeemed at another, up to what that one owes.
        #expect(throws: Refusal(.exceedsOutstanding, at: .operation(0, item: 0))) {
            try ledger.redeem(9, from: ledger.network.bankA, bank: ledger.network.bankB)
        }
        try ledger.redeem(7, from: ledger.network.bankA, bank: ledger.network.bankB)
        try Invariants.check(ledger.state)
    }

    @Test("quota: its last cent can be issued, none more, and redeeming makes room again")
    func quota() throws {
        var ledger = TestLedger(TestNetwork(eurQuotaA: 100, eurQuotaB: 0, jpyQuota: .max))
        let alice = try ledger.open("alice")
        let over = Refusal(.quotaExceeded, at: .operation(0, item: 0))
        #expect(throws: over) { try ledger.issue(101, to: alice) }
        try ledger.issue(60, to: alice)
        #expect(throws: over) { try ledger.issue(41, to: alice) }
        try ledger.issue(40, to: alice)
        #expect(throws: over) { try ledger.issue(1, to: alice) }
        try ledger.redeem(1, from: alice)
        try ledger.issue(1, to: alice)
        #expect(throws: over) { try ledger.issue(1, to: alice, bank: ledger.network.bankB) }
        try ledger.issue(.max, TestNetwork.jpy, to: alice)
        #expect(throws: over) { try ledger.issue(1, TestNetwork.jpy, to: alice) }
        try ledger.redeem(.max, TestNetwork.jpy, from: alice)
        try ledger.issue(.max, TestNetwork.jpy, to: alice)
        #expect(ledger.balance(alice, TestNetwork.jpy) == UInt128(UInt64.max))
        #expect(ledger.state.supply[6].issued == 2 * UInt128(UInt64.max), "turnover passes 64 bits")
        try Invariants.check(ledger.state)
    }

    @Test("counters can reach their last value, and no further")
    func counters() throws {
        var scene = try RulesScene()
        try scene.fillCounters(of: scene.bob, upTo: .max - 10)
        try scene.ledger.transfer(7, from: scene.alice, to: scene.bob)
        let over = Refusal(.counterOverflow, at: .operation(0, item: 0))
        #expect(throws: over) { try scene.ledger.transfer(4, from: scene.alice, to: scene.bob) }
        try scene.ledger.transfer(3, from: scene.alice, to: scene.bob)
        #expect(throws: over) { try scene.ledger.transfer(1, from: scene.alice, to: scene.bob) }
        #expect(throws: over) { try scene.ledger.issue(1, to: scene.bob) }
        #expect(scene.ledger.balance(scene.bob) == 50_10)
        try scene.ledger.transfer(50_10, from: scene.bob, to: scene.alice)
        scene.ledger.seal()
        let bob = try scene.ledger.index(of: scene.bob)
        let account = scene.ledger.state.accounts[bob]
        #expect(account.balance(of: 0).creditsPosted == .max && account.balance(of: 0).debitsPosted == .max)
        #expect(try Account(decoding: account.bytes) == account)
        // The sums over accounts now exceed 128 bits, and still agree.
        try Invariants.check(scene.ledger.state)
    }

    @Test("a bank's debit counter at its end refuses issuing")
    func liabilityCounter() throws {
        var scene = try RulesScene()
        let liability = scene.ledger.state.accounts.firstIndex { [id = scene.liability()] in $0.id == id }
        let position = try #require(liability)
        scene.ledger.state = scene.ledger.state.damaged { accounts, supply in
            accounts[position].balances = [Balance(asset: 0, creditsPosted: .max - 125_00, debitsPosted: .max)]
            supply[1].issued = .max
            supply[1].redeemed = .max - 125_00
        }
        let over = Refusal(.counterOverflow, at: .operation(0, item: 0))
        #expect(throws: over) { try scene.ledger.issue(1, to: scene.alice) }
        try scene.ledger.redeem(100_00, from: scene.alice)
    }
}
