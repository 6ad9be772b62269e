internal import Cryptography
public import Ledger

// The files in which prepared transactions and openings travel (`docs/spec/wallet-files.md`).

extension PreparedTransaction {
    /// The `format` field of the JSON form.
    public static let format = "coffer-draft/v1"
    /// A longer file is refused unread.
    public static let maximumByteCount = 4_194_304

    /// The JSON form.
    public func json(chainspec: Chainspec) -> JSON {
        var members = [
            JSON.Member(key: "format", value: .string(Self.format)),
            JSON.Member(key: "transaction", value: draft.json(chainspec: chainspec)),
        ]
        if let memo { members.append(JSON.Member(key: "memo", value: memo.json)) }
        let list = policies.sorted { $0.key < $1.key }.map { account, policy -> JSON in
            ["account": .string(chainspec.address(of: account)), "policy": policy.json]
        }
        members.append(JSON.Member(key: "policies", value: .array(list)))
        return .object(members)
    }

    /// Reads the JSON form, and the forms in which transactions are submitted (`docs/spec/transaction.md` section 4).
    public init(json bytes: [UInt8], chainspec: Chainspec) throws(SubmissionError) {
        let parts: Parts
        do throws(JSONError) {
            parts = try Parts(JSONField(try JSON.parse(bytes, maximumBytes: Self.maximumByteCount)), chainspec: chainspec)
        } catch {
            throw .json(error)
        }
        let draft: TransactionDraft
        if parts.isEncoded {
            draft = TransactionDraft(try SignedTransaction(json: parts.transaction, chainspec: chainspec))
        } else {
            draft = try TransactionDraft(json: parts.transaction, chainspec: chainspec)
        }
        if let memo = parts.memo, memo.commitment != draft.content.memoCommitment { throw .memoMismatch }
        // Whoever is listed and named by nothing else is listed to sign.
        self.init(
            draft: draft, memo: parts.memo, furtherSigners: draft.content.unnamedAccounts, policies: parts.policies)
    }

    /// What a file is made of, before the transaction is read.
    private struct Parts {
        var transaction: JSONField
        var memo: Memo?
        var policies: [AccountID: KeyPolicy] = [:]

        var isEncoded: Bool {
            guard case .object(let members) = transaction.value else { return false }
            return members.contains { $0.key == "bytes" }
        }

        init(_ field: JSONField, chainspec: Chainspec) throws(JSONError) {
            var fields = try field.object()
            guard let inner = fields.optionalField("transaction") else {
                transaction = field
                return
            }
            transaction = inner
            if let formatField = fields.optionalField("format") {
                guard try formatField.string() == PreparedTransaction.format else {
                    throw formatField.refused("must be \"\(PreparedTransaction.format)\"")
                }
                for element in try fields.array("policies", maximumCount: Transaction.maximumAccountCount) {
                    var entry = try element.object()
                    let accountField = try entry.field("account", expecting: "an address")
                    let account = try accountField.account(on: chainspec)
                    guard policies[account] == nil else { throw accountField.refused("has a policy in this list already") }
                    policies[account] = try KeyPolicy(json: entry.field("policy", expecting: "a key policy"))
                    try entry.finish()
                }
            }
            if let memoField = fields.optionalField("memo") { memo = try Memo(json: memoField) }
            try fields.finish()
        }
    }
}

extension Transaction {
    /// The listed accounts that no operation names.
    fileprivate var unnamedAccounts: Set<AccountID> {
        var named: Set<AccountPosition> = []
        for operation in operations { named.formUnion(operation.namedAccounts) }
        return Set(accounts.indices.filter { !named.contains(AccountPosition($0)) }.map { accounts[$0] })
    }
}

extension Operation {
    fileprivate var namedAccounts: [AccountPosition] {
        switch self {
        case .openAccounts(let open): [open.sponsor]
        case .transfer(let transfer): transfer.legs.flatMap { [$0.from, $0.to] }
        case .issue(let issue): [issue.bank, issue.to]
        case .redeem(let redeem): [redeem.bank, redeem.from]
        case .rotateKeys(let rotate): [rotate.account]
        case .setStatus(let set): [set.account]
        }
    }
}

extension PreparedOpening {
    /// The `format` field of the JSON form.
    public static let format = "coffer-opening/v1"
    /// A longer file is refused unread.
    public static let maximumByteCount = 65_536

    /// The JSON form. `address` is what the rest gives, for people to see.
    public func json(chainspec: Chainspec) -> JSON {
        [
            "format": .string(Self.format),
            "network": .string(network.hex),
            "address": .string(chainspec.address(of: account)),
            "sponsor": .string(chainspec.address(of: sponsor)),
            "kind": .string(kind.name),
            "tier": .number(UInt64(tier)),
            "salt": .string(salt.hex),
            "policy": policy.json,
            "possession": .array(
                possession.enumerated().compactMap { position, proof in
                    proof.map { ["key": .number(UInt64(position)), "signature": .string($0.hex)] }
                }),
        ]
    }

    /// Reads the JSON form. Whether the proofs are there and good is checked by `opening()`.
    public init(json bytes: [UInt8], chainspec: Chainspec) throws(JSONError) {
        var fields = try JSON.parse(bytes, maximumBytes: Self.maximumByteCount).object()
        let format = try fields.field("format", expecting: "\"\(Self.format)\"")
        guard try format.string() == Self.format else { throw format.refused("must be \"\(Self.format)\"") }
        let networkField = try fields.field("network", expecting: "the network id")
        guard NetworkID(try networkField.bytes32()) == chainspec.network else {
            throw networkField.refused("is not the network of the chain specification, \(chainspec.network)")
        }
        let address = try fields.field("address", expecting: "the new account's address")
        let sponsor = try fields.field("sponsor", expecting: "an address").account(on: chainspec)
        let kind = try fields.field("kind").choice(among: [AccountKind.bankIssued, .walletHeld], name: \.name)
        let tier = try fields.integer("tier", as: UInt8.self)
        let salt = try fields.field("salt", expecting: "16 bytes in hexadecimal").bytes16()
        let policy = try KeyPolicy(json: fields.field("policy", expecting: "a key policy"))
        var possession: [Bytes64?] = policy.keys.map { _ in nil }
        for element in try fields.array("possession", maximumCount: KeyPolicy.maximumKeyCount) {
            var proof = try element.object()
            let key = try proof.field("key", expecting: "the position of a key")
            let position = Int(try key.integer(as: UInt8.self))
            guard position < policy.keys.count, possession[position] == nil else {
                throw key.refused("must be the position of a key of the policy, each once")
            }
            possession[position] = try proof.field("signature", expecting: "64 bytes in hexadecimal").bytes64()
            try proof.finish()
        }
        try fields.finish()
        self.init(
            network: chainspec.network, sponsor: sponsor, kind: kind, tier: tier, salt: salt, policy: policy,
            possession: possession)
        guard try address.account(on: chainspec) == account else {
            throw address.refused("is not what the other fields give; the file was changed")
        }
    }
}
