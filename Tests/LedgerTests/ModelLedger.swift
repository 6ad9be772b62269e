/// The rules of docs/spec/rules.md once more, written for reading: accounts by name in a dictionary, money as plain integers, refusals as
/// their codes. Nothing here uses the ledger's own code, and nothing here is fast.
struct ModelLedger {
    struct Key: Hashable {
        let name: String
        let scheme: String
    }

    struct Policy: Equatable {
        var threshold: Int
        /// In the order of the encoded policy.
        var keys: [Key]
        var weights: [Int]
    }

    struct Account {
        var kind: String
        /// The institution that answers for it.
        var institution: String
        var tier = 0
        var status = "active"
        var policy: Policy
        /// Per asset: everything ever received and ever paid.
        var received: [String: Int] = [:]
        var paid: [String: Int] = [:]

        func balance(_ asset: String) -> Int { received[asset, default: 0] - paid[asset, default: 0] }
    }

    /// Kinds of institutions, by name. An institution's account has the institution's name.
    let institutions: [String: String]
    /// The quota of a bank in an asset it issues: `quotas[asset]?[bank]`.
    let quotas: [String: [String: Int]]
    var accounts: [String: Account] = [:]
    /// Account names in the order of their opening.
    var order: [String] = []
    /// Per bank and asset.
    var issued: [String: [String: Int]] = [:]
    var redeemed: [String: [String: Int]] = [:]
    /// The numbers of applied transactions, for ever.
    var applied: Set<Int> = []

    static func liability(_ asset: String, _ bank: String) -> String { "liability \(asset) \(bank)" }
}

/// What a transaction asks, in names.
struct ModelTransaction {
    struct Opening {
        var account: String
        var kind: String
        var tier: Int
        var policy: ModelLedger.Policy
        /// The key whose proof of possession is bad.
        var badProof: Int?
    }

    struct Leg {
        var from: String
        var to: String
        var asset: String
        var amount: Int
    }

    enum Step {
        case openAccounts(sponsor: String, [Opening])
        case transfer([Leg])
        case issue(bank: String, to: String, asset: String, amount: Int)
        case redeem(bank: String, from: String, asset: String, amount: Int)
        case rotateKeys(account: String, ModelLedger.Policy, badProof: Int?)
        case setStatus(account: String, String)
    }

    struct Signature {
        var account: String
        /// Position in the account's policy, as claimed.
        var position: Int
        /// The key that really signed. Its scheme is the one claimed.
        var key: ModelLedger.Key
        /// Whether what it signed was this transaction.
        var isGenuine = true
    }

    /// Two transactions with the same number are the same transaction.
    var number: Int
    var isForHere = true
    var expiry: Int
    var steps: [Step]
    var signatures: [Signature] = []
}

/// A refusal, and in which operation and leg or opening, where it is the fault of one.
struct ModelRefusal: Error, Equatable {
    let code: String
    var operation: Int?
    var item: Int?
}

extension ModelLedger {
    /// Section 3, in its order. On a refusal nothing changes.
    mutating func apply(_ transaction: ModelTransaction, at time: Int) -> ModelRefusal? {
        do throws(ModelRefusal) {
            try checkEnvelope(transaction, time)
            try checkReferences(transaction)
            let needed = try checkAuthority(transaction)
            try checkSignatures(transaction, needed)
            var after = self
            for (position, step) in transaction.steps.enumerated() { try after.perform(step, position) }
            after.applied.insert(transaction.number)
            self = after
            return nil
        } catch {
            return error
        }
    }

    private func checkEnvelope(_ transaction: ModelTransaction, _ time: Int) throws(ModelRefusal) {
        if !transaction.isForHere { throw ModelRefusal(code: "wrongNetwork") }
        if time >= transaction.expiry { throw ModelRefusal(code: "expired") }
        if transaction.expiry > time + 24 * 60 * 60 * 1_000 { throw ModelRefusal(code: "expiryTooFar") }
        if applied.contains(transaction.number) { throw ModelRefusal(code: "alreadyApplied") }
    }

