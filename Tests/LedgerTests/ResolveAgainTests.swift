import Cryptography
@testable import Ledger
import Support
import Testing

/// A transaction is verified by one state and applied to another. Where its accounts stand is taken over if they still stand there;
/// whatever happened in between, the verdict is that of looking anew.
@Suite("Rules: resolving a verified transaction again")
struct ResolveAgainTests {
    /// What a state says of rules 1 to 11.
    private enum Verdict: Equatable {
        case refused(Refusal)
        case resolved(accounts: [Int], authorities: [Int])

        init(_ resolve: () throws(Refusal) -> ResolvedTransaction) {
            do throws(Refusal) {
                let resolved = try resolve()
                self = .resolved(accounts: Array(resolved.accounts), authorities: Array(resolved.authorities))
            } catch {
                self = .refused(error)
            }
        }

        var refusal: Refusal? { if case .refused(let refusal) = self { refusal } else { nil } }
    }

    private static func verified(
        _ transaction: SignedTransaction, by state: borrowing LedgerState, at time: TimeMilliseconds
    ) throws(Refusal) -> VerifiedTransaction {
        try VerifiedTransaction(checking: transaction, requirements: try state.requirements(of: transaction, at: time))
    }

    /// What a state says of a verified transaction; it must be what it says of the transaction itself.
    @discardableResult
    private static func verdict(
        _ transaction: VerifiedTransaction, in state: borrowing LedgerState, at time: TimeMilliseconds,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> Refusal? {
        let again = Verdict { () throws(Refusal) in try state.resolve(transaction, at: time) }
        let anew = Verdict { () throws(Refusal) in try state.resolve(transaction.signed, at: time) }
        #expect(again == anew, sourceLocation: sourceLocation)
        return again.refusal
    }

    /// A verified transaction whose accounts are said to have been found at some places. Its envelope counts as checked, for rules 1 to 11
    /// do not look at signatures.
    private static func forged(_ transaction: SignedTransaction, accounts: [Int], authorities: [Int]) throws -> VerifiedTransaction {
        var resolved = ResolvedTransaction(of: transaction, accounts: PositionList(accounts), authorities: PositionList(authorities))
        resolved.signatureCount = 0
        let requirements = SignatureRequirements(envelope: [], resolved: resolved)
        return try VerifiedTransaction(transaction, requirements: requirements, results: requirements.checks.map { $0.verify() })
    }

    static let cases = (RefusalCase.envelope + RefusalCase.authority + RefusalCase.signatures).filter {
        $0.reason != .invalidSignature && $0.reason != .invalidPossession
    }

    @Test("whatever places a transaction's accounts are said to have, it is refused for its own reason", arguments: cases)
    func anyPlaces(_ refusal: RefusalCase) throws {
        var random = SplitMix64(test: "anyPlaces, \(refusal.testDescription)")
        var scene = try RulesScene()
        let (transaction, place) = try refusal.make(&scene)
        let time = scene.ledger.time
        let ids = Array(transaction.content.accounts)
        let count = scene.ledger.state.accounts.count
        for round in 0..<40 {
            // One at least is wrong: there are more accounts in the state than in any of these transactions.
            var places = ids.map { _ in random.below(count) }
            if round == 0 { places = ids.map { _ in count } }
            if round == 1 { places = ids.map { _ in Int(UInt32.max) } }
            if ids.indices.allSatisfy({ scene.ledger.state.position(of: ids[$0]) == places[$0] }) { continue }
            let forged = try Self.forged(transaction, accounts: places, authorities: places.sorted())
            #expect(Self.verdict(forged, in: scene.ledger.state, at: time) == Refusal(refusal.reason, at: place))
        }
    }

    /// Where the places are right, those rules are asked again that can have another answer: the envelope's, and those of signers.
    @Test("in its right places it is refused for its own reason", arguments: cases)
    func rightPlaces(_ refusal: RefusalCase) throws {
        var scene = try RulesScene()
        let (transaction, place) = try refusal.make(&scene)
        let places = transaction.content.accounts.map { scene.ledger.state.position(of: $0) }
        guard !places.contains(nil) else {
            #expect(refusal.reason == .unknownAccount)
            return
        }
        // An account's id commits to kind and institution, so nothing verified can later be refused for these.
        let reasons: [Refusal.Reason] = [.unknownAsset, .wrongInstitution, .wrongAccountKind]
        guard !reasons.contains(refusal.reason) else { return }
        let accounts = places.compactMap { $0 }
        // For the envelope's rules the authorities do not matter.
        var authorities: [Int] = []
        do throws(Refusal) { authorities = Array(try scene.ledger.state.requiredAuthorities(transaction, PositionList(accounts))) } catch {}
        let forged = try Self.forged(transaction, accounts: accounts, authorities: authorities)
        #expect(Self.verdict(forged, in: scene.ledger.state, at: scene.ledger.time) == Refusal(refusal.reason, at: place))
    }

    @Test("rules 1 to 4 go by the state and time that are asked")
    func envelope() throws {
        var scene = try RulesScene()
        let time = scene.ledger.time
        let expiry = time + Transaction.maximumLifetimeMilliseconds
        let transaction = try Self.verified(
            scene.network.transfer(1, from: scene.alice, to: scene.bob, nonce: 77, expiry: expiry), by: scene.ledger.state, at: time)
        #expect(Self.verdict(transaction, in: scene.ledger.state, at: time) == nil)
        #expect(Self.verdict(transaction, in: scene.ledger.state, at: expiry - 1) == nil)
        #expect(Self.verdict(transaction, in: scene.ledger.state, at: expiry) == Refusal(.expired))
        #expect(Self.verdict(transaction, in: scene.ledger.state, at: time - 1) == Refusal(.expiryTooFar))
        let other = try RulesScene(TestNetwork(name: "other"))
        #expect(Self.verdict(transaction, in: other.ledger.state, at: time) == Refusal(.wrongNetwork))
        try scene.ledger.state.apply(transaction, at: 0, in: scene.ledger.context)
        #expect(Self.verdict(transaction, in: scene.ledger.state, at: time) == Refusal(.alreadyApplied))
        scene.ledger.seal()
        #expect(Self.verdict(transaction, in: scene.ledger.state, at: time) == Refusal(.alreadyApplied))
    }

    @Test("an account that was rolled back is unknown, also when another was opened in its place, and is found where it is opened later")
    func otherAccountInItsPlace() throws {
        var scene = try RulesScene()
        let (erin, frank) = (scene.network.account("erin"), scene.network.account("frank"))
        let start = scene.ledger.state.savepoint
        let height = scene.ledger.context
        try scene.ledger.apply(scene.network.open([erin], nonce: 501, expiry: scene.ledger.expiry))
        try scene.ledger.issue(50, to: erin)
        // Erin receives in one and pays in the other; Alice was there before and stays.
        let receives = try Self.verified(scene.transfer(1, from: scene.alice, to: erin), by: scene.ledger.state, at: scene.ledger.time)
        let pays = try Self.verified(scene.transfer(1, from: erin, to: scene.alice), by: scene.ledger.state, at: scene.ledger.time)
        let place = scene.ledger.state.accounts.count - 1
        #expect(scene.ledger.state.position(of: erin.id) == place)
        for transaction in [receives, pays] { #expect(Self.verdict(transaction, in: scene.ledger.state, at: scene.ledger.time) == nil) }

        scene.ledger.state.rollBack(to: start)
        for transaction in [receives, pays] {
            let unknown = Refusal(.unknownAccount, at: try RulesScene.place(of: erin, in: transaction.signed))
            #expect(Self.verdict(transaction, in: scene.ledger.state, at: scene.ledger.time) == unknown)
        }
        try scene.ledger.apply(scene.network.open([frank], nonce: 502, expiry: scene.ledger.expiry))
        try scene.ledger.issue(50, to: frank)
        #expect(scene.ledger.state.position(of: frank.id) == place)
        let before = StateSnapshot(scene.ledger.state)
        for transaction in [receives, pays] {
            let unknown = Refusal(.unknownAccount, at: try RulesScene.place(of: erin, in: transaction.signed))
            #expect(Self.verdict(transaction, in: scene.ledger.state, at: scene.ledger.time) == unknown)
            #expect(throws: unknown) { try scene.ledger.state.apply(transaction, at: 0, in: height) }
        }
        #expect(StateSnapshot(scene.ledger.state) == before, "Frank's money is Frank's")

        try scene.ledger.apply(scene.network.open([erin], nonce: 503, expiry: scene.ledger.expiry))
        try scene.ledger.issue(50, to: erin)
        for transaction in [receives, pays] {
            #expect(Self.verdict(transaction, in: scene.ledger.state, at: scene.ledger.time) == nil)
            try scene.ledger.state.apply(transaction, at: 0, in: height)
        }
        #expect(scene.ledger.balance(erin) == 50 && scene.ledger.balance(frank) == 50 && scene.ledger.balance(scene.alice) == 100_00)
    }

    @Test("rules 10 to 12 go by the keys and thresholds of the moment")
    func keysRotatedInBetween() throws {
        var scene = try RulesScene()
        let (p, q, t, u) = (TestKey("p"), TestKey("q"), TestKey("t"), TestKey("u"))
        let (r, s) = (TestKey("r", .ecdsa), TestKey("s", .ecdsa))
        let old = TestPolicy(threshold: 2, [(p, 1), (q, 1), (r, 2)])
        let joint = try scene.ledger.open("joint", keys: old)
        try scene.ledger.issue(100, to: joint)
        let signed = scene.transfer(1, from: joint.signing(with: p, q), to: scene.bob)
        let time = scene.ledger.time
        let transaction = try Self.verified(signed, by: scene.ledger.state, at: time)
        let payer = try RulesScene.place(of: joint, in: signed)
        // In the order of the policy, bip340 keys come before ecdsa ones.
        let others: [(name: String, keys: TestPolicy, refusal: Refusal?)] = [
            ("threshold raised", TestPolicy(threshold: 3, [(p, 1), (q, 1), (r, 2)]), Refusal(.missingSignature, at: payer)),
            ("other weights", TestPolicy(threshold: 3, [(p, 2), (q, 1), (r, 3)]), nil),
            ("one key left", TestPolicy(p), Refusal(.unknownKey, at: .signature(1))),
            ("another scheme", TestPolicy(threshold: 2, [(p, 1), (s, 1)]), Refusal(.unknownKey, at: .signature(1))),
            ("a key added behind", TestPolicy(threshold: 2, [(p, 1), (q, 1), (s, 1)]), nil),
            ("other keys", TestPolicy(threshold: 2, [(t, 1), (u, 1)]), Refusal(.invalidSignature, at: .signature(0))),
        ]
        for (name, keys, refusal) in others {
            let start = scene.ledger.state.savepoint
            let rotation = try scene.transaction([scene.network.rotateStep(joint, to: keys)], by: [joint])
            try scene.ledger.apply(rotation)
            let isOfRules10To11 = refusal?.reason != .invalidSignature
            #expect(Self.verdict(transaction, in: scene.ledger.state, at: time) == (isOfRules10To11 ? refusal : nil), "\(name)")
            var copy = scene.ledger.state.copy()
            let context = scene.ledger.context
            let found = Self.refusal { () throws(Refusal) in try copy.apply(transaction, at: 0, in: context) }
            let expected = RulesScene.apply(signed, at: 0, context, to: &scene.ledger.state)
            #expect(found == expected && found == refusal, "\(name)")
            #expect(StateSnapshot(copy) == StateSnapshot(scene.ledger.state), "\(name)")
            scene.ledger.state.rollBack(to: start)
        }
        #expect(Self.verdict(transaction, in: scene.ledger.state, at: time) == nil, "as before")
    }

    private static func refusal(_ apply: () throws(Refusal) -> Void) -> Refusal? {
        do throws(Refusal) {
            try apply()
            return nil
        } catch {
            return error
        }
    }

    /// The same accounts in other places: no chain has that, but a transaction verified by one ledger could meet another one.
    @Test("accounts at other places are looked up anew")
    func permutedAccounts() throws {
        var random = SplitMix64(test: "permutedAccounts")
        let scene = try RulesScene()
        let people = [scene.alice, scene.bob, scene.carol, scene.dora]
        for number in 0..<60 as Range<UInt64> {
            let payer = random.pick(people)
            let payee = random.pick(people.filter { $0 != payer })
            let signed = scene.network.transfer(1, from: payer, to: payee, nonce: 600 + number, expiry: scene.ledger.expiry)
            let transaction = try Self.verified(signed, by: scene.ledger.state, at: scene.ledger.time)
            // Institutions stay in front, as in every state.
            var accounts = Array(scene.ledger.state.accounts)
            let institutions = accounts.prefix { $0.kind == .institution }.count
            accounts[institutions...].shuffle(using: &random)
            if random.once(in: 3) { accounts.removeAll { $0.id == random.pick([payer, payee]).id } }
            let other = LedgerState(
                chainspec: scene.network.chainspec, height: 1, time: scene.ledger.state.time, accounts: accounts,
                supply: scene.ledger.state.supply, replayWindow: ReplayWindow())
            Self.verdict(transaction, in: other, at: scene.ledger.time)
        }
    }
}
