import Cryptography
import Ledger

extension Bytes64 {
    /// The signature with the lowest bit of its first byte changed.
    var flipped: Bytes64 {
        var bytes = bytes
        bytes[0] ^= 1
        guard let flipped = Bytes64(bytes) else { preconditionFailure("64 bytes stay 64") }
        return flipped
    }
}

/// How damages to transactions are made: a change of the bytes of one, in the first transaction of the scene that has material for it.
enum TransactionDamage {
    typealias Change = @Sendable (TransactionUnderTest) -> [UInt8]?

    /// A change after which the bytes are still a transaction: found by the transaction root; with that made to fit, by the attestations;
    /// with a quorum's signatures, by the rules.
    static func changed(_ structure: Structure, _ name: String, _ what: String, _ refusals: String..., change: @escaping Change)
        -> [BlockDamage]
    {
        func damage(_ forger: Forger, _ codes: Set<String>) -> BlockDamage {
            BlockDamage(
                field: FieldName(structure, name), what: what, forger: forger, expected: .doesNotHold(codes)
            ) { scene in
                first(in: scene) { transaction in
                    guard let bytes = change(transaction.test), let changed = decoded(bytes) else { return nil }
                    var all = scene.transactions
                    all[transaction.position] = changed
                    return scene.with(all, forger)
                }
            }
        }
        return [damage(.checksums, ["transactionRoot"]), damage(.roots, ["notFinal"]), damage(.quorum, Set(refusals))]
    }

    /// A change after which the bytes are no transaction: found when it is decoded, whoever signed the block.
    static func undecodable(
        _ structure: Structure, _ name: String, _ what: String, _ codes: String..., change: @escaping Change
    ) -> [BlockDamage] {
        [
            BlockDamage(
                field: FieldName(structure, name), what: what, forger: .checksums, expected: .doesNotHold(Set(codes))
            ) { scene in
                first(in: scene) { transaction in change(transaction.test).map { scene.replacing(transaction.position, with: $0) } }
            }
        ]
    }

    /// What the first transaction with material for it gives.
    private static func first(
        in scene: Scene, _ make: (_ transaction: (position: Int, test: TransactionUnderTest)) -> [[UInt8]]?
    ) -> [[UInt8]]? {
        for (position, signed) in scene.transactions.prefix(Scene.maximumTransactionCount).enumerated() {
            let test: TransactionUnderTest
            do throws(UnknownLayout) {
                test = try TransactionUnderTest(signed, scene)
            } catch {
                // The scan has met every transaction with the same walker, and ended there.
                preconditionFailure("\(error)")
            }
            if let blocks = make((position, test)) { return blocks }
        }
        return nil
    }

    static func decoded(_ bytes: [UInt8]) -> SignedTransaction? {
        do throws(DecodingError) { return try SignedTransaction(decoding: bytes) } catch { return nil }
    }
}

/// Damages to the envelope of transactions (`docs/spec/transaction.md` sections 1 and 3).
enum EnvelopeDamage {
    static var all: [BlockDamage] { content + accounts + operations + signatures + keys }

    private static var content: [BlockDamage] {
        TransactionDamage.undecodable(.transaction, "version", "2", "unknownVersion") { $0.setting(.transaction, "version", to: 2) }
            + TransactionDamage.changed(.transaction, "network", "of another network", "wrongNetwork") {
                $0.flipping(.transaction, "network", byte: 0)
            }
            + TransactionDamage.changed(.transaction, "expiry", "a millisecond later", "invalidSignature", "expiryTooFar") {
                $0.incrementing(.transaction, "expiry")
            }
            + TransactionDamage.changed(.transaction, "expiry", "the block's time", "expired") {
                $0.setting(.transaction, "expiry", to: $0.scene.header.time)
            }
            + TransactionDamage.changed(.transaction, "expiry", "more than a day after the block", "expiryTooFar") {
                $0.setting(.transaction, "expiry", to: $0.scene.header.time + Transaction.maximumLifetimeMilliseconds + 1)
            }
            + TransactionDamage.changed(.transaction, "nonce", "a bit flipped", "invalidSignature") {
                $0.flipping(.transaction, "nonce", byte: 0)
            }
            + TransactionDamage.changed(.transaction, "memoCommitment", "a bit flipped", "invalidSignature") {
                $0.flipping(.transaction, "memoCommitment", byte: 0)
            }
    }

