import Cryptography
import Support
import Testing

@testable import Ledger

/// A transaction says by itself which entries it has: compared with those that executing it writes, for every operation.
@Suite struct EffectsTests {
    private func makeLedger() throws -> TestLedger {
        var ledger = TestLedger()
        let network = ledger.network
        let alice = network.account("alice", sponsor: network.bankA)
        let bob = network.account("bob", sponsor: network.bankA, keys: TestPolicy(TestKey("bob", .ecdsa)))
        let carol = network.account("carol", kind: .bankIssued)
        // Several openings, and operations of every kind, some of them several in one transaction.
        try ledger.apply(network.open([alice, bob, carol], nonce: ledger.nonce()))
        try ledger.issue(1_000, to: alice)
        try ledger.issue(500, TestNetwork.jpy, to: alice)
        ledger.seal()
        let legs = [(alice, bob, TestNetwork.eur, 5), (alice, bob, TestNetwork.jpy, 7), (bob, alice, TestNetwork.eur, 2)].map {
            TransactionBuilder.Leg(from: $0.id, to: $1.id, asset: $2, amount: UInt64($3))
        }
        let rotation = network.rotateStep(bob, to: TestPolicy(TestKey("bob-2")))
        try ledger.run([.transfer(legs), .transfer([legs[0]]), rotation], by: alice, bob)
        try ledger.redeem(100, from: alice)
        try ledger.setStatus(.debitsFrozen, of: carol)
        ledger.seal()
        try ledger.setStatus(.active, of: carol)
        try ledger.setStatus(.closed, of: carol)
        try ledger.issue(3, to: network.bankB)
        ledger.seal()
        return ledger
    }

    @Test func theEffectsOfATransactionAreItsEntries() throws {
        let ledger = try makeLedger()
        var kinds: Set<Entry.Kind> = []
        for (block, outcome) in zip(ledger.blocks, ledger.outcomes) {
            var expected = outcome.entries[...]
            for (position, signed) in block.block.transactions.enumerated() {
                let location = TransactionLocation(height: block.block.header.height, position: UInt32(position))
                let followed = FollowedTransaction(signed)
                for effect in followed.effects {
                    guard let item = expected.popFirst() else { return #expect(Bool(false), "an entry is missing") }
                    #expect(effect.entry(at: location, id: signed.id) == item.entry)
                    let account = ledger.state.accounts[Int(item.account)]
                    switch effect.subject {
                    case .account(let named): #expect(signed.content.account(at: named) == account.id)
                    case .liability(let bank):
                        let member = ledger.state.account(signed.content.account(at: bank))
                        let institution = try #require(member).institution
                        #expect(ledger.network.chainspec.liabilityAccount(asset: effect.asset, bank: institution) == account.id)
                    case .opening(let sponsor):
                        let member = ledger.state.account(signed.content.account(at: sponsor))
                        let institution = try #require(member).institution
                        let opened = Account(
                            opening: effect, of: followed, index: account.index, institution: institution, height: location.height)
                        #expect(opened?.id == account.id && opened?.kind == account.kind && opened?.tier == account.tier)
                        #expect(opened?.institution == account.institution && opened?.openedHeight == account.openedHeight)
                    }
                    kinds.insert(effect.kind)
                }
            }
            #expect(expected.isEmpty)
        }
        #expect(kinds == Set(Entry.Kind.allCases))
    }

    /// Following the effects leads every account to where executing the blocks left it, its entry hash included.
    @Test func followingTheEffectsLeadsToTheState() throws {
        let ledger = try makeLedger()
        var accounts = LedgerState(genesis: ledger.network.chainspec).accounts
        for (block, outcome) in zip(ledger.blocks, ledger.outcomes) {
            var owners = outcome.entries.map(\.account)[...]
            for (position, signed) in block.block.transactions.enumerated() {
                let location = TransactionLocation(height: block.block.header.height, position: UInt32(position))
                let followed = FollowedTransaction(signed)
                for effect in followed.effects {
                    guard let index = owners.popFirst() else { return #expect(Bool(false), "an entry is missing") }
                    if index == AccountIndex(accounts.count) {
                        let institution = ledger.state.accounts[Int(index)].institution
                        accounts.append(
                            try #require(
                                Account(
                                    opening: effect, of: followed, index: index, institution: institution, height: location.height)))
                    }
                    try accounts[Int(index)].apply(effect, of: followed, at: location)
                }
            }
            for account in outcome.accounts { #expect(accounts[Int(account.index)] == account) }
        }
        #expect(accounts == ledger.state.accounts)
    }

    /// An account that is not as the transaction found it is noticed, where its counters cannot take the effect.
    @Test func anEffectThatAnAccountCannotTakeIsRefused() throws {
        let ledger = try makeLedger()
        let transfer = FollowedTransaction(ledger.blocks[1].block.transactions[0])
        let location = TransactionLocation(height: 2, position: 0)
        let debit = try #require(transfer.effects.first { $0.kind == .debit })
        let holder = ledger.state.accounts.first { $0.kind == .walletHeld }
        let current = try #require(holder)
        var poor = Account(
            index: current.index, id: current.id, kind: current.kind, institution: current.institution, openedHeight: 1,
            policy: current.policy)
        #expect(throws: DecodingError.negativeBalance) { try poor.apply(debit, of: transfer, at: location) }
        let credit = try #require(transfer.effects.first { $0.kind == .credit })
        let full = Balance(asset: credit.asset, creditsPosted: .max, debitsPosted: .max)
        var rich = Account(
            index: 1, id: current.id, kind: .walletHeld, institution: current.institution, openedHeight: 1, policy: current.policy,
            balances: [full])
        #expect(throws: DecodingError.negativeBalance) { try rich.apply(credit, of: transfer, at: location) }
    }

    @Test func anIdIsTheHashOfTheContent() throws {
        let ledger = try makeLedger()
        for signed in ledger.blocks.flatMap(\.block.transactions) {
            let content = signed.bytes.prefix(signed.bytes.count - 2 - 68 * signed.signatures.count)
            #expect(TransactionID(hashing: Array(content).span) == signed.id)
        }
    }
}
