@testable import Client
import Cryptography
import Foundation
import Ledger
import Support
import Testing

/// The worked examples of `docs/spec/wallet-files.md`, made by the code and compared with the page.
@Suite("Wallet files as specified")
struct WalletFileTests {
    let network = TestNetwork()
    var chainspec: Chainspec { network.chainspec }

    /// Two keys, of which the first has proved that it is held.
    private var opening: PreparedOpening {
        let keys = TestPolicy(threshold: 2, [(TestKey("alice"), 1), (TestKey("bob"), 1)])
        func opening(_ possession: [Bytes64?]) -> PreparedOpening {
            PreparedOpening(
                network: network.network, sponsor: network.walletOperator.id, kind: .walletHeld, tier: 1,
                salt: Bytes16(high: 1, low: 2), policy: keys.policy, possession: possession)
        }
        let proofs = keys.possession(network: network.network, account: opening([nil, nil]).account)
        return opening([proofs[0], nil])
    }

    /// A payment with a reference by the first bank, which has signed.
    private func draft() throws -> PreparedTransaction {
        let memo = try #require(Memo(salt: Bytes16(high: 3, low: 4), text: "Invoice 7"))
        let signed = network.transfer(12_34, from: network.bankA, to: network.walletOperator, nonce: 1, memo: memo)
        return PreparedTransaction(
            draft: TransactionDraft(signed), memo: memo, furtherSigners: [],
            policies: [network.bankA.id: network.bankA.keys.policy])
    }

    /// The JSON documents of the page, in order.
    private func examples() throws -> [String] {
        let page = String(decoding: try ProjectFiles.read("docs/spec/wallet-files.md"), as: UTF8.self)
        let parts = page.split(separator: "```json\n", omittingEmptySubsequences: false).dropFirst()
        return parts.map { part in part.split(separator: "\n```", maxSplits: 1).first.map(String.init) ?? "" }
    }

    @Test("The opening on the page")
    func openingExample() throws {
        let example = try #require(try examples().first)
        #expect(opening.json(chainspec: chainspec).text(.pretty) == example)
        #expect(try PreparedOpening(json: Array(example.utf8), chainspec: chainspec) == opening)
    }

    @Test("The draft on the page")
    func draftExample() throws {
        let example = try #require(try examples().last)
        #expect(try draft().json(chainspec: chainspec).text(.pretty) == example)
        #expect(try PreparedTransaction(json: Array(example.utf8), chainspec: chainspec) == draft())
    }

    @Test("A policy given twice for an account is refused")
    func repeatedPolicy() throws {
        let text = try draft().json(chainspec: chainspec).text()
        let start = try #require(text.range(of: "\"policies\":["))
        let policy = text[start.upperBound...].dropLast(2)
        let twice = text[..<start.upperBound] + policy + "," + policy + "]}"
        #expect(throws: SubmissionError.self) { try PreparedTransaction(json: Array(twice.utf8), chainspec: chainspec) }
    }
}
