import Support

/// Makes random transactions against a model: mostly such as could apply, with faults of every kind mixed in.
struct ModelGenerator {
    var random: SplitMix64
    /// The next transaction's number.
    private var number = 0
    /// Every account that was ever to be opened, so that some are opened twice and some never.
    private(set) var plans: [String: ModelTransaction.Opening] = [:]
    private(set) var sponsors: [String: String] = [:]

    init(random: SplitMix64) {
        self.random = random
    }

    static let statuses = ["active", "debitsFrozen", "creditsFrozen", "frozen", "closed"]

    mutating func transaction(for model: ModelLedger, at time: Int) -> ModelTransaction {
        number += 1
        var transaction = ModelTransaction(number: number, expiry: expiry(time), steps: [])
        transaction.isForHere = !random.once(in: 60)
        let count = random.pick([1, 1, 1, 1, 2, 3])
        for _ in 0..<count { transaction.steps.append(step(model)) }
        sign(&transaction, model)
        return transaction
    }

    private mutating func expiry(_ time: Int) -> Int {
        let day = 86_400_000
        switch random.below(50) {
        case 0: return time - random.below(2)
        case 1: return time + day + 1 + random.below(2)
        case 2: return time + day
        case 3: return time + 1
        default: return time + 1 + random.below(day)
        }
    }

    /// An account that exists, rarely one that does not or a liability account.
    private mutating func account(_ model: ModelLedger) -> String {
        switch random.below(120) {
        case 0: return "nobody"
        case 1: return ModelLedger.liability("EUR", "bank-a")
        case 2...12: return random.pick(["authority", "bank-a", "bank-b", "operator", "auditor"])
        default:
            // The accounts opened first do most of the business, so that there is some.
            let withClosed = random.once(in: 15)
            let opened = model.order.filter {
                guard let account = model.accounts[$0] else { return false }
                return ["bankIssued", "walletHeld"].contains(account.kind) && (withClosed || account.status != "closed")
            }
            guard !opened.isEmpty else { return "bank-a" }
            return opened[random.once(in: 3) ? random.below(opened.count) : random.below(min(6, opened.count))]
        }
    }

    private mutating func asset() -> String {
        switch random.below(60) {
        case 0: "XXX"
        case 1...18: "JPY"
        default: "EUR"
        }
    }

    private mutating func bank(_ asset: String) -> String {
        switch random.below(40) {
        case 0: random.pick(["operator", "auditor", "authority"])
        case 1...14: "bank-b"
        default: "bank-a"
        }
    }

    private mutating func policy() -> ModelLedger.Policy {
        let count = random.pick([1, 1, 1, 2, 3])
        let keys = (0..<count).map { _ in
            ModelLedger.Key(name: "key \(random.below(1_000))", scheme: random.pick(["bip340", "bip340", "ecdsa"]))
        }
        let distinct = Array(Set(keys)).sorted { ($0.name, $0.scheme) < ($1.name, $1.scheme) }
        let weights = distinct.map { _ in 1 + random.below(3) }
        return ModelKeys.sorted(
            ModelLedger.Policy(threshold: 1 + random.below(weights.reduce(0, +)), keys: distinct, weights: weights))
    }

    private mutating func step(_ model: ModelLedger) -> ModelTransaction.Step {
        // An amount around what there is: usually less, sometimes everything, sometimes a little more.
        func amount(_ most: Int) -> Int {
            switch random.below(8) {
            case 0: max(1, most)
            case 1: max(1, most + 1)
            default: 1 + random.below(max(1, min(most, 400)))
            }
        }
        // Sixty accounts are plenty; with more, every step would take longer and nothing else would happen.
        switch random.below(100) {
        case 0..<12 where model.order.count < 60 || random.once(in: 3): return opening(model, isNew: model.order.count < 60)
        case 12..<55:
            var legs: [ModelTransaction.Leg] = []
            for _ in 0..<random.pick([1, 1, 2, 3]) {
                let (from, to, asset) = (account(model), account(model), asset())
                guard from != to else { continue }
                legs.append(.init(from: from, to: to, asset: asset, amount: amount(model.accounts[from]?.balance(asset) ?? 5)))
            }
            return legs.isEmpty ? opening(model, isNew: true) : .transfer(legs)
        case 55..<72:
            let asset = asset()
            let bank = bank(asset)
            let room = (model.quotas[asset]?[bank] ?? 0) - model.owed(bank, asset)
            return .issue(bank: bank, to: account(model), asset: asset, amount: amount(room))
        case 72..<85:
            let asset = asset()
            if random.once(in: 8) {
                // Somebody who could, but for the bank, which owes less.
                let richest = model.order.max {
                    (model.accounts[$0]?.balance("EUR") ?? 0) < (model.accounts[$1]?.balance("EUR") ?? 0)
                }
                return .redeem(bank: "bank-b", from: richest ?? "bank-a", asset: "EUR", amount: model.owed("bank-b", "EUR") + 1)
            }
            let (bank, from) = (bank(asset), account(model))
            let has = model.accounts[from]?.balance(asset) ?? 0
            return .redeem(bank: bank, from: from, asset: asset, amount: amount(random.once(in: 2) ? has : model.owed(bank, asset)))
        case 85..<92:
            let account = account(model)
            let same = random.once(in: 8) ? model.accounts[account]?.policy : nil
            let isUsable = same.map { !$0.keys.isEmpty } ?? false
            return .rotateKeys(
                account: account, isUsable ? same! : policy(), badProof: random.once(in: 12) ? 0 : nil)
        default:
            // Freezing would stop the business: accounts are made active again more often than not.
            let account = account(model)
            let isHindered = model.accounts[account]?.status != "active"
            let status = isHindered && !random.once(in: 5) ? "active" : random.pick(Self.statuses)
            return .setStatus(account: account, status)
        }
    }

