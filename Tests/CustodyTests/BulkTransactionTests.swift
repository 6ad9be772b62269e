import Cryptography
import Custody
import Foundation
import Ledger
import Support
import Testing

struct BulkTransactionTests {
    private static let expiry = BulkExample.time + 3_600_000
    private let seed = SHA256.hash([1])

    private func plan(_ memo: BulkPlan.MemoChoice = .reference, legs: Int = 1_024) -> BulkPlan {
        BulkPlan(network: BulkExample.chainspec.network, expiry: Self.expiry, seed: seed, memo: memo, legsPerTransaction: legs)
    }

    private func payroll(_ count: Int, reference: (Int) -> String = { _ in "Salary" }) throws -> BulkFile {
        let rows = (1...count).map { "\(BulkExample.address("\($0)")),\($0 % 900 + 1).\(10 + $0 % 90),EUR,id-\($0),\(reference($0))" }
        return try BulkExample.read(csv: rows)
    }

    /// What transactions pay, by payee.
    private func paid(_ transactions: [BulkTransaction]) -> [AccountID: UInt64] {
        var paid: [AccountID: UInt64] = [:]
        for transaction in transactions.map(\.transaction) {
            for operation in transaction.operations {
                guard case .transfer(let transfer) = operation else { continue }
                for leg in transfer.legs {
                    #expect(transaction.account(at: leg.from) == BulkExample.debtor && leg.asset == 0)
                    paid[transaction.account(at: leg.to), default: 0] += leg.amount
                }
            }
        }
        return paid
    }

    @Test("10,000 rows become ten transactions that pay each row once") func payrollOf10000() throws {
        let start = ContinuousClock.now
        let file = try payroll(10_000)
        let transactions = try file.transactions(plan())
        print("10,000 rows of CSV, made, read and turned into transactions in \(ContinuousClock.now - start), debug build")
        #expect(transactions.count == 10)
        #expect(transactions.map(\.rows.count) == [Int](repeating: 1_024, count: 9) + [784])
        #expect(transactions.flatMap(\.rows) == Array(2...10_001))
        let expected = Dictionary(uniqueKeysWithValues: file.rows.map { ($0.payee, $0.amount) })
        #expect(paid(transactions) == expected)
        #expect(paid(transactions).values.reduce(0, +) == file.totals.first?.amount)
        #expect(Set(transactions.map(\.transaction.id)).count == 10)
        for transaction in transactions {
            #expect(transaction.memo?.text == "Salary" && transaction.transaction.memoCommitment == transaction.memo?.commitment)
            #expect(transaction.transaction.expiry == Self.expiry && transaction.transaction.network == BulkExample.chainspec.network)
            let signature = TransactionSignature(account: 0, key: 0, scheme: .bip340, signature: .zero)
            let signed = try SignedTransaction(transaction.transaction, signatures: [signature])
            #expect(try SignedTransaction(decoding: signed.bytes).content == transaction.transaction)
        }
    }

    @Test("rows with the same reference go together, and keep their order") func references() throws {
        let file = try payroll(7) { ["a", "b", ""][$0 % 3] }
        let transactions = try file.transactions(plan(legs: 2))
        #expect(transactions.map(\.rows) == [[2, 5], [8], [3, 6], [4, 7]])
        #expect(transactions.map(\.memo?.text) == ["b", "b", nil, "a"])
        #expect(transactions[2].transaction.memoCommitment == .zero)
        #expect(Set(transactions.compactMap(\.memo?.salt)).count == 3)
    }

    @Test("references that look alike are two") func lookalikes() throws {
        let transactions = try payroll(2) { $0 == 1 ? "\u{e9}" : "e\u{301}" }.transactions(plan())
        #expect(transactions.map { $0.memo.map { Array($0.text.utf8) } } == [[0xc3, 0xa9], [0x65, 0xcc, 0x81]])
    }

    @Test("one text for all") func oneText() throws {
        let file = try payroll(5) { "\($0)" }
        let transactions = try file.transactions(plan(.text("Payroll"), legs: 3))
        #expect(transactions.map(\.rows) == [[2, 3, 4], [5, 6]] && transactions.allSatisfy { $0.memo?.text == "Payroll" })
        #expect(throws: BulkPlanError.memoText) { try file.transactions(plan(.text(""))) }
        #expect(throws: BulkPlanError.memoText) { try file.transactions(plan(.text(String(repeating: "é", count: 513)))) }
    }

    @Test("the same plan gives the same transactions, another seed others; nonces are those of the page") func seeds() throws {
        let file = try payroll(3)
        let transactions = try file.transactions(plan(legs: 1))
        #expect(try file.transactions(plan(legs: 1)) == transactions)
        let other = BulkPlan(network: BulkExample.chainspec.network, expiry: Self.expiry, seed: SHA256.hash([2]), legsPerTransaction: 1)
        #expect(Set(try file.transactions(other).map(\.transaction.id)).isDisjoint(with: transactions.map(\.transaction.id)))
        let hash = TaggedHash(tag: "coffer/bulk-nonce/v1").hash(seed.bytes + [0, 0, 0, 2]).bytes
        #expect(transactions[2].transaction.nonce.bytes == Array(hash[..<16]) && transactions[2].memo?.salt.bytes == Array(hash[16...]))
    }
}
