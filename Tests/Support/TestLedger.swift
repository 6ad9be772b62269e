import Cryptography
public import Ledger

/// A ledger that runs the real rules: transactions apply to the open block, `seal` ends it and makes the certified block.
///
///     var ledger = TestLedger()
///     let alice = try ledger.open("alice")
///     try ledger.issue(100_00, to: alice)
///     let block = ledger.seal()
public struct TestLedger: ~Copyable {
    public let network: TestNetwork
    /// As of the last seal, plus what the open block applied so far.
    public var state: LedgerState
    /// The sealed blocks, from height 1.
    public private(set) var blocks: [CertifiedBlock] = []
    /// What sealing each block gave, from height 1.
    public private(set) var outcomes: [BlockOutcome] = []
    /// The header of the last sealed block; that of genesis at first.
    public private(set) var header: BlockHeader
    /// The tree over all headers up to and including `header`.
    public private(set) var history: HistoryTree
    /// What the open block applied so far.
    public private(set) var transactions: [SignedTransaction] = []
    /// The time of the open block: a second after the last one unless set.
    public var time: TimeMilliseconds
    /// The number the next transaction's nonce is derived from.
    public var nextNonce: UInt64 = 1

    public init(_ network: TestNetwork = TestNetwork()) {
        self.network = network
        state = LedgerState(genesis: network.chainspec)
        header = network.chainspec.genesisHeader
        history = HistoryTree()
        history.append(header.historyLeaf)
        time = header.time + 1_000
    }

    /// The height of the open block.
    public var height: UInt64 { header.height + 1 }
    public var context: BlockContext { BlockContext(height: height, time: time) }
    /// An expiry half an hour after the open block.
    public var expiry: TimeMilliseconds { time + 1_800_000 }

    /// Checks a transaction's signatures and applies it to the open block.
    public mutating func apply(_ transaction: SignedTransaction) throws(Refusal) {
        let requirements = try state.requirements(of: transaction, at: time)
        let verified = try VerifiedTransaction(checking: transaction, requirements: requirements)
        try state.apply(verified, at: UInt32(transactions.count), in: context)
        transactions.append(transaction)
    }

    /// Ends the open block with a right header, attested by the first `quorum` validators.
    @discardableResult
    public mutating func seal(proposer: ValidatorIndex = 0) -> CertifiedBlock {
        let outcome = state.seal(height: height, time: time)
        let next = BlockHeader(
            rules: network.chainspec.rulesVersion(at: height), network: network.network, height: height, time: time,
            parent: header.hash, transactionRoot: Block.transactionRoot(transactions), stateRoot: outcome.stateRoot,
            supplyRoot: outcome.supplyRoot, historyRoot: history.root, transactionCount: UInt32(transactions.count),
            systemEntryCount: 0, accountCount: outcome.accountCount, proposer: proposer)
        let block = CertifiedBlock(
            block: Block(header: next, transactions: transactions), attestations: network.attestations(of: next))
        blocks.append(block)
        outcomes.append(outcome)
        header = next
        history.append(next.historyLeaf)
        transactions = []
        time += 1_000
        return block
    }

    /// Applies all and seals.
    @discardableResult
    public mutating func block(_ transactions: [SignedTransaction]) throws(Refusal) -> CertifiedBlock {
        for transaction in transactions { try apply(transaction) }
        return seal()
    }

    /// A number no transaction of this ledger was made from yet.
    public mutating func nonce() -> UInt64 {
        defer { nextNonce += 1 }
        return nextNonce
    }

    /// Builds, signs and applies steps.
    @discardableResult
    public mutating func run(
        _ steps: [TransactionBuilder.Step], by accounts: TestAccount...
    ) throws -> SignedTransaction {
        let builder = network.builder(steps, nonce: nonce(), expiry: expiry)
        let transaction = try network.sign(builder, by: accounts)
        try apply(transaction)
        return transaction
    }

    /// Opens an account as `TestNetwork.account` describes it.
    public mutating func open(
        _ name: String, kind: AccountKind = .walletHeld, sponsor: TestAccount? = nil, keys: TestPolicy? = nil, tier: UInt8 = 1
    ) throws(Refusal) -> TestAccount {
        let account = network.account(name, kind: kind, sponsor: sponsor, keys: keys, tier: tier)
        try apply(network.open([account], nonce: nonce(), expiry: expiry))
        return account
    }

    /// The first bank, unless another is given, issues.
    @discardableResult
    public mutating func issue(
        _ amount: UInt64, _ asset: AssetIndex = TestNetwork.eur, to account: TestAccount, bank: TestAccount? = nil
    ) throws(Refusal) -> SignedTransaction {
        let transaction = network.issue(amount, asset, to: account, bank: bank, nonce: nonce(), expiry: expiry)
        try apply(transaction)
        return transaction
    }

    /// A holder returns money to the first bank, unless another is given.
    @discardableResult
    public mutating func redeem(
        _ amount: UInt64, _ asset: AssetIndex = TestNetwork.eur, from account: TestAccount, bank: TestAccount? = nil
    ) throws(Refusal) -> SignedTransaction {
        let transaction = network.redeem(amount, asset, from: account, bank: bank, nonce: nonce(), expiry: expiry)
        try apply(transaction)
        return transaction
    }

    /// One leg, signed by the payer.
    @discardableResult
    public mutating func transfer(
        _ amount: UInt64, _ asset: AssetIndex = TestNetwork.eur, from payer: TestAccount, to payee: TestAccount
    ) throws(Refusal) -> SignedTransaction {
        let transaction = network.transfer(amount, asset, from: payer, to: payee, nonce: nonce(), expiry: expiry)
        try apply(transaction)
        return transaction
    }

    /// Sets an account's status, signed by the institution that answers for it.
    @discardableResult
    public mutating func setStatus(_ status: AccountStatus, of account: TestAccount) throws -> SignedTransaction {
        guard let sponsor = account.plan?.sponsor else { preconditionFailure("an account that was opened") }
        return try run([.setStatus(account: account.id, status: status)], by: network.institution(sponsor))
    }

    /// What an account has of an asset.
    public borrowing func balance(_ account: TestAccount, _ asset: AssetIndex = TestNetwork.eur) -> UInt128 {
        guard let account = state.account(account.id) else { preconditionFailure("an open account") }
        return account.balance(of: asset).posted
    }
}
