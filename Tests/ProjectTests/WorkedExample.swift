import Cryptography
import Ledger
import Support

/// The chain of the specifications' worked examples, made with the node's own code: five blocks on the development network.
///
/// `tools/reference` makes the same chain from the specifications alone, and wrote `Tests/Vectors/example.json`.
struct WorkedExample: Sendable {
    struct NamedTransaction: Sendable {
        let name: String
        let height: Int
        let position: Int
        let signed: SignedTransaction
    }

    /// The state after a block.
    struct Moment: Sendable {
        let header: BlockHeader
        let accounts: [Account]
        let supply: [SupplyRecord]
    }

    static let memo = Memo(salt: salt(0x20), text: "Invoice 7")
    static let validator = TestKey("validator-1/block")
    private static let eur: AssetIndex = 0
    private static let jpy: AssetIndex = 1

    let chainspec: Chainspec
    private(set) var transactions: [NamedTransaction] = []
    /// From height 1.
    private(set) var blocks: [CertifiedBlock] = []
    /// From height 0.
    private(set) var moments: [Moment] = []
    /// In the order of effects.
    private(set) var entries: [AccountEntry] = []

    static func salt(_ first: UInt8) -> Bytes16 {
        guard let salt = Bytes16((0..<16).map { first + $0 }) else { preconditionFailure("16 bytes") }
        return salt
    }

    static func development() throws -> Chainspec { try Chainspec(json: try ProjectFiles.read("chainspec/development.json")) }

    init() throws {
        chainspec = try Self.development()
        let (accounts, openings) = Self.accounts(chainspec)
        var chain = ChainBuilder(chainspec)
        moments.append(chain.moment)
        for (height, plan) in try Self.plans(chainspec, accounts, openings).enumerated() {
            for (position, (name, signed)) in plan.enumerated() {
                transactions.append(NamedTransaction(name: name, height: height + 1, position: position, signed: signed))
            }
            let (block, entries) = try chain.add(plan.map(\.1))
            blocks.append(block)
            self.entries += entries
            moments.append(chain.moment)
        }
    }

    /// The accounts by name, and how those are opened that are not there from genesis.
    private static func accounts(_ chainspec: Chainspec) -> ([String: TestAccount], [String: Opening]) {
        var accounts: [String: TestAccount] = [:]
        var openings: [String: Opening] = [:]
        for (position, institution) in chainspec.institutions.enumerated() {
            accounts[institution.name] = TestAccount(
                id: chainspec.institutionAccount(InstitutionIndex(position)), keys: TestPolicy(TestKey(institution.name)))
        }
        func open(_ name: String, _ kind: AccountKind, _ sponsor: String, tier: UInt8, salt first: UInt8, _ keys: TestPolicy) {
            guard let sponsor = accounts[sponsor]?.id else { preconditionFailure("a sponsor of the network") }
            func opening(_ possession: [Bytes64]) -> Opening {
                Opening(kind: kind, tier: tier, salt: salt(first), policy: keys.policy, possession: possession)
            }
            let id = opening([]).accountID(network: chainspec.network, sponsor: sponsor)
            accounts[name] = TestAccount(id: id, keys: keys)
            openings[name] = opening(keys.possession(network: chainspec.network, account: id))
        }
        open("alice", .walletHeld, "wallet-operator", tier: 1, salt: 0x00, TestPolicy(TestKey("alice")))
        open("bob", .bankIssued, "first-bank", tier: 2, salt: 0x10, TestPolicy(TestKey("bob")))
        open(
            "shared", .bankIssued, "first-bank", tier: 0, salt: 0x30,
            TestPolicy(threshold: 2, [(TestKey("alice"), 1), (TestKey("bob"), 1), (TestKey("second-bank", .ecdsa), 2)]))
        return (accounts, openings)
    }

