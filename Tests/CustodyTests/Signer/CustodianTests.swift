import Cryptography
import Foundation
import Ledger
import Support
import Testing

@testable import Custody

/// What the custodian signs, and that its log explains every signature.
struct CustodianTests {
    private typealias Fixture = CustodyFixture
    private let network = CustodyFixture.network

    /// The signatures of an answer, checked against the transactions.
    private func expectSigned(_ answer: RequestAnswer, _ transactions: [Transaction], sourceLocation: SourceLocation = #_sourceLocation) {
        guard case .signed(_, let lists) = answer else {
            Issue.record("not signed: \(answer)", sourceLocation: sourceLocation)
            return
        }
        #expect(lists.count == transactions.count, sourceLocation: sourceLocation)
        for (list, transaction) in zip(lists, transactions) {
            #expect(list.count == 1, sourceLocation: sourceLocation)
            for signature in list {
                #expect(transaction.account(at: signature.account) == network.bankA.id, sourceLocation: sourceLocation)
                #expect(TestKey("bank-a").publicKey.verifies(signature.signature, transaction.signingHash), sourceLocation: sourceLocation)
            }
        }
    }

    @Test("an allowed request is signed at once, and the log holds before a stranger") func allowed() throws {
        let fixture = try CustodyFixture()
        let transactions = try (1...12).map { try Fixture.transfer(5_00, nonce: $0) }
        let answer = try fixture.ask(fixture.request(.transactions(transactions)))
        expectSigned(answer, transactions)
        try fixture.custodian.checkpoint()
        let state = try fixture.replay()
        #expect(state.policy?.hash == fixture.policy.hash)
        #expect(state.allowed.isEmpty && state.waiting.isEmpty)
        // Asked again, also after a restart, the same signatures come back.
        #expect(try fixture.ask(fixture.request(.transactions(transactions))) == answer)
        try fixture.restart()
        #expect(try fixture.ask(fixture.request(.transactions(transactions))) == answer)
    }

    @Test("a request waits for its approvals, over restarts, and is signed with the last") func approvals() throws {
        let fixture = try CustodyFixture()
        let transaction = try Fixture.issue(1_000_00)
        let request = try fixture.request(.transactions([transaction]), by: "ann")
        let missing = PolicyDecision.needs(rules: [1], missing: [PolicyRequirement(group: "all", count: 2)])
        #expect(try fixture.ask(request, as: "ann") == .waiting(request.id, missing))
        try fixture.restart()
        let one = PolicyDecision.needs(rules: [1], missing: [PolicyRequirement(group: "all", count: 1)])
        #expect(try fixture.approve(request.id, by: "eve") == .waiting(request.id, one))
        try fixture.restart()
        #expect(try fixture.custodian.show(request.id) == request.bytes)
        expectSigned(try fixture.approve(request.id, by: "ben"), [transaction])
        #expect(throws: CustodyRefusal.closed(request.id, how: "signed")) { try fixture.approve(request.id, by: "ben") }
        _ = try fixture.replay()
    }

