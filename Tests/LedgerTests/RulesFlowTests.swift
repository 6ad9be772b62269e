import Cryptography
import Ledger
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
    }
}
