public import Cryptography
public import Ledger

/// An account that its owner wants opened: what the owner hands to the sponsor, who makes a transaction of it.
///
/// The owner's keys prove that they are held, for exactly this account; the secret keys stay where they are. Several owners can add their
/// proofs in turn, on different machines.
public struct PreparedOpening: Hashable, Sendable {
    public let network: NetworkID
    /// The account of the institution that is to answer for the new one.
    public let sponsor: AccountID
    public let kind: AccountKind
    public let tier: UInt8
    public let salt: Bytes16
    public let policy: KeyPolicy
    /// Per key of the policy, its proof of possession; nil while it is missing.
    public private(set) var possession: [Bytes64?]

    /// An opening with a fresh salt and no proofs yet.
    /// - Parameter kind: `bankIssued` or `walletHeld`.
    public init(network: NetworkID, sponsor: AccountID, kind: AccountKind, tier: UInt8, policy: KeyPolicy) {
        self.init(
            network: network, sponsor: sponsor, kind: kind, tier: tier, salt: .random(), policy: policy,
            possession: policy.keys.map { _ in nil })
    }

    init(
        network: NetworkID, sponsor: AccountID, kind: AccountKind, tier: UInt8, salt: Bytes16, policy: KeyPolicy,
        possession: [Bytes64?]
    ) {
        self.network = network
        self.sponsor = sponsor
        self.kind = kind
        self.tier = tier
        self.salt = salt
        self.policy = policy
        self.possession = possession
    }

    /// The id that the account will have.
    public var account: AccountID {
        Opening(kind: kind, tier: tier, salt: salt, policy: policy, possession: [])
            .accountID(network: network, sponsor: sponsor)
    }

    /// Adds the proof that a key of the policy is held.
    public mutating func prove(with key: borrowing SecretKey) throws(SigningError) {
        let publicKey = key.publicKey
        guard let position = policy.keys.firstIndex(where: { $0.key == publicKey }) else {
            throw .keyNotInPolicy(publicKey)
        }
        do throws(KeyError) {
            possession[position] = try key.sign(policy.possessionMessage(network: network, account: account))
        } catch {
            throw .key(error)
        }
    }

    /// Adds a proof that was made elsewhere, such as by a custody signer. Whether it is good is found out by `opening()`.
    public mutating func add(proof: Bytes64, of publicKey: PublicKey) throws(SigningError) {
        guard let position = policy.keys.firstIndex(where: { $0.key == publicKey }) else { throw .keyNotInPolicy(publicKey) }
        possession[position] = proof
    }

    /// The keys whose proofs are missing, in the policy's order.
    public var unprovedKeys: [PublicKey] {
        zip(policy.keys, possession).filter { $1 == nil }.map { $0.0.key }
    }

    /// The opening, once every proof is there and good. A sponsor pays for a bad one with a refused transaction.
    public func opening() throws(OpeningError) -> Opening {
        let message = policy.possessionMessage(network: network, account: account)
        var proofs: [Bytes64] = []
        for (entry, proof) in zip(policy.keys, possession) {
            guard let proof else { throw .missingProof(entry.key) }
            guard SignatureCheck(key: entry.key, message: message, signature: proof).verify() != nil else {
                throw .invalidProof(entry.key)
            }
            proofs.append(proof)
        }
        return Opening(kind: kind, tier: tier, salt: salt, policy: policy, possession: proofs)
    }
}

/// Why an opening cannot be used.
public enum OpeningError: Error, Hashable, Sendable, CustomStringConvertible {
    case wrongNetwork(NetworkID)
    case missingProof(PublicKey)
    case invalidProof(PublicKey)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .wrongNetwork(let network):
            "The account is to be opened on network \(network), which is not that of the chain specification. Have it prepared with the right one."
        case .missingProof(let key):
            "The proof that somebody holds the key \(key) is missing. Have its holder add it."
        case .invalidProof(let key):
            "The proof that somebody holds the key \(key) is not valid. Have its holder make it again."
        }
    }
}