    @Test("a signer serves a vault alone; of a large request the words are what it comes to and its beginning") func aloneAndShort() throws
    {
        let fixture = try CustodyFixture()
        #expect(throws: VaultError.file(.locked(path: fixture.paths.lock))) {
            _ = try Custodian(fixture.paths, chainspec: network.chainspec, clock: { 0 }, say: { _ in })
        }
        let request = try fixture.request(.transactions(try (1...30).map { try Fixture.transfer(2_50, nonce: $0) }))
        let words = request.shortWords(network.chainspec)
        #expect(words.first == "30 × transfer, 75.00 EUR in all" && words.last == "and 10 more" && words.count == 22)
        #expect(request.words(network.chainspec).count == 30)
    }

    @Test("an approval that expired does not count any more") func expiredApproval() throws {
        let fixture = try CustodyFixture()
        let request = try fixture.request(.transactions([try Fixture.issue(1_00)]), by: "ann")
        _ = try fixture.ask(request, as: "ann")
        _ = try fixture.approve(request.id, by: "eve")
        fixture.time.advance(600_000)
        let one = PolicyDecision.needs(rules: [1], missing: [PolicyRequirement(group: "all", count: 1)])
        #expect(try fixture.approve(request.id, by: "ben") == .waiting(request.id, one))
        // Whoever's approval expired may give it again.
        guard case .signed = try fixture.approve(request.id, by: "eve") else {
            Issue.record("both approvals count now")
            return
        }
        _ = try fixture.replay()
    }

    @Test("a rejection ends a request, and what it held of sums") func rejected() throws {
        let sum = "{name: day, operation: [issue], asset: EUR, sum: {at-most: 15.00, window: 24h, per: source}, then: require, "
        let fixture = try CustodyFixture(rules: [sum + "approvals: [{group: all, count: 1}]}"])
        let first = try fixture.request(.transactions([try Fixture.issue(10_00)]), by: "ann")
        _ = try fixture.ask(first, as: "ann")
        let second = try fixture.request(.transactions([try Fixture.issue(10_00, nonce: 2)]), by: "ann", nonce: 2)
        #expect(throws: CustodyRefusal.self) { try fixture.ask(second, as: "ann") }
        #expect(try fixture.custodian.approve(fixture.approval(first.id, by: "eve", verdict: .reject).bytes) == .rejected(first.id))
        let third = try fixture.request(.transactions([try Fixture.issue(10_00, nonce: 3)]), by: "ann", nonce: 3)
        guard case .waiting = try fixture.ask(third, as: "ann") else {
            Issue.record("what was rejected does not count")
            return
        }
        // A request that lapsed does not either.
        fixture.time.advance(3_600_000)
        let fourth = try fixture.request(.transactions([try Fixture.transferable(10_00)]), by: "ann", nonce: 4)
        guard case .waiting = try fixture.ask(fourth, as: "ann") else {
            Issue.record("what lapsed does not count")
            return
        }
        #expect(throws: CustodyRefusal.closed(third.id, how: "lapsed")) { try fixture.approve(third.id, by: "eve") }
        _ = try fixture.replay()
    }

    @Test("what lapsed before the clock went back a little stays lapsed, for a stranger too") func lapsedBeforeStepBack() throws {
        let sum = "{name: day, operation: [issue], asset: EUR, sum: {at-most: 15.00, window: 24h, per: source}, then: require, "
        let fixture = try CustodyFixture(rules: [sum + "approvals: [{group: all, count: 1}]}"])
        let first = try fixture.request(.transactions([try Fixture.issue(10_00)]), by: "ann", expiry: Fixture.start + 10_000)
        _ = try fixture.ask(first, as: "ann")
        fixture.time.advance(10_000)
        _ = try fixture.custodian.waiting()
        fixture.time.advance(-3_000)
        let second = try fixture.request(.transactions([try Fixture.issue(10_00, nonce: 2)]), by: "ann", nonce: 2)
        guard case .waiting = try fixture.ask(second, as: "ann") else { return }
        #expect(try fixture.replay().waiting.count == 1)
    }

    @Test("what the policy denies is refused, and stays denied") func denied() throws {
        let fixture = try CustodyFixture()
        let request = try fixture.request(.transactions([try Fixture.transfer(100_01)]))
        #expect(throws: CustodyRefusal.denied("denied: no rule matches fact 1, and what no rule matches is denied")) {
            try fixture.ask(request)
        }
        #expect(throws: CustodyRefusal.closed(request.id, how: "denied")) { try fixture.ask(request) }
        #expect(try fixture.replay().end(of: request.id) == .denied)
    }

    @Test("a change of policy is a request; what waited under the old one is over") func policyChange() throws {
        let fixture = try CustodyFixture()
        let waiting = try fixture.request(.transactions([try Fixture.issue(1_00)]), by: "ann")
        _ = try fixture.ask(waiting, as: "ann")
        let text = PolicyFixture.text([Fixture.rules[0].replacing("100.00", with: "5.00")])
        let change = try fixture.request(.policy(Array(text.utf8)), by: "ben")
        _ = try fixture.ask(change, as: "ben")
        let hash = Policy.hash(of: Array(text.utf8))
        #expect(try fixture.approve(change.id, by: "eve") == .inForce(change.id, policy: hash))
        #expect(throws: CustodyRefusal.wrongPolicy(inForce: hash)) { try fixture.approve(waiting.id, by: "eve") }
        let small = try fixture.request(.transactions([try Fixture.transfer(5_01)]), policy: hash)
        #expect(throws: CustodyRefusal.self) { try fixture.ask(small) }
        let state = try fixture.replay()
        #expect(state.policy?.hash == hash)
        #expect(state.end(of: waiting.id) == .superseded)
        try fixture.restart()
        #expect(throws: CustodyRefusal.wrongPolicy(inForce: hash)) { try fixture.ask(fixture.request(.policy(Array(text.utf8)))) }
        let faulty = try fixture.request(.policy(Array("format: 2".utf8)), by: "ben", policy: hash)
        guard case .failure(.policyRefused) = Result(catching: { () throws(CustodyRefusal) in try fixture.ask(faulty, as: "ben") }) else {
            Issue.record("a policy without sense")
            return
        }
    }

    @Test("decided and not signed before the process died, it is signed when asked again") func killedBetween() throws {
        let fixture = try CustodyFixture()
        let request = try fixture.request(.transactions([try Fixture.transfer(1_00)]))
        let ticket = try fixture.custodian.locked { inner, time throws(CustodyRefusal) in
            let decision = try inner.state.judge(request, .user(1_001), at: time)
            return try inner.add(.requested(request, .user(1_001), decision), at: time)
        }
        try fixture.custodian.makeDurable(ticket)
        try fixture.restart()
        expectSigned(try fixture.ask(request), request.transactions)
        _ = try fixture.replay()
    }

    @Test("two who ask the same at once get one set of signatures") func concurrently() async throws {
        let fixture = try CustodyFixture()
        let custodian = fixture.custodian
        for round in 1...20 as ClosedRange<UInt64> {
            let request = try fixture.request(.transactions([try Fixture.transfer(1, nonce: round)]), nonce: round)
            let answers = await withTaskGroup(of: RequestAnswer?.self) { group in
                for _ in 0..<4 { group.addTask { ask(custodian, request.bytes) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0 != nil && $0 == answers[0] })
        }
        _ = try fixture.replay()
    }
}

/// Waiting for a small file on a test's thread does no harm.
private func ask(_ custodian: Custodian, _ request: [UInt8]) -> RequestAnswer? {
    do { return try custodian.request(request, signature: nil, user: 1_001) } catch { return nil }
}

extension CustodyFixture {
    /// An issue that does not expire with the first hour.
    static func transferable(_ amount: UInt64) throws -> Transaction {
        try build(
            [.issue(bank: network.bankA.id, to: network.walletOperator.id, asset: TestNetwork.eur, amount: amount)],
            expiry: start + 10 * 3_600_000, nonce: 99)
    }
}
