import Cryptography
@testable import Ledger
import Support
import Testing

@Suite("Invariants: each finds what it is for")
struct InvariantTests {
    /// The violation that an invariant finds in a damaged state.
    private static func finding(
        of invariant: some Invariant, _ damage: (inout [Account], inout [SupplyRecord]) -> Void
    ) throws -> InvariantViolation? {
        let scene = try RulesScene()
        let sound = violation(of: invariant, in: scene.ledger.state)
        #expect(sound == nil, "the state before the damage")
        return violation(of: invariant, in: scene.ledger.state.damaged(damage))
    }

    private static func violation(of invariant: some Invariant, in state: borrowing LedgerState) -> InvariantViolation? {
        do throws(InvariantViolation) {
            try invariant.check(state)
            return nil
        } catch {
            return error
        }
    }

    /// The first opened account: Alice's, with EUR 100.00 and JPY 10000.
    private static let alice = 8
    /// The liability account of EUR and the first bank.
    private static let liability = 5

    @Test("conservation: a cent more, a cent less, a reservation without its other side")
    func conservation() throws {
        let more = try Self.finding(of: Conservation()) { accounts, _ in accounts[Self.alice].balances[0].creditsPosted += 1 }
        #expect(more?.invariant == "conservation" && more?.subject == "asset 0")
        #expect(more?.finding == "posted debits are 17500, posted credits 17501")
        let less = try Self.finding(of: Conservation()) { accounts, _ in accounts[Self.alice].balances[1].creditsPosted -= 1 }
        #expect(less?.subject == "asset 1")
        let pending = try Self.finding(of: Conservation()) { accounts, _ in accounts[Self.alice].balances[0].debitsPending = 1 }
        #expect(pending?.finding == "pending debits are 1, pending credits 0")
        let foreign = try Self.finding(of: Conservation()) { accounts, _ in
            accounts[Self.alice].balances.append(Balance(asset: 9, creditsPosted: 1))
        }
        #expect(foreign?.subject == "asset 9")
        // Sums past 128 bits neither end the process nor hide a difference.
        let wide = try Self.finding(of: Conservation()) { accounts, _ in
            for account in 8...10 { accounts[account].balances[0] = Balance(asset: 0, creditsPosted: .max, debitsPosted: .max - 1) }
        }
        #expect(wide?.invariant == "conservation")
    }

    @Test("outstanding is held: the holders have more or less than the banks owe")
    func outstandingIsHeld() throws {
        let more = try Self.finding(of: OutstandingIsHeld()) { accounts, _ in accounts[Self.alice].balances[0].creditsPosted += 1 }
        #expect(more?.finding == "the banks owe 17500, the holders have 17501")
        let less = try Self.finding(of: OutstandingIsHeld()) { accounts, _ in accounts[Self.alice].balances[0].debitsPosted += 1 }
        #expect(less?.finding == "the banks owe 17500, the holders have 17499")
        let owed = try Self.finding(of: OutstandingIsHeld()) { accounts, _ in accounts[Self.liability].balances[0].debitsPosted += 1 }
        #expect(owed?.finding == "the banks owe 17501, the holders have 17500")
        let negative = try Self.finding(of: OutstandingIsHeld()) { accounts, _ in
            accounts[Self.alice].balances[0].debitsPosted = 100_01
        }
        #expect(negative?.subject == "account 8" && negative?.finding == "10000 − 10001 is negative")
        // What one bank owes too much does not make up for what another holder lacks.
        let hidden = try Self.finding(of: OutstandingIsHeld()) { accounts, _ in
            accounts[Self.liability].balances[0].creditsPosted = 1_000_00
        }
        #expect(hidden?.subject == "account 5")
    }

    @Test("no negative availability: paid more than received, reserved more than there is, redeemed more than issued")
    func noNegativeAvailability() throws {
        let paid = try Self.finding(of: NoNegativeAvailability()) { accounts, _ in
            accounts[Self.alice].balances[0].debitsPosted = 100_01
        }
        #expect(paid?.subject == "account 8, asset 0")
        let reserved = try Self.finding(of: NoNegativeAvailability()) { accounts, _ in
            accounts[Self.alice].balances[0].debitsPending = 100_01
        }
        #expect(reserved?.finding == "received 10000, but paid 0 and reserved 10001")
        let exactly = try Self.finding(of: NoNegativeAvailability()) { accounts, _ in
            accounts[Self.alice].balances[0].debitsPending = 100_00
        }
        #expect(exactly == nil)
        let overflow = try Self.finding(of: NoNegativeAvailability()) { accounts, _ in
            accounts[Self.alice].balances[0].debitsPending = .max
            accounts[Self.alice].balances[0].debitsPosted = 2
        }
        #expect(overflow?.subject == "account 8, asset 0")
        let redeemed = try Self.finding(of: NoNegativeAvailability()) { accounts, _ in
            accounts[Self.liability].balances[0].creditsPosted = 1_000_000_00
        }
        #expect(redeemed?.finding.hasPrefix("issued 12500, but redeemed") == true)
    }

