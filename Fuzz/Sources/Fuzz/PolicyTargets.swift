import Cryptography
import Custody
import Ledger

/// A policy that is read makes sense: it has rules, each is said in words, and asking it ends.
@Sendable func readPolicy(_ bytes: [UInt8]) {
    do throws(PolicyFaults) {
        let policy = try Policy(yaml: bytes, chainspec: chainspec)
        precondition(policy.bytes == bytes && !policy.rules.isEmpty, "a policy is the file, and has rules")
        for position in policy.rules.indices { precondition(!policy.words(ofRule: position, chainspec).isEmpty, "a rule can be said") }
        for member in policy.members {
            let question = PolicyQuestion(
                initiator: member.name, facts: [.policyChange], time: chainspec.genesisTime, past: [], approvers: [])
            precondition(!policy.words(of: policy.decide(question)).isEmpty, "a decision can be said")
        }
    } catch {
        precondition(
            !error.faults.isEmpty && error.faults.allSatisfy { $0.line >= 1 && !$0.description.isEmpty }, "an error says what is wrong")
    }
}
