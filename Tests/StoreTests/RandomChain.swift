import Cryptography
import Ledger
import Store
import Support

/// A chain of random blocks under the real rules, and what a store must answer about it, kept in plain memory.
struct RandomChain: ~Copyable {
    var ledger: TestLedger
    /// What was committed, from height 1.
    private(set) var commits: [BlockCommit] = []
    /// All accounts after every block, by height, genesis included.
    private(set) var accounts: [[Account]]
    /// The supply after every block, by height.
    private(set) var supply: [[SupplyRecord]]
    /// Every entry, by account.
    private(set) var entries: [AccountIndex: [Entry]] = [:]
    private(set) var memos: [TransactionID: Memo] = [:]
    private var holders: [TestAccount]
    private var random: SplitMix64
    private var transactionMemos: [TransactionID: Memo] = [:]

    /// What to make of the time between two blocks.
    enum Pace {
        case seconds
        /// Now and then hours or weeks, so that ids expire and periods end.
        case leaps
    }

    private let pace: Pace

    init(seed: UInt64, pace: Pace = .leaps, network: TestNetwork = TestNetwork()) {
        ledger = TestLedger(network)
        accounts = [Array(ledger.state.accounts)]
        supply = [ledger.state.supply]
        holders = [network.bankA, network.bankB, network.walletOperator]
        random = SplitMix64(seed: seed)
        self.pace = pace
    }

    var network: TestNetwork { ledger.network }
    var height: UInt64 { UInt64(commits.count) }
    /// Every transaction with its place and expiry, in the order of the chain.
    var transactions: [(id: TransactionID, location: TransactionLocation, expiry: TimeMilliseconds)] {
        commits.flatMap { commit in
            commit.certified.block.transactions.enumerated().map { position, signed in
                (
                    signed.id, TransactionLocation(height: commit.certified.block.header.height, position: UInt32(position)),
                    signed.content.expiry
                )
            }
        }
    }

    /// Makes the next block of up to `count` transactions; those that the rules refuse are left out.
    mutating func block(count: Int = 10) throws -> BlockCommit {
        leap()
        for _ in 0..<random.below(count + 1) {
            do {
                try step()
            } catch is Refusal {
                continue
            }
        }
        return seal()
    }

    /// Several blocks.
    mutating func blocks(_ count: Int) throws -> [BlockCommit] {
        var blocks: [BlockCommit] = []
        for _ in 0..<count { blocks.append(try block()) }
        return blocks
    }

    /// Ends the open block of `ledger`, into which a test may have put transactions of its own.
    mutating func seal() -> BlockCommit {
        let certified = ledger.seal()
        guard let outcome = ledger.outcomes.last else { preconditionFailure("a sealed block has an outcome") }
        let ids = Set(certified.block.transactions.map(\.id))
        let own = transactionMemos.filter { ids.contains($0.key) }
        transactionMemos = [:]
        memos.merge(own) { first, _ in first }
        for item in outcome.entries { entries[item.account, default: []].append(item.entry) }
        accounts.append(Array(ledger.state.accounts))
        supply.append(ledger.state.supply)
        let commit = BlockCommit(certified: certified, outcome: outcome, history: ledger.history, memos: own)
        commits.append(commit)
        return commit
    }

    private mutating func leap() {
        guard pace == .leaps, random.once(in: 8) else { return }
        let hours = random.once(in: 4) ? UInt64(random.below(24 * 20)) : UInt64(random.below(30))
        ledger.time += hours * 3_600_000 + UInt64(random.below(3_600_000))
    }

    private mutating func step() throws {
        switch random.below(10) {
        case 0, 1:
            let kind = random.pick([AccountKind.bankIssued, .walletHeld])
            let name = "holder-\(holders.count)"
            holders.append(try ledger.open(name, kind: kind, keys: TestPolicy(TestKey(name, random.pick([.bip340, .ecdsa])))))
        case 2, 3, 4:
            try ledger.issue(UInt64(random.below(1_000_000)) + 1, random.pick([0, 1]), to: random.pick(holders))
        case 5: try ledger.redeem(UInt64(random.below(10_000)) + 1, from: random.pick(holders))
        case 6: try setStatus()
        case 7: try rotate()
        default: try transfer()
        }
    }

    private mutating func setStatus() throws {
        let account = random.pick(holders)
        guard account.plan != nil else { return }
        // Mostly active again, so that the chain does not freeze over time.
        try ledger.setStatus(random.pick([.active, .active, .active, .debitsFrozen, .creditsFrozen, .frozen]), of: account)
    }

    private mutating func rotate() throws {
        let position = random.below(holders.count)
        let account = holders[position]
        guard account.plan != nil else { return }
        let rotated = account.rotated(to: TestPolicy(TestKey("rotated-\(ledger.nextNonce)")))
        try ledger.run([ledger.network.rotateStep(account, to: rotated.keys)], by: account)
        holders[position] = rotated
    }

    private mutating func transfer() throws {
        let payer = random.pick(holders)
        let payee = random.pick(holders)
        guard payer.id != payee.id else { return }
        var memo: Memo?
        if random.once(in: 2) {
            memo = Memo(salt: Bytes16(high: random.next(), low: random.next()), text: "Rechnung № \(random.below(1_000))")
        }
        let signed = ledger.network.transfer(
            UInt64(random.below(20_000)) + 1, random.pick([0, 1]), from: payer, to: payee, nonce: ledger.nonce(), expiry: expiry(),
            memo: memo)
        try ledger.apply(signed)
        transactionMemos[signed.id] = memo
    }

    /// From a moment to the longest that the rules allow.
    private mutating func expiry() -> TimeMilliseconds {
        ledger.time + random.pick([1, 500, 60_000, 3_600_000, Transaction.maximumLifetimeMilliseconds])
    }
}
