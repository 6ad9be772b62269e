import Cryptography
public import Ledger

/// An account and the test keys that can sign for it.
public struct TestAccount: Hashable, Sendable {
    public let id: AccountID
    public let keys: TestPolicy
    /// How it is opened; nil for an institution's account, which is there from genesis.
    public let plan: Plan?
    /// The keys that sign, positions in the policy. All of them unless `signing(with:)` says otherwise.
    public let signers: [UInt8]

    /// What the id of an opened account is made from, besides its policy.
    public struct Plan: Hashable, Sendable {
        public let kind: AccountKind
        public let sponsor: AccountID
        public let salt: Bytes16
        public let tier: UInt8
    }

    public init(id: AccountID, keys: TestPolicy, plan: Plan? = nil, signers: [UInt8]? = nil) {
        self.id = id
        self.keys = keys
        self.plan = plan
        self.signers = signers ?? keys.keys.indices.map { UInt8($0) }
    }

    /// The same account, for which only some of its keys sign.
    public func signing(with some: TestKey...) -> TestAccount {
        let positions = some.map { key in
            guard let position = keys.keys.firstIndex(of: key) else {
                preconditionFailure("\(key.name) is not a key of the account")
            }
            return UInt8(position)
        }
        return TestAccount(id: id, keys: keys, plan: plan, signers: positions)
    }

    /// The same account with other keys, as after a rotation.
    public func rotated(to keys: TestPolicy) -> TestAccount {
        TestAccount(id: id, keys: keys, plan: plan)
    }

    /// The opening that makes the account, with its proofs of possession. Only for an account that is opened.
    public func opening(on network: NetworkID) -> Opening {
        guard let plan else { preconditionFailure("an institution's account is not opened") }
        return Opening(
            kind: plan.kind, tier: plan.tier, salt: plan.salt, policy: keys.policy,
            possession: keys.possession(network: network, account: id))
    }
}
