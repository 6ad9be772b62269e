import Cryptography
@testable import Ledger
import Support
import Testing

/// A small ledger with people on it, sealed, from which the tests of the rules start.
///
/// Alice has EUR 100.00 and JPY 10000, Bob EUR 50.00, Carol (at the first bank) EUR 25.00; Dora has nothing.
struct RulesScene: ~Copyable {
    var ledger: TestLedger
    let alice: TestAccount
    let bob: TestAccount
    let carol: TestAccount
    let dora: TestAccount
    /// Never opened.
    let nobody: TestAccount

    var network: TestNetwork { ledger.network }

    init(_ network: TestNetwork = TestNetwork()) throws {
        var ledger = TestLedger(network)
        let alice = try ledger.open("alice")
        let bob = try ledger.open("bob", keys: TestPolicy(TestKey("bob", .ecdsa)))
        let carol = try ledger.open("carol", kind: .bankIssued)
        let dora = try ledger.open("dora")
        try ledger.issue(100_00, to: alice)
        try ledger.issue(10_000, TestNetwork.jpy, to: alice)
        try ledger.issue(50_00, to: bob, bank: network.bankB)
        try ledger.issue(25_00, to: carol)
        ledger.seal()
        // Assigned at the end, all at once: a value that is not copyable cannot be half made when something throws.
        self.ledger = ledger
        (self.alice, self.bob, self.carol, self.dora) = (alice, bob, carol, dora)
        nobody = network.account("nobody")
    }

    /// The liability account of an asset and a bank.
    func liability(_ asset: AssetIndex = TestNetwork.eur, bank: InstitutionIndex = 1) -> AccountID {
        network.chainspec.liabilityAccount(asset: asset, bank: bank)
    }

    func leg(
        _ amount: UInt64, _ asset: AssetIndex = TestNetwork.eur, from: TestAccount, to: TestAccount
    ) -> TransactionBuilder.Leg {
        TransactionBuilder.Leg(from: from.id, to: to.id, asset: asset, amount: amount)
    }

    // Single operations, signed by everyone who must, that expire in half an hour. All have the same nonce: one of a kind per test.

    func transfer(
        _ amount: UInt64, _ asset: AssetIndex = TestNetwork.eur, from payer: TestAccount, to payee: TestAccount
    ) -> SignedTransaction {
        network.transfer(amount, asset, from: payer, to: payee, nonce: 77, expiry: ledger.expiry)
    }

    func issue(
        _ amount: UInt64, _ asset: AssetIndex = TestNetwork.eur, to account: TestAccount, bank: TestAccount? = nil
    ) -> SignedTransaction {
        network.issue(amount, asset, to: account, bank: bank, nonce: 77, expiry: ledger.expiry)
    }

    func redeem(
        _ amount: UInt64, _ asset: AssetIndex = TestNetwork.eur, from account: TestAccount, bank: TestAccount? = nil
    ) -> SignedTransaction {
        network.redeem(amount, asset, from: account, bank: bank, nonce: 77, expiry: ledger.expiry)
    }

    /// A transaction of some steps, signed by some accounts, that expires in half an hour.
    mutating func transaction(_ steps: [TransactionBuilder.Step], by accounts: [TestAccount]) throws -> SignedTransaction {
        let builder = network.builder(steps, nonce: ledger.nonce(), expiry: ledger.expiry)
        return try network.sign(builder, by: accounts)
    }

    /// What the ledger answers to a transaction; a refusal must leave the state as it was, to the last byte.
    mutating func verdict(_ transaction: SignedTransaction) -> Refusal? {
        let before = StateSnapshot(ledger.state)
        do {
            try ledger.apply(transaction)
            return nil
        } catch {
            #expect(StateSnapshot(ledger.state) == before, "a refused transaction changed the state")
            return error
        }
    }

    /// The position an account has in a transaction's account list.
    static func place(of account: TestAccount, in transaction: SignedTransaction) throws -> Refusal.Place {
        .account(try #require(transaction.content.accounts.firstIndex(of: account.id)))
    }
}

extension SignedTransaction {
    /// The same content with some signatures changed.
    func replacingSignatures(_ change: ([TransactionSignature]) -> [TransactionSignature]) throws -> SignedTransaction {
        try SignedTransaction(content, signatures: change(Array(signatures)))
    }
}

extension TransactionSignature {
    /// The same signature with its last byte changed: a low-S one stays low.
    var corrupted: TransactionSignature {
        TransactionSignature(account: account, key: key, scheme: scheme, signature: signature.corrupted)
    }
}

extension Bytes64 {
    var corrupted: Bytes64 {
        var bytes = bytes
        bytes[63] ^= 1
        return Bytes64(copying: bytes.span)
    }
}

extension TestLedger {
    /// Where an open account stands in the state.
    borrowing func index(of account: TestAccount) throws -> Int {
        let found = state.account(account.id)
        return Int(try #require(found).index)
    }
}
