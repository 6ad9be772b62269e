import Client
import Cryptography
import Foundation
import Ledger
import Support

/// The published development network and its keys.
struct DevelopmentNetwork {
    let chainspec: Chainspec

    init() throws {
        chainspec = try Chainspec(json: try ProjectFiles.read("chainspec/development.json"))
    }

    /// A development key, derived as `keys/README.md` says.
    static func key(_ name: String) throws -> SecretKey {
        let secret = TaggedHash(tag: "coffer/development-key/v1").hash(Array(name.utf8))
        return try SecretKey(scheme: .bip340, secret: SecretBytes(copying: secret.bytes))
    }

    func institution(_ name: String) throws -> AccountID {
        guard let index = chainspec.institutionIndex(name: name) else { throw MissingInstitution(name: name) }
        return chainspec.institutionAccount(index)
    }

    struct MissingInstitution: Error { let name: String }

    /// A transaction signed by development keys, each for its account.
    func signed(_ steps: [TransactionBuilder.Step], by signers: [(key: String, account: AccountID)]) throws -> SignedTransaction {
        let now = UInt64(Date().timeIntervalSince1970 * 1_000)
        let content = try TransactionBuilder(
            network: chainspec.network, expiry: now + 3_600_000, nonce: Bytes16(high: .random(in: 0...(.max)), low: .random(in: 0...(.max))),
            steps: steps
        ).build()
        var signatures: [TransactionSignature] = []
        for signer in signers {
            let key = try Self.key(signer.key)
            signatures.append(
                try content.signature(by: key, account: signer.account, policy: KeyPolicy(single: key.publicKey)))
        }
        return try SignedTransaction(content, signatures: signatures)
    }

    /// A wallet account of a key of that name, and the transaction that opens it.
    func opening(_ name: String) throws -> (account: AccountID, transaction: SignedTransaction) {
        let sponsor = try institution("wallet-operator")
        let key = try Self.key(name)
        let policy = KeyPolicy(single: key.publicKey)
        let draft = Opening(kind: .walletHeld, tier: 1, salt: Bytes16(high: 0, low: 1), policy: policy, possession: [])
        let account = draft.accountID(network: chainspec.network, sponsor: sponsor)
        let proof = try key.sign(policy.possessionMessage(network: chainspec.network, account: account))
        let opening = Opening(kind: .walletHeld, tier: 1, salt: draft.salt, policy: policy, possession: [proof])
        return (
            account,
            try signed([.openAccounts(sponsor: sponsor, openings: [opening])], by: [("wallet-operator", sponsor)])
        )
    }

    func issue(_ amount: UInt64, to account: AccountID) throws -> SignedTransaction {
        let bank = try institution("first-bank")
        return try signed([.issue(bank: bank, to: account, asset: 0, amount: amount)], by: [("first-bank", bank)])
    }

    func transfer(_ amount: UInt64, from name: String, _ from: AccountID, to: AccountID) throws -> SignedTransaction {
        try signed([.transfer([TransactionBuilder.Leg(from: from, to: to, asset: 0, amount: amount)])], by: [(name, from)])
    }
}