    private static var accounts: [BlockDamage] {
        TransactionDamage.undecodable(.transaction, "accounts.count", "0", "countOutOfRange") {
            $0.setting(.transaction, "accounts.count", to: 0)
        }
            + TransactionDamage.undecodable(.transaction, "accounts.count", "more than there may be", "countOutOfRange") {
                $0.setting(.transaction, "accounts.count", to: UInt64(Transaction.maximumAccountCount) + 1)
            }
            + TransactionDamage.changed(.transaction, "accounts", "an account that was never opened", "unknownAccount") { test in
                // The last bit of the last one: the order stays.
                test.fields.last { $0.name == FieldName(.transaction, "accounts") }.map { field in
                    var bytes = test.bytes
                    bytes[field.range.upperBound - 1] ^= 1
                    return bytes
                }
            }
            + TransactionDamage.undecodable(.transaction, "accounts", "in the wrong order", "unsortedAccounts") { test in
                let accounts = test.fields.filter { $0.name == FieldName(.transaction, "accounts") }.map(\.range)
                guard accounts.count > 1 else { return nil }
                var bytes = test.bytes
                bytes.replaceSubrange(accounts[0], with: test.bytes[accounts[1]])
                bytes.replaceSubrange(accounts[1], with: test.bytes[accounts[0]])
                return bytes
            }
            + TransactionDamage.undecodable(.transaction, "accounts", "one more that nothing names", "unusedAccount") { test in
                guard let count = test.integer(.transaction, "accounts.count"), count < Transaction.maximumAccountCount,
                    var bytes = test.setting(.transaction, "accounts.count", to: count + 1),
                    let place = test.range(.transaction, "operations.count")
                else { return nil }
                bytes.insert(contentsOf: [UInt8](repeating: 0xff, count: 32), at: place.lowerBound)
                return bytes
            }
    }

    private static var operations: [BlockDamage] {
        TransactionDamage.undecodable(.transaction, "operations.count", "0", "countOutOfRange") {
            $0.setting(.transaction, "operations.count", to: 0)
        }
            + TransactionDamage.undecodable(.transaction, "operations.count", "more than there may be", "countOutOfRange") {
                $0.setting(.transaction, "operations.count", to: UInt64(Transaction.maximumOperationCount) + 1)
            }
            + TransactionDamage.undecodable(.transaction, "operations.type", "0", "unknownOperation") {
                $0.setting(.transaction, "operations.type", to: 0)
            }
            + TransactionDamage.undecodable(.transaction, "operations.type", "one that there is not", "unknownOperation") {
                $0.setting(.transaction, "operations.type", to: 255)
            }
            // An issue and a redemption have the same fields; who must sign differs.
            + TransactionDamage.changed(
                .transaction, "operations.type", "an issue as a redemption", "missingSignature", "invalidSignature"
            ) { test in
                guard case .issue? = test.onlyOperation else { return nil }
                return test.setting(.transaction, "operations.type", to: 4)
            }
            + TransactionDamage.changed(
                .transaction, "operations.type", "a redemption as an issue", "unneededSignature", "invalidSignature"
            ) { test in
                guard case .redeem? = test.onlyOperation else { return nil }
                return test.setting(.transaction, "operations.type", to: 3)
            }
            + TransactionDamage.changed(.duplication, "operation", "twice in its transaction", "invalidSignature") { test in
                guard test.onlyOperation != nil, let type = test.range(.transaction, "operations.type"),
                    let end = test.range(.transaction, "signatures.count"),
                    var bytes = test.setting(.transaction, "operations.count", to: 2)
                else { return nil }
                bytes.insert(contentsOf: test.bytes[type.lowerBound..<end.lowerBound], at: end.lowerBound)
                return bytes
            }
    }
}

/// Damages to signatures, and keys that may not sign.
extension EnvelopeDamage {
    private static func signature(
        _ name: String, _ what: String, _ refusals: String..., change: @escaping @Sendable (TransactionUnderTest, Range<Int>) -> [UInt8]?
    ) -> [BlockDamage] {
        let damages = TransactionDamage.changed(.signature, name, what) { test in
            test.range(.signature, name).flatMap { change(test, $0) }
        }
        return damages.map { damage in
            guard damage.forger == .quorum else { return damage }
            return BlockDamage(
                field: damage.field, what: what, forger: .quorum, expected: .doesNotHold(Set(refusals)), make: damage.make)
        }
    }

