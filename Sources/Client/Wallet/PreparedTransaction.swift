public import Cryptography
public import Ledger

/// A transaction on its way through the hands of those who sign it, with its memo and the key policies that signing needs.
///
/// The policies are hints: they say at which position a key stands, which the ledger checks, and nothing of them is signed. So they may
/// come from a node that is not trusted.
public struct PreparedTransaction: Hashable, Sendable {
    public private(set) var draft: TransactionDraft
    /// What the content's commitment was made from.
    public let memo: Memo?
    /// Of accounts that sign, as far as known.
    public private(set) var policies: [AccountID: KeyPolicy]
    private let furtherSigners: Set<AccountID>

    init(
        draft: TransactionDraft, memo: Memo?, furtherSigners: Set<AccountID>, policies: [AccountID: KeyPolicy] = [:]
    ) {
        self.draft = draft
        self.memo = memo
        self.furtherSigners = furtherSigners
        self.policies = policies
    }

    /// A content that was built elsewhere, such as from a payroll file, and what its memo's commitment was made from.
    public init(_ content: Transaction, memo: Memo?) {
        self.init(draft: TransactionDraft(content: content), memo: memo, furtherSigners: [])
    }

    /// Adds a signature that somebody else made, such as a custody signer, in place of an earlier one by the same key.
    public mutating func add(_ signature: TransactionSignature) {
        draft = draft.adding(signature)
    }

    /// The transaction's id, which signatures do not change.
    public var id: TransactionID { draft.content.id }

    /// The accounts that have to sign (`docs/spec/rules.md` section 2), in ascending order.
    ///
    /// Who answers for an account is in no transaction: the institution of a `setStatus` is here because it was named as a further
    /// signer when the transaction was prepared, or because it signed.
    public var signers: [AccountID] {
        let content = draft.content
        var positions = Set(content.operations.flatMap(\.authorities))
        positions.formUnion(draft.signatures.map(\.account))
        return Set(positions.map { content.account(at: $0) }).union(furtherSigners).union(policies.keys).sorted()
    }

    /// Takes note of the policy of an account that signs.
    public mutating func setPolicy(_ policy: KeyPolicy, of account: AccountID) {
        policies[account] = policy
    }

    /// Signs for an account with one key of its policy.
    public mutating func sign(
        with key: borrowing SecretKey, for account: AccountID, policy: KeyPolicy
    ) throws(SigningError) {
        draft = draft.adding(try draft.content.signature(by: key, account: account, policy: policy))
        policies[account] = policy
    }

    /// Signs for every account whose policy is known and has the key.
    /// - Returns: the accounts signed for; none where no policy has it.
    public mutating func sign(with key: borrowing SecretKey) throws(SigningError) -> [AccountID] {
        let publicKey = key.publicKey
        var signed: [AccountID] = []
        for account in signers {
            guard let policy = policies[account], policy.keys.contains(where: { $0.key == publicKey }) else { continue }
            try sign(with: key, for: account, policy: policy)
            signed.append(account)
        }
        return signed
    }

    /// What still has to be signed, as far as the policies are known, in ascending order of the accounts.
    public var missing: [MissingSignatures] {
        signers.compactMap { account in
            guard let policy = policies[account] else {
                let hasSigned = draft.signatures.contains { draft.content.account(at: $0.account) == account }
                return hasSigned ? nil : MissingSignatures(account: account, weight: 0, threshold: nil)
            }
            let signed = Set(draft.signatures.filter { draft.content.account(at: $0.account) == account }.map { Int($0.key) })
            // Each key counts once: at most 16 × 255.
            let weight = policy.keys.indices.filter { signed.contains($0) }.reduce(UInt16(0)) { $0 + UInt16(policy.keys[$1].weight) }
            guard weight < policy.threshold else { return nil }
            return MissingSignatures(account: account, weight: weight, threshold: policy.threshold)
        }
    }

    /// What can be submitted. Throws while there is no signature at all; whether they are enough is for the ledger to say.
    public func submission() throws(SubmissionError) -> Submission {
        let signed: SignedTransaction
        do throws(DecodingError) {
            signed = try draft.signed()
        } catch {
            throw .encoding(error, field: .root)
        }
        return try Submission(transaction: signed, memo: memo)
    }
}

/// An account whose signatures do not suffice yet.
public struct MissingSignatures: Hashable, Sendable {
    public let account: AccountID
    /// What its signatures weigh so far.
    public let weight: UInt16
    /// What they have to weigh; nil where its policy is not known.
    public let threshold: UInt16?
}

extension NodeClient {
    /// Submits a prepared transaction with its memo; see `submit(_:memo:wait:)`.
    public func submit(_ submission: Submission, wait: Duration? = nil) async throws(ClientError) -> TransactionStatus {
        try await submit(submission.transaction, memo: submission.memo, wait: wait)
    }

    /// Asks for the policy of every account that has to sign and whose policy is not known yet. Each comes from a verified proof.
    public func findPolicies(for transaction: inout PreparedTransaction) async throws(ClientError) {
        for account in transaction.signers where transaction.policies[account] == nil {
            let proof = try await balanceProof(of: account)
            guard proof.account.kind != .liability else { continue }
            transaction.setPolicy(proof.account.policy, of: account)
        }
    }
}

extension Operation {
    /// Whose authority it uses (`docs/spec/rules.md` section 2), as far as the operation itself says it.
    fileprivate var authorities: [AccountPosition] {
        switch self {
        case .openAccounts(let open): [open.sponsor]
        case .transfer(let transfer): transfer.legs.map(\.from)
        case .issue(let issue): [issue.bank]
        case .redeem(let redeem): [redeem.from, redeem.bank]
        case .rotateKeys(let rotate): [rotate.account]
        case .setStatus: []
        }
    }
}