    private func checkReferences(_ transaction: ModelTransaction) throws(ModelRefusal) {
        var names: [String] = transaction.signatures.map(\.account)
        for step in transaction.steps { names += step.accounts }
        for name in names where accounts[name] == nil { throw ModelRefusal(code: "unknownAccount") }
        for (position, step) in transaction.steps.enumerated() {
            for (item, asset) in step.assets.enumerated() where quotas[asset] == nil {
                throw ModelRefusal(code: "unknownAsset", operation: position, item: item)
            }
        }
    }

    /// The names of the accounts whose authority is used (section 2).
    private func checkAuthority(_ transaction: ModelTransaction) throws(ModelRefusal) -> Set<String> {
        var needed: Set<String> = []
        for (position, step) in transaction.steps.enumerated() {
            func refuse(_ code: String, _ item: Int = 0) -> ModelRefusal {
                ModelRefusal(code: code, operation: position, item: item)
            }
            func isLiability(_ name: String) -> Bool { accounts[name]?.kind == "liability" }
            switch step {
            case .openAccounts(let sponsor, let openings):
                for (item, opening) in openings.enumerated() {
                    let allowed = opening.kind == "bankIssued" ? ["bank"] : ["bank", "operator"]
                    guard let kind = institutions[sponsor], allowed.contains(kind) else { throw refuse("wrongInstitution", item) }
                }
                needed.insert(sponsor)
            case .transfer(let legs):
                for (item, leg) in legs.enumerated() {
                    if isLiability(leg.from) || isLiability(leg.to) { throw refuse("wrongAccountKind", item) }
                    needed.insert(leg.from)
                }
            case .issue(let bank, let to, let asset, _):
                if quotas[asset]?[bank] == nil { throw refuse("wrongInstitution") }
                if isLiability(to) { throw refuse("wrongAccountKind") }
                needed.insert(bank)
            case .redeem(let bank, let from, let asset, _):
                if quotas[asset]?[bank] == nil { throw refuse("wrongInstitution") }
                if isLiability(from) { throw refuse("wrongAccountKind") }
                needed.formUnion([bank, from])
            case .rotateKeys(let account, _, _):
                if isLiability(account) { throw refuse("wrongAccountKind") }
                needed.insert(account)
            case .setStatus(let account, _):
                guard let found = accounts[account], ["bankIssued", "walletHeld"].contains(found.kind) else {
                    throw refuse("wrongAccountKind")
                }
                needed.insert(found.institution)
            }
        }
        return needed
    }

    private func checkSignatures(_ transaction: ModelTransaction, _ needed: Set<String>) throws(ModelRefusal) {
        for signature in transaction.signatures where !needed.contains(signature.account) {
            throw ModelRefusal(code: "unneededSignature")
        }
        var weight: [String: Int] = [:]
        for signature in transaction.signatures {
            guard let policy = accounts[signature.account]?.policy, signature.position < policy.keys.count,
                policy.keys[signature.position].scheme == signature.key.scheme
            else { throw ModelRefusal(code: "unknownKey") }
            weight[signature.account, default: 0] += policy.weights[signature.position]
        }
        for name in needed {
            guard let policy = accounts[name]?.policy, weight[name, default: 0] >= policy.threshold else {
                throw ModelRefusal(code: "missingSignature")
            }
        }
        for signature in transaction.signatures {
            let key = accounts[signature.account]?.policy.keys[signature.position]
            if !signature.isGenuine || key != signature.key { throw ModelRefusal(code: "invalidSignature") }
        }
        for (position, step) in transaction.steps.enumerated() {
            switch step {
            case .openAccounts(_, let openings):
                for (item, opening) in openings.enumerated() where opening.badProof != nil {
                    throw ModelRefusal(code: "invalidPossession", operation: position, item: item)
                }
            case .rotateKeys(_, _, let badProof):
                if badProof != nil { throw ModelRefusal(code: "invalidPossession", operation: position, item: 0) }
            default: break
            }
        }
    }