    private mutating func opening(_ model: ModelLedger, isNew: Bool) -> ModelTransaction.Step {
        if !isNew || random.once(in: 10), let old = plans.keys.sorted().randomElement(using: &random), let sponsor = sponsors[old] {
            return .openAccounts(sponsor: sponsor, [plans[old]!])
        }
        let sponsor: String
        switch random.below(20) {
        case 0: sponsor = random.pick(["auditor", "authority"])
        case 1: sponsor = account(model)
        default: sponsor = random.pick(["bank-a", "bank-b", "operator", "operator"])
        }
        let openings = (0..<random.pick([1, 1, 2])).map { _ in
            let isAtBank = random.below(3) == 0 && (sponsor != "operator" || random.once(in: 4))
            return ModelTransaction.Opening(
                account: "account \(plans.count + random.below(1_000_000_000))", kind: isAtBank ? "bankIssued" : "walletHeld",
                tier: random.below(256), policy: policy(), badProof: random.once(in: 25) ? 0 : nil)
        }
        for opening in openings {
            plans[opening.account] = opening
            plans[opening.account]!.badProof = nil
            sponsors[opening.account] = sponsor
        }
        return .openAccounts(sponsor: sponsor, openings)
    }

    /// Signs for everyone who must, with the fewest or all keys; then perhaps spoils something.
    private mutating func sign(_ transaction: inout ModelTransaction, _ model: ModelLedger) {
        var signers: Set<String> = []
        for step in transaction.steps {
            switch step {
            case .openAccounts(let sponsor, _): signers.insert(sponsor)
            case .transfer(let legs): signers.formUnion(legs.map(\.from))
            case .issue(let bank, _, _, _): signers.insert(bank)
            case .redeem(let bank, let from, _, _): signers.formUnion([bank, from])
            case .rotateKeys(let account, _, _): signers.insert(account)
            case .setStatus(let account, _): signers.insert(model.accounts[account]?.institution ?? "operator")
            }
        }
        if random.once(in: 40) { signers.insert(account(model)) }
        if random.once(in: 40), signers.count > 1, let absent = signers.sorted().randomElement(using: &random) { signers.remove(absent) }
        for signer in signers.sorted() {
            let policy = model.accounts[signer]?.policy
            let keys = policy?.keys ?? []
            let isFewest = random.once(in: 2)
            var weight = 0
            for position in keys.indices.reversed() where !(isFewest && weight >= policy!.threshold) {
                weight += policy!.weights[position]
                transaction.signatures.append(.init(account: signer, position: position, key: keys[position]))
            }
        }
        // The encoding needs a signature, and an account without keys can give none of its own.
        if transaction.signatures.isEmpty {
            transaction.signatures = [.init(account: "auditor", position: 0, key: ModelLedger.Key(name: "auditor", scheme: "bip340"))]
        }
        spoil(&transaction)
    }

    private mutating func spoil(_ transaction: inout ModelTransaction) {
        let position = random.below(transaction.signatures.count)
        switch random.below(120) {
        case 0, 1, 2: transaction.signatures[position].isGenuine = false
        case 3, 4:
            let scheme = transaction.signatures[position].key.scheme
            transaction.signatures[position].key = ModelLedger.Key(name: "thief", scheme: scheme)
        case 5, 6: transaction.signatures[position].position += 16
        case 7, 8:
            let key = transaction.signatures[position].key
            transaction.signatures[position].key = ModelLedger.Key(name: key.name, scheme: key.scheme == "ecdsa" ? "bip340" : "ecdsa")
        case 9, 10: if transaction.signatures.count > 1 { transaction.signatures.remove(at: position) }
        default: break
        }
    }
}
