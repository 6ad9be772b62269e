import Cryptography
import Ledger

/// Damages to each kind of operation (`docs/spec/transaction.md` section 2).
enum OperationDamage {
    static var all: [BlockDamage] {
        openings + policies(of: .opening) + policies(of: .rotateKeys) + legs + issues + redemptions + rotations + statuses
    }

    private static func outOfRange(_ structure: Structure, _ name: String) -> [BlockDamage] {
        TransactionDamage.undecodable(structure, name, "behind the account list", "accountOutOfRange") {
            $0.setting(structure, name, to: 0xffff)
        }
    }

    /// Assets and amounts, which all movements have.
    private static func money(_ structure: Structure) -> [BlockDamage] {
        TransactionDamage.changed(structure, "asset", "one that there is not", "unknownAsset") {
            $0.setting(structure, "asset", to: 0xffff)
        }
            + TransactionDamage.changed(structure, "asset", "another", "invalidSignature", "wrongInstitution") { test in
                guard let asset = test.integer(structure, "asset") else { return nil }
                return test.setting(structure, "asset", to: (asset + 1) % UInt64(test.scene.standIns.chainspec.assets.count))
            }
            + TransactionDamage.undecodable(structure, "amount", "0", "zeroAmount") { $0.setting(structure, "amount", to: 0) }
            + TransactionDamage.changed(structure, "amount", "one unit more", "invalidSignature") { $0.incrementing(structure, "amount") }
            + TransactionDamage.changed(structure, "amount", "all that 64 bits can say", "invalidSignature") {
                $0.setting(structure, "amount", to: .max)
            }
    }

    private static var openings: [BlockDamage] {
        outOfRange(.openAccounts, "sponsor")
            + TransactionDamage.undecodable(.openAccounts, "openings.count", "0", "countOutOfRange") {
                $0.setting(.openAccounts, "openings.count", to: 0)
            }
            + TransactionDamage.undecodable(.openAccounts, "openings.count", "more than there may be", "countOutOfRange") {
                $0.setting(.openAccounts, "openings.count", to: UInt64(Transaction.maximumOpeningCount) + 1)
            }
            + TransactionDamage.undecodable(.opening, "kind", "a kind that cannot be opened", "unknownKind") {
                $0.setting(.opening, "kind", to: 3)
            }
            + TransactionDamage.changed(.opening, "kind", "the other one", "invalidSignature", "wrongInstitution") { test in
                test.integer(.opening, "kind").flatMap { test.setting(.opening, "kind", to: $0 == 1 ? 2 : 1) }
            }
            + TransactionDamage.changed(.opening, "tier", "another", "invalidSignature") { $0.flipping(.opening, "tier", byte: 0) }
            + TransactionDamage.changed(.opening, "salt", "a bit flipped", "invalidSignature") { $0.flipping(.opening, "salt", byte: 0) }
    }

    /// Key policies and the proofs of possession behind them (`docs/spec/encoding.md` section 4).
    private static func policies(of structure: Structure) -> [BlockDamage] {
        TransactionDamage.undecodable(structure, "threshold", "0", "thresholdOutOfRange") { $0.setting(structure, "threshold", to: 0) }
            + TransactionDamage.undecodable(structure, "threshold", "above the sum of the weights", "thresholdOutOfRange") {
                $0.setting(structure, "threshold", to: 0xffff)
            }
            + TransactionDamage.undecodable(structure, "keys.count", "0", "countOutOfRange") { $0.setting(structure, "keys.count", to: 0) }
            + TransactionDamage.undecodable(structure, "keys.count", "more than there may be", "countOutOfRange") {
                $0.setting(structure, "keys.count", to: UInt64(KeyPolicy.maximumKeyCount) + 1)
            }
            + TransactionDamage.undecodable(structure, "scheme", "0", "unknownScheme") { $0.setting(structure, "scheme", to: 0) }
            + TransactionDamage.changed(structure, "publicKey", "a bit flipped", "invalidSignature") {
                $0.flipping(structure, "publicKey", byte: -1)
            }
            + TransactionDamage.undecodable(structure, "publicKey", "not a compressed point", "malformedKey") { test in
                guard test.integer(structure, "scheme") == 2, let range = test.range(structure, "publicKey") else { return nil }
                var bytes = test.bytes
                bytes[range.lowerBound] = 4
                return bytes
            }
            + TransactionDamage.undecodable(structure, "weight", "0", "weightOutOfRange") { $0.setting(structure, "weight", to: 0) }
            + TransactionDamage.changed(structure, "weight", "one more", "invalidSignature") { $0.incrementing(structure, "weight") }
            + TransactionDamage.changed(structure, "possession", "a bit flipped", "invalidSignature") {
                $0.flipping(structure, "possession", byte: 0)
            }
    }

