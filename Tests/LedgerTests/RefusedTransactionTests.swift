import Cryptography
@testable import Ledger
import Support
import Testing

/// Transactions of several operations that are refused at the last: whatever the others did is taken back.
@Suite("State: refused transactions")
struct RefusedTransactionTests {
    /// People whose keys change as they are rotated.
    private struct People {
        var accounts: [TestAccount]
        private var rotations: [KeyPolicy: TestPolicy] = [:]
        private var names = 0

        init(_ scene: borrowing RulesScene) { accounts = [scene.alice, scene.bob, scene.carol, scene.dora] }

        mutating func name() -> String {
            names += 1
            return "made \(names)"
        }

        /// New keys for somebody.
        mutating func keys(_ random: inout SplitMix64) -> TestPolicy {
            let keys = TestPolicy(TestKey(name(), random.pick(SignatureScheme.allCases)))
            rotations[keys.policy] = keys
            return keys
        }

        /// Notes the keys that a transaction which applied has rotated.
        mutating func follow(_ steps: [TransactionBuilder.Step]) {
            for step in steps {
                guard case .rotateKeys(let id, let policy, _) = step, let keys = rotations[policy] else { continue }
                accounts = accounts.map { $0.id == id ? $0.rotated(to: keys) : $0 }
            }
        }
    }

    /// A step that may apply, and whose authority it needs. At most one rotation a person, for the keys before it sign all of it.
    private static func step(
        _ scene: borrowing RulesScene, _ people: inout People, _ random: inout SplitMix64
    ) -> (step: TransactionBuilder.Step, signers: [TestAccount]) {
        let network = scene.network
        let person = random.pick(people.accounts)
        let asset = random.pick([TestNetwork.eur, TestNetwork.eur, TestNetwork.jpy])
        let amount = UInt64(1 + random.below(5_00))
        switch random.below(9) {
        case 0:
            let accounts = (0..<1 + random.below(3)).map { _ in network.account(people.name()) }
            return (network.openStep(accounts), [network.walletOperator])
        case 1, 2: return (.issue(bank: network.bankA.id, to: person.id, asset: asset, amount: amount), [network.bankA])
        case 3:
            return (.redeem(bank: network.bankA.id, from: person.id, asset: asset, amount: amount), [network.bankA, person])
        case 4:
            let status = random.pick([AccountStatus.active, .active, .creditsFrozen, .debitsFrozen, .frozen])
            return (.setStatus(account: person.id, status: status), [network.institution(person.plan?.sponsor ?? person.id)])
        case 5: return (network.rotateStep(person, to: people.keys(&random)), [person])
        default:
            let legs = (0..<1 + random.below(4)).map { number in
                let others = people.accounts.filter { $0.id != person.id }
                return scene.leg(number == 0 ? amount : 1, asset, from: person, to: random.pick(others))
            }
            return (.transfer(legs), [person])
        }
    }

    /// A step that is refused in every state the scene can come to.
    private static func failingStep(
        _ scene: borrowing RulesScene, _ people: People, _ random: inout SplitMix64
    ) -> (step: TransactionBuilder.Step, signers: [TestAccount]) {
        let network = scene.network
        let person = random.pick(people.accounts)
        switch random.below(5) {
        case 0:
            let other = people.accounts.first { $0.id != person.id } ?? network.auditor
            return (.transfer([scene.leg(1, from: person, to: other), scene.leg(1 << 40, from: person, to: other)]), [person])
        case 1: return (.issue(bank: network.bankB.id, to: person.id, asset: TestNetwork.eur, amount: 1 << 50), [network.bankB])
        case 2: return (.redeem(bank: network.bankB.id, from: person.id, asset: TestNetwork.eur, amount: 50_01), [network.bankB, person])
        case 3: return (network.openStep([network.account("new \(random.next())"), scene.dora]), [network.walletOperator])
        default:
            let status = AccountStatus.closed
            return (.setStatus(account: scene.alice.id, status: status), [network.walletOperator])
        }
    }

    @Test("of a transaction that is refused at its last operation nothing remains", arguments: 0..<3)
    func refusedAtTheLastStep(run: Int) throws {
        var random = SplitMix64(test: "refusedAtTheLastStep, \(run)")
        var scene = try RulesScene()
        var people = People(scene)
        var refusedLate = 0
        var round = 0
        // Many a transaction is refused before its last operation; about every fifth is not.
        while refusedLate < 15, round < 500 {
            round += 1
            var steps: [TransactionBuilder.Step] = []
            var signers: [AccountID: TestAccount] = [:]
            let isToApply = random.once(in: 5)
            let count = 1 + random.below(5)
            for number in 0...count {
                let isLast = number == count && !isToApply
                let (step, names) = isLast ? Self.failingStep(scene, people, &random) : Self.step(scene, &people, &random)
                steps.append(step)
                for signer in names { signers[signer.id] = signer }
            }
            let all = signers.values.sorted { $0.id < $1.id }
            let transaction = try scene.transaction(steps, by: all)
            guard let refusal = scene.verdict(transaction) else {
                #expect(isToApply)
                people.follow(steps)
                continue
            }
            if case .operation(let operation, _) = refusal.place, operation == count { refusedLate += 1 }
            if round % 20 == 0 {
                scene.ledger.seal()
                try Invariants.check(scene.ledger.state)
            }
        }
        #expect(refusedLate == 15, "the test is about these")
    }

