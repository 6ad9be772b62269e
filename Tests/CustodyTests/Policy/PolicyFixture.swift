import Cryptography
import Ledger
import Support

@testable import Custody

/// A small policy whose parts tests replace, and requests to ask of it.
struct PolicyFixture {
    static let network = TestNetwork()
    static let noon: TimeMilliseconds = 1_767_225_600_000 + 12 * 3_600_000  // Thursday, 2026-01-01T12:00:00Z

    static func key(_ name: String) -> String { TestKey(name).publicKey.description }

    static var head: String {
        """
        format: 1
        name: test
        revision: 1
        network: \(network.network.hex)

        """
    }

    static var members: String {
        """
        members:
          - {name: ann, roles: [treasurer], key: "\(key("ann"))"}
          - {name: ben, roles: [treasurer], key: "\(key("ben"))"}
          - {name: eve, roles: [risk], key: "\(key("eve"))"}
          - {name: payments, roles: [service], uid: 1001}
        groups:
          treasury: [ann, ben]
          risk: [eve]
          all: [ann, ben, eve]
        accounts:
          banks: [bank-a, bank-b]
          others: [operator]

        """
    }

    /// A policy with these rules, a line each.
    static func text(_ rules: [String], head: String = head, members: String = members) -> String {
        head + members + "rules:\n" + rules.map { "  - \($0)\n" }.joined()
    }

    static func policy(_ rules: [String]) throws -> Policy {
        try Policy(yaml: Array(text(rules).utf8), chainspec: network.chainspec)
    }

    /// The faults of a text; empty when there are none.
    static func faults(_ text: String) -> [PolicyFault] {
        do throws(PolicyFaults) {
            _ = try Policy(yaml: Array(text.utf8), chainspec: network.chainspec)
            return []
        } catch {
            return error.faults
        }
    }

    static func transfer(
        _ amount: UInt64, from: AccountID = network.walletOperator.id, to: AccountID = network.bankA.id, asset: AssetIndex = TestNetwork.eur
    ) -> Fact {
        transaction([.transfer([TransactionBuilder.Leg(from: from, to: to, asset: asset, amount: amount)])])[0]
    }

    static func transaction(_ steps: [TransactionBuilder.Step]) -> [Fact] {
        let builder = TransactionBuilder(
            network: network.network, expiry: noon, nonce: Bytes16(high: 0, low: 0), memoCommitment: .zero, steps: steps, furtherSigners: []
        )
        do { return Fact.facts(of: [try builder.build()]) } catch { preconditionFailure("\(error)") }
    }

    static func question(
        _ facts: [Fact], by initiator: String = "payments", at time: TimeMilliseconds = noon, past: [PastFact] = [],
        approvers: Set<String> = []
    ) -> PolicyQuestion {
        PolicyQuestion(initiator: initiator, facts: facts, time: time, past: past, approvers: approvers)
    }
}
