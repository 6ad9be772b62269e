import Cryptography
import Ledger
import Store
import Support
import Synchronization

/// One task's accounts and what it does with them: random transactions of every kind, one after the other.
///
/// Only this client signs for its accounts, so what it knows of their keys and status stays true. After a restart it reads them from the store.
struct Client {
    private static let maximumAccounts = 12

    private struct Holding {
        let account: TestAccount
        /// Which of its key policies is in force.
        var policy: Int
        var isFrozen: Bool
    }

    private let number: Int
    private let load: Load
    private var random: SplitMix64
    private var holdings: [Holding] = []
    private let network = CrashNetwork.network

    init(number: Int, seed: UInt64, load: Load) throws {
        self.number = number
        self.load = load
        random = SplitMix64(seed: seed &* 1_000_003 &+ UInt64(number))
        while let holding = try Self.holding(name(holdings.count), load) { take(holding) }
    }

    private func name(_ position: Int) -> String { "crash-\(number)-\(position)" }

    private mutating func take(_ holding: Holding) {
        holdings.append(holding)
        load.payees.withLock { $0.append(holding.account.id) }
    }

    // MARK: Accounts

    /// The key policies an account goes around: one key, one key of the other scheme, two of three.
    private static func policies(_ name: String) -> [TestPolicy] {
        [
            TestPolicy(TestKey(name)),
            TestPolicy(TestKey("\(name)/ecdsa", .ecdsa)),
            TestPolicy(threshold: 2, [(TestKey("\(name)/a"), 1), (TestKey("\(name)/b"), 1), (TestKey("\(name)/c", .ecdsa), 1)]),
        ]
    }

    private static func planned(_ name: String) -> TestAccount {
        CrashNetwork.network.account(name, keys: policies(name)[0])
    }

    /// What the store knows of an account; nil when it is not open.
    private static func holding(_ name: String, _ load: Load) throws -> Holding? {
        let planned = planned(name)
        guard let account = try load.store.account(planned.id, atHeight: nil) else { return nil }
        guard let policy = policies(name).firstIndex(where: { $0.policy == account.policy }) else {
            throw UsageError("account \(name) has keys that nobody gave it")
        }
        return Holding(account: planned.rotated(to: policies(name)[policy]), policy: policy, isFrozen: account.status != .active)
    }

    // MARK: Transactions

    /// Submits one transaction and waits for it.
    mutating func step() async throws {
        guard holdings.count >= 2, holdings.count >= Self.maximumAccounts || !random.once(in: 12) else { return try await openAccounts() }
        let position = random.below(holdings.count)
        if holdings[position].isFrozen { return try await setStatus(.active, of: position) }
        switch random.below(20) {
        case 0..<4: try await issue(to: random.pick(holdings).account.id)
        case 4..<6: try await redeem(from: holdings[position].account)
        case 6..<8: try await rotate(position)
        case 8: try await setStatus(random.pick([.frozen, .debitsFrozen, .creditsFrozen]), of: position)
        case 9: try await payMany(from: holdings[position].account)
        default: try await transfer(from: holdings[position].account)
        }
    }

    private mutating func openAccounts() async throws {
        let new = (0..<(1 + random.below(2))).map { Self.planned(name(holdings.count + $0)) }
        guard try await submit([network.openStep(new)], by: [network.walletOperator]) else { return }
        for account in new { take(Holding(account: account, policy: 0, isFrozen: false)) }
        for account in new { try await issue(to: account.id) }
    }

    private mutating func issue(to account: AccountID) async throws {
        let bank = random.once(in: 4) ? network.bankB : network.bankA
        let asset = bank == network.bankA && random.once(in: 3) ? TestNetwork.jpy : TestNetwork.eur
        let amount = UInt64(1 + random.below(bank == network.bankA ? 10_000 : 100))
        try await submit([.issue(bank: bank.id, to: account, asset: asset, amount: amount)], by: [bank])
    }

    private mutating func redeem(from account: TestAccount) async throws {
        let bank = network.bankA
        let step = TransactionBuilder.Step.redeem(
            bank: bank.id, from: account.id, asset: TestNetwork.eur, amount: UInt64(1 + random.below(50)))
        try await submit([step], by: [bank, account])
    }

    private mutating func transfer(from payer: TestAccount) async throws {
        let payees = load.payees.withLock { $0 }
        let count = random.once(in: 3) ? 1 + random.below(40) : 1
        let legs = (0..<count).map { _ in
            TransactionBuilder.Leg(
                from: payer.id, to: random.pick(payees), asset: TestNetwork.eur, amount: UInt64(1 + random.below(20)))
        }
        let others = legs.filter { $0.to != payer.id }
        if !others.isEmpty { try await submit([.transfer(others)], by: [payer]) }
    }

    /// More payments in a transaction than an entry's pointer tells apart, which is 64; few of as many as a transfer may have, for they
    /// fill the log. Issued before, so that they are paid.
    private mutating func payMany(from payer: TestAccount) async throws {
        let payees = load.payees.withLock { $0 }.filter { $0 != payer.id }
        guard !payees.isEmpty else { return }
        let most = random.once(in: 8) ? Transaction.maximumLegCount : 200
        let count = 65 + random.below(most - 64)
        let issue = TransactionBuilder.Step.issue(
            bank: network.bankA.id, to: payer.id, asset: TestNetwork.eur, amount: UInt64(count))
        guard try await submit([issue], by: [network.bankA]) else { return }
        let legs = (0..<count).map { _ in
            TransactionBuilder.Leg(from: payer.id, to: random.pick(payees), asset: TestNetwork.eur, amount: 1)
        }
        try await submit([.transfer(legs)], by: [payer])
    }

    private mutating func rotate(_ position: Int) async throws {
        let holding = holdings[position]
        let policies = Self.policies(name(position))
        let next = (holding.policy + 1) % policies.count
        // The old keys sign.
        guard try await submit([network.rotateStep(holding.account, to: policies[next])], by: [holding.account]) else { return }
        holdings[position] = Holding(account: holding.account.rotated(to: policies[next]), policy: next, isFrozen: holding.isFrozen)
    }

    private mutating func setStatus(_ status: AccountStatus, of position: Int) async throws {
        let step = TransactionBuilder.Step.setStatus(account: holdings[position].account.id, status: status)
        if try await submit([step], by: [network.walletOperator]) { holdings[position].isFrozen = status != .active }
    }

    @discardableResult
    private mutating func submit(_ steps: [TransactionBuilder.Step], by signers: [TestAccount]) async throws -> Bool {
        let memo = random.once(in: 3) ? Memo(salt: try salt(), text: "memo \(random.next())") : nil
        let builder = network.builder(steps, nonce: random.next(), expiry: CrashNetwork.now() + 3_600_000, memo: memo)
        return try await load.submit(try network.sign(builder, by: signers), memo: memo)
    }

    private mutating func salt() throws -> Bytes16 {
        var writer = ByteWriter(reservingCapacity: 16)
        writer.write(random.next())
        writer.write(random.next())
        let bytes = writer.bytes
        var reader = ByteReader(bytes.span)
        return try reader.readBytes16()
    }
}