    @Test("a block with refused attempts has the outcome of one without: entries, accounts and supply")
    func sameOutcome() throws {
        var random = SplitMix64(test: "sameOutcome")
        var tried = try RulesScene()
        var clean = try RulesScene()
        var people = People(tried)
        for _ in 0..<8 {
            for _ in 0..<25 {
                let (step, signers) = Self.step(tried, &people, &random)
                let (bad, more) = Self.failingStep(tried, people, &random)
                let all = Dictionary((signers + more).map { ($0.id, $0) }) { first, _ in first }.values.sorted { $0.id < $1.id }
                let refused = try tried.transaction([step, bad], by: all)
                #expect(tried.verdict(refused) != nil)
                let good = try tried.transaction([step], by: signers)
                let verdicts = [tried.verdict(good), clean.verdict(good)]
                #expect(verdicts[0] == verdicts[1])
                if verdicts[0] == nil { people.follow([step]) }
            }
            let (height, time) = (clean.ledger.height, clean.ledger.time)
            let expected = clean.ledger.state.seal(height: height, time: time)
            let outcome = tried.ledger.state.seal(height: height, time: time)
            #expect(SupplyChange.all(of: outcome) == SupplyChange.all(of: expected))
            #expect(outcome.accounts == expected.accounts && outcome.entries == expected.entries)
            #expect(outcome.stateRoot == expected.stateRoot && outcome.supplyRoot == expected.supplyRoot)
            #expect(StateSnapshot(tried.ledger.state) == StateSnapshot(clean.ledger.state))
        }
    }

    @Test("the balance an asset gets in an account goes with the movement that brought it, before, between and after others")
    func newBalances() throws {
        for (first, second) in [(TestNetwork.eur, TestNetwork.jpy), (TestNetwork.jpy, TestNetwork.eur)] {
            var scene = try RulesScene()
            // Dora has no balance, and gets one in each asset, then more of the first; the last leg is too much.
            let legs = [
                scene.leg(1, first, from: scene.alice, to: scene.dora), scene.leg(2, second, from: scene.alice, to: scene.dora),
                scene.leg(3, first, from: scene.alice, to: scene.dora), scene.leg(1 << 40, second, from: scene.alice, to: scene.dora),
            ]
            let refused = try scene.transaction([.transfer(legs)], by: [scene.alice])
            #expect(scene.verdict(refused) == Refusal(.insufficientFunds, at: .operation(0, item: 3)))
            #expect(scene.ledger.state.account(scene.dora.id)?.balances.isEmpty == true)
            try scene.ledger.transfer(1, second, from: scene.alice, to: scene.dora)
            #expect(scene.verdict(try scene.transaction([.transfer(legs)], by: [scene.alice])) != nil)
            #expect(scene.ledger.state.account(scene.dora.id)?.balances.map(\.asset) == [second])
            #expect(scene.verdict(try scene.transaction([.transfer(Array(legs.dropLast()))], by: [scene.alice])) == nil)
            let balances = scene.ledger.state.account(scene.dora.id)?.balances
            #expect(balances?.map(\.asset) == [TestNetwork.eur, TestNetwork.jpy])
            #expect(balances?.map(\.posted) == (first == TestNetwork.eur ? [4, 3] : [3, 4]))
            scene.ledger.seal()
            try Invariants.check(scene.ledger.state)
        }
    }

    @Test("money that comes to a frozen account is frozen, and is no longer when that is taken back")
    func frozenMoney() throws {
        var scene = try RulesScene()
        try scene.ledger.setStatus(.debitsFrozen, of: scene.dora)
        let steps: [TransactionBuilder.Step] = [
            .transfer([scene.leg(5, from: scene.alice, to: scene.dora)]),
            .setStatus(account: scene.dora.id, status: .active),
            .transfer([scene.leg(3, from: scene.dora, to: scene.bob), scene.leg(2, from: scene.dora, to: scene.alice)]),
            .setStatus(account: scene.dora.id, status: .frozen),
            .transfer([scene.leg(1, from: scene.alice, to: scene.dora)]),
        ]
        let transaction = try scene.transaction(steps, by: [scene.alice, scene.dora, scene.network.walletOperator])
        #expect(scene.verdict(transaction) == Refusal(.creditsFrozen, at: .operation(4, item: 0)))
        let shorter = try scene.transaction(
            Array(steps.dropLast(3)), by: [scene.alice, scene.network.walletOperator])
        #expect(scene.verdict(shorter) == nil)
        scene.ledger.seal()
        try Invariants.check(scene.ledger.state)
    }
}

/// A supply record that a block touched, before and after it.
struct SupplyChange: Equatable {
    let position: Int
    let before: SupplyRecord
    let after: SupplyRecord

    static func all(of outcome: BlockOutcome) -> [SupplyChange] {
        #expect(outcome.supply.count == outcome.supplyBefore.count)
        return zip(outcome.supply, outcome.supplyBefore).map { SupplyChange(position: $0.position, before: $1, after: $0.record) }
    }
}
