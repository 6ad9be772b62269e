import Cryptography

extension TransactionDraft {
    /// The JSON form (`docs/spec/transaction.md` section 4); signatures in canonical order.
    ///
    /// A transaction decoded from bytes may name an asset that the network does not have, or a time after the year 9999. These have no
    /// JSON form: they show as `?` and the asset's position with amounts in minor units, and as `Timestamp.format` says, and do not read back.
    public func json(chainspec: Chainspec) -> JSON {
        var members = [
            JSON.Member(key: "network", value: .string(content.network.hex)),
            JSON.Member(key: "expiry", value: .string(Timestamp.format(content.expiry))),
            JSON.Member(key: "nonce", value: .string(content.nonce.hex)),
        ]
        if content.memoCommitment != .zero {
            members.append(JSON.Member(key: "memoCommitment", value: .string(content.memoCommitment.hex)))
        }
        members.append(
            JSON.Member(
                key: "operations", value: .array(content.operations.map { $0.json(in: content, chainspec: chainspec) })))
        let signers = unnamedSigners
        if !signers.isEmpty {
            members.append(JSON.Member(key: "signers", value: .array(signers.map { .string(chainspec.address(of: $0)) })))
        }
        let sorted = signatures.sorted { $0.order < $1.order }
        members.append(
            JSON.Member(key: "signatures", value: .array(sorted.map { $0.json(in: content, chainspec: chainspec) })))
        return .object(members)
    }

    /// The listed accounts that neither an operation nor a signature names: they are still to sign.
    private var unnamedSigners: [AccountID] {
        var named: Set<AccountPosition> = Set(signatures.map(\.account))
        for operation in content.operations { operation.forEachAccount { named.insert($0) } }
        return content.accounts.indices.filter { !named.contains(AccountPosition($0)) }.map { content.accounts[$0] }
    }
}

extension TransactionSignature {
    fileprivate func json(in content: Transaction, chainspec: Chainspec) -> JSON {
        [
            "account": .string(chainspec.address(of: content.account(at: account))), "key": .number(UInt64(key)),
            "scheme": .string(scheme.name), "signature": .string(signature.hex),
        ]
    }
}

extension Operation {
    /// The JSON form within a transaction, whose account list the positions refer to (`docs/spec/transaction.md` section 4).
    public func json(in content: Transaction, chainspec: Chainspec) -> JSON {
        func address(_ position: AccountPosition) -> JSON { .string(chainspec.address(of: content.account(at: position))) }
        func amount(_ amount: UInt64, _ asset: AssetIndex) -> JSON { .string(chainspec.amountText(amount, asset)) }
        func code(_ asset: AssetIndex) -> JSON { .string(chainspec.assetText(asset)) }
        switch self {
        case .openAccounts(let open):
            return [
                "type": .string(Code.openAccounts.name), "sponsor": address(open.sponsor),
                "openings": .array(open.openings.map(\.json)),
            ]
        case .transfer(let transfer):
            let legs = transfer.legs.map { leg -> JSON in
                [
                    "from": address(leg.from), "to": address(leg.to), "asset": code(leg.asset),
                    "amount": amount(leg.amount, leg.asset),
                ]
            }
            return ["type": .string(Code.transfer.name), "legs": .array(legs)]
        case .issue(let issue):
            return [
                "type": .string(Code.issue.name), "bank": address(issue.bank), "to": address(issue.to),
                "asset": code(issue.asset), "amount": amount(issue.amount, issue.asset),
            ]
        case .redeem(let redeem):
            return [
                "type": .string(Code.redeem.name), "bank": address(redeem.bank), "from": address(redeem.from),
                "asset": code(redeem.asset), "amount": amount(redeem.amount, redeem.asset),
            ]
        case .rotateKeys(let rotate):
            return [
                "type": .string(Code.rotateKeys.name), "account": address(rotate.account), "policy": rotate.policy.json,
                "possession": .array(rotate.possession.map { .string($0.hex) }),
            ]
        case .setStatus(let set):
            return [
                "type": .string(Code.setStatus.name), "account": address(set.account), "status": .string(set.status.name),
            ]
        }
    }
}

extension Opening {
    fileprivate var json: JSON {
        [
            "kind": .string(kind.name), "tier": .number(UInt64(tier)), "salt": .string(salt.hex), "policy": policy.json,
            "possession": .array(possession.map { .string($0.hex) }),
        ]
    }
}

extension Operation.Code: NamedInDocuments {
    static let allCases: [Operation.Code] = [.openAccounts, .transfer, .issue, .redeem, .rotateKeys, .setStatus]

    /// The `type` in JSON.
    var name: String {
        switch self {
        case .openAccounts: "openAccounts"
        case .transfer: "transfer"
        case .issue: "issue"
        case .redeem: "redeem"
        case .rotateKeys: "rotateKeys"
        case .setStatus: "setStatus"
        }
    }
}

extension Chainspec {
    /// An asset's code, or `?` and its position for one that the network does not have.
    func assetText(_ index: AssetIndex) -> String {
        asset(index)?.code ?? "?\(index)"
    }

    /// An amount as a decimal string, or in minor units for an asset that the network does not have.
    func amountText(_ amount: some FixedWidthInteger & UnsignedInteger, _ index: AssetIndex) -> String {
        DecimalAmount.format(amount, decimals: asset(index)?.decimals ?? 0)
    }

    /// An institution's name, or `?` and its position for one that the network does not have.
    func institutionText(_ index: InstitutionIndex) -> String {
        Int(index) < institutions.count ? institutions[Int(index)].name : "?\(index)"
    }

    /// A validator's name, or `?` and its position for one that the network does not have.
    func validatorText(_ index: ValidatorIndex) -> String {
        Int(index) < validators.count ? validators[Int(index)].name : "?\(index)"
    }
}
