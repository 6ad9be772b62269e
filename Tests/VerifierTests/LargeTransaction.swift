import Cryptography
import Ledger
import Support

/// A transaction of about 400,000 bytes that decodes and, for its sponsor may open no accounts, is refused without a signature checked.
func largeTransaction(_ network: TestNetwork) -> SignedTransaction {
    do {
        let keys = try (0..<16).map { try PublicKey(scheme: .bip340, bytes: SHA256.hash(Array("large \($0)".utf8)).bytes) }
        let policy = try KeyPolicy(threshold: 1, keys: keys.sorted().map { KeyPolicy.WeightedKey(key: $0, weight: 1) })
        let openings = (0..<Transaction.maximumOpeningCount).map { number in
            Opening(
                kind: .walletHeld, tier: 0, salt: salt(number), policy: policy,
                possession: Array(repeating: .zero, count: keys.count))
        }
        let step = TransactionBuilder.Step.openAccounts(sponsor: network.authority.id, openings: openings)
        return try network.sign(network.builder([step], nonce: 1), by: [network.authority])
    } catch {
        preconditionFailure("test transaction: \(error)")
    }
}

private func salt(_ number: Int) -> Bytes16 {
    var reader = ByteReader(SHA256.hash(Array("large salt \(number)".utf8)).span)
    do {
        return try reader.readBytes16()
    } catch {
        preconditionFailure("a hash has 16 bytes")
    }
}