    /// The transactions of every block.
    private static func plans(
        _ chainspec: Chainspec, _ accounts: [String: TestAccount], _ openings: [String: Opening]
    ) throws -> [[(String, SignedTransaction)]] {
        guard let bank = accounts["first-bank"], let walletOperator = accounts["wallet-operator"], let alice = accounts["alice"],
            let bob = accounts["bob"], let shared = accounts["shared"]
        else { preconditionFailure("accounts of the example") }
        let newKeys = TestPolicy(TestKey("alice/new"))
        var nonce: UInt64 = 0
        func signed(
            _ name: String, _ step: TransactionBuilder.Step, by signers: TestAccount..., memo: Memo? = nil
        ) throws -> (String, SignedTransaction) {
            nonce += 1
            let content = try TransactionBuilder(
                network: chainspec.network, expiry: chainspec.genesisTime + 3_600_000, nonce: Bytes16(high: 0, low: nonce),
                memoCommitment: memo?.commitment ?? .zero, steps: [step], furtherSigners: signers.map(\.id)
            ).build()
            return (name, try SignedTransaction(content, signatures: TestNetwork.signatures(of: content, by: signers)))
        }
        func open(_ names: String..., by sponsor: TestAccount) -> TransactionBuilder.Step {
            .openAccounts(sponsor: sponsor.id, openings: names.compactMap { openings[$0] })
        }
        func leg(_ from: TestAccount, _ to: TestAccount, _ asset: AssetIndex, _ amount: UInt64) -> TransactionBuilder.Leg {
            TransactionBuilder.Leg(from: from.id, to: to.id, asset: asset, amount: amount)
        }
        return [
            [],
            [
                try signed("open-alice", open("alice", by: walletOperator), by: walletOperator),
                try signed("open-bob-and-shared", open("bob", "shared", by: bank), by: bank),
            ],
            [
                try signed("issue-euro", .issue(bank: bank.id, to: alice.id, asset: eur, amount: 100_00), by: bank),
                try signed("issue-yen", .issue(bank: bank.id, to: bob.id, asset: jpy, amount: 5_000), by: bank),
            ],
            [
                try signed("payment", .transfer([leg(alice, bob, eur, 12_34)]), by: alice, memo: memo),
                try signed("exchange", .transfer([leg(alice, shared, eur, 10_00), leg(bob, alice, jpy, 500)]), by: alice, bob),
                try signed(
                    "from-shared", .transfer([leg(shared, bob, eur, 1_50)]), by: shared.signing(with: TestKey("second-bank", .ecdsa))),
            ],
            [
                try signed("redeem", .redeem(bank: bank.id, from: bob.id, asset: eur, amount: 2_34), by: bob, bank),
                try signed(
                    "rotate-alice",
                    .rotateKeys(
                        account: alice.id, policy: newKeys.policy,
                        possession: newKeys.possession(network: chainspec.network, account: alice.id)), by: alice),
                try signed("freeze-shared", .setStatus(account: shared.id, status: .debitsFrozen), by: bank),
            ],
        ]
    }

    func named(_ name: String) -> NamedTransaction {
        guard let found = transactions.first(where: { $0.name == name }) else { preconditionFailure("\(name) is in the example") }
        return found
    }

    /// The certified block that has a transaction.
    func block(of transaction: NamedTransaction) -> CertifiedBlock { blocks[transaction.height - 1] }

    func receipt(_ name: String, memo: Memo? = nil) -> Receipt {
        let transaction = named(name)
        return Receipt(of: transaction.position, in: block(of: transaction), memo: memo)
    }

    func balanceProof(of account: Int, at height: Int) -> BalanceProof {
        let moment = moments[height]
        let tree = MerkleTree(leaves: moment.accounts.map(\.leaf))
        return BalanceProof(
            account: moment.accounts[account], path: tree.inclusionPath(of: account), header: moment.header,
            attestations: height == 0 ? [] : blocks[height - 1].attestations)
    }

    /// The checkpoint over the headers up to a height.
    func checkpoint(at height: Int) throws -> SignedCheckpoint {
        var history = HistoryTree()
        for moment in moments[...height] { history.append(moment.header.historyLeaf) }
        let checkpoint = Checkpoint(network: chainspec.network, size: history.count, root: history.root)
        return SignedCheckpoint(
            checkpoint, signatures: [try checkpoint.sign(with: testCheckpointKey("validator-1/checkpoint"))])
    }
}

/// Applies transactions by the rules and makes blocks that one validator attests, a second apart.
struct ChainBuilder: ~Copyable {
    private var state: LedgerState
    private(set) var header: BlockHeader
    private var history = HistoryTree()

    init(_ chainspec: Chainspec) {
        state = LedgerState(genesis: chainspec)
        header = chainspec.genesisHeader
        history.append(header.historyLeaf)
    }

    var moment: WorkedExample.Moment {
        WorkedExample.Moment(header: header, accounts: Array(state.accounts), supply: state.supply)
    }

    mutating func add(_ transactions: [SignedTransaction]) throws -> (CertifiedBlock, [AccountEntry]) {
        let context = BlockContext(height: header.height + 1, time: header.time + 1_000)
        for (position, transaction) in transactions.enumerated() {
            try state.checkAndApply(transaction, at: UInt32(position), in: context)
        }
        let outcome = state.seal(height: context.height, time: context.time)
        header = BlockHeader(
            rules: state.chainspec.rulesVersion(at: context.height), network: state.chainspec.network, height: context.height,
            time: context.time, parent: header.hash, transactionRoot: Block.transactionRoot(transactions),
            stateRoot: outcome.stateRoot, supplyRoot: outcome.supplyRoot, historyRoot: history.root,
            transactionCount: UInt32(transactions.count), systemEntryCount: 0, accountCount: outcome.accountCount, proposer: 0)
        history.append(header.historyLeaf)
        let attestation = Attestation(validator: 0, signature: WorkedExample.validator.sign(header.attestationMessage))
        let block = CertifiedBlock(block: Block(header: header, transactions: transactions), attestations: [attestation])
        return (block, outcome.entries)
    }
}

extension LedgerState {
    /// Checks a transaction's signatures on this thread and applies it.
    mutating func checkAndApply(
        _ transaction: SignedTransaction, at position: UInt32, in context: BlockContext
    ) throws(Refusal) {
        let required = try requirements(of: transaction, at: context.time)
        try apply(VerifiedTransaction(checking: transaction, requirements: required), at: position, in: context)
    }
}