    private static var legs: [BlockDamage] {
        TransactionDamage.undecodable(.transfer, "legs.count", "0", "countOutOfRange") { $0.setting(.transfer, "legs.count", to: 0) }
            + TransactionDamage.undecodable(.transfer, "legs.count", "more than there may be", "countOutOfRange") {
                $0.setting(.transfer, "legs.count", to: UInt64(Transaction.maximumLegCount) + 1)
            }
            + TransactionDamage.changed(.duplication, "leg", "twice in its transfer", "invalidSignature") { test in
                guard let count = test.integer(.transfer, "legs.count"), count < Transaction.maximumLegCount,
                    let from = test.range(.transfer, "from"), var bytes = test.setting(.transfer, "legs.count", to: count + 1)
                else { return nil }
                let leg = from.lowerBound..<from.lowerBound + TransactionUnderTest.legByteCount
                bytes.insert(contentsOf: test.bytes[leg], at: leg.upperBound)
                return bytes
            }
            + outOfRange(.transfer, "from") + outOfRange(.transfer, "to")
            + TransactionDamage.undecodable(.transfer, "to", "the paying account", "selfTransfer") { test in
                test.integer(.transfer, "from").flatMap { test.setting(.transfer, "to", to: $0) }
            }
            + TransactionDamage.changed(
                .transfer, "from", "payer and payee changed round", "unneededSignature", "missingSignature", "invalidSignature"
            ) { test in
                guard let from = test.range(.transfer, "from"), let to = test.range(.transfer, "to") else { return nil }
                var bytes = test.bytes
                bytes.replaceSubrange(from, with: test.bytes[to])
                bytes.replaceSubrange(to, with: test.bytes[from])
                return bytes
            }
            + TransactionDamage.changed(.transfer, "to", "another open account", "invalidSignature") { $0.withAnotherPayee() }
            + money(.transfer)
    }

    private static var issues: [BlockDamage] {
        outOfRange(.issue, "bank") + outOfRange(.issue, "to")
            + TransactionDamage.changed(
                .issue, "bank", "the receiving account", "wrongInstitution", "unneededSignature", "missingSignature"
            ) { test in
                guard let to = test.integer(.issue, "to"), test.integer(.issue, "bank") != to else { return nil }
                return test.setting(.issue, "bank", to: to)
            }
            + TransactionDamage.undecodable(.issue, "to", "the bank, and the holder named by nothing", "unusedAccount") { test in
                guard test.onlyOperation != nil, let bank = test.integer(.issue, "bank"), test.integer(.issue, "to") != bank else {
                    return nil
                }
                return test.setting(.issue, "to", to: bank)
            }
            + money(.issue)
    }

    private static var redemptions: [BlockDamage] {
        outOfRange(.redeem, "bank") + outOfRange(.redeem, "from")
            + TransactionDamage.changed(.redeem, "bank", "the paying account", "wrongInstitution", "unneededSignature") { test in
                guard let from = test.integer(.redeem, "from"), test.integer(.redeem, "bank") != from else { return nil }
                return test.setting(.redeem, "bank", to: from)
            }
            + TransactionDamage.changed(.redeem, "from", "the bank", "unneededSignature") { test in
                guard test.onlyOperation != nil, let bank = test.integer(.redeem, "bank"), test.integer(.redeem, "from") != bank else {
                    return nil
                }
                return test.setting(.redeem, "from", to: bank)
            }
            + money(.redeem)
    }

    private static var rotations: [BlockDamage] {
        outOfRange(.rotateKeys, "account")
    }

    private static var statuses: [BlockDamage] {
        outOfRange(.setStatus, "account")
            + TransactionDamage.undecodable(.setStatus, "account", "the one that signs, and the other named by nothing", "unusedAccount") {
                test in
                guard test.onlyOperation != nil, let signer = test.integer(.signature, "account"),
                    test.signed.content.accounts.count == 2
                else { return nil }
                return test.setting(.setStatus, "account", to: signer)
            }
            + TransactionDamage.undecodable(.setStatus, "status", "one that there is not", "unknownStatus") {
                $0.setting(.setStatus, "status", to: UInt64(AccountStatus.allCases.count))
            }
            + TransactionDamage.changed(.setStatus, "status", "another", "invalidSignature") { test in
                test.integer(.setStatus, "status").flatMap {
                    test.setting(.setStatus, "status", to: ($0 + 1) % UInt64(AccountStatus.allCases.count))
                }
            }
    }
}

extension TransactionUnderTest {
    /// `docs/spec/transaction.md` section 2.
    static let legByteCount = 2 + 2 + 2 + 8
    /// So many accounts are looked at to find a payee.
    private static let maximumCandidateCount = 100_000

    /// The only transfer with the money going to another open account, whose id stands at the same place of the account list.
    fileprivate func withAnotherPayee() -> [UInt8]? {
        guard case .transfer(let transfer)? = onlyOperation, transfer.legs.count == 1, let leg = transfer.legs.first else { return nil }
        let accounts = signed.content.accounts
        let payee = Int(leg.to)
        guard signed.signatures.allSatisfy({ Int($0.account) != payee }) else { return nil }
        let lower = payee > 0 ? accounts[payee - 1] : nil
        let upper = payee + 1 < accounts.count ? accounts[payee + 1] : nil
        let other = scene.accounts.prefix(Self.maximumCandidateCount).first { account in
            account.kind.isHolder && account.id != accounts[payee] && (lower.map { $0 < account.id } ?? true)
                && (upper.map { account.id < $0 } ?? true)
        }
        let places = fields.filter { $0.name == FieldName(.transaction, "accounts") }.map(\.range)
        return other.map { other in
            var bytes = bytes
            bytes.replaceSubrange(places[payee], with: other.id.bytes.bytes)
            return bytes
        }
    }
}
