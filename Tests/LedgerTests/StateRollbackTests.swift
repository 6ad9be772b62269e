import Cryptography
@testable import Ledger
import Support
import Testing

@Suite("State: rolling back and sealing")
struct StateRollbackTests {
    /// A random transaction of one or two operations, which may well be refused.
    private static func randomStep(
        _ scene: inout RulesScene, _ random: inout SplitMix64
    ) throws -> SignedTransaction {
        let people = [scene.alice, scene.bob, scene.carol, scene.dora]
        let person = random.pick(people)
        let amount = UInt64(1 + random.below(30_00))
        let asset = random.pick([TestNetwork.eur, TestNetwork.jpy])
        switch random.below(6) {
        case 0:
            let account = scene.network.account("random \(random.below(100))")
            return try scene.transaction([scene.network.openStep([account])], by: [scene.network.walletOperator])
        case 1: return scene.network.issue(amount, asset, to: person, nonce: scene.ledger.nonce(), expiry: scene.ledger.expiry)
        case 2: return scene.network.redeem(amount, asset, from: person, nonce: scene.ledger.nonce(), expiry: scene.ledger.expiry)
        case 3:
            let step = TransactionBuilder.Step.setStatus(account: person.id, status: random.pick(AccountStatus.allCases))
            let sponsor = person == scene.carol ? scene.network.bankA : scene.network.walletOperator
            return try scene.transaction([step], by: [sponsor])
        case 4:
            let other = random.pick(people.filter { $0 != person })
            let third = random.pick(people.filter { $0 != person })
            let legs = [scene.leg(amount, asset, from: person, to: other), scene.leg(1, asset, from: person, to: third)]
            return try scene.transaction([.transfer(legs)], by: [person])
        default:
            // Rotates to the keys it has plus a spare one and back, so that its own key keeps signing.
            let own = person.keys.keys[0]
            let spare = TestPolicy(threshold: 1, [(own, 1), (TestKey("spare \(random.below(3))", own.scheme), 1)])
            return try scene.transaction([scene.network.rotateStep(person, to: spare)], by: [person])
        }
    }

    @Test("rolling back to any savepoint gives the state as it was there, nested as savepoints may be")
    func savepoints() throws {
        var random = SplitMix64(test: "savepoints")
        var scene = try RulesScene()
        for _ in 0..<12 {
            var points: [(LedgerState.Savepoint, StateSnapshot)] = [(scene.ledger.state.savepoint, StateSnapshot(scene.ledger.state))]
            for position in 0..<60 {
                let transaction = try Self.randomStep(&scene, &random)
                _ = scene.apply(transaction, at: UInt32(position))
                points.append((scene.ledger.state.savepoint, StateSnapshot(scene.ledger.state)))
                if random.once(in: 8) {
                    let target = random.below(points.count)
                    scene.ledger.state.rollBack(to: points[target].0)
                    #expect(StateSnapshot(scene.ledger.state) == points[target].1)
                    points.removeSubrange((target + 1)...)
                }
            }
            scene.ledger.state.rollBack(to: points[0].0)
            #expect(StateSnapshot(scene.ledger.state) == points[0].1)
            // Once more, and this time it stays.
            for position in 0..<20 {
                _ = scene.apply(try Self.randomStep(&scene, &random), at: UInt32(position))
            }
            scene.ledger.seal()
        }
    }