    private static var signatures: [BlockDamage] {
        TransactionDamage.undecodable(.transaction, "signatures.count", "0", "countOutOfRange") {
            $0.setting(.transaction, "signatures.count", to: 0)
        }
            + TransactionDamage.undecodable(.transaction, "signatures.count", "more than there may be", "countOutOfRange") {
                $0.setting(.transaction, "signatures.count", to: UInt64(Transaction.maximumSignatureCount) + 1)
            }
            + TransactionDamage.changed(.omission, "signature", "of one of several accounts that must sign", "missingSignature") { test in
                // Each account signs once, so that each signature is needed.
                let accounts = test.signed.signatures.map(\.account)
                guard accounts.count > 1, Set(accounts).count == accounts.count,
                    var bytes = test.setting(.transaction, "signatures.count", to: UInt64(accounts.count) - 1)
                else { return nil }
                bytes.removeLast(TransactionUnderTest.signatureByteCount)
                return bytes
            }
            + TransactionDamage.undecodable(.duplication, "signature", "twice", "unsortedSignatures") { test in
                guard let count = test.integer(.transaction, "signatures.count"), count < Transaction.maximumSignatureCount,
                    let bytes = test.setting(.transaction, "signatures.count", to: count + 1)
                else { return nil }
                return bytes + bytes.suffix(TransactionUnderTest.signatureByteCount)
            }
            + TransactionDamage.undecodable(.signature, "account", "behind the list", "accountOutOfRange") {
                // Of the last signature, so that the order stays.
                $0.settingLast(.signature, "account", to: 0xffff)
            }
            + signature("account", "another account of the list", "unneededSignature") { test, _ in
                guard test.signed.signatures.count == 1, let account = test.integer(.signature, "account") else { return nil }
                return test.setting(.signature, "account", to: account == 0 ? 1 : 0)
            }
            + signature("key", "one that the policy does not have", "unknownKey") { test, _ in test.setting(.signature, "key", to: 255) }
            + TransactionDamage.undecodable(.signature, "scheme", "0", "unknownScheme") { $0.setting(.signature, "scheme", to: 0) }
            + signature("scheme", "the other one", "unknownKey") { test, range in
                test.setting(.signature, "scheme", to: test.bytes[range.lowerBound] == 1 ? 2 : 1)
            }
            + signature("signature", "a bit of its first half flipped", "invalidSignature") { test, _ in
                test.flipping(.signature, "signature", byte: 0)
            }
            + signature("signature", "a bit of its second half flipped", "invalidSignature") { test, _ in
                test.flipping(.signature, "signature", byte: -1)
            }
            + signature("signature", "zeros", "invalidSignature") { test, range in
                var bytes = test.bytes
                bytes.replaceSubrange(range, with: [UInt8](repeating: 0, count: 64))
                return bytes
            }
            + TransactionDamage.undecodable(.signature, "signature", "the high-S form", "highS") { test in
                let position = test.signed.signatures.firstIndex { $0.scheme == .ecdsa }
                let fields = test.fields.filter { $0.name == FieldName(.signature, "signature") }
                return position.map { Curve.withHighS(test.bytes, signatureAt: fields[$0].range) }
            }
    }

    private static var keys: [BlockDamage] {
        let forged = signature("signature", "forged: made by a stranger's key", "invalidSignature") { test, range in
            guard test.signed.signatures.first?.scheme == .bip340 else { return nil }
            var bytes = test.bytes
            bytes.replaceSubrange(range, with: StandIns.sign(test.signed.signingHash, as: StandIns.stranger).bytes)
            return bytes
        }
        let stale = BlockDamage(
            field: FieldName(.keys, "rotation"), what: "signed by a key rotated away", forger: .quorum,
            expected: .doesNotHold("unknownKey", "missingSignature", "invalidSignature")
        ) { scene in
            // The rotation comes before what the old keys signed.
            guard let (position, rotation) = scene.rotations.first else { return nil }
            var all = scene.transactions
            all.insert(rotation, at: position)
            return scene.with(all, .quorum)
        }
        return forged + [stale]
    }
}

extension TransactionUnderTest {
    /// `docs/spec/transaction.md` section 3.
    static let signatureByteCount = 2 + 1 + 1 + 64
}

/// The order of secp256k1, for the other form of an ECDSA signature.
enum Curve {
    private static let order: [UInt8] =
        [UInt8](repeating: 0xff, count: 15) + [
            0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
        ]

    /// The bytes with n − s in place of the s of a signature: as valid for the curve, and not canonical.
    static func withHighS(_ bytes: [UInt8], signatureAt range: Range<Int>) -> [UInt8] {
        var bytes = bytes
        var borrow = 0
        for place in (0..<32).reversed() {
            let position = range.lowerBound + 32 + place
            let difference = Int(order[place]) - Int(bytes[position]) - borrow
            borrow = difference < 0 ? 1 : 0
            bytes[position] = UInt8(truncatingIfNeeded: difference)
        }
        return bytes
    }
}