    @Test("within quota: a cent more than the quota, and anything where there is none")
    func withinQuota() throws {
        let quota: UInt128 = 1_000_000_000_00
        let full = try Self.finding(of: WithinQuota()) { accounts, _ in
            accounts[Self.liability].balances[0] = Balance(asset: 0, creditsPosted: 7, debitsPosted: quota + 7)
        }
        #expect(full == nil)
        let over = try Self.finding(of: WithinQuota()) { accounts, _ in
            accounts[Self.liability].balances[0] = Balance(asset: 0, creditsPosted: 7, debitsPosted: quota + 8)
        }
        #expect(over?.subject == "asset 0, institution 1")
        let wide = try Self.finding(of: WithinQuota()) { accounts, _ in
            accounts[Self.liability].balances[0] = Balance(asset: 0, creditsPosted: .max - 5, debitsPosted: .max)
        }
        #expect(wide == nil)
        let none = try Self.finding(of: WithinQuota()) { accounts, _ in
            accounts[Self.liability].balances.append(Balance(asset: 7, debitsPosted: 1))
        }
        #expect(none?.subject == "asset 7, institution 1")
    }

    @Test("applies once: an id under two expiries, in a block twice, in two blocks")
    func appliesOnce() throws {
        var scene = try RulesScene()
        let transaction = try scene.ledger.transfer(1, from: scene.alice, to: scene.bob)
        #expect(Self.violation(of: AppliesOnce(), in: scene.ledger.state) == nil)
        scene.ledger.state.replayWindow.insert(transaction.id, expiry: transaction.content.expiry + 3_600_000)
        let twice = Self.violation(of: AppliesOnce(), in: scene.ledger.state)
        #expect(twice?.subject == "transaction \(transaction.id)")

        let block = scene.ledger.seal().block
        var chain = AppliesOnce.Chain()
        for earlier in scene.ledger.blocks { try chain.add(earlier.block) }
        #expect(throws: InvariantViolation.self) { try chain.add(block) }
        var fresh = AppliesOnce.Chain()
        let doubled = Block(header: block.header, transactions: block.transactions + block.transactions)
        #expect(throws: InvariantViolation.self) { try fresh.add(doubled) }
    }

    @Test("supply matches accounts: every figure of every record, a little too high")
    func supplyFigures() throws {
        for position in 0..<10 {
            let changes: [(String, (inout SupplyRecord) -> Void)] = [
                ("issued", { $0.issued += 1 }), ("redeemed", { $0.redeemed += 1 }), ("balances", { $0.balances += 1 }),
                ("held", { $0.held += 1 }), ("frozen", { $0.frozen += 1 }), ("reserveAttested", { $0.reserveAttested += 1 }),
            ]
            for (figure, change) in changes {
                // Redeeming needs something issued, for a record to be possible at all.
                if figure == "redeemed", ![1, 2, 6].contains(position) { continue }
                let found = try Self.finding(of: SupplyMatchesAccounts()) { _, supply in change(&supply[position]) }
                #expect(found?.subject == "asset \(position / 5), institution \(position % 5)")
                #expect(found?.finding.hasPrefix("\(figure) is recorded as ") == true, "\(figure) of record \(position)")
            }
        }
    }

    @Test("supply matches accounts: records in another order, missing, with another quota; accounts the records do not know")
    func supplyRecords() throws {
        let swapped = try Self.finding(of: SupplyMatchesAccounts()) { _, supply in supply.swapAt(3, 4) }
        #expect(swapped?.subject == "supply record 3")
        let missing = try Self.finding(of: SupplyMatchesAccounts()) { _, supply in supply.removeLast() }
        #expect(missing?.finding == "9 records are not one per asset and institution")
        let quota = try Self.finding(of: SupplyMatchesAccounts()) { _, supply in
            supply[0] = SupplyRecord(asset: 0, institution: 0, quota: 1)
        }
        #expect(quota?.finding == "the quota is recorded as 1, but the chain specification says 0")
        let asset = try Self.finding(of: SupplyMatchesAccounts()) { accounts, _ in
            accounts[Self.alice].balances.append(Balance(asset: 2))
        }
        #expect(asset?.subject == "account 8")
        let frozen = try Self.finding(of: SupplyMatchesAccounts()) { accounts, _ in accounts[Self.alice].status = .frozen }
        #expect(frozen?.finding == "frozen is recorded as 0, but the accounts add up to 10000")
        let moved = try Self.finding(of: SupplyMatchesAccounts()) { accounts, _ in
            let account = accounts[Self.alice]
            accounts[Self.alice] = Account(
                index: account.index, id: account.id, kind: account.kind, institution: 2, openedHeight: 1,
                policy: account.policy, balances: Array(account.balances))
        }
        #expect(moved?.finding.hasPrefix("balances is recorded") == true)
    }

    @Test("no change of any one counter escapes all invariants, and the message says what to do")
    func everyCounter() throws {
        let scene = try RulesScene()
        let accounts = scene.ledger.state.accounts
        let counters: [WritableKeyPath<Balance, UInt128>] = [
            \.creditsPosted, \.debitsPosted, \.creditsPending, \.debitsPending,
        ]
        for (account, balances) in accounts.map(\.balances).enumerated() {
            for slot in balances.indices {
                for counter in counters {
                    for change in [1, 1_000_000, UInt128.max] {
                        let damaged = scene.ledger.state.damaged { accounts, _ in
                            accounts[account].balances[slot][keyPath: counter] &+= change
                        }
                        var found: InvariantViolation?
                        do throws(InvariantViolation) {
                            try Invariants.check(damaged)
                        } catch {
                            found = error
                        }
                        #expect(found != nil, "account \(account), balance \(slot), changed by \(change)")
                        #expect(found?.description.contains("stop this node") ?? true)
                    }
                }
            }
        }
    }

    @Test("the list holds every invariant once, by its name")
    func list() {
        #expect(
            Invariants.all.map { type(of: $0).name } == [
                "conservation", "outstandingIsHeld", "noNegativeAvailability", "withinQuota", "appliesOnce",
                "supplyMatchesAccounts",
            ])
    }
}