    @Test("what sealing gives equals the same made from scratch: trees, roots, entry chains, outcome")
    func sealing() throws {
        var random = SplitMix64(test: "sealing")
        var scene = try RulesScene()
        for round in 0..<25 {
            let before = scene.ledger.state.accounts
            let supplyBefore = scene.ledger.state.supply
            for position in 0..<random.below(30) {
                _ = scene.apply(try Self.randomStep(&scene, &random), at: UInt32(position))
            }
            let height = scene.ledger.height
            let time = scene.ledger.time
            let outcome = scene.ledger.state.seal(height: height, time: time)
            scene.ledger.time += 60_000
            let state = scene.ledger.state.copy()
            let place = [state.height, state.time]
            #expect(place == [height, time])
            let accounts = state.accounts
            let supply = state.supply
            #expect(outcome.stateRoot == NaiveTree.root(accounts.map { MerkleHash.leaf($0.bytes) }), "round \(round)")
            #expect(outcome.supplyRoot == NaiveTree.root(supply.map { MerkleHash.leaf($0.bytes) }), "round \(round)")
            let roots = [state.stateRoot, state.supplyRoot]
            #expect([outcome.stateRoot, outcome.supplyRoot] == roots)
            #expect(outcome.accountCount == UInt64(accounts.count))

            // Every account's chain is its chain before, continued by the entries that name it.
            var chains = before.map { (count: $0.entryCount, hash: $0.entryHash) }
            chains += Array(repeating: (0, .zero), count: accounts.count - before.count)
            for item in outcome.entries {
                let previous = chains[Int(item.account)]
                var message = previous.hash.bytes
                message += item.entry.bytes
                chains[Int(item.account)] = (previous.count + 1, TaggedHash(tag: "coffer/entry/v1").hash(message))
            }
            for (account, chain) in zip(accounts, chains) {
                #expect(account.entryCount == chain.count && account.entryHash == chain.hash, "account \(account.index)")
            }
            // The outcome names exactly what changed.
            let changed = accounts.indices.filter { $0 >= before.count || accounts[$0] != before[$0] }
            #expect(outcome.accounts == changed.map { accounts[$0] }, "round \(round)")
            let changedSupply = Set(supply.indices.filter { supply[$0] != supplyBefore[$0] })
            #expect(changedSupply.isSubset(of: outcome.supply.map(\.position)))
            #expect(outcome.supply.allSatisfy { supply[$0.position] == $0.record })
            #expect(outcome.supplyBefore == outcome.supply.map { supplyBefore[$0.position] })
            try Invariants.check(state)
            try BlockInvariants.check(outcome, in: state)
            for account in accounts {
                let path = state.inclusionPath(of: account.index)
                #expect(
                    MerkleProof.includes(
                        leaf: account.leaf, index: account.index, count: outcome.accountCount, path: path,
                        root: outcome.stateRoot))
            }
        }
    }

    @Test("a state made from its parts, or copied, is the same state and goes on the same way")
    func restored() throws {
        var random = SplitMix64(test: "restored state")
        var scene = try RulesScene()
        var restored = LedgerState(
            chainspec: scene.network.chainspec, height: scene.ledger.state.height, time: scene.ledger.state.time,
            accounts: scene.ledger.state.accounts, supply: scene.ledger.state.supply,
            replayWindow: scene.ledger.state.replayWindow)
        #expect(StateSnapshot(restored) == StateSnapshot(scene.ledger.state))
        var copied = scene.ledger.state.copy()
        for position in 0..<40 {
            let transaction = try Self.randomStep(&scene, &random)
            let context = scene.ledger.context
            let first = scene.apply(transaction, at: UInt32(position))
            let second = RulesScene.apply(transaction, at: UInt32(position), context, to: &restored)
            let third = RulesScene.apply(transaction, at: UInt32(position), context, to: &copied)
            #expect(first == second && first == third)
        }
        let (height, time) = (scene.ledger.height, scene.ledger.time)
        let roots = [
            scene.ledger.state.seal(height: height, time: time), restored.seal(height: height, time: time),
            copied.seal(height: height, time: time),
        ].map(\.stateRoot)
        #expect(Set(roots).count == 1)
        #expect(StateSnapshot(restored) == StateSnapshot(copied))
        #expect(StateSnapshot(restored) == StateSnapshot(scene.ledger.state))
    }

    @Test("a block without transactions changes no root")
    func emptyBlock() throws {
        var scene = try RulesScene()
        let before = scene.ledger.header
        let block = scene.ledger.seal()
        #expect(block.block.header.stateRoot == before.stateRoot && block.block.header.supplyRoot == before.supplyRoot)
        #expect(block.block.header.transactionRoot == MerkleHash.empty && block.block.header.transactionCount == 0)
        #expect(block.block.header.parent == before.hash && block.block.header.height == before.height + 1)
        #expect(block.block.header.historyRoot != before.historyRoot)
    }
}

extension RulesScene {
    /// Checks and applies a transaction past the test ledger's own list, which knows no rolling back.
    mutating func apply(_ transaction: SignedTransaction, at position: UInt32) -> Refusal? {
        let context = ledger.context
        return Self.apply(transaction, at: position, context, to: &ledger.state)
    }

    static func apply(
        _ transaction: SignedTransaction, at position: UInt32, _ context: BlockContext, to state: inout LedgerState
    ) -> Refusal? {
        do throws(Refusal) {
            let requirements = try state.requirements(of: transaction, at: context.time)
            let verified = try VerifiedTransaction(checking: transaction, requirements: requirements)
            try state.apply(verified, at: position, in: context)
            return nil
        } catch {
            return error
        }
    }
}