    private mutating func perform(_ step: ModelTransaction.Step, _ position: Int) throws(ModelRefusal) {
        func refuse(_ code: String, _ item: Int = 0) -> ModelRefusal {
            ModelRefusal(code: code, operation: position, item: item)
        }
        switch step {
        case .openAccounts(let sponsor, let openings):
            for (item, opening) in openings.enumerated() {
                if accounts[opening.account] != nil { throw refuse("accountExists", item) }
                accounts[opening.account] = Account(
                    kind: opening.kind, institution: sponsor, tier: opening.tier, policy: opening.policy)
                order.append(opening.account)
            }
        case .transfer(let legs):
            for (item, leg) in legs.enumerated() {
                try checkParties(from: leg.from, to: leg.to, position, item)
                if accounts[leg.from]!.balance(leg.asset) < leg.amount { throw refuse("insufficientFunds", item) }
                accounts[leg.from]!.paid[leg.asset, default: 0] += leg.amount
                accounts[leg.to]!.received[leg.asset, default: 0] += leg.amount
            }
        case .issue(let bank, let to, let asset, let amount):
            try checkParties(from: nil, to: to, position, 0)
            if owed(bank, asset) + amount > quotas[asset]![bank]! { throw refuse("quotaExceeded") }
            issued[bank, default: [:]][asset, default: 0] += amount
            accounts[to]!.received[asset, default: 0] += amount
        case .redeem(let bank, let from, let asset, let amount):
            try checkParties(from: from, to: nil, position, 0)
            if accounts[from]!.balance(asset) < amount { throw refuse("insufficientFunds") }
            if owed(bank, asset) < amount { throw refuse("exceedsOutstanding") }
            redeemed[bank, default: [:]][asset, default: 0] += amount
            accounts[from]!.paid[asset, default: 0] += amount
        case .rotateKeys(let account, let policy, _):
            if accounts[account]!.status == "closed" { throw refuse("accountClosed") }
            if accounts[account]!.policy == policy { throw refuse("policyUnchanged") }
            accounts[account]!.policy = policy
        case .setStatus(let account, let status):
            if accounts[account]!.status == "closed" { throw refuse("accountClosed") }
            if accounts[account]!.status == status { throw refuse("statusUnchanged") }
            if status == "closed", quotas.keys.contains(where: { accounts[account]!.balance($0) != 0 }) {
                throw refuse("accountNotEmpty")
            }
            accounts[account]!.status = status
        }
    }

    private func checkParties(from: String?, to: String?, _ position: Int, _ item: Int) throws(ModelRefusal) {
        let payer = from.flatMap { accounts[$0]?.status }
        let payee = to.flatMap { accounts[$0]?.status }
        func refuse(_ code: String) -> ModelRefusal { ModelRefusal(code: code, operation: position, item: item) }
        if payer == "closed" || payee == "closed" { throw refuse("accountClosed") }
        if payer == "debitsFrozen" || payer == "frozen" { throw refuse("debitsFrozen") }
        if payee == "creditsFrozen" || payee == "frozen" { throw refuse("creditsFrozen") }
    }

    /// What a bank has outstanding.
    func owed(_ bank: String, _ asset: String) -> Int {
        issued[bank, default: [:]][asset, default: 0] - redeemed[bank, default: [:]][asset, default: 0]
    }
}

extension ModelTransaction.Step {
    /// The accounts that the step names; not those that it opens.
    var accounts: [String] {
        switch self {
        case .openAccounts(let sponsor, _): [sponsor]
        case .transfer(let legs): legs.flatMap { [$0.from, $0.to] }
        case .issue(let bank, let to, _, _): [bank, to]
        case .redeem(let bank, let from, _, _): [bank, from]
        case .rotateKeys(let account, _, _): [account]
        case .setStatus(let account, _): [account]
        }
    }

    var assets: [String] {
        switch self {
        case .transfer(let legs): legs.map(\.asset)
        case .issue(_, _, let asset, _), .redeem(_, _, let asset, _): [asset]
        case .openAccounts, .rotateKeys, .setStatus: []
        }
    }
}
